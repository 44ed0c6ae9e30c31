// ETS objects by key: looking up, inserting, deleting, walking.
#include "bifs/ets_common.h"

namespace joist::bifs {
namespace {

// All of the list are tuples with a key; its length, or -1.
int64_t count_objects(const TableGuard &t, Term list) {
  int64_t n = 0;
  for (; list.is_cons(); list = list.tail(), n++)
    if (!has_key_element(t, list.head())) return -1;
  return list.is_nil() ? n : -1;
}

Term insert(Process *p, const Term *args, bool only_new) {
  Term what = args[1];
  if (what.is_nil()) return get_table(p, args[0], Access::Write, LockKind::Shared) ? atoms::true_ : Term::none();
  bool single = !what.is_cons() || what.tail().is_nil();
  // Several objects go in at once: nobody sees some of them without the others.
  TableGuard t = get_table(p, args[0], Access::Write, single ? LockKind::Change : LockKind::Exclusive);
  if (!t) return Term::none();
  if (single) {
    Term object = what.is_cons() ? what.head() : what;
    if (!has_key_element(t, object)) return badarg(p);
    return bool_term(t.store().put(object, only_new));
  }
  int64_t n = count_objects(t, what);
  if (n < 0) return badarg(p);
  p->bump(n / 4);
  if (only_new)
    for (Term l = what; l.is_cons(); l = l.tail())
      if (t.store().member(tuple_elements(l.head())[t->shape.keypos - 1])) return atoms::false_;
  if (t->shape.type == ets::TableType::Bag) {
    // Stock inserts a list into a bag from its end; lookups tell the order.
    std::vector<Term> objects;
    for (Term l = what; l.is_cons(); l = l.tail()) objects.push_back(l.head());
    for (size_t i = objects.size(); i-- > 0;) t.store().put(objects[i], false);
  } else {
    for (Term l = what; l.is_cons(); l = l.tail()) t.store().put(l.head(), false);
  }
  return atoms::true_;
}

Term answer(Process *p, Status s, Term value) {
  switch (s) {
  case Status::Ok: return value;
  case Status::EndOfTable: return atoms::end_of_table;
  default: return badarg(p);
  }
}

} // namespace

Term ets_insert_2(Process *p, const Term *args) { return insert(p, args, false); }
Term ets_insert_new_2(Process *p, const Term *args) { return insert(p, args, true); }

Term ets_lookup_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  return t ? t.store().lookup(args[1], p->heap) : Term::none();
}

Term ets_member_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  return t ? bool_term(t.store().member(args[1])) : Term::none();
}

Term ets_lookup_element_3(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  if (!args[2].is_small() || args[2].small_value() < 1) return badarg(p);
  Term value;
  switch (t.store().lookup_element(args[1], Word(args[2].small_value()), p->heap, &value)) {
  case Status::Ok: return value;
  case Status::BadKey: return badarg(p, atoms::badkey);
  default: return badarg(p);
  }
}

Term ets_delete_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Write, LockKind::Change);
  if (!t) return Term::none();
  t.store().erase(args[1]);
  return atoms::true_;
}

Term ets_delete_object_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Write, LockKind::Change);
  if (!t) return Term::none();
  if (!has_key_element(t, args[1])) return badarg(p);
  t.store().erase_object(args[1]);
  return atoms::true_;
}

Term ets_take_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Write, LockKind::Change);
  return t ? t.store().take(args[1], p->heap) : Term::none();
}

Term ets_first_1(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().first(p->heap, &key);
  return answer(p, s, key);
}

Term ets_last_1(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().last(p->heap, &key);
  return answer(p, s, key);
}

Term ets_next_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().next(args[1], p->heap, &key);
  return answer(p, s, key);
}

Term ets_prev_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().prev(args[1], p->heap, &key);
  return answer(p, s, key);
}

Term ets_slot_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  if (!args[1].is_small() || args[1].small_value() < 0) return badarg(p);
  Term list;
  Status s = t.store().slot(Word(args[1].small_value()), p->heap, &list);
  return answer(p, s, list);
}

Term erts_internal_ets_raw_first_1(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().raw_first(p->heap, &key);
  return answer(p, s, key);
}

Term erts_internal_ets_raw_next_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  if (!t) return Term::none();
  Term key;
  Status s = t.store().raw_next(args[1], p->heap, &key);
  return answer(p, s, key);
}

Term erts_internal_ets_lookup_binary_info_2(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Read, LockKind::Shared);
  return t ? t.store().binaries(args[1], p->heap) : Term::none();
}

} // namespace joist::bifs
