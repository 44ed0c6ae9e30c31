// apply, native function bodies, trampolines, the beginning and the end of processes.
#include "runtime/sched/scheduler.h"
#include "vm/call_trace.h"
#include "vm/calls.h"
#include "vm/nif_calls.h"

namespace joist::vm {
namespace {
struct Op_apply {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_fixed(m, pc, NUM(0), after(pc, SIZE), -1));
  }
};
struct Op_apply_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_fixed(m, pc, NUM(0), nullptr, int(NUM(1))));
  }
};
struct Op_apply_list {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_list(m, pc, after(pc, SIZE), -1));
  }
};
struct Op_apply_list_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_list(m, pc, nullptr, int(NUM(0))));
  }
};
struct Op_apply_fun {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_fun(m, pc, after(pc, SIZE), -1));
  }
};
struct Op_apply_fun_last {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(apply_fun(m, pc, nullptr, int(NUM(0))));
  }
};
struct Op_hibernate {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(hibernate(m, pc));
  }
};
// A process in hibernation was woken: by a message, or for nothing.
struct Op_hibernated {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    signals_fetch(m->p);
    if (m->p->must_exit()) LEAVE(leave_killed(m));
    if (m->p->mailbox.length == 0) LEAVE(leave(m, pc, 3, RunResult::Waiting));
    // Its heap gets the least size that it is to have.
    if (Word(m->p->heap_end - m->p->heap_start) < m->p->min_heap_size && !collect(m, 0, 3)) LEAVE(leave_killed(m));
    LOAD();
    NEXT; // process_start
  }
};
struct Op_yield_ {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    m->x[0] = atoms::true_;
    SAVE();
    m->p->leave_reductions(0);
    LEAVE(leave(m, after(pc, SIZE), 1, RunResult::Yielded));
  }
};
struct Op_bif_body {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Export *f = PTR(Export, 0);
    RESUME(native_body(m, &f->mfa(), f->bif));
  }
};
struct Op_nif_body {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    auto *nif = reinterpret_cast<const StaticNif *>(WORD(0));
    const Mfa *mfa = &FuncInfo::of(pc)->mfa;
    if (LIKELY(nif->kind == NifKind::Normal)) {
      if (!nif->fn) RESUME(library_body(m, mfa, nif));
      RESUME(native_body(m, mfa, nif->fn));
    }
    RESUME(native_dirty(m, pc, mfa, nif));
  }
};
struct Op_nif_scheduled {
  template <class I> COLD static JOIST_PN void run(JOIST_PARAMS) {
    SAVE();
    RESUME(native_scheduled(m));
  }
};
SEM Export *export_of(const Instr *trampoline) {
  return reinterpret_cast<Export *>(Word(trampoline) - offsetof(Export, trampoline));
}
struct Op_export_bif {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    Export *x = export_of(pc);
    RESUME(native_body(m, &x->mfa(), x->bif));
  }
};
struct Op_export_undefined {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(call_error_handler(m, &export_of(pc)->mfa()));
  }
};
// Funs without code are told apart before they are entered (call_fun_slow).
struct Op_lambda_unloaded {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    raise(m->p, Reason::Undef);
    TAIL h_raise(JOIST_ARGS);
  }
};
struct Op_process_start {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (e == m->p->heap_end) *--e = return_word(exec_hooks.normal_exit);
    SAVE();
    RESUME(apply_list(m, pc, nullptr, 0));
  }
};
struct Op_normal_exit {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    m->p->live_x = 0;
    m->p->pc = exec_hooks.continue_exit;
    m->result = uint8_t(process_exit(m->p, atoms::normal));
  }
};
struct Op_continue_exit {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    m->p->live_x = 0;
    m->p->pc = exec_hooks.continue_exit;
    m->result = uint8_t(process_exit_continue(m->p));
  }
};
// A dirty native function failed; its arguments are in x, its name in p->current.
struct Op_dirty_failed {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    RESUME(raise_at(m, rt::trace::return_point(m->p), m->p->current, m->x, true));
  }
};
} // namespace

JOIST_REGISTER(apply)
#define JOIST_IF_apply JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
