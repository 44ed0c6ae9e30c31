// erts_debug and erts_internal's debugging functions: sizes and sharing of terms, internal state, lock counters.
#include "bifs/build.h"

#include "runtime/mem/copy.h"
#include "runtime/mem/literal.h"
#include "runtime/nif/static_nif.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/print.h"

namespace joist::bifs {
Term erts_debug_flat_size_1(Process *p, const Term *args) {
  Word n = size_of(args[0], false);
  p->bump(int64_t(n / 64));
  return make_uint(p->heap, n);
}

Term erts_debug_size_shared_1(Process *p, const Term *args) {
  Word n = size_shared(args[0]);
  p->bump(int64_t(n / 32));
  return make_uint(p->heap, n);
}

// copy_shared(Term, Options): [] or [no_literals?]; literals are shared as in messages.
Term erts_debug_copy_shared_2(Process *p, const Term *args) {
  if (!args[1].is_list()) return badarg(p);
  for (Term o = args[1]; o.is_cons(); o = o.tail())
    if (o.head() != atoms::copy_literals) return badarg(p);
  return copy_shared(args[0], p->heap);
}

Term erts_debug_display_1(Process *p, const Term *args) {
  std::string s;
  print_term(s, args[0]);
  s += '\n';
  fwrite(s.data(), 1, s.size(), stdout);
  fflush(stdout);
  return text_list(p->heap, s);
}

Term erts_debug_instructions_0(Process *, const Term *) { return Term::nil(); }
Term erts_debug_interpreter_size_0(Process *, const Term *) { return Term::small(0); }
Term erts_debug_disassemble_1(Process *, const Term *) { return atoms::false_; }

// Breakpoints on functions as of the test suites: none is set or cleared.
Term erts_debug_breakpoint_2(Process *p, const Term *args) {
  if (!is_tuple_of(args[0], 3) || (args[1] != atoms::true_ && args[1] != atoms::false_)) return badarg(p);
  Term *e = tuple_elements(args[0]);
  if (!e[0].is_atom() || !e[1].is_atom() || !(e[2].is_small() || e[2] == atoms::underscore)) return badarg(p);
  return Term::small(0);
}

// --- lock counting: not built in, as in an ordinary stock VM
Term erts_debug_lcnt_clear_0(Process *, const Term *) { return atoms::error; }
Term erts_debug_lcnt_collect_0(Process *, const Term *) { return atoms::error; }
Term erts_debug_lcnt_control_1(Process *p, const Term *) { return badarg(p); }
Term erts_debug_lcnt_control_2(Process *p, const Term *) { return badarg(p); }

// system_check(schedulers): every scheduler answers; here the caller's one has just done so.
Term erts_internal_system_check_1(Process *p, const Term *args) {
  return args[0] == named<"schedulers">() ? atoms::ok : badarg(p);
}
} // namespace joist::bifs
