// Construction of binaries. State must be saved. Results are Terms; none: freason is set (and, for bs_create_bin, what
// erl_erts_errors:format_bs_fail/2 needs).
#pragma once
#include "vm/interp.h"

namespace joist::vm {
// Where the older instructions (bs_init, bs_put_*) write; nothing can come between them. Machine::vm points here.
struct BuildState {
  uint8_t *out = nullptr;
  Word bit = 0;
};
inline BuildState &build_state(Machine *m) { return *static_cast<BuildState *>(m->vm); }

// May collect (live registers); afterwards `words` are free on the heap. `killed` is set if the process must end.
Term create_bin(Machine *m, const Instr *pc, const BinSegment *segments, unsigned n, unsigned live, Word words,
                bool *killed);
Term init_bin(Machine *m, Term size, Word unit, Word words, unsigned live, bool *killed);
Term append_bin(Machine *m, Term bin, Term size, Word unit, Word words, unsigned live, bool *killed);
// Size operand times unit. False: badarg or system_limit was set.
bool build_bits(Process *p, Term size, Word unit, Word *bits);
} // namespace joist::vm
