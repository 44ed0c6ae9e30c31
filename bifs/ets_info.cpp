// ets:info/1,2.
#include "bifs/ets_common.h"
#include "runtime/dist/node.h"
#include "runtime/term/print.h"

#include <cstdio>

namespace joist::bifs {
namespace {

Term type_name(ets::TableType t) {
  switch (t) {
  case ets::TableType::Set: return atoms::set;
  case ets::TableType::Bag: return atoms::bag;
  case ets::TableType::DuplicateBag: return atoms::duplicate_bag;
  case ets::TableType::OrderedSet: return atoms::ordered_set;
  }
  return atoms::undefined;
}

Term protection_name(ets::Protection p) {
  switch (p) {
  case ets::Protection::Public: return atoms::public_;
  case ets::Protection::Protected: return atoms::protected_;
  case ets::Protection::Private: return atoms::private_;
  }
  return atoms::undefined;
}

Term fixation(Heap &h, ets::Table *t, bool monotonic) {
  std::lock_guard guard(t->fix_lock);
  if (t->fixers.empty()) return atoms::false_;
  Term list = Term::nil();
  for (const ets::Fixer &f : t->fixers) list = make_cons(h, make_tuple(h, f.pid, make_uint(h, f.count)), list);
  if (monotonic) return make_tuple(h, make_int(h, t->fix_monotonic), list);
  int64_t us = (t->fix_monotonic + t->fix_offset) / 1000, s = us / 1'000'000;
  Term now = make_tuple(h, make_int(h, s / 1'000'000), make_int(h, s % 1'000'000), make_int(h, us % 1'000'000));
  return make_tuple(h, now, list);
}

// Prints all objects (for debugging), as far as a walk by keys finds them.
void print_objects(ets::Table *t) {
  FragmentHeap h;
  Term key;
  for (Status s = t->store->first(h, &key); s == Status::Ok; s = t->store->next(key, h, &key))
    for (Term l = t->store->lookup(key, h); l.is_cons(); l = l.tail()) std::printf("%s\n", to_text(l.head()).c_str());
  std::fflush(stdout);
}

// none: no such item.
Term item(Heap &h, const TableGuard &t, Term what) {
  const ets::TableShape &s = t->shape;
  if (what == atoms::size) return make_int(h, t.store().counters.items());
  if (what == atoms::type) return type_name(s.type);
  if (what == atoms::memory) return make_int(h, t.store().counters.words() + int64_t(t.store().table_words()));
  if (what == atoms::owner) return t->owner;
  if (what == atoms::heir) return t->heir;
  if (what == atoms::protection) return protection_name(t->protection);
  if (what == atoms::write_concurrency) {
    if (s.locks)
      return make_tuple(h, atoms::debug_hash_fixed_number_of_locks,
                        make_uint(h, std::max(64u, std::bit_floor(s.locks))));
    return s.automatic ? atoms::auto_ : bool_term(s.fine_locked);
  }
  if (what == atoms::read_concurrency) return bool_term(s.read_concurrency);
  if (what == atoms::name) return t->name;
  if (what == atoms::keypos) return make_uint(h, s.keypos);
  if (what == atoms::node) return node_name(this_node());
  if (what == atoms::named_table) return bool_term(t->named);
  if (what == atoms::compressed) return bool_term(s.compressed);
  if (what == atoms::id) return t->id(h);
  if (what == atoms::decentralized_counters) return bool_term(t.store().counters.is_spread());
  if (what == atoms::fixed) return bool_term(t->fix_count.load() > 0);
  if (what == atoms::safe_fixed) return fixation(h, t.get(), false);
  if (what == atoms::safe_fixed_monotonic_time) return fixation(h, t.get(), true);
  if (what == atoms::stats) return t.store().stats(h);
  if (what == atoms::data) {
    print_objects(t.get());
    return atoms::true_;
  }
  return Term::none();
}

} // namespace

Term ets_info_1(Process *p, const Term *args) {
  Term cause;
  TableGuard t = ets::find_table(p, args[0], Access::Info, LockKind::Shared, &cause);
  if (!t) return cause == atoms::id ? atoms::undefined : badarg(p, cause);
  static const Term items[] = {atoms::protection,
                               atoms::keypos,
                               atoms::type,
                               atoms::named_table,
                               atoms::node,
                               atoms::size,
                               atoms::name,
                               atoms::heir,
                               atoms::owner,
                               atoms::memory,
                               atoms::compressed,
                               atoms::write_concurrency,
                               atoms::read_concurrency,
                               atoms::decentralized_counters,
                               atoms::id};
  Term list = Term::nil();
  for (Term what : items) list = make_cons(p->heap, make_tuple(p->heap, what, item(p->heap, t, what)), list);
  return list;
}

Term ets_info_2(Process *p, const Term *args) {
  if (args[1] == atoms::binary) {
    static const Export *walk = export_get_or_put(atoms::erts_internal, atom::intern("ets_info_binary"), 1);
    return trap_to(p, walk, args[0]);
  }
  Term cause;
  TableGuard t = ets::find_table(p, args[0], Access::Info, LockKind::Shared, &cause);
  if (!t) return cause == atoms::id ? atoms::undefined : badarg(p, cause);
  Term r = item(p->heap, t, args[1]);
  return r.is_none() ? badarg(p) : r;
}

} // namespace joist::bifs
