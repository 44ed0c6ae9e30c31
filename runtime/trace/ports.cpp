#include "runtime/trace/ports.h"
#include "runtime/driver/host.h"
#include "runtime/sched/progress.h"
#include "runtime/term/binary.h"
#include "runtime/trace/told.h"

namespace joist::runtime::trace {
namespace {
bool asked_for(Port &port, uint32_t flag, Term tag) {
  if (!port_traced(port, flag) || !port.tracer || !tracer_alive(port)) return false;
  return tracer_enabled(*port.tracer, tag, port.id, nullptr) == Verdict::Trace;
}
void tell(Port &port, Term tag, Term data, Term extra = Term::none()) {
  TracerRef t = port.tracer;
  tracer_tell(*t, {tag, port.id, data, extra, atoms::true_, port.trace_flags.load()}, nullptr);
}
Term binary(Heap &h, std::string_view s) { return make_binary_from(h, s); }
} // namespace

void set(Port &port, uint32_t flags, TracerRef tracer) {
  if (!(flags & flag::All)) tracer.reset();
  port.tracer = std::move(tracer);
  port.trace_flags = flags;
}

bool tracer_alive(Port &port) {
  if (!port.tracer) return false;
  if (tracer_enabled(*port.tracer, atoms::trace_status, port.id, nullptr) != Verdict::Remove) return true;
  set(port, 0, nullptr);
  return false;
}

bool change(Port &port, bool on, uint32_t mask, const TracerRef &tracer) {
  uint32_t now = port.trace_flags;
  if (tracer && port.tracer && (now & flag::All) && !tracer_same(port.tracer.get(), tracer.get()) && tracer_alive(port))
    return false;
  now = port.trace_flags;
  set(port, on ? now | mask : now & ~mask, tracer ? tracer : port.tracer);
  return true;
}

void port_event(Port &port, Term tag, Term data, Term extra) {
  if (asked_for(port, flag::Ports, tag)) tell(port, tag, data, extra);
}

void port_scheduled(Port &port, Sched s, Term where) {
  Term tag = s == Sched::In ? atoms::in : atoms::out;
  if (asked_for(port, flag::RunningPorts, tag)) tell(port, tag, where);
}

void port_sends(Port &port, Term to, Term message) {
  if (!port_traced(port, flag::Send)) return;
  progress::OnlineScope online;
  Term tag = !to.is_local_pid() || process_lookup(to) ? atoms::send : atoms::send_to_non_existing_process;
  if (asked_for(port, flag::Send, tag)) tell(port, tag, message, to);
}

void port_receives(Port &port, Term from, Term what) {
  if (!asked_for(port, flag::Receive, atoms::receive)) return;
  FragmentHeap h;
  tell(port, atoms::receive, from.is_none() ? what : make_tuple(h, from, what));
}

void port_receives(Port &port, Term from, Term what, Term argument) {
  if (!asked_for(port, flag::Receive, atoms::receive)) return;
  FragmentHeap h;
  tell(port, atoms::receive, make_tuple(h, from, make_tuple(h, what, argument)));
}

void port_asked(Port &port, Term from, Term what, uint32_t command, std::string_view data) {
  if (!port_traced(port, flag::Receive)) return;
  FragmentHeap h;
  port_receives(port, from, what, make_tuple(h, Term::small(command), binary(h, data)));
}

void port_answers(Port &port, Term to, Term what, std::string_view data) {
  if (!asked_for(port, flag::Send, atoms::send)) return;
  FragmentHeap h;
  tell(port, atoms::send, make_tuple(h, port.id, make_tuple(h, what, binary(h, data))), to);
}

void port_written(Port &port, Term from, const IoQueue &data) {
  if (!port_traced(port, flag::Receive)) return;
  FragmentHeap h;
  auto bytes = [&](const IoSlice &s) { return binary(h, {reinterpret_cast<const char *>(s.bytes), s.size}); };
  Term argument = Term::nil();
  if (driver_takes_vectors(port.driver)) {
    for (size_t i = data.slices(); i-- > 0;) argument = make_cons(h, bytes(data.slice(i)), argument);
  } else {
    std::string all(data.size(), 0);
    data.copy_out(reinterpret_cast<uint8_t *>(all.data()), all.size());
    argument = binary(h, all);
  }
  port_receives(port, from, atoms::command, argument);
}

void port_opened(Port &port) {
  if (!(default_flags[1].load(std::memory_order_relaxed) & flag::All)) return;
  Default d = default_for(true);
  set(port, d.flags, d.tracer);
}

void virtually_scheduled(Process *p, Sched s) {
  Term tag = s == Sched::In ? atoms::in : atoms::out;
  if (!wanted(p, tag)) return;
  FragmentHeap h(8);
  trace::tell(p, tag, location(p, h));
}
} // namespace joist::runtime::trace
