#include "runtime/io/port_ops.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/process.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/system_profile.h"
#include "runtime/term/ref.h"
#include "runtime/trace/ports.h"

namespace joist::runtime {
void PortCall::answer(Term result, FragmentHeap &h) {
  if (answers && !result.is_none()) port_answer(caller, ref.get(), result, h);
  answers = false;
}

void PortCall::run(Port &port) {
  if (refused(port)) return dropped(port);
  FragmentHeap h;
  port.caller = caller;
  Term result = perform(port, h);
  port.caller = Term::none();
  answer(result, h);
}

// Around what a process has a port do at once.
PortTurn::PortTurn(Process *p, Port &port, Term operation) : p_(p), port_(port), operation_(operation) {
  if (trace::traced(p, trace::flag::RunningProcs)) trace::virtually_scheduled(p, trace::Sched::Out);
  if (profiled(profile::Processes | profile::Exclusive)) profile_process(p, false);
  if (trace::port_traced(port, trace::flag::RunningPorts)) trace::port_scheduled(port, trace::Sched::In, operation);
}
PortTurn::~PortTurn() {
  if (trace::port_traced(port_, trace::flag::RunningPorts)) trace::port_scheduled(port_, trace::Sched::Out, operation_);
  if (profiled(profile::Processes | profile::Exclusive)) profile_process(p_, true);
  if (trace::traced(p_, trace::flag::RunningProcs)) trace::virtually_scheduled(p_, trace::Sched::In);
}

void PortCall::dropped(Port &) {
  FragmentHeap h;
  answer(gone_result(), h);
}

Term port_call_submit(Process *p, Port *port, std::unique_ptr<PortCall> c) {
  c->caller = p->id;
  if (port_begin(port)) {
    Term result;
    {
      PortTurn turn(p, *port, c->operation());
      port->caller = p->id;
      result = c->refused(*port) ? c->gone_result() : c->perform(*port, p->heap);
      port->caller = Term::none();
      port_settle(*port);
    }
    port_end(port);
    port_unref(port);
    p->bump(20);
    return result;
  }
  Term ref = make_ref(p->heap);
  c->ref = KeptRef(ref);
  c->answers = true;
  c->process = p->id;
  port_enqueue(port, c.release());
  return ref;
}

void port_badsig(Port &port) {
  Signal *s = signal_new(SignalKind::Exit, atoms::badsig);
  s->from = port.id;
  signal_send_pid(Term(port.owner.load()), s);
}

bool PortCommand::set_data(Process *p, const Port &port, Term iodata) {
  bad_data = !data.push_iolist(iodata);
  if (bad_data) {
    FragmentHeap h;
    const std::string text = "Bad value on output port '" + port.name + "'\n";
    error_log(p, "~s~n", make_list(h, make_string(h, text.data(), text.size())), LogLeader::None);
  }
  p->bump(int64_t(data.size() / 256));
  return !bad_data;
}

Term PortCommand::output(Port &port) {
  if (bang && sender.raw() != port.owner.load()) {
    port_badsig(port);
    return atoms::badarg;
  }
  if (bad_data) {
    if (bang) port_badsig(port);
    return atoms::badarg;
  }
  port_count_io(port, 0, data.size());
  port.caller = sender;
  if (trace::port_traced(port, trace::flag::Receive)) trace::port_written(port, sender, data);
  port.instance->output(port, data);
  return atoms::true_;
}

Term PortCommand::perform(Port &port, Heap &) {
  if (port.busy() && !force && nosuspend) return atoms::false_;
  return output(port);
}

// --- Port ! Message
namespace {
class ConnectSignal : public PortTask {
public:
  Term operation() const override { return atoms::connect; }
  Term from;
  Term to; // none: not a local pid
  ConnectSignal(Term f, Term t) : from(f), to(t) {}
  void run(Port &port) override {
    if (port.gone()) return;
    if (to.is_none() || from.raw() != port.owner.load()) return port_badsig(port);
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_receives(port, from, atoms::connect, to);
    port.owner = to.raw();
    FragmentHeap h;
    Term message = make_tuple(h, port.id, atoms::connected);
    trace::port_send(port, from, message, h);
  }
};
class CloseSignal : public PortTask {
public:
  Term operation() const override { return atoms::close; }
  Term from;
  explicit CloseSignal(Term f) : from(f) {}
  void run(Port &port) override {
    if (port.gone()) return;
    if (from.raw() != port.owner.load()) return port_badsig(port);
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_receives(port, from, atoms::close);
    port_exit(port, from, atoms::normal, true, false);
  }
};
class BadSignal : public PortTask {
public:
  void run(Port &port) override {
    if (!port.gone()) port_badsig(port);
  }
};

void submit(Process *p, Port *port, PortTask *t) {
  t->process = p->id;
  if (!port_begin(port)) return port_enqueue(port, t);
  {
    PortTurn turn(p, *port, t->operation());
    t->run(*port);
    delete t;
    port_settle(*port);
  }
  port_end(port);
  port_unref(port);
  p->bump(20);
}
} // namespace

PortSend port_send(Process *p, Term to, Term msg, bool nosuspend, Term *ref) {
  Port *port = port_lookup(to);
  if (!port) return PortSend::Taken;
  if (!is_tuple_of(msg, 2) || !tuple_elements(msg)[0].is_local_pid())
    return submit(p, port, new BadSignal), PortSend::Taken;
  Term owner = tuple_elements(msg)[0], what = tuple_elements(msg)[1];
  if (what == atoms::close) return submit(p, port, new CloseSignal(owner)), PortSend::Taken;
  if (!is_tuple_of(what, 2)) return submit(p, port, new BadSignal), PortSend::Taken;
  Term op = tuple_elements(what)[0], arg = tuple_elements(what)[1];
  if (op == atoms::connect)
    return submit(p, port, new ConnectSignal(owner, arg.is_local_pid() ? arg : Term::none())), PortSend::Taken;
  if (op != atoms::command) return submit(p, port, new BadSignal), PortSend::Taken;
  if (nosuspend && port->refuses()) return PortSend::Busy;
  auto c = std::make_unique<PortCommand>();
  c->sender = owner;
  c->bang = true;
  c->set_data(p, *port, arg);
  c->caller = p->id;
  if (!port->busy() || owner.raw() != port->owner.load()) { // no answer wanted
    submit(p, port, c.release());
    return PortSend::Taken;
  }
  system_monitor_busy(p, atoms::busy_port, port->id);
  *ref = make_ref(p->heap);
  c->ref = KeptRef(*ref);
  c->answers = true;
  c->process = p->id;
  port_enqueue(port, c.release());
  return PortSend::Wait;
}
} // namespace joist::runtime
