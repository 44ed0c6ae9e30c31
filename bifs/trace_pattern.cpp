// erlang:trace_pattern/2,3: what traced processes tell of calls, and of messages.
#include "bifs/build.h"

#include "runtime/ets/match_program.h"
#include "runtime/mem/copy.h"
#include "runtime/trace/breakpoints.h"

namespace joist::bifs {
namespace {
using trace::CallPattern;
using Switch = CallPattern::Switch;

// Null: *result says why.
ets::MatchProgramRef *compile(Term spec, Term what, ets::CompileResult *result) {
  ets::MatchUse use = ets::kCallTraceUse;
  use.call_trace = !what.is_atom() || what == atoms::on_load;
  use.allow_trace_ops = what != atoms::receive; // who receives may not be executing
  ets::MatchProgramRef *m = ets::match_compile_ref(spec, use, result);
  if (m) m->value.source = copy(spec, m->value.constants, false);
  return m;
}

bool parse_flags(Process *p, Term l, CallPattern *out, bool *global) {
  for (; l.is_cons(); l = l.tail()) {
    Term o = l.head();
    if (o == atoms::global) {
      if (out->breakpoint) return false;
      *global = true;
      continue;
    }
    if (is_tuple(o)) {
      if (!trace::tracer_from_term(atoms::meta, o, &out->meta_tracer)) return false;
      out->meta = true;
    } else if (*global) {
      return false;
    } else if (o == atoms::local) {
      out->local = true;
    } else if (o == atoms::meta) {
      out->meta = true;
      if (!out->meta_tracer) out->meta_tracer = trace::tracer_of_process(p->id);
    } else if (o == atoms::call_count) {
      out->call_count = true;
    } else if (o == atoms::call_time) {
      out->call_time = true;
    } else {
      return false;
    }
    out->breakpoint = true;
  }
  return l.is_nil();
}

bool parse_function(Term t, trace::FunctionSpec *out) {
  if (!is_tuple_of(t, 3)) return false;
  const Term *e = tuple_elements(t);
  if (!e[0].is_atom() || !e[1].is_atom() || !(e[2].is_small() || e[2] == atoms::underscore)) return false;
  int n = 0;
  while (n < 3 && e[n] != atoms::underscore) n++;
  for (int i = n; i < 3; i++)
    if (e[i] != atoms::underscore) return false;
  *out = {e[0], e[1], n == 3 ? Word(e[2].small_value()) : 0, n};
  return true;
}

Term set_pattern(Process *p, Term what, CallPattern &pattern, bool global) {
  if (what == atoms::on_load) {
    trace::default_pattern_change(pattern);
    return Term::small(0);
  }
  if (is_tuple(what)) {
    trace::FunctionSpec f;
    if (!parse_function(what, &f)) return badarg(p, atoms::none);
    int64_t n = trace::pattern_apply(f, pattern);
    p->bump(n + 10);
    return Term::small(n);
  }
  bool plain = !global && !pattern.breakpoint && (pattern.on == Switch::Off || pattern.on == Switch::On);
  if (!plain || (what != atoms::send && what != atoms::receive)) return badarg(p, atoms::none);
  if (pattern.program) bin_ref(pattern.program);
  trace::event_pattern_set(what == atoms::receive, pattern.on == Switch::On, pattern.program);
  return Term::small(1);
}
} // namespace

Term erts_internal_trace_pattern_3(Process *p, const Term *args) {
  Term what = args[0], spec = args[1];
  CallPattern pattern;
  ets::MatchProgramRef *program = nullptr;
  if (spec == atoms::false_) {
    pattern.on = Switch::Off;
  } else if (spec.is_nil() || spec == atoms::true_) {
    pattern.on = Switch::On;
  } else if (spec == atoms::restart) {
    pattern.on = Switch::Restart;
  } else if (spec == atoms::pause) {
    pattern.on = Switch::Pause;
  } else {
    ets::CompileResult why;
    program = compile(spec, what, &why);
    if (!program) return why == ets::CompileResult::SystemLimit ? system_limit(p) : badarg(p, atoms::match_spec);
    pattern.on = Switch::On;
  }
  pattern.program = pattern.meta_program = program;
  bool global = false;
  Term r;
  if (!parse_flags(p, args[2], &pattern, &global)) r = badarg(p, atoms::badopt);
  else if (program && !pattern.local && !pattern.meta && (pattern.call_count || pattern.call_time))
    r = badarg(p, atoms::call_count);
  else r = set_pattern(p, what, pattern, global);
  if (program) bin_unref(program);
  return r;
}
} // namespace joist::bifs
