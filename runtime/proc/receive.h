// What a receive statement needs besides the mailbox: its time-out, and receive markers.
//
// Time-outs. `wait_timeout` starts the timer once per receive and asks for its state every time it is reached. When
// the timer fires, it notes that in the process (state Fired) and wakes it; the process runs its loop_rec again,
// finds no message, reaches wait_timeout and goes on after it. The interpreter cancels on every way out.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
enum class ReceiveTimer : uint8_t { None, Armed, Fired };
// Arms the timer of p's receive. `timeout`: integer milliseconds 1 .. 2^32-1, or infinity: it is remembered too, since
// the register that said so need not survive the wait.
// False: not a valid time-out (the interpreter raises timeout_value).
bool receive_timer_start(Process *p, Term timeout);
ReceiveTimer receive_timer_state(const Process *p);
void receive_timer_cancel(Process *p); // state None afterwards; nothing to do if it is None

// Receive markers: the end of the mailbox as it was when a reference was about to be made. A receive that only
// matches messages holding that reference starts there. A marker is known to Erlang code as a small integer (its
// slot + 1) or [] where all slots are taken.
struct Markers {
  static constexpr int kSlots = 8;
  struct Slot {
    Signal **position = nullptr; // null: free
    uint64_t ref = 0;            // ref_id of the bound reference, 0 if not bound
  } slots[kSlots];
  unsigned next = 0; // slot to recycle when all are taken
};
Term receive_marker_reserve(Process *p);
void receive_marker_bind(Process *p, Term marker, Term ref);
void receive_marker_use(Process *p, Term ref); // sets mailbox.save if there is a marker for ref
void receive_marker_clear(Process *p, Term ref);
// Whoever unlinks `s` (whose predecessor's `next` is `*before`) from the mailbox calls this first.
inline void receive_markers_removed(Mailbox &m, Signal *s, Signal **before) {
  if (!m.markers) [[likely]]
    return;
  for (auto &slot : m.markers->slots)
    if (slot.position == &s->next) slot.position = before;
}
void receive_markers_free(Process *p); // at exit

// Has signals_fetch left signals, and what came behind them, in the inbox, since they need p's registers saved? p takes
// them when its slice is over: who must see all that was sent before ends it.
bool signals_wait(Process *p);
} // namespace joist::runtime
