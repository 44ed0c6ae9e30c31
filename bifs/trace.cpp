// erlang:trace/3 and trace_delivered/1: who is traced.
#include "bifs/build.h"

#include "runtime/mem/copy.h"
#include "runtime/proc/error_log.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/system_messages.h"
#include "runtime/term/ref.h"
#include "runtime/trace/flags.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
enum class Whom : uint8_t { None, All, Existing, New };
struct Target {
  Whom whom = Whom::None;
  bool processes = false, ports = false;
};
Target target_of(Term t) {
  if (t == atoms::all) return {Whom::All, true, true};
  if (t == atoms::existing) return {Whom::Existing, true, true};
  if (t == atoms::new_) return {Whom::New, true, true};
  if (t == atoms::processes) return {Whom::All, true, false};
  if (t == atoms::existing_processes) return {Whom::Existing, true, false};
  if (t == atoms::new_processes) return {Whom::New, true, false};
  if (t == atoms::ports) return {Whom::All, false, true};
  if (t == atoms::existing_ports) return {Whom::Existing, false, true};
  if (t == atoms::new_ports) return {Whom::New, false, true};
  return {};
}

// Other schedulers stand still between two processes.
struct Stopped {
  Stopped() { schedulers_block(); }
  ~Stopped() { schedulers_unblock(); }
};

enum class Change : uint8_t { Ok, None, Taken };

Change change_one(Process *p, Term pid, bool on, const trace::FlagList &f) {
  if (pid == p->id) return trace::change(p, on, f.mask, f.tracer) ? Change::Ok : Change::Taken;
  Stopped stopped;
  Process *other = process_lookup(pid);
  if (!other) return Change::None;
  return trace::change(other, on, f.mask, f.tracer) ? Change::Ok : Change::Taken;
}

int64_t change_existing(const Target &t, bool on, const trace::FlagList &f) {
  int64_t n = 0;
  Stopped stopped;
  if (t.processes && (f.mask & trace::flag::OfProcesses))
    for (Term pid : process_pids())
      if (Process *other = process_lookup(pid); other && trace::change(other, on, f.mask, f.tracer)) n++;
  if (t.ports && (f.mask & trace::flag::OfPorts))
    for (Term id : ports_all(true)) { // a port that only flushes counts, but there is nothing more to tell of it
      Port *port = port_lookup(id);
      if (!port || trace::change(*port, on, f.mask & trace::flag::OfPorts, f.tracer)) n++;
    }
  return n;
}
} // namespace

Term erts_internal_trace_3(Process *p, const Term *args) {
  Term who = args[0];
  trace::FlagList f;
  if (!trace::flags_parse(args[2], &f)) return badarg(p, atoms::badopt);
  if (args[1] != atoms::true_ && args[1] != atoms::false_) return badarg(p);
  const bool on = args[1] == atoms::true_;
  if (on && !f.tracer) f.tracer = trace::tracer_of_process(p->id);
  if (who.is_local_pid()) {
    if (f.cpu_timestamp) return badarg(p);
    switch (change_one(p, who, on, f)) {
    case Change::Ok: return Term::small(1);
    case Change::None: return badarg(p);
    case Change::Taken: error_log(p, "** can only have one tracer per process~n", Term::nil()); return badarg(p);
    }
  }
  if (who.is_local_port()) {
    if (f.cpu_timestamp) return badarg(p);
    Stopped stopped;
    Port *port = port_lookup(who);
    return port && trace::change(*port, on, f.mask & trace::flag::OfPorts, f.tracer) ? Term::small(1) : badarg(p);
  }
  Target t = target_of(who);
  if (t.whom == Whom::None || (f.cpu_timestamp && who != atoms::all)) return badarg(p);
  if (f.cpu_timestamp) trace::cpu_timestamps = on;
  int64_t n = t.whom == Whom::New ? 0 : change_existing(t, on, f);
  if (t.whom != Whom::Existing && t.processes && (f.mask & trace::flag::OfProcesses))
    trace::default_change(false, on, f.mask & trace::flag::OfProcesses, f.tracer);
  if (t.whom != Whom::Existing && t.ports && (f.mask & trace::flag::OfPorts))
    trace::default_change(true, on, f.mask & trace::flag::OfPorts, f.tracer);
  return Term::small(n);
}

// The message comes when every scheduler has finished what it was telling.
Term erlang_trace_delivered_1(Process *p, const Term *args) {
  if (args[0] != atoms::all && !args[0].is_local_pid()) return badarg(p);
  Term ref = make_ref(p->heap);
  struct Answer {
    Term to, message;
    Fragment *fragments;
  };
  FragmentHeap h(16);
  Term message = make_tuple(h, atoms::trace_delivered, args[0], copy(ref, h));
  auto *answer = new Answer{p->id, message, h.take()};
  progress::later(
      [](void *arg) {
        auto *a = static_cast<Answer *>(arg);
        system_message(a->to, a->message, a->fragments);
        delete a;
      },
      answer);
  return ref;
}
} // namespace joist::bifs
