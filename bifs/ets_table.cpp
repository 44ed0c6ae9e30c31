// ETS tables as a whole: making, finding, deleting, giving away.
#include "bifs/ets_common.h"
#include "runtime/proc/signal.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/ref.h"

namespace joist::bifs {
namespace {

struct NewOptions {
  ets::TableShape shape;
  bool named = false, decentralized_given = false, decentralized = false;
  ets::Protection protection = ets::Protection::Protected;
  Term heir = atoms::none, heir_data = atoms::undefined;
};

bool boolean(Term t, bool *out) {
  if (t != atoms::true_ && t != atoms::false_) return false;
  *out = t == atoms::true_;
  return true;
}

bool write_concurrency(NewOptions &o, Term v) {
  ets::TableShape &s = o.shape;
  s.locks = 0;
  if (v == atoms::auto_) {
    s.decentralized_counters = s.automatic = s.fine_locked = true;
  } else if (v == atoms::true_) {
    if (s.type != ets::TableType::OrderedSet) s.decentralized_counters = false;
    s.fine_locked = true;
    s.automatic = false;
  } else if (v == atoms::false_) {
    s.fine_locked = s.automatic = false;
  } else if (is_tuple_of(v, 2) && tuple_elements(v)[0] == atoms::debug_hash_fixed_number_of_locks) {
    constexpr int64_t kMost = 32768;
    Term n = tuple_elements(v)[1];
    if (!n.is_small() || n.small_value() < 1 || n.small_value() > kMost) return false;
    s.locks = unsigned(n.small_value());
    s.decentralized_counters = s.fine_locked = true;
    s.automatic = false;
  } else {
    return false;
  }
  return true;
}

bool new_option(NewOptions &o, Term t) {
  ets::TableShape &s = o.shape;
  if (t == atoms::set || t == atoms::protected_) return true; // the defaults; they do not undo others (as stock)
  if (t == atoms::bag) s.type = ets::TableType::Bag;
  else if (t == atoms::duplicate_bag) s.type = ets::TableType::DuplicateBag;
  else if (t == atoms::ordered_set) {
    s.type = ets::TableType::OrderedSet;
    s.decentralized_counters = true;
  } else if (t == atoms::public_) o.protection = ets::Protection::Public;
  else if (t == atoms::private_) o.protection = ets::Protection::Private;
  else if (t == atoms::named_table) o.named = true;
  else if (t == atoms::compressed) s.compressed = true;
  else if (is_tuple_of(t, 2)) {
    Term key = tuple_elements(t)[0], v = tuple_elements(t)[1];
    if (key == atoms::keypos) {
      if (!v.is_small() || v.small_value() < 1) return false;
      s.keypos = Word(v.small_value());
    } else if (key == atoms::write_concurrency) {
      return write_concurrency(o, v);
    } else if (key == atoms::read_concurrency) {
      return boolean(v, &s.read_concurrency);
    } else if (key == atoms::decentralized_counters) {
      return o.decentralized_given = boolean(v, &o.decentralized);
    } else if (key == atoms::heir && v == atoms::none) {
      o.heir = atoms::none;
    } else {
      return false;
    }
  } else if (is_tuple_of(t, 3) && tuple_elements(t)[0] == atoms::heir && tuple_elements(t)[1].is_local_pid()) {
    o.heir = tuple_elements(t)[1];
    o.heir_data = tuple_elements(t)[2];
  } else {
    return false;
  }
  return true;
}

void set_heir(Process *p, ets::Table *t, Term heir, Term data) {
  bool alive = heir == p->id || (heir.is_local_pid() && process_lookup(heir));
  t->heir = alive ? heir : atoms::none;
  t->heir_data = alive ? ets::StoredTerm(data) : ets::StoredTerm();
}

struct PendingFree {
  std::unique_ptr<ets::Garbage> garbage;
  ets::Table *table;
  // When all is freed, without waiting for the collection that finds the reference; at the latest then.
  void finish() {
    garbage.reset();
    if (table) ets::release_table(table);
    table = nullptr;
  }
  ~PendingFree() { finish(); }
};

constexpr int64_t kObjectsPerReduction = 4;

bool free_slice(Process *p, ets::Garbage &g) {
  int64_t given = std::max<int64_t>(p->reductions, 1) * kObjectsPerReduction, left = given;
  bool done = g.free_some(&left);
  p->bump((given - left) / kObjectsPerReduction);
  return done;
}

const Export *free_continuation();
Term free_more(Process *p, const Term *args) {
  Term ref = args[0], result = args[1];
  auto *pending = magic_value<PendingFree>(ref);
  if (!pending->garbage || free_slice(p, *pending->garbage)) {
    pending->finish();
    return result;
  }
  return yield_to(p, free_continuation(), ref, result);
}
const Export *free_continuation() {
  static const Export *k = bif_continuation("ets_free", 2, free_more);
  return k;
}

} // namespace

Term free_garbage(Process *p, std::unique_ptr<ets::Garbage> garbage, ets::Table *table, Term result) {
  if (!garbage || free_slice(p, *garbage)) {
    garbage.reset();
    if (table) ets::release_table(table);
    return result;
  }
  auto *m = magic_new<PendingFree>(std::move(garbage), table);
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return yield_to(p, free_continuation(), ref, result);
}

Term ets_new_2(Process *p, const Term *args) {
  Term name = args[0], list = args[1];
  if (!name.is_atom()) return badarg(p);
  NewOptions o;
  for (; list.is_cons(); list = list.tail())
    if (!new_option(o, list.head())) return badarg(p);
  if (!list.is_nil()) return badarg(p);
  ets::TableShape &s = o.shape;
  if (o.decentralized_given) s.decentralized_counters = o.decentralized;
  bool ordered = s.type == ets::TableType::OrderedSet;
  if (ordered && s.locks) return badarg(p);
  if (o.protection == ets::Protection::Private) s.fine_locked = s.read_concurrency = false;
  if (!s.fine_locked) s.automatic = s.decentralized_counters = false, s.locks = 0;
  auto t = std::make_unique<ets::Table>(s, name, o.named, o.protection, p->id);
  set_heir(p, t.get(), o.heir, o.heir_data);
  Term result = o.named ? name : t->id(p->heap);
  if (!ets::register_table(t.get(), p)) {
    static const Term already_exists = atom::intern("already_exists");
    return badarg(p, already_exists);
  }
  t.release();
  return result;
}

Term ets_delete_1(Process *p, const Term *args) {
  TableGuard g = get_table(p, args[0], Access::Write, LockKind::Exclusive);
  if (!g) return Term::none();
  ets::Table *t = g.get();
  std::unique_ptr<ets::Garbage> garbage = ets::unregister_table(t);
  g.unlock();
  return free_garbage(p, std::move(garbage), t, atoms::true_);
}

Term ets_internal_delete_all_2(Process *p, const Term *args) {
  TableGuard g = get_table(p, args[0], Access::Write, LockKind::Exclusive);
  if (!g) return Term::none();
  Term count = make_int(p->heap, g.store().counters.items());
  std::unique_ptr<ets::Garbage> garbage = g.store().clear(g->hash() && g->fix_count.load() > 0);
  g.unlock();
  return free_garbage(p, std::move(garbage), nullptr, count);
}

Term ets_rename_2(Process *p, const Term *args) {
  TableGuard g = get_table(p, args[0], Access::Write, LockKind::Exclusive);
  if (!g) return Term::none();
  if (!args[1].is_atom() || !ets::rename_table(g.get(), args[1])) return badarg(p);
  return g->named ? args[1] : args[0];
}

Term ets_whereis_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  Term cause;
  TableGuard g = ets::find_table(p, args[0], Access::Info, LockKind::Shared, &cause);
  return g ? g->id(p->heap) : atoms::undefined;
}

Term ets_give_away_3(Process *p, const Term *args) {
  TableGuard g = get_table(p, args[0], Access::Write, LockKind::Exclusive);
  if (!g) return Term::none();
  Process *to = args[1].is_local_pid() ? process_lookup(args[1]) : nullptr;
  if (!to) return badarg(p);
  if (g->owner != p->id) return badarg(p, atoms::not_owner);
  if (to == p) return badarg(p, atoms::owner);
  if (!ets::change_owner(g.get(), to)) return badarg(p);
  ets::send_transfer(g.get(), to, p->id, args[2]);
  return atoms::true_;
}

Term ets_setopts_2(Process *p, const Term *args) {
  TableGuard g = get_table(p, args[0], Access::Write, LockKind::Exclusive);
  if (!g) return Term::none();
  Term heir = Term::none(), data = atoms::undefined;
  bool has_protection = false;
  ets::Protection protection{};
  Term list = is_tuple(args[1]) ? make_cons(p->heap, args[1], Term::nil()) : args[1];
  for (; list.is_cons(); list = list.tail()) {
    Term t = list.head();
    if (!is_tuple(t) || tuple_arity(t) < 2) return badarg(p);
    Term *e = tuple_elements(t);
    Word n = tuple_arity(t);
    if (e[0] == atoms::heir) {
      if (!heir.is_none()) return badarg(p);
      heir = e[1];
      if (n == 3 && heir.is_local_pid()) data = e[2];
      else if (n != 2 || heir != atoms::none) return badarg(p);
    } else if (e[0] == atoms::protection) {
      if (n != 2 || has_protection) return badarg(p);
      has_protection = true;
      if (e[1] == atoms::private_) protection = ets::Protection::Private;
      else if (e[1] == atoms::protected_) protection = ets::Protection::Protected;
      else if (e[1] == atoms::public_) protection = ets::Protection::Public;
      else return badarg(p);
    } else {
      return badarg(p);
    }
  }
  if (!list.is_nil() || g->owner != p->id) return badarg(p);
  if (!heir.is_none()) set_heir(p, g.get(), heir, data);
  if (has_protection) g->protection = protection;
  return atoms::true_;
}

Term ets_safe_fixtable_2(Process *p, const Term *args) {
  bool on;
  TableGuard g = get_table(p, args[0], Access::Read, args[1] == atoms::true_ ? LockKind::Shared : LockKind::Change);
  if (!g) return Term::none();
  if (!boolean(args[1], &on)) return badarg(p);
  if (on) ets::fix_table(p, g.get());
  else ets::unfix_table(p, g);
  return atoms::true_;
}

// ets:all/0 expects an answer {Ref, Tables} from every scheduler; here the first one has all.
Term ets_internal_request_all_0(Process *p, const Term *) {
  Term ref = make_ref(p->heap);
  struct Collect {
    FragmentHeap h;
    std::vector<Term> ids;
  };
  for (unsigned i = schedulers_count(); i > 0; i--) {
    Collect c;
    if (i == 1)
      ets::each_table(
          [](ets::Table *t, void *arg) {
            auto *x = static_cast<Collect *>(arg);
            x->ids.push_back(t->named ? Term(std::atomic_ref(reinterpret_cast<Word &>(t->name)).load()) : t->id(x->h));
          },
          &c);
    Term list = Term::nil();
    for (size_t k = c.ids.size(); k-- > 0;) list = make_cons(c.h, c.ids[k], list);
    p->bump(int64_t(c.ids.size() / 10));
    Term message = make_tuple(c.h, ets::term_copy(ref, c.h), list);
    message_send_built(p, message, c.h.take());
  }
  return ref;
}

Term erts_internal_ets_super_user_1(Process *p, const Term *args) {
  bool on;
  if (!boolean(args[0], &on)) return badarg(p);
  ets::set_super_user(p, on);
  return atoms::ok;
}

} // namespace joist::bifs
