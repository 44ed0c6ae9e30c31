// erlang:trace_info/2.
#include "bifs/build.h"

#include "bifs/process_args.h"
#include "runtime/ets/object.h"
#include "runtime/io/port.h"
#include "runtime/sched/scheduler.h"
#include "runtime/trace/breakpoints.h"
#include "runtime/trace/call_stats.h"
#include "runtime/trace/flags.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
Term flags_or_tracer(Process *p, Term key, uint32_t flags, const trace::Tracer *tracer) {
  Heap &h = p->heap;
  if (key == atoms::flags) return pair(h, key, trace::flags_to_list(h, flags));
  if (key == atoms::tracer) return pair(h, key, trace::tracer_to_term(tracer, h));
  return badarg(p);
}

Term info_of_process(Process *p, Term pid, Term key) {
  if (key != atoms::flags && key != atoms::tracer) return badarg(p);
  auto answer = [&](Process *other) {
    trace::tracer_alive(other);
    return flags_or_tracer(p, key, trace::flags_of(other), trace::tracer_of(other).get());
  };
  if (pid == p->id) return answer(p);
  schedulers_block();
  Process *other = process_lookup(pid);
  Term r = other ? answer(other) : atoms::undefined;
  schedulers_unblock();
  return r;
}

Term info_of_port(Process *p, Term id, Term key) {
  schedulers_block();
  Port *port = port_lookup(id);
  Term r = atoms::undefined;
  if (port) {
    trace::tracer_alive(*port);
    r = flags_or_tracer(p, key, port->trace_flags, port->tracer.get());
  }
  schedulers_unblock();
  return r;
}

Term source_of(ets::MatchProgramRef *m, Heap &h) { return m ? ets::term_copy(m->value.source, h) : Term::nil(); }

Term times(Heap &h, trace::CallStats *s) {
  Term l = Term::nil();
  for (auto &r : trace::call_time_rows(s)) {
    int64_t us = r.ns / 1000;
    l = make_cons(
        h, make_tuple(h, r.pid, make_int(h, r.calls), make_int(h, us / 1'000'000), make_int(h, us % 1'000'000)), l);
  }
  return l;
}

// Of one key, or of all with `value` for each.
template <class F> Term one_or_all(Process *p, Term key, std::initializer_list<Term> all, F value) {
  Heap &h = p->heap;
  if (key != atoms::all) {
    Term v = value(key);
    return v.is_none() ? badarg(p) : pair(h, key, v);
  }
  Term l = Term::nil();
  for (Term k : all) l = make_cons(h, pair(h, k, value(k)), l);
  return pair(h, key, l);
}

Term info_of_function(Process *p, Term what, Term key) {
  if (!is_tuple_of(what, 3)) return badarg(p);
  const Term *e = tuple_elements(what);
  if (!e[0].is_atom() || !e[1].is_atom() || !e[2].is_small()) return badarg(p);
  Heap &h = p->heap;
  trace::FunctionTrace t;
  if (!trace::function_trace(e[0], e[1], Word(e[2].small_value()), &t)) return pair(h, key, atoms::undefined);
  const trace::Breakpoint *b = t.global ? t.global : t.local;
  if (!b) return pair(h, key, atoms::false_);
  namespace kind = trace::kind;
  bool plain = t.global || (b->kinds & kind::Local), meta = b->kinds & kind::Meta;
  return one_or_all(
      p, key,
      {atoms::call_count, atoms::call_time, atoms::meta_match_spec, atoms::meta, atoms::match_spec, atoms::traced},
      [&](Term k) {
        if (k == atoms::traced) return t.global ? atoms::global : plain ? atoms::local : atoms::false_;
        if (k == atoms::match_spec) return plain ? source_of(b->program, h) : atoms::false_;
        if (k == atoms::meta) {
          if (meta && !b->meta_gone) return trace::tracer_to_term(b->meta.get(), h);
          return key == atoms::all ? atoms::false_ : Term::nil();
        }
        if (k == atoms::meta_match_spec) return meta ? source_of(b->meta_program, h) : atoms::false_;
        if (k == atoms::call_count) return b->kinds & kind::Count ? make_int(h, b->stats->calls.load()) : atoms::false_;
        if (k == atoms::call_time) return b->kinds & kind::Time ? times(h, b->stats) : atoms::false_;
        return Term::none();
      });
}

Term info_of_on_load(Process *p, Term key) {
  Heap &h = p->heap;
  trace::DefaultPattern d = trace::default_pattern();
  if (!d.on) return pair(h, key, atoms::false_);
  bool plain = !d.breakpoint || d.local;
  return one_or_all(p, key, {atoms::call_count, atoms::meta_match_spec, atoms::meta, atoms::match_spec, atoms::traced},
                    [&](Term k) {
                      if (k == atoms::traced)
                        return !d.breakpoint ? atoms::global : d.local ? atoms::local : atoms::false_;
                      if (k == atoms::match_spec) return plain ? source_of(d.program, h) : atoms::false_;
                      if (k == atoms::meta)
                        return d.meta ? trace::tracer_to_term(d.meta_tracer.get(), h) : atoms::false_;
                      if (k == atoms::meta_match_spec) return d.meta ? source_of(d.meta_program, h) : atoms::false_;
                      if (k == atoms::call_count) return bool_term(d.call_count);
                      if (k == atoms::call_time) return bool_term(d.call_time);
                      return Term::none();
                    });
}
} // namespace

Term erlang_trace_info_2(Process *p, const Term *args) {
  Term what = args[0], key = args[1];
  if (what == atoms::on_load) return info_of_on_load(p, key);
  if (what == atoms::send || what == atoms::receive)
    return key == atoms::match_spec ? pair(p->heap, key, trace::event_pattern_info(what == atoms::receive, p->heap))
                                    : badarg(p);
  if (what == atoms::new_ || what == atoms::new_processes || what == atoms::new_ports) {
    trace::Default d = trace::default_for(what == atoms::new_ports);
    return flags_or_tracer(p, key, d.flags, d.tracer.get());
  }
  if (what.is_local_pid()) return info_of_process(p, what, key);
  if (what.is_local_port()) return info_of_port(p, what, key);
  if (is_external_pid(what) && of_this_node(what)) return atoms::undefined;
  if (is_tuple(what)) return info_of_function(p, what, key);
  return badarg(p, atoms::badopt);
}
} // namespace joist::bifs
