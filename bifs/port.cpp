// Ports as BIFs. erts_internal's variants answer with `badarg` and the like instead of raising; erlang.erl does the rest.
#include "bifs/process_args.h"
#include "runtime/atom/literal.h"
#include "runtime/io/port_ops.h"
#include "runtime/mem/copy.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/term/binary.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
bool bytes_of_iodata(Term t, std::string *out) {
  Word n;
  if (is_bitstring(t)) {
    if (!is_binary(t)) return false;
    ByteScratch scratch;
    out->assign(bytes_of(t, scratch).view());
    return true;
  }
  if (!t.is_list() || iolist_size(t, &n) != IoListError::Ok) return false;
  out->resize(n);
  return n == 0 || iolist_write(t, reinterpret_cast<uint8_t *>(out->data()), n) == n;
}

class ControlCall : public PortCall {
public:
  uint32_t command;
  std::string data;
  Term operation() const override { return atoms::control; }
  Term perform(Port &port, Heap &h) override {
    std::string reply;
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_asked(port, caller, atoms::control, command, data);
    if (!port.instance->control(port, command, data, &reply)) return atoms::badarg;
    if (trace::port_traced(port, trace::flag::Send)) trace::port_answers(port, caller, atoms::control, reply);
    if (port.binary_control) return make_binary_from(h, reply);
    return make_string(h, reply.data(), reply.size());
  }
};

class CloseCall : public PortCall {
public:
  Term operation() const override { return atoms::close; }
  Term perform(Port &port, Heap &) override {
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_receives(port, caller, atoms::close);
    return port_exit(port, caller, atoms::normal, false, false) ? atoms::true_ : atoms::badarg;
  }
};

class ConnectCall : public PortCall {
public:
  Term to;
  Term operation() const override { return atoms::connect; }
  Term perform(Port &port, Heap &) override {
    if (!to.is_local_pid()) return atoms::badarg;
    bool linked = std::find(port.links.begin(), port.links.end(), to) != port.links.end();
    if (!linked) {
      if (!link_send(port.id, to)) return atoms::badarg;
      port.links.push_back(to);
      if (trace::port_traced(port, trace::flag::Ports)) trace::port_event(port, atoms::getting_linked, to);
    }
    port.owner = to.raw();
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_receives(port, caller, atoms::connect, to);
    if (trace::port_traced(port, trace::flag::Send)) {
      FragmentHeap h;
      trace::port_sends(port, caller, make_tuple(h, port.id, atoms::connected));
    }
    return atoms::true_;
  }
};

Term name_string(Heap &h, const std::string &s) { return make_string(h, s.data(), s.size()); }

Term info_item(Port &port, Heap &h, Term item) {
  auto answer = [&](Term value) { return make_tuple(h, item, value); };
  auto pids = [&](auto &list, auto get) {
    Term l = Term::nil();
    for (auto &e : list) l = make_cons(h, get(e), l);
    return l;
  };
  if (item == atoms::id) return answer(Term::small(int64_t(port.number) * 8)); // stock shows its table index so
  if (item == atoms::connected) return answer(Term(port.owner.load()));
  if (item == atoms::links) return answer(pids(port.links, [](Term t) { return t; }));
  if (item == atoms::monitors) return answer(Term::nil());
  if (item == atoms::monitored_by) return answer(pids(port.watchers, [](Port::Watcher &w) { return w.pid; }));
  if (item == atoms::name) return answer(name_string(h, port.name));
  if (item == atoms::input) return answer(make_uint(h, port.input));
  if (item == atoms::output) return answer(make_uint(h, port.output));
  if (item == atoms::os_pid) return answer(port.os_pid < 0 ? atoms::undefined : Term::small(port.os_pid));
  if (item == atoms::registered_name) {
    Term name(port.registered.load());
    return name.is_none() ? Term::nil() : answer(name);
  }
  if (item == atoms::parallelism) return answer(bool_term(port.parallelism));
  if (item == atoms::locking)
    return answer(port.driver->driver_lock ? named<"driver_level">() : Term(atoms::port_level));
  if (item == atoms::queue_size) return answer(make_uint(h, port.queue.size()));
  if (item == atoms::memory) {
    Word bytes = 40 * (port.links.size() + port.watchers.size()) + port.queue.size() + port.line.size();
    return answer(make_uint(h, bytes));
  }
  return atoms::badarg;
}

class InfoCall : public PortCall {
public:
  Term item = Term::none(); // none: port_info/1
  Term perform(Port &port, Heap &h) override {
    if (!item.is_none()) return info_item(port, h, item);
    Term list = Term::nil();
    for (Term i : {atoms::os_pid, atoms::output, atoms::input, atoms::connected, atoms::id, atoms::links, atoms::name})
      list = make_cons(h, info_item(port, h, i), list);
    Term name = info_item(port, h, atoms::registered_name);
    return name.is_nil() ? list : make_cons(h, name, list);
  }
  // One that only flushes what was written has its facts still.
  bool refused(const Port &port) const override {
    uint32_t flags = port.flags.load(std::memory_order_acquire);
    return flags & portflag::Dead || (flags & portflag::Gone) == portflag::Exiting;
  }
  Term gone_result() const override { return atoms::undefined; }
};
Port *port_with_facts(Term who) {
  if (who.is_atom()) return port_lookup_name(who);
  return port_lookup_any(who);
}

// What the info functions answer for something that is no live port. none: it is one.
Term info_refusal(Term who, Term wrong_type) {
  if (who.is_local_port() || who.is_atom()) return atoms::undefined;
  if (is_external_port(who) && of_this_node(who)) return atoms::undefined; // of an earlier incarnation
  return wrong_type;
}

bool known_item(Term item) {
  for (Term i : {atoms::id, atoms::connected, atoms::links, atoms::monitors, atoms::monitored_by, atoms::name,
                 atoms::input, atoms::output, atoms::os_pid, atoms::registered_name, atoms::parallelism, atoms::locking,
                 atoms::queue_size, atoms::memory})
    if (i == item) return true;
  return false;
}

bool get_command(Term t, uint32_t *out) {
  uint64_t v;
  if (!get_uint64(t, &v) || v > UINT32_MAX) return false;
  *out = uint32_t(v);
  return true;
}
} // namespace

Term erts_internal_port_command_3(Process *p, const Term *args) {
  bool force = false, nosuspend = false;
  Term l = args[2];
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() == atoms::force) force = true;
    else if (l.head() == atoms::nosuspend) nosuspend = true;
    else return atoms::badopt;
  }
  if (!l.is_nil()) return atoms::badopt;
  Port *port = port_lookup_name(args[0]);
  if (!port) return atoms::badarg;
  if (force && !port->driver->soft_busy) return atoms::notsup;
  if (nosuspend && port->refuses(force)) return atoms::false_;
  auto c = std::make_unique<PortCommand>();
  c->sender = p->id;
  c->force = force;
  c->nosuspend = nosuspend;
  if (!c->set_data(p, *port, args[1])) return atoms::badarg;
  static const Export *self = export_get_or_put(atoms::erts_internal, atoms::port_command, 3);
  if (port->refuses(force) && port_suspend(p, port, &self->mfa())) // and then again
    return yield_to(p, self, args[0], args[1], args[2]);
  return port_call_submit(p, port, std::move(c));
}

Term erts_internal_port_control_3(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  auto c = std::make_unique<ControlCall>();
  if (!port || !get_command(args[1], &c->command) || !bytes_of_iodata(args[2], &c->data)) return atoms::badarg;
  return port_call_submit(p, port, std::move(c));
}

Term erts_internal_port_close_1(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  return port ? port_call_submit(p, port, std::make_unique<CloseCall>()) : atoms::badarg;
}

Term erts_internal_port_connect_2(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  if (!port) return atoms::badarg;
  auto c = std::make_unique<ConnectCall>();
  c->to = args[1];
  return port_call_submit(p, port, std::move(c));
}

Term erts_internal_port_info_1(Process *p, const Term *args) {
  Port *port = port_with_facts(args[0]);
  return port ? port_call_submit(p, port, std::make_unique<InfoCall>()) : info_refusal(args[0], atoms::badarg);
}

Term erts_internal_port_info_2(Process *p, const Term *args) {
  Port *port = port_with_facts(args[0]);
  if (!port) return info_refusal(args[0], atoms::badtype);
  if (!known_item(args[1])) return atoms::badarg;
  auto c = std::make_unique<InfoCall>();
  c->item = args[1];
  return port_call_submit(p, port, std::move(c));
}

Term erlang_ports_0(Process *p, const Term *) {
  std::vector<Term> all = ports_all(true);
  Term l = Term::nil();
  for (size_t i = all.size(); i-- > 0;) l = make_cons(p->heap, all[i], l);
  p->bump(int64_t(all.size() / 16));
  return l;
}

// --- port data: a table keyed by port, no signals
Term erlang_port_set_data_2(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  if (!port) return badarg(p);
  KeptTerm data(args[1]);
  std::lock_guard g(port->data_lock);
  std::swap(port->data, data);
  return atoms::true_;
}

Term erlang_port_get_data_1(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  if (!port) return badarg(p);
  std::lock_guard g(port->data_lock);
  return copy(port->data.get(), p->heap);
}
} // namespace joist::bifs
