// Sequential tracing (seq_trace(3)): a process' token {Flags, Label, Serial, From, PreviousSerial} travels with its
// messages; what happens to them is told to the sequential tracer as {seq_trace, Label, Info[, Timestamp]}.
#pragma once
#include "runtime/proc/process.h"
#include "runtime/trace/tracer.h"

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
// p is about to send an exit signal: as `sending` of the message that it may become.
Term exiting(Process *p, Term to, Term reason);
// parent, which has a token, has made child: the child inherits it. Told as if one had asked the other by a message, with a
// reply {tag, ref, ok, Child}. If the parent gets such a reply in fact (`replies`), its token is answered.
Term spawned(Process *parent, Process *child, Term mfargs, Term options, Term ref, Term tag, bool replies);
// As message_send_alias and link_exit_send, with the token.
void send_alias(Process *from, Term alias, Term msg); // from may be null
bool link_exit_send(Term from, Term to_pid, Term reason, Term token);
// p took a message that carried `token` (see Signal::token).
void received(Process *p, Term token, Term message);
// Who is told (erlang:system_flag(sequential_tracer, T)); null: nobody. A tracer that is gone is forgotten.
trace::TracerRef tracer();
trace::TracerRef set_tracer(trace::TracerRef t); // the one before
// seq_trace:reset_trace/0: no process, and no message in a queue, has a token any more.
void reset();
// erlang:seq_trace/2: the old value, or none if it is a bad argument.
Term set_item(Process *p, Term key, Term value);
} // namespace seq_trace
} // namespace joist::runtime
