// How the interpreter's handlers are written and made.
//
// A handler is a `preserve_none` function that ends in tail calls ([[clang::musttail]]): pc, machine, heap top, stack
// pointer and reductions stay in machine registers from instruction to instruction. It is written once as
// `struct Op_<name> { template <class I> static JOIST_PN void run(JOIST_PARAMS) {...} }` and instantiated for every
// variant of its isa.def row; I (an Insn) is the only place that knows where operands lie.
//
// Hot handlers make no calls (so they have no stack frame); what is slow is a cold handler reached by a tail call.
// C++ code runs between SAVE() and LOAD(), which hand heap top, stack pointer and reductions to the Process and back.
#pragma once
#include "loader/isa.h"
#include "runtime/code/code.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/bif.h"
#include "runtime/sched/machine.h"
#include "vm/sem/sem.h"

#include <array>
#include <utility>

namespace joist::vm {
using namespace joist::loader;
} // namespace joist::vm

namespace joist::vm {
namespace rt = joist::runtime;

#define JOIST_PN __attribute__((preserve_none))
using Handler = JOIST_PN void (*)(const Instr *pc, Machine *m, Word *h, Word *e, int64_t reds);

inline const char *bytes(const Instr *pc) { return reinterpret_cast<const char *>(pc); }
template <class T> SEM T peek(const Instr *pc, Word offset) { return *reinterpret_cast<const T *>(bytes(pc) + offset); }
SEM const Instr *code_at(uint32_t address) { return reinterpret_cast<const Instr *>(Word(address)); }
SEM const Instr *after(const Instr *pc, Word n) { return reinterpret_cast<const Instr *>(bytes(pc) + n); }
// Handlers are replaced while others execute (breakpoints, native code; vm/native.h): who sees one sees what it needs.
SEM Handler handler_at(const Instr *pc) {
  return reinterpret_cast<Handler>(Word(__atomic_load_n(reinterpret_cast<const uint32_t *>(pc), __ATOMIC_ACQUIRE)));
}

SEM Term &xreg(Machine *m, Word offset) { return *reinterpret_cast<Term *>(reinterpret_cast<char *>(m) + offset); }
SEM Term &yreg(Word *e, Word offset) { return *reinterpret_cast<Term *>(reinterpret_cast<char *>(e) + offset); }
SEM double &freg(Machine *m, Word offset) { return *reinterpret_cast<double *>(reinterpret_cast<char *>(m) + offset); }
// OpKind::V: which register file (or the instruction's own literals) is told by the low bits; no branch.
SEM Term *any_slot(const Instr *pc, Machine *m, Word *e, uint16_t v) {
  char *base = reinterpret_cast<char *>(m);
  base = v & kAnyY ? reinterpret_cast<char *>(e) : base;
  base = v & kAnyLiteral ? const_cast<char *>(bytes(pc)) : base;
  return reinterpret_cast<Term *>(base + (v & ~7u));
}

// Hands the machine registers to C++ code, and takes them back.
#define SAVE()                                                                                                         \
  do {                                                                                                                 \
    Process *sp_ = m->p;                                                                                               \
    sp_->heap.top = h;                                                                                                 \
    sp_->stack_top = e;                                                                                                \
    sp_->heap.limit = e - kStackMargin;                                                                                \
    sp_->reductions = int32_t(reds);                                                                                   \
  } while (0)
#define LOAD()                                                                                                         \
  do {                                                                                                                 \
    Process *sp_ = m->p;                                                                                               \
    h = sp_->heap.top;                                                                                                 \
    e = sp_->stack_top;                                                                                                \
    reds = sp_->reductions;                                                                                            \
  } while (0)
#ifdef JOIST_LOWERING
} // namespace joist::vm
#include "vm/lowering.h"
namespace joist::vm {
#else
#define JOIST_PARAMS const Instr *pc, Machine *m, Word *h, Word *e, int64_t reds
#define JOIST_ARGS pc, m, h, e, reds
#define JOIST_HANDLER JOIST_PN void
#define COLD __attribute__((cold, noinline))
#define TAIL [[clang::musttail]] return
#define TAIL_ALWAYS TAIL

// One variant of an instruction.
template <OpKind... K> struct Insn {
  static constexpr int count = sizeof...(K);
  static constexpr OpKind kinds[sizeof...(K) + 1] = {K..., OpKind::W};
  static constexpr Layout layout = layout_of(kinds, count);
  static constexpr Word size = layout.words * 8;

  template <int N> SEM uint32_t u(const Instr *pc) {
    if constexpr (kind_size(kinds[N]) == 2) return peek<uint16_t>(pc, layout.offset[N]);
    else return peek<uint32_t>(pc, layout.offset[N]);
  }
  template <int N> SEM Word w(const Instr *pc) { return peek<Word>(pc, layout.offset[N]); }
  template <int N> SEM const Instr *code(const Instr *pc) { return code_at(u<N>(pc)); }
  template <class T, int N> SEM T *ptr(const Instr *pc) { return reinterpret_cast<T *>(Word(u<N>(pc))); }
  template <int N> SEM Term get(const Instr *pc, Machine *m, Word *e) {
    if constexpr (kinds[N] == OpKind::X) return xreg(m, u<N>(pc));
    else if constexpr (kinds[N] == OpKind::Y) return yreg(e, u<N>(pc));
    else if constexpr (kinds[N] == OpKind::L) return Term(w<N>(pc));
    else if constexpr (kinds[N] == OpKind::C) return Term(Word(int64_t(peek<int32_t>(pc, layout.offset[N]))));
    else return *any_slot(pc, m, e, uint16_t(u<N>(pc)));
  }
  template <int N> SEM Term *slot(const Instr *pc, Machine *m, Word *e) {
    if constexpr (kinds[N] == OpKind::X) return &xreg(m, u<N>(pc));
    else return &yreg(e, u<N>(pc));
  }
  template <int N> SEM void put(const Instr *pc, Machine *m, Word *e, Term t) { *slot<N>(pc, m, e) = t; }
  template <int N> SEM double &fr(const Instr *pc, Machine *m) { return freg(m, u<N>(pc)); }
};

#define GET(n) I::template get<n>(pc, m, e)
#define PUT(n, t) I::template put<n>(pc, m, e, t)
#define SLOT(n) I::template slot<n>(pc, m, e)
#define NUM(n) I::template u<n>(pc)
#define WORD(n) I::template w<n>(pc)
#define CODE(n) I::template code<n>(pc)
#define PTR(T, n) I::template ptr<T, n>(pc)
#define XREG(n) m->x[n]
#define SIZE I::size
#define FREG(n) I::template fr<n>(pc, m)

#define GO(target)                                                                                                     \
  do {                                                                                                                 \
    const Instr *go_ = (target);                                                                                       \
    TAIL handler_at(go_)(go_, m, h, e, reds);                                                                          \
  } while (0)
#define NEXT GO(after(pc, SIZE))
#define NEXT_AFTER(extra) GO(after(pc, SIZE + (extra)))

// Goes on at what a C++ function answered; null: the process has left (m->result says why).
#define RESUME(target)                                                                                                 \
  do {                                                                                                                 \
    const Instr *to_ = (target);                                                                                       \
    if (!to_) return;                                                                                                  \
    LOAD();                                                                                                            \
    TAIL handler_at(to_)(to_, m, h, e, reds);                                                                          \
  } while (0)
// The same where a guard's label (operand 0) may be the answer.
#define FAIL_OR_RESUME(to) RESUME(to)
// Ends a handler after a call that has made the process leave.
#define LEAVE(expr)                                                                                                    \
  do {                                                                                                                 \
    expr;                                                                                                              \
    return;                                                                                                            \
  } while (0)
// Charges one reduction; where the slice is over, goes to `slow`.
#define CHARGE_OR(slow)                                                                                                \
  if (UNLIKELY(--reds <= 0)) TAIL slow(JOIST_ARGS)

// Before a slow path whose results may be large; state is saved. Collects what earlier ones have left in fragments.
#define COLLECT_BEFORE_SLOW(live)                                                                                      \
  do {                                                                                                                 \
    if (!collect_before_slow(m, live)) LEAVE(leave_killed(m));                                                         \
    e = m->p->stack_top;                                                                                               \
  } while (0)

// --- tables of handlers
#define JOIST_REGISTER(family) void register_##family() {
#define JOIST_REGISTER_END }
#define JOIST_ROW(name, ...) op_variants[size_t(Op::name)] = Expand<Op_##name __VA_OPT__(, ) __VA_ARGS__>::table();
template <class H, Spec... S> struct Expand {
  static constexpr int radixes[sizeof...(S) + 1] = {spec_radix(S)..., 1};
  static constexpr size_t count = (size_t(spec_radix(S)) * ... * 1);
  static constexpr int digit(size_t index, int operand) {
    for (int i = 0; i < operand; i++) index /= size_t(radixes[i]);
    return int(index % size_t(radixes[operand]));
  }
  template <size_t I, size_t... J> static constexpr Handler one(std::index_sequence<J...>) {
    return &H::template run<Insn<spec_kind(S, digit(I, J))...>>;
  }
  template <size_t... I> static constexpr std::array<Handler, count> all(std::index_sequence<I...>) {
    return {one<I>(std::make_index_sequence<sizeof...(S)>())...};
  }
  static constexpr std::array<Handler, count> handlers = all(std::make_index_sequence<count>());
  static const void *const *table() { return reinterpret_cast<const void *const *>(handlers.data()); }
};
#endif

// The state that vm/sem functions work on.
struct State {
  Word *&h, *&e;
};
#define STATE                                                                                                          \
  State s { h, e }

// --- return addresses on the Erlang stack
SEM Word return_word(const Instr *at) { return Word(at) | Word(Tag::Header); }
SEM const Instr *return_target(Word w) { return reinterpret_cast<const Instr *>(w - Word(Tag::Header)); }
SEM bool is_return_word(Word w) { return (w & kTagMask) == Word(Tag::Header); }

// --- common ends (interp.cpp)
// Reductions are used up at the entry of a function: gives up the processor; pc is the entry.
#ifndef JOIST_LOWERING
COLD JOIST_HANDLER h_yield_at_entry(JOIST_PARAMS);
// The exception in p->freason happened at pc; no arguments to show.
COLD JOIST_HANDLER h_raise(JOIST_PARAMS);
#endif
// Reductions are used up within a function: true if only until a sample, which was taken. State is saved.
bool sampled_within(Machine *m, const Instr *pc);
// Leaves the run loop with registers x[0, live) saved; p continues at pc. C++ side of every yield.
void leave(Machine *m, const Instr *pc, unsigned live, RunResult result);
// Collects (p's saved state must be current) and charges for it. False: the process was killed: use leave_killed.
bool collect(Machine *m, Word need, unsigned live);
// The message at mailbox.save is not taken after all, but collect() has moved it to the process' heap: back into
// fragments of its own.
void disown_message(Machine *m);
SEM bool message_moved(const Signal *s) { return !s->fragments && s->term.is_pointer(); }
// The process is exiting: ends it (m->result set).
void leave_killed(Machine *m);
// After a BIF or a slow path left data in fragments.
SEM bool collection_due(const Process *p) {
  return p->heap.fragments || p->heap.off_heap.bytes > p->vheap_limit || p->force_gc || gc_stress;
}

// --- exceptions (exceptions.cpp). State must be saved. Answers where to go on, or null if the process has ended.
const Instr *raise_at(Machine *m, const Instr *pc, const Mfa *bif = nullptr, const Term *args = nullptr,
                      bool pc_is_return = false);
#ifdef JOIST_LOWERING
SEM int h_raise(JOIST_PARAMS) {
  SAVE();
  js.resume = raise_at(m, pc);
  return kResume;
}
#endif

// Every family registers its rows.
void register_data();
void register_test();
void register_arith();
void register_guard();
void register_float();
void register_call();
void register_callbif();
void register_apply();
void register_raise();
void register_receive();
void register_map();
void register_match();
void register_build();
} // namespace joist::vm
