// erl_tracer: the tracer module used when a process or port is given as the tracer.
#include "otp_stubs/native.h"
#include "otp_stubs/natives.h"
#include "runtime/dist/etf.h"
#include "runtime/io/port.h"
#include "runtime/mem/copy.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"
#include "runtime/term/ref.h"

#include <ctime>

namespace joist::stubs {
namespace {
// enabled(Tag, TracerState, Tracee) -> trace | discard | remove
Term enabled_3(Process *, const Term *args) {
  Term off = args[0] == atoms::trace_status ? atoms::remove : atoms::discard;
  Term tracer = args[1];
  progress::OnlineScope online;
  if (tracer.is_local_pid()) {
    if (!process_lookup(tracer)) return off;
  } else if (!tracer.is_local_port() || !port_alive(tracer)) {
    return off;
  }
  return tracer == args[2] ? atoms::discard : atoms::trace; // nobody traces itself
}

Term clock_tuple(Heap &h, int64_t ns) {
  int64_t us = ns / 1000;
  return make_tuple(h, Term::small(us / 1'000'000'000'000), Term::small(us / 1'000'000 % 1'000'000),
                    Term::small(us % 1'000'000));
}

Term timestamp(Heap &h, Term kind) {
  if (kind == atoms::monotonic) return make_int(h, monotonic_time());
  if (kind == atoms::strict_monotonic) {
    Term now = make_int(h, monotonic_time());
    return make_tuple(h, now, make_int(h, unique_integer_monotonic()));
  }
  if (kind == atoms::cpu_timestamp) {
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return clock_tuple(h, int64_t(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec);
  }
  return clock_tuple(h, system_time());
}

// trace(Tag, TracerState, Tracee, Message, Options) -> ok
Term trace_5(Process *p, const Term *args) {
  Term tracer = args[1], opts = args[4];
  auto option = [&](Term key) {
    const Term *v = is_map(opts) ? map_find(opts, key) : nullptr;
    return v ? *v : Term::none();
  };
  FragmentHeap h;
  Term e[8];
  int n = 0;
  auto add = [&](Term t) { e[n++] = copy(t, h); };
  Term extra = option(atoms::extra);
  if (extra.is_none() && args[0] == atoms::seq_trace) {
    e[n++] = atoms::seq_trace;
    add(args[2]);
    add(args[3]);
  } else {
    e[n++] = atoms::trace;
    add(args[2]);
    add(args[0]);
    add(args[3]);
    if (!extra.is_none()) add(extra);
  }
  if (Term t = option(atoms::match_spec_result); !t.is_none()) add(t);
  if (Term t = option(atoms::scheduler_id); !t.is_none()) add(t);
  if (Term t = option(atoms::timestamp); !t.is_none()) {
    e[n++] = timestamp(h, t);
    if (e[0] == atoms::trace) e[0] = atoms::trace_ts;
  }
  Word *box = h.alloc(Word(n) + 1);
  box[0] = header(Kind::Tuple, Word(n));
  for (int i = 0; i < n; i++) box[i + 1] = e[i].raw();
  Term message = Term::boxed(box);
  if (tracer.is_local_pid()) {
    progress::OnlineScope online;
    if (Process *to = process_lookup(tracer)) message_send_built(to, message, h.take());
  } else if (tracer.is_local_port()) {
    std::vector<uint8_t> bytes = etf_encode(message);
    port_output_async(p->id, tracer, bytes.data(), bytes.size());
  }
  return atoms::ok;
}

constexpr StaticNif kFunctions[] = {{"enabled", 3, enabled_3}, {"trace", 5, trace_5}};
} // namespace

const StaticNifModule erl_tracer_natives = nif_module("erl_tracer", kFunctions);
} // namespace joist::stubs
