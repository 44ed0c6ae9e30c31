// Spawning.
#include "bifs/process_args.h"
#include "runtime/dist/control.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/monitor.h"
#include "runtime/sys/flags.h"
#include "runtime/term/ref.h"

#include <utility>

namespace joist::bifs {
namespace {
enum class OptionsResult : uint8_t { Ok, Bad, Improper };

// Options of spawn_opt (request: and of spawn_request). All are looked at: a later bad one wins over an earlier good one.
OptionsResult parse_options(Term list, SpawnOptions *o, bool request, bool *reply_error) {
  bool bad = false;
  Word given_min = vm_flags.min_heap_words;
  for (; list.is_cons(); list = list.tail()) {
    Term opt = list.head();
    if (opt == atoms::link) {
      o->link = true;
      continue;
    }
    if (opt == atoms::monitor) {
      o->monitor = true;
      o->monitor_opts = Term::nil();
      continue;
    }
    if (!is_tuple_of(opt, 2)) {
      bad = true;
      continue;
    }
    Term key = tuple_elements(opt)[0], v = tuple_elements(opt)[1];
    int64_t n = v.is_small() ? v.small_value() : -1;
    if (key == atoms::priority) {
      if (!parse_priority(v, &o->priority)) bad = true;
    } else if (key == atoms::message_queue_data) {
      if (v != atoms::on_heap && v != atoms::off_heap) bad = true;
      o->has_message_queue_data = true;
      o->off_heap_messages = v == atoms::off_heap;
    } else if (key == atoms::min_heap_size && v.is_small()) {
      if (n < 0) bad = true;
      else
        o->min_heap = given_min =
            n < int64_t(vm_flags.min_heap_words) ? vm_flags.min_heap_words : gc_next_size(Word(n));
    } else if (key == atoms::min_bin_vheap_size && v.is_small()) {
      if (n < 0) bad = true;
      else o->min_vheap = n < int64_t(vm_flags.min_vheap_words) ? vm_flags.min_vheap_words : gc_next_size(Word(n));
    } else if (key == atoms::max_heap_size) {
      o->max_heap_given = parse_max_heap(v, &o->max_heap, &o->max_heap_kill, &o->max_heap_log);
      if (!o->max_heap_given) bad = true;
    } else if (key == atoms::fullsweep_after && v.is_small()) {
      if (n < 0) bad = true;
      else o->fullsweep_after = int(std::min<int64_t>(n, 65535));
    } else if (key == atoms::scheduler && v.is_small()) {
      if (n < 0 || n > int64_t(schedulers_count())) bad = true;
      else o->scheduler = unsigned(n);
    } else if (key == atoms::reply && request) {
      if (v != atoms::yes && v != atoms::no && v != atoms::error_only && v != atoms::success_only) {
        bad = true;
      } else {
        o->reply_ok = v == atoms::yes || v == atoms::success_only;
        *reply_error = v == atoms::yes || v == atoms::error_only;
      }
    } else if (key == atoms::reply_tag && request) {
      o->reply_tag = v;
    } else if (key == atoms::monitor) {
      MonitorOptions mo;
      if (!monitor_options(v, &mo)) bad = true;
      o->monitor = true;
      o->monitor_opts = v;
    } else {
      bad = true;
    }
  }
  if (!list.is_nil()) return OptionsResult::Improper;
  if (o->max_heap_given && o->max_heap != 0 && o->max_heap < given_min) bad = true;
  return bad ? OptionsResult::Bad : OptionsResult::Ok;
}

void log_full(Process *p) {
  constexpr std::string_view kText = "Too many processes\n";
  error_log(p, "~s~n", make_list(p->heap, make_string(p->heap, kText.data(), kText.size())));
}

Term spawn(Process *p, const Term *args, const SpawnOptions &o, Term *ref = nullptr) {
  if (!args[0].is_atom() || !args[1].is_atom() || list_length(args[2]) < 0) return badarg(p);
  p->bump(1);
  Process *child = process_spawn(p, args[0], args[1], args[2], o, ref);
  if (child) return child->id;
  log_full(p);
  return system_limit(p);
}
} // namespace

Term erlang_self_0(Process *p, const Term *) { return p->id; }

Term erlang_spawn_3(Process *p, const Term *args) { return spawn(p, args, SpawnOptions{}); }

Term erlang_spawn_link_3(Process *p, const Term *args) {
  SpawnOptions o;
  o.link = true;
  return spawn(p, args, o);
}

Term erlang_spawn_opt_4(Process *p, const Term *args) {
  SpawnOptions o;
  bool reply_error;
  if (parse_options(args[3], &o, false, &reply_error) != OptionsResult::Ok) return badarg(p, atoms::badopt);
  Term ref;
  Term pid = spawn(p, args, o, &ref);
  return pid.is_none() || !o.monitor ? pid : make_tuple(p->heap, pid, ref);
}

Term erts_internal_spawn_request_4(Process *p, const Term *args) {
  int64_t arity = list_length(args[2]);
  if (!args[0].is_atom() || !args[1].is_atom() || arity < 0) return atoms::badarg;
  SpawnOptions o;
  bool reply_error = true;
  o.reply_tag = atoms::spawn_reply;
  Term error = Term::none();
  switch (parse_options(args[3], &o, true, &reply_error)) {
  case OptionsResult::Improper: return atoms::badopt;
  case OptionsResult::Bad: error = atoms::badopt; break;
  case OptionsResult::Ok: break;
  }
  if (error.is_none()) {
    o.async = true;
    o.initial_call = make_tuple(p->heap, args[0], args[1], Term::small(arity));
    Term init_args = make_list(p->heap, make_tuple(p->heap, args[0], args[1], args[2]));
    Term ref;
    if (process_spawn(p, atoms::erts_internal, atoms::spawn_init, init_args, o, &ref)) return ref;
    log_full(p);
    error = atoms::system_limit;
  }
  Term ref = make_ref(p->heap);
  if (reply_error) message_send(p, p, make_tuple(p->heap, o.reply_tag, ref, atoms::error, error));
  return ref;
}

Term erts_internal_spawn_system_process_3(Process *p, const Term *args) {
  SpawnOptions o;
  o.system = true;
  return spawn(p, args, o);
}

// A spawn request of another node: the process gets its arguments as its first message (erts_internal:dist_spawn_init/1).
bool spawn_for_node(DistSpawn *s) {
  SpawnOptions o;
  bool reply_error;
  OptionsResult r = parse_options(s->options, &o, false, &reply_error);
  if (r == OptionsResult::Improper) return false;
  if (r == OptionsResult::Bad) return s->error = atoms::badopt, true;
  s->link = std::exchange(o.link, false);
  s->monitor = std::exchange(o.monitor, false);
  o.group_leader = s->leader;
  o.parent = s->from;
  o.initial_call = s->mfa;
  o.prepare = [](Process *child, void *arg) {
    auto *d = static_cast<DistSpawn *>(arg);
    d->prepare(child, d);
  };
  o.prepare_arg = s;
  FragmentHeap h(16);
  if (!process_spawn(nullptr, atoms::erts_internal, atoms::dist_spawn_init, make_list(h, s->mfa), o))
    s->error = atoms::system_limit;
  return true;
}

Term erlang_spawn_request_abandon_1(Process *p, const Term *args) {
  if (!is_ref(args[0])) return badarg(p);
  if (!is_local_ref(args[0]) || !p->relations) return atoms::false_;
  Monitor *m = p->relations->monitor(args[0]);
  if (!m || !m->spawn_pending) return atoms::false_; // local ones have been answered already
  p->relations->monitor_remove(m);
  return atoms::true_;
}
} // namespace joist::bifs
