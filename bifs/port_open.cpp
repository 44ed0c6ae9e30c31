// erts_internal:open_port/2: reads the settings, finds the driver, makes the port.
#include "bifs/bifs.h"
#include "runtime/io/file_name.h"
#include "runtime/io/file_port.h"
#include "runtime/io/port_ops.h"
#include "runtime/io/posix.h"
#include "runtime/sys/env.h"
#include "runtime/term/binary.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
struct Settings {
  PortOptions o;
  bool binary = false, soft_eof = false;
  size_t line = 0;
  Term directory = Term::nil();
};

bool name_of(Term t, std::string *out) { return file_name_to_native(t, out, true); }

bool boolean(Term t, bool *out) {
  *out = t == atoms::true_;
  return *out || t == atoms::false_;
}

bool busy_limits(Term t, bool port_limits, PortOptions *o) {
  constexpr uint64_t kMin = 1, kMax = ~uint64_t{0} - 1, kDisabled = ~uint64_t{0};
  uint64_t low = kDisabled, high = kDisabled;
  if (t != atoms::disabled) {
    if (!is_tuple_of(t, 2) || !get_uint64(tuple_elements(t)[0], &low) || !get_uint64(tuple_elements(t)[1], &high))
      return false;
    if (low < kMin || low > kMax || high < kMin || high > kMax) return false;
    low = std::min(low, high);
  }
  if (!port_limits) {
    o->queue_limits = {low, high};
    return true;
  }
  o->low_limit = low;
  o->high_limit = high;
  o->limits_given = true;
  return true;
}

bool arguments(Term list, std::vector<std::string> *out) {
  out->clear();
  if (list_length(list) < 0) return false;
  for (; list.is_cons(); list = list.tail()) {
    std::string s;
    if (!name_of(list.head(), &s)) return false;
    out->push_back(std::move(s));
  }
  return true;
}

// The VM's environment with [{Name, Value | false}] applied; names and values are character lists, an empty value is as false.
bool merged_environment(Term changes, std::vector<std::string> *out) {
  *out = env_all();
  if (list_length(changes) < 0) return false;
  for (; changes.is_cons(); changes = changes.tail()) {
    Term pair = changes.head();
    if (!is_tuple_of(pair, 2)) return false;
    std::string name, value;
    Term key = tuple_elements(pair)[0], v = tuple_elements(pair)[1];
    if (!key.is_list() || !name_of(key, &name)) return false;
    if (name.find('=', 1) != std::string::npos) return false; // a leading = is allowed, as in os:putenv/2
    if (v != atoms::false_ && (!v.is_list() || !name_of(v, &value))) return false;
    name += '=';
    std::erase_if(*out, [&](const std::string &e) { return e.starts_with(name); });
    if (!value.empty()) out->push_back(name + value);
  }
  return true;
}

bool option_pair(Term key, Term value, Settings *s) {
  PortOptions &o = s->o;
  if (key == atoms::packet) {
    if (!value.is_small()) return false;
    int64_t n = value.small_value();
    o.packet_bytes = int(n);
    return n == 1 || n == 2 || n == 4;
  }
  if (key == atoms::line) {
    if (!value.is_small() || value.small_value() <= 0) return false;
    s->line = size_t(value.small_value());
    return true;
  }
  if (key == atoms::env) return merged_environment(value, &o.environment.emplace());
  if (key == atoms::args) return arguments(value, &o.args.emplace());
  if (key == atoms::arg0) return name_of(value, &o.arg0.emplace());
  if (key == atoms::cd) {
    s->directory = value;
    return true;
  }
  if (key == atoms::parallelism) return boolean(value, &o.parallelism);
  if (key == atoms::busy_limits_port) return busy_limits(value, true, &o);
  if (key == atoms::busy_limits_msgq) return busy_limits(value, false, &o);
  return false;
}

bool option_atom(Term t, Settings *s) {
  PortOptions &o = s->o;
  if (t == atoms::stream) o.packet_bytes = 0;
  else if (t == atoms::use_stdio) o.use_stdio = true;
  else if (t == atoms::nouse_stdio) o.use_stdio = false;
  else if (t == atoms::stderr_to_stdout) o.stderr_to_stdout = true;
  else if (t == atoms::line) s->line = 512;
  else if (t == atoms::binary) s->binary = true;
  else if (t == atoms::in) o.read = true;
  else if (t == atoms::out) o.write = true;
  else if (t == atoms::eof) s->soft_eof = true;
  else if (t == atoms::hide) o.hide = true;
  else if (t == atoms::exit_status) o.exit_status = true;
  else if (t == atoms::overlapped_io) o.overlapped_io = true;
  else return false;
  return true;
}

bool read_settings(Term list, Settings *s) {
  if (!list.is_list()) return false;
  for (; list.is_cons(); list = list.tail()) {
    Term t = list.head();
    bool fine = is_tuple_of(t, 2) ? option_pair(tuple_elements(t)[0], tuple_elements(t)[1], s) : option_atom(t, s);
    if (!fine) return false;
  }
  if (!list.is_nil()) return false;
  if (!s->o.read && !s->o.write) s->o.read = s->o.write = true;
  return !(s->line && s->o.packet_bytes) && !(s->o.stderr_to_stdout && !s->o.use_stdio);
}

// The driver and the name of the port. Null: badarg.
const Driver *choose_driver(Term what, PortOptions *o, std::string *name) {
  if (what.is_atom() || what.is_list()) // a file
    return name_of(what, name) && !(what.is_list() && name->empty()) ? file_port_driver : nullptr;
  if (!is_tuple(what) || tuple_arity(what) == 0) return nullptr;
  Term kind = tuple_elements(what)[0];
  if (kind == atoms::fd) {
    if (tuple_arity(what) != 3) return nullptr;
    Term in = tuple_elements(what)[1], out = tuple_elements(what)[2];
    if (!in.is_small() || !out.is_small()) return nullptr;
    o->in_fd = int(in.small_value());
    o->out_fd = int(out.small_value());
    *name = std::to_string(o->in_fd) + "/" + std::to_string(o->out_fd);
    return builtin_drivers.fd;
  }
  if (kind != atoms::spawn && kind != atoms::spawn_driver && kind != atoms::spawn_executable) return nullptr;
  if (tuple_arity(what) != 2 || !name_of(tuple_elements(what)[1], name) || name->empty()) return nullptr;
  o->spawn = kind == atoms::spawn_driver       ? PortOptions::Spawn::Driver
             : kind == atoms::spawn_executable ? PortOptions::Spawn::Executable
                                               : PortOptions::Spawn::Any;
  if (o->spawn != PortOptions::Spawn::Executable) {
    if (o->args || o->arg0) return nullptr;
    if (const Driver *d = driver_find(std::string_view(*name).substr(0, name->find(' ')))) return d;
    if (o->spawn == PortOptions::Spawn::Driver) return nullptr;
  }
  return builtin_drivers.spawn;
}
} // namespace

// Answers with the port, a reference under which the port or an error follows, or an atom that says what was wrong.
Term erts_internal_open_port_2(Process *p, const Term *args) {
  Settings s;
  if (!read_settings(args[1], &s)) return atoms::badopt;
  std::string name;
  const Driver *driver = choose_driver(args[0], &s.o, &name);
  if (!driver) return atoms::badarg;
  bool spawns = driver == builtin_drivers.spawn;
  if ((!spawns && (s.o.exit_status || s.o.args || s.o.arg0)) || (s.o.limits_given && !driver->takes_limits) ||
      (s.o.queue_limits && s.o.queue_limits->second != ~size_t{0} && driver->no_queue_limits))
    return atoms::badarg;
  if (!s.directory.is_nil() && (!name_of(s.directory, &s.o.directory.emplace()) || s.o.directory->empty()))
    return atoms::badarg;

  Port *port = port_create(driver, name, p->id);
  if (!port) return atoms::system_limit;
  port_ref(port);
  port->binary = s.binary;
  port->soft_eof = s.soft_eof;
  port->line_max = s.line;
  port->parallelism = s.o.parallelism;
  if (driver->no_queue_limits) port_queue_limits(*port, ~size_t{0}, ~size_t{0});
  else if (s.o.queue_limits) port_queue_limits(*port, s.o.queue_limits->first, s.o.queue_limits->second);
  // Set before the driver starts: a child may be running, and answered for, before `open` returns.
  Term ref = make_ref(p->heap);
  port->pending_open.to = p->id;
  port->pending_open.ref = KeptRef(ref);
  if (trace::traced(p, trace::flag::RunningProcs)) trace::virtually_scheduled(p, trace::Sched::Out);
  if (trace::port_traced(*port, trace::flag::Ports)) {
    Term shown = atom::intern_latin1(std::string_view(name).substr(0, atom::kMaxChars));
    trace::port_event(*port, atoms::open, p->id, shown);
  }
  if (trace::port_traced(*port, trace::flag::RunningPorts)) trace::port_scheduled(*port, trace::Sched::In, atoms::open);
  port->caller = p->id;
  DriverOpen r = driver->open(*port, name, s.o);
  port->caller = Term::none();
  if (trace::port_traced(*port, trace::flag::RunningPorts))
    trace::port_scheduled(*port, trace::Sched::Out, atoms::open);
  Term answer;
  if (r.outcome == DriverOpen::Outcome::Opened || r.outcome == DriverOpen::Outcome::Pending) {
    port->instance = std::move(r.instance);
    port->links.push_back(p->id);
    relations_of(p).link_add(port->id);
    if (trace::port_traced(*port, trace::flag::Ports)) trace::port_event(*port, atoms::getting_linked, p->id);
    if (trace::traced(p, trace::flag::RunningProcs)) trace::virtually_scheduled(p, trace::Sched::In);
    if (trace::traced(p, trace::flag::Procs)) trace::linked(p, port->id);
    answer = ref;
    if (r.outcome == DriverOpen::Outcome::Opened) {
      port->pending_open.to = Term::none();
      answer = port->id;
    }
  } else {
    if (trace::traced(p, trace::flag::RunningProcs)) trace::virtually_scheduled(p, trace::Sched::In);
    port->pending_open.to = Term::none();
    answer = r.outcome == DriverOpen::Outcome::Posix    ? posix_atom(r.error)
             : r.outcome == DriverOpen::Outcome::Badarg ? atoms::badarg
                                                        : atoms::einval;
    port_terminate(*port);
  }
  port_settle(*port);
  port_end(port);
  port_unref(port);
  p->bump(200);
  return answer;
}
} // namespace joist::bifs
