// Sequential tracing (seq_trace(3)): a process' token {Flags, Label, Serial, From, PreviousSerial} travels with its
// messages; what happens to them is told to the sequential tracer as {seq_trace, Label, Info[, Timestamp]}.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
namespace seq_trace {
inline constexpr int64_t kSend = 1, kReceive = 2, kPrint = 4, kTimestamp = 8, kStrictMonotonic = 16, kMonotonic = 32;
inline bool active(const Process *p) { return is_tuple_of(p->seq_token, 5); }
inline Term *fields(Term token) { return tuple_elements(token); } // flags, label, serial, from, previous serial
// Before p sends or prints: a fresh token with the next serial.
void next_serial(Process *p);
enum class Event : uint8_t { Send, Receive, Print };
// Tells the tracer, if the token asks for this kind of event. to: none for prints.
void output(Process *p, Term token, Event e, Term to, Term message);
// p is about to send `message`: tells the tracer, and answers the token that goes with it. p has a token.
Term sending(Process *p, Term to, Term message);
// p took a message that carried `token` (see Signal::token).
void received(Process *p, Term token, Term message);
// erlang:seq_trace/2: the old value, or none if it is a bad argument.
Term set_item(Process *p, Term key, Term value);
} // namespace seq_trace
} // namespace joist::runtime
