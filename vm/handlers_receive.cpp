// Receiving. The messages a process can see are in p->mailbox (only it touches that); what others sent since lies in
// p->inbox and is fetched when the mailbox has been searched to its end. Between loop_rec and remove_message (or
// loop_rec_end) registers may hold terms in a signal's fragments, which collect() knows by m->matching.
#include "runtime/proc/receive.h"
#include "runtime/proc/signal.h"
#include "runtime/sys/seq_trace.h"
#include "runtime/trace/saved_calls.h"
#include "vm/interp.h"

namespace joist::vm {
namespace {
struct Op_loop_rec {
  template <class I> COLD static JOIST_HANDLER fetch(JOIST_PARAMS) {
    SAVE();
    Process *p = m->p;
    m->matching = false;
    p->bump(signals_fetch(p));
    if (p->must_exit()) LEAVE(leave_killed(m));
    // The messages behind such a signal have been sent, this process's own to itself too: no `after 0` may miss them.
    if (!*p->mailbox.save && signals_wait(p)) LEAVE(leave(m, pc, 0, RunResult::Yielded));
    LOAD();
    if (*p->mailbox.save) GO(pc);
    GO(CODE(0));
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Signal *msg = *m->p->mailbox.save;
    if (!msg) TAIL fetch<I>(JOIST_ARGS);
    m->matching = true;
    PUT(1, msg->term);
    NEXT;
  }
};
struct Op_loop_rec_end {
  template <class I> COLD static JOIST_HANDLER yield(JOIST_PARAMS) {
    SAVE();
    LEAVE(leave(m, CODE(0), 0, RunResult::Yielded));
  }
  template <class I> COLD static JOIST_HANDLER moved(JOIST_PARAMS) {
    m->matching = false;
    disown_message(m);
    GO(pc);
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Mailbox &box = m->p->mailbox;
    if (UNLIKELY(!*box.save)) GO(CODE(0)); // a function called since loop_rec has been through the mailbox itself
    if (UNLIKELY(message_moved(*box.save) && m->matching)) TAIL moved<I>(JOIST_ARGS);
    box.save = &(*box.save)->next;
    m->matching = false;
    if (UNLIKELY(--reds <= 0)) TAIL yield<I>(JOIST_ARGS);
    GO(CODE(0));
  }
};
constexpr int kTimeToBecomeGarbage = 5; // reductions
struct Op_remove_message {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Process *p = m->p;
    Mailbox &box = p->mailbox;
    Signal *msg = *box.save;
    if (UNLIKELY(!msg)) { // a function called since loop_rec has taken it
      m->matching = false;
      box.save = &box.first;
      NEXT;
    }
    receive_markers_removed(box, msg, box.save);
    *box.save = msg->next;
    if (box.last == &msg->next) box.last = box.save;
    box.length--;
    box.save = &box.first;
    m->matching = false;
    if (msg->fragments) {
      p->heap.adopt(msg->fragments);
      msg->fragments = nullptr;
      // Its binaries make a collection due. Soon, but the message gets a little time to become garbage.
      if (UNLIKELY(p->heap.off_heap.bytes > p->vheap_limit)) p->leave_reductions(kTimeToBecomeGarbage);
    }
    if (UNLIKELY(msg->token != p->seq_token)) seq_trace::received(p, msg->token, msg->term);
    signal_free(msg);
    if (UNLIKELY(rt::trace::traced(p, rt::trace::flag::SaveCalls))) rt::trace::save_event(p, atoms::receive);
    if (p->receive_timer) receive_timer_cancel(p);
    LOAD();
    NEXT;
  }
};
struct Op_timeout {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Process *p = m->p;
    p->mailbox.save = &p->mailbox.first;
    m->matching = false;
    receive_timer_cancel(p);
    if (UNLIKELY(rt::trace::traced(p, rt::trace::flag::Receive | rt::trace::flag::SaveCalls))) rt::trace::timed_out(p);
    LOAD();
    NEXT;
  }
};
struct Op_wait {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    LEAVE(leave(m, CODE(0), 0, RunResult::Waiting));
  }
};
struct Op_wait_timeout {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    Process *p = m->p;
    // Coming here again with the timer set, the operand (an x register) is no longer what it was.
    ReceiveTimer state = receive_timer_state(p);
    if (state == ReceiveTimer::Fired) NEXT;
    Term t = GET(1);
    if (state == ReceiveTimer::None && t == Term::small(0)) NEXT;
    SAVE();
    if (state == ReceiveTimer::None && !receive_timer_start(p, t)) {
      p->mailbox.save = &p->mailbox.first;
      raise(p, Reason::TimeoutValue);
      TAIL h_raise(JOIST_ARGS);
    }
    LEAVE(leave(m, CODE(0), 0, RunResult::Waiting));
  }
};
struct Op_recv_marker_reserve {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, receive_marker_reserve(m->p));
    NEXT;
  }
};
struct Op_recv_marker_bind {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    receive_marker_bind(m->p, GET(0), GET(1));
    NEXT;
  }
};
struct Op_recv_marker_clear {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (m->p->mailbox.markers) receive_marker_clear(m->p, GET(0));
    NEXT;
  }
};
struct Op_recv_marker_use {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (m->p->mailbox.markers) receive_marker_use(m->p, GET(0));
    NEXT;
  }
};
} // namespace

JOIST_REGISTER(receive)
#define JOIST_IF_receive JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
