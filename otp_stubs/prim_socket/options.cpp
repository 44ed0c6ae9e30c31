// setopt and getopt: options of the operating system by table, by number ("native"), and those of the module itself.
#include "otp_stubs/prim_socket/options.h"
#include "otp_stubs/prim_socket/operations.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/process.h"

#include <netinet/in.h>
#include <utility>

namespace joist::stubs {
namespace {
// Options of level otp, by the numbers that the module gives them.
enum OtpOption {
  Debug = 1001,
  Iow,
  ControllingProcess,
  ReceiveBuffer,
  ReceiveControlBuffer = 1006,
  SendControlBuffer,
  Descriptor,
  Meta,
  UseRegistry,
  Domain = 1999
};

bool level_number(Term t, int *out) {
  if (t == named<"socket">()) return *out = SOL_SOCKET, true;
  return get_int(t, out);
}
const SocketOption *find_option(int level, int number) {
  for (size_t i = 0; i < kOptionLevelCount; i++)
    if (kOptionLevels[i].level == level)
      for (size_t j = 0; j < kOptionLevels[i].count; j++)
        if (kOptionLevels[i].options[j].number == number && number >= 0) return &kOptionLevels[i].options[j];
  return nullptr;
}
Term no_option(Process *p) { return invalid(p, named<"socket_option">()); }
bool boolean(Term t, bool *out) {
  if (t != atoms::true_ && t != atoms::false_) return false;
  *out = t == atoms::true_;
  return true;
}
// A size of a buffer, or `default`.
bool buffer_size(Term t, size_t otherwise, size_t *out) {
  int64_t v;
  if (t == named<"default">()) return *out = otherwise, true;
  if (!get_int64(t, &v) || v <= 0) return false;
  *out = size_t(v);
  return true;
}

Term set_owner(Process *p, Socket *s, Term pid) {
  if (s->owner != p->id) return error_invalid(p, named<"not_owner">());
  if (!pid.is_local_pid()) return error_invalid(p, atoms::value);
  ProcessWatch *w = watch_process(pid, s);
  if (!w && !std::exchange(s->pinned, true))
    bin_ref(s->self); // dead already, which stock does not mind: closed by hand only
  unwatch_process(s->owner_watch);
  s->owner_watch = w;
  s->owner = pid;
  return atoms::ok;
}

Term set_otp(Process *p, Socket *s, int option, Term value) {
  std::lock_guard g(s->lock);
  auto raised = [&] {
    return raise_invalid(p, make_tuple(p->heap, named<"otp_socket_option">(), make_int(p->heap, option)));
  };
  switch (option) {
  case Debug:
  case Iow:
  case ControllingProcess:
  case ReceiveBuffer:
  case ReceiveControlBuffer:
  case SendControlBuffer:
  case Meta:
  case UseRegistry: break;
  default: return raised();
  }
  if (!s->open()) return error_closed(p);
  Term bad = invalid(p, atoms::value);
  switch (option) {
  case Debug: return boolean(value, &s->debug) ? atoms::ok : bad;
  case Iow: return boolean(value, &s->iow) ? atoms::ok : bad;
  case ControllingProcess: return set_owner(p, s, value);
  case ReceiveBuffer: {
    size_t size, number = 0;
    if (!buffer_size(value, 8192, &size)) {
      uint32_t n;
      if (!is_tuple_of(value, 2) || !get_uint(tuple_elements(value)[0], &n) || n == 0 ||
          !buffer_size(tuple_elements(value)[1], 8192, &size))
        return bad;
      number = n;
    }
    s->receive_size = size;
    s->receive_number = unsigned(number);
    return atoms::ok;
  }
  case ReceiveControlBuffer: return buffer_size(value, 1024, &s->receive_control) ? atoms::ok : bad;
  case SendControlBuffer: return buffer_size(value, 1024, &s->send_control) ? atoms::ok : bad;
  case Meta: {
    if (s->owner != p->id) return error_invalid(p, named<"not_owner">());
    FragmentHeap h;
    Term kept = copy(value, h);
    fragment_free(std::exchange(s->meta_data, h.take()));
    s->meta = kept;
    return atoms::ok;
  }
  default: { // UseRegistry
    bool on;
    if (!boolean(value, &on)) return bad;
    if (on != s->registered) registry_tell(s, on ? "add" : "del");
    s->registered = on;
    return atoms::ok;
  }
  }
}

Term get_otp(Process *p, Socket *s, int option) {
  std::lock_guard g(s->lock);
  Heap &h = p->heap;
  auto of_bool = [](bool b) { return b ? atoms::true_ : atoms::false_; };
  if (option < Debug || (option > UseRegistry && option != Domain) || option == 1005)
    return raise_invalid(p, make_tuple(h, named<"otp_socket_option">(), make_int(h, option)));
  if (!s->open()) return error_closed(p);
  switch (option) {
  case Debug: return ok_with(p, of_bool(s->debug));
  case Iow: return ok_with(p, of_bool(s->iow));
  case ControllingProcess: return ok_with(p, s->owner);
  case ReceiveBuffer: {
    Term size = make_uint(h, s->receive_size);
    return ok_with(p, s->receive_number ? make_tuple(h, Term::small(s->receive_number), size) : size);
  }
  case ReceiveControlBuffer: return ok_with(p, make_uint(h, s->receive_control));
  case SendControlBuffer: return ok_with(p, make_uint(h, s->send_control));
  case Descriptor: return ok_with(p, Term::small(s->fd));
  case Meta: return ok_with(p, copy(s->meta, h));
  case UseRegistry: return ok_with(p, of_bool(s->registered));
  default: return ok_with(p, domain_term(s->domain));
  }
}
} // namespace

Term socket_setopt_5(Process *p, const Term *args) { // socket, level, option, value, native (0 or 1)
  Socket *s = socket_of(args[0]);
  int level, option, native;
  Term answer;
  if (!s || !get_int(args[4], &native)) return badarg(p);
  if (!int_argument(p, args[2], &option, &answer)) return answer;
  Term value = args[3];
  if (!level_number(args[1], &level)) {
    if (args[1] == named<"otp">() && native == 0) return set_otp(p, s, option, value);
    return is_integer(args[1]) ? error_range(p, args[1]) : badarg(p);
  }
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (native == 0) {
    const SocketOption *o = find_option(level, option);
    return o && o->code->set ? o->code->set(p, s, level, option, value) : no_option(p);
  }
  if (is_binary(value)) {
    ByteScratch scratch;
    Bytes b = bytes_of(value, scratch);
    return set_bytes(p, s, level, option, b.data, b.size);
  }
  int number;
  bool b;
  if (boolean(value, &b)) number = b;
  else if (!get_int(value, &number)) return error_invalid(p, atoms::value);
  return set_bytes(p, s, level, option, &number, sizeof number);
}

Term socket_getopt_3(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  int level, option;
  Term answer;
  if (!s) return badarg(p);
  if (!int_argument(p, args[2], &option, &answer)) return answer;
  if (!level_number(args[1], &level)) {
    if (args[1] == named<"otp">()) return get_otp(p, s, option);
    return is_integer(args[1]) ? error_range(p, args[1]) : badarg(p);
  }
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  const SocketOption *o = find_option(level, option);
  return o && o->code->get ? o->code->get(p, s, level, option) : no_option(p);
}

Term socket_getopt_4(Process *p, const Term *args) { // with: bytes expected, integer, boolean, or an initial binary
  Socket *s = socket_of(args[0]);
  int level, option, size;
  Term answer, spec = args[3];
  if (!s) return badarg(p);
  if (!int_argument(p, args[2], &option, &answer)) return answer;
  if (!level_number(args[1], &level)) return is_integer(args[1]) ? error_range(p, args[1]) : badarg(p);
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (spec == named<"integer">()) return kInteger.get(p, s, level, option);
  if (spec == named<"boolean">()) return kBoolean.get(p, s, level, option);
  if (get_int(spec, &size) && size >= 0) return get_bytes(p, s, level, option, nullptr, size_t(size));
  if (is_binary(spec)) {
    ByteScratch scratch;
    Bytes b = bytes_of(spec, scratch);
    return get_bytes(p, s, level, option, b.data, b.size);
  }
  return invalid(p, atoms::value);
}

// [{Level, [Option | {Option, Number}]}]
Term socket_options_table(Process *p) {
  Heap &h = p->heap;
  Term levels = Term::nil();
  for (size_t i = kOptionLevelCount; i-- > 0;) {
    const OptionLevel &l = kOptionLevels[i];
    Term list = Term::nil();
    for (size_t j = l.count; j-- > 0;) {
      const SocketOption &o = l.options[j];
      Term name = named(o.name);
      list = make_cons(h, o.number < 0 ? name : make_tuple(h, name, Term::small(o.number)), list);
    }
    levels =
        make_cons(h, make_tuple(h, l.level == SOL_SOCKET ? named<"socket">() : Term::small(l.level), list), levels);
  }
  return levels;
}
} // namespace joist::stubs
