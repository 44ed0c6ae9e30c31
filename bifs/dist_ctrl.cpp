// What the controller of a connection does with it: processes that carry packets (erlang:dist_ctrl_*).
#include "bifs/build.h"

#include "runtime/dist/entry.h"
#include "runtime/term/binary.h"
#include "runtime/term/number.h"

namespace joist::bifs {
namespace {
// The connection that p controls, if `handle` is its. Null: raised.
DistEntry *controlled(Process *p, Term handle) {
  RemoteTies *ties = p->relations ? p->relations->remote.get() : nullptr;
  if (!ties || !ties->controls) return raise(p, Reason::Notsup), nullptr;
  uint32_t connection;
  DistEntry *e = dist_of_handle(handle, &connection);
  if (e != ties->controls) return badarg(p), nullptr;
  std::lock_guard g(e->lock);
  if (e->connection != connection) return badarg(p), nullptr;
  return e;
}
} // namespace

// The next packet as a list of binaries ({Size, List} with get_size), or none.
Term erlang_dist_ctrl_get_data_1(Process *p, const Term *args) {
  DistEntry *e = controlled(p, args[0]);
  if (!e) return Term::none();
  DistPacket packet;
  std::vector<Term> resumed;
  bool get_size;
  {
    std::lock_guard g(e->lock);
    if (!e->connected() || e->queue.empty()) return atoms::none;
    packet = std::move(e->queue.front());
    e->queue.pop_front();
    e->queued -= std::min(e->queued, packet.size);
    get_size = e->get_size;
    dist_unwait(e, &resumed);
  }
  e->out++;
  dist_resume(resumed, e);
  Word size = packet.size;
  Term list = Term::nil();
  for (size_t i = packet.slices.size(); i-- > 0;) {
    IoSlice &s = packet.slices[i];
    list = make_cons(p->heap, make_refc_binary(p->heap, s.data, s.bytes, s.size), list);
  }
  packet.slices.clear();
  p->bump(2);
  return get_size ? pair(p->heap, make_uint(p->heap, size), list) : list;
}

// The process gets `dist_data` once, when there is something to fetch.
Term erlang_dist_ctrl_get_data_notification_1(Process *p, const Term *args) {
  DistEntry *e = controlled(p, args[0]);
  if (!e) return Term::none();
  bool now;
  {
    std::lock_guard g(e->lock);
    now = !e->queue.empty() && !e->data_wanted;
    if (e->queue.empty()) e->data_wanted = true;
  }
  if (now) message_send(p, p, atoms::dist_data);
  return atoms::ok;
}

Term erlang_dist_ctrl_get_opt_2(Process *p, const Term *args) {
  DistEntry *e = controlled(p, args[0]);
  if (!e) return Term::none();
  if (args[1] != atoms::get_size) return badarg(p);
  std::lock_guard g(e->lock);
  return bool_term(e->get_size);
}

Term erlang_dist_ctrl_set_opt_3(Process *p, const Term *args) {
  DistEntry *e = controlled(p, args[0]);
  if (!e) return Term::none();
  if (args[1] != atoms::get_size || (args[2] != atoms::true_ && args[2] != atoms::false_)) return badarg(p);
  std::lock_guard g(e->lock);
  Term old = bool_term(e->get_size);
  e->get_size = args[2] == atoms::true_;
  return old;
}

Term erlang_dist_ctrl_input_handler_2(Process *p, const Term *args) {
  DistEntry *e = controlled(p, args[0]);
  if (!e) return Term::none();
  if (!args[1].is_local_pid()) return badarg(p);
  e->input_handler = args[1].raw();
  return atoms::ok;
}

namespace {
constexpr int64_t kUnitsPerReduction = 32;

int64_t slice(Process *p) { return std::max<int64_t>(p->reductions, 1) * kUnitsPerReduction; }

// A large message, or what came behind it, is not done.
Term put_data_continue(Process *p, const Term *args);
Term put_data_yield(Process *p, Term handle) {
  static const Export *again = bif_continuation("dist_ctrl_put_data_trap", 1, put_data_continue);
  return yield_to(p, again, handle);
}
Term put_data_continue(Process *p, const Term *args) {
  uint32_t connection;
  DistEntry *e = dist_of_handle(args[0], &connection);
  int64_t start = slice(p), budget = start;
  if (dist_receive_more(e, connection, &budget) == DistReceived::More) return put_data_yield(p, args[0]);
  p->bump((start - budget) / kUnitsPerReduction);
  return atoms::ok;
}
} // namespace

Term erlang_dist_ctrl_put_data_2(Process *p, const Term *args) {
  static const Export *flatten = export_get_or_put(atoms::erts_internal, atoms::dist_ctrl_put_data, 2);
  if (args[1].is_cons()) return trap_to(p, flatten, args[0], args[1]);
  if (!args[1].is_nil() && !(is_bitstring(args[1]) && is_binary(args[1]))) return badarg(p);
  uint32_t connection;
  DistEntry *e = dist_of_handle(args[0], &connection);
  if (!e) return badarg(p);
  if (e->input_handler != p->id.raw()) return raise(p, Reason::Notsup);
  e->in++;
  if (args[1].is_nil()) return atoms::ok;
  ByteScratch scratch;
  Bytes b = bytes_of(args[1], scratch);
  p->bump(5 + int64_t(b.size / 1024));
  if (!b.size) return atoms::ok;
  int64_t start = slice(p), budget = start;
  if (dist_receive(e, connection, b.data, b.size, &budget) == DistReceived::More) return put_data_yield(p, args[0]);
  p->bump((start - budget) / kUnitsPerReduction);
  return atoms::ok;
}

// {ok, PacketsIn, PacketsOut, BytesWaiting}
Term erlang_dist_get_stat_1(Process *p, const Term *args) {
  uint32_t connection;
  DistEntry *e = dist_of_handle(args[0], &connection);
  if (!e) return badarg(p);
  std::lock_guard g(e->lock);
  if (e->connection != connection) return badarg(p);
  return make_tuple(p->heap, atoms::ok, make_uint(p->heap, e->in), make_uint(p->heap, e->out),
                    make_uint(p->heap, e->queued));
}
} // namespace joist::bifs
