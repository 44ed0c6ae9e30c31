// Compiled match specifications as terms, and erlang:match_spec_test/3.
#include "bifs/ets_common.h"
#include "runtime/ets/match_program.h"

namespace joist::bifs {

Term ets_is_compiled_ms_1(Process *, const Term *args) {
  return bool_term(magic_value<ets::MatchProgram>(args[0]) != nullptr);
}

Term ets_match_spec_compile_1(Process *p, const Term *args) {
  ets::CompileResult result;
  ets::MatchProgramRef *m = ets::match_compile_ref(args[0], ets::kTableUse, &result);
  if (!m) return result == ets::CompileResult::SystemLimit ? system_limit(p) : badarg(p);
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return ref;
}

Term ets_match_spec_run_r_3(Process *p, const Term *args) {
  Term list = args[0], result = args[2];
  auto *m = magic_value<ets::MatchProgram>(args[1]);
  if (!list.is_list() || !m) return badarg(p);
  int64_t budget = kReductions;
  ets::MatchRun run;
  run.self = p;
  run.result = &p->heap;
  run.copy = true;
  for (; list.is_cons(); list = list.tail()) {
    if (--budget < 0) {
      static const Export *self = export_get_or_put(atoms::ets, atoms::match_spec_run_r, 3);
      return yield_to(p, self, list, args[1], result);
    }
    Term r = match_run(*m, list.head(), run);
    if (!r.is_none()) result = make_cons(p->heap, r, result);
  }
  if (!list.is_nil()) return badarg(p);
  p->bump(kReductions - budget);
  return result;
}

Term erlang_match_spec_test_3(Process *p, const Term *args) {
  bool trace = args[2] == atoms::trace;
  if (!trace && args[2] != atoms::table) return badarg(p);
  if (trace && !args[0].is_list()) return badarg(p);
  ets::MatchUse use = trace ? ets::kCallTraceUse : ets::kTableUse;
  use.only_pretend = true;
  Heap &h = p->heap;
  ets::MatchLint lint;
  ets::MatchProgram linted, program;
  ets::match_compile_spec(args[1], use, &linted, &lint);
  Term messages = Term::nil();
  for (size_t i = lint.size(); i-- > 0;)
    messages = make_cons(h, make_tuple(h, atoms::error, make_string(h, lint[i].data(), lint[i].size())), messages);
  if (ets::match_compile_spec(args[1], use, &program) != ets::CompileResult::Ok)
    return make_tuple(h, atoms::error, messages);
  ets::MatchRun run;
  run.self = p;
  run.result = &h;
  run.copy = true;
  run.ignore_silent = true;
  Term r;
  if (trace) {
    std::vector<Term> arguments;
    for (Term l = args[0]; l.is_cons(); l = l.tail()) arguments.push_back(l.head());
    r = match_run_arguments(program, arguments.data(), unsigned(arguments.size()), run);
  } else {
    r = match_run(program, args[0], run);
  }
  Term flags = Term::nil();
  if (run.exception_trace) flags = make_cons(h, atoms::exception_trace, flags);
  if (run.return_trace) flags = make_cons(h, atoms::return_trace, flags);
  return make_tuple(h, atoms::ok, r.is_none() ? atoms::false_ : r, flags, messages);
}

} // namespace joist::bifs
