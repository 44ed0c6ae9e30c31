// The run loop's entrance and exits, and the code words that exist before any module is loaded.
#include "vm/interp.h"
#include "loader/assembler.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/sched/dirty.h"
#include "runtime/sched/sampling.h"
#include "runtime/sched/scheduler.h"
#include "vm/build.h"
#include "vm/call_trace.h"
#include "vm/calls.h"
#include "vm/native.h"
#include "vm/nif_calls.h"
#include "vm/vm.h"

namespace joist::vm {
namespace {
void save_registers(Process *p, const Term *x, unsigned live) {
  if (live > p->saved_x_capacity) {
    if (p->saved_x_capacity > kSavedX) mem_free(MemKind::ProcessStruct, p->saved_x_many);
    p->saved_x_many = static_cast<Term *>(mem_alloc(MemKind::ProcessStruct, live * sizeof(Term)));
    p->saved_x_capacity = uint16_t(live);
  }
  memcpy(p->saved_x(), x, live * sizeof(Term));
  p->live_x = uint16_t(live);
}

// A process that was left in the middle of a function's first instruction has passed the breakpoint there.
Handler first_handler(const Process *p, const Instr *pc) {
  return p->at_entry ? handler_at(pc) : handler_past_breakpoint(pc);
}

RunResult run(Machine *m, Process *p) {
  m->p = p;
  p->machine = m;
  if (!m->vm) m->vm = new BuildState; // one per scheduler thread, for good
  if (p->dirty && !m->scheduler) return native_dirty_run(m, p);
  if (p->reductions <= 0) { // used up by its signals
    p->reductions = p->slice_reductions();
    p->withheld = 0;
  }
  memcpy(m->x, p->saved_x(), p->live_x * sizeof(Term));
  m->matching = false;
  p->sync_limit();
  const Instr *pc = p->pc;
  if (p->must_exit() && pc != exec_hooks.continue_exit) leave_killed(m);
  else first_handler(p, pc)(pc, m, p->heap.top, p->stack_top, p->reductions);
  return RunResult(m->result);
}

// One instruction alone in low memory.
const Instr *fixed_code(std::initializer_list<Op> ops) {
  Assembler a;
  a.word(Word(interpret_return_stub)); // the native entry before a return point
  for (Op op : ops) a.ins(op, {});
  size_t n = a.words().size();
  auto *at = static_cast<Word *>(low_alloc(n * 8));
  memcpy(at, a.words().data(), n * 8);
  return reinterpret_cast<const Instr *>(at + 1);
}

// Instruction without operands, as the word it is.
Word plain(Op op) { return Word(op_variants[size_t(op)][0]); }

void init_trampolines(Export *e) {
  e->info.op = plain(Op::func_info);
  e->info.native = interpret_entry_stub;
  e->info.breakpoint = nullptr;
  for (auto &w : e->trampoline) w = plain(Op::int_code_end);
  const Mfa &f = e->info.mfa;
  if (f.module == atoms::erlang && f.function == atoms::op_send && f.arity == 2) send_bif = e->bif;
  Assembler a;
  if (f.module == atoms::erlang && f.function == atoms::apply && f.arity == 3)
    a.ins(Op::apply_list_last, {Arg::num(0)});
  else if (f.module == atoms::erlang && f.function == atoms::apply && f.arity == 2)
    a.ins(Op::apply_fun_last, {Arg::num(0)});
  else if (f.module == atoms::erlang && f.function == atoms::hibernate && f.arity == 3) a.ins(Op::hibernate, {});
  else a.ins(e->bif ? Op::export_bif : Op::export_undefined, {});
  memcpy(e->trampoline, a.words().data(), a.words().size() * 8);
}

// The instructions that trace frames return to, each after the word that stands for its native entry.
void init_trace_code() {
  const std::pair<Handler, const Instr * FixedCode::*> points[] = {
      {h_trace_return, &FixedCode::trace_return},
      {h_trace_return, &FixedCode::trace_exception},
      {h_trace_return_to, &FixedCode::trace_return_to},
      {h_trace_return_time, &FixedCode::trace_return_time}};
  constexpr size_t n = std::size(points);
  auto *at = static_cast<Word *>(low_alloc(n * 2 * 8));
  for (size_t i = 0; i < n; i++) {
    at[2 * i] = Word(interpret_return_stub);
    at[2 * i + 1] = reinterpret_cast<Word>(points[i].first);
    fixed.*points[i].second = reinterpret_cast<const Instr *>(at + 2 * i + 1);
  }
  auto &code = rt::trace::breakpoint_code;
  code.frames_begin = reinterpret_cast<const Instr *>(at);
  code.frames_end = reinterpret_cast<const Instr *>(at + 2 * n);
  code.breakpoint = uint32_t(reinterpret_cast<Word>(&h_breakpoint));
  code.native = interpret_entry_stub;
  code.stub = reinterpret_cast<Word>(&h_trace_stub);
  code.func_info = plain(Op::func_info);
}

void install_native_body(FuncInfo *f, const StaticNif *nif) {
  Assembler a;
  a.ins(Op::nif_body, {Arg::word(Word(nif))});
  auto *at = const_cast<Word *>(reinterpret_cast<const Word *>(f->entry()));
  std::atomic_ref(f->native).store(interpret_entry_stub, std::memory_order_release);
  // Operand before handler: whoever enters meanwhile runs either body whole.
  at[1] = a.words()[1];
  rt::trace::breakpoint_original_changed(f, uint32_t(a.words()[0]));
}
} // namespace

void init() {
  interpret_entry_stub = reinterpret_cast<void *>(&native_interpret_entry);
  interpret_return_stub = reinterpret_cast<void *>(&native_interpret_return);
  register_data();
  register_test();
  register_arith();
  register_guard();
  register_float();
  register_call();
  register_callbif();
  register_apply();
  register_raise();
  register_receive();
  register_map();
  register_match();
  register_build();
  exec_hooks.run = run;
  exec_hooks.apply_entry = fixed_code({Op::process_start});
  exec_hooks.normal_exit = fixed_code({Op::normal_exit});
  exec_hooks.continue_exit = fixed_code({Op::continue_exit});
  fixed.hibernated = fixed_code({Op::hibernated, Op::process_start});
  fixed.dirty_failed = fixed_code({Op::dirty_failed});
  fixed.nif_scheduled = fixed_code({Op::nif_scheduled});
  fixed.return_ = fixed_code({Op::return_});
  init_trace_code();
  code_hooks.init_trampolines = init_trampolines;
  code_hooks.lambda_not_loaded = fixed_code({Op::lambda_unloaded});
  code_hooks.install_native_body = install_native_body;
}
FixedCode fixed;

COLD JOIST_HANDLER h_yield_at_entry(JOIST_PARAMS) {
  SAVE();
  if (sampling_continue(m->scheduler, m->p, pc, e)) {
    LOAD();
    GO(pc);
  }
  leave(m, pc, unsigned(FuncInfo::of(pc)->mfa.arity), RunResult::Yielded);
  if (m->result == uint8_t(RunResult::Yielded)) m->p->at_entry = true;
}
bool sampled_within(Machine *m, const Instr *pc) {
  if (m->p->withheld <= 0) return false;
  const FuncInfo *f = code_function(pc);
  const Word nothing = 0; // the top of the stack is no return address
  return f && sampling_continue(m->scheduler, m->p, f->entry(), &nothing);
}
COLD JOIST_HANDLER h_raise(JOIST_PARAMS) {
  SAVE();
  RESUME(raise_at(m, pc));
}

void leave(Machine *m, const Instr *pc, unsigned live, RunResult result) {
  Process *p = m->p;
  if (collection_due(p) && !m->matching && (gc_stress || gc_wanted(p))) {
    p->bump(gc_collect(p, 0, m->x, live));
    if (p->must_exit()) return leave_killed(m);
  }
  save_registers(p, m->x, live);
  p->pc = pc;
  p->at_entry = false;
  m->result = uint8_t(result);
}

void leave_killed(Machine *m) {
  Process *p = m->p;
  p->live_x = 0;
  p->pc = exec_hooks.continue_exit;
  m->matching = false;
  m->result = uint8_t(process_exit(p, p->fvalue));
}

bool collect(Machine *m, Word need, unsigned live) {
  Process *p = m->p;
  // The compiler moves heap tests between loop_rec and remove_message: the message being matched, which registers refer
  // to, moves to the process' heap. Its signal gets it back if it is not taken (disown_message).
  Signal *matched = m->matching ? *p->mailbox.save : nullptr;
  unsigned roots = live;
  if (matched) {
    if (matched->fragments) p->heap.adopt(matched->fragments);
    matched->fragments = nullptr;
    m->x[roots++] = matched->term;
    m->x[roots++] = matched->token;
  }
  p->bump(gc_collect(p, need, m->x, roots));
  p->sync_limit();
  if (matched) {
    matched->term = m->x[live];
    matched->token = m->x[live + 1];
  }
  return !p->must_exit();
}

void disown_message(Machine *m) {
  Signal *s = *m->p->mailbox.save;
  FragmentHeap h;
  s->term = copy(s->term, h);
  s->token = copy(s->token, h);
  s->fragments = h.take();
}
} // namespace joist::vm
