// ets:update_counter/3,4 and ets:update_element/3.
#include "bifs/ets_common.h"
#include "runtime/term/compare.h"
#include "runtime/term/number.h"

namespace joist::bifs {
namespace {

// What was wrong; none: badarg without a cause.
struct Failure {
  Term cause = Term::none();
  bool limit = false;
  Term raise(Process *p) const {
    if (limit) return system_limit(p);
    return cause.is_none() ? badarg(p) : badarg(p, cause);
  }
};

struct CounterUpdate final : ets::Updater {
  CounterUpdate(Process *process, Word key_position, Term operations, bool list)
      : p(process), keypos(key_position), ops(operations), is_list(list) {}
  Process *p;
  Word keypos;
  Term ops; // list of {Pos, Incr} and {Pos, Incr, Threshold, SetValue}
  bool is_list;
  Failure failure;
  std::vector<Term> results;

  bool fail(Term cause = Term::none()) {
    failure.cause = cause;
    return false;
  }
  // Checks everything before anything changes.
  bool check(Term tuple) {
    Term l = ops;
    for (; l.is_cons(); l = l.tail()) {
      Term op = l.head();
      if (!is_tuple_of(op, 2) && !is_tuple_of(op, 4)) return fail();
      Term *e = tuple_elements(op);
      if (is_tuple_of(op, 4) && (!is_integer(e[2]) || !is_integer(e[3]))) return fail();
      if (!e[0].is_small() || !is_integer(e[1])) return fail();
      int64_t pos = e[0].small_value();
      if (pos == int64_t(keypos)) return fail(atoms::keypos);
      if (pos < 1 || pos > int64_t(tuple_arity(tuple))) return fail(atoms::position);
      if (!is_integer(tuple_elements(tuple)[pos - 1])) return fail();
    }
    return l.is_nil() || fail();
  }
  Term *changed(Word pos) {
    for (auto &c : changes)
      if (c.first == pos) return &c.second;
    return nullptr;
  }
  bool apply(Term tuple) override {
    if (!check(tuple)) return false;
    for (Term l = ops; l.is_cons(); l = l.tail()) {
      Term *e = tuple_elements(l.head());
      Word pos = Word(e[0].small_value());
      Term *slot = changed(pos);
      Term value = arith(p->heap, ArithOp::Add, slot ? *slot : tuple_elements(tuple)[pos - 1], e[1]);
      if (value == kTooBig) {
        failure.limit = true;
        return false;
      }
      if (tuple_arity(l.head()) == 4) {
        bool down = compare(e[1], Term::small(0)) < 0;
        int c = compare(value, e[2]);
        if (down ? c < 0 : c > 0) value = e[3];
      }
      // Adding nothing may have answered the stored number itself, which is about to go.
      if (value.is_pointer()) value = ets::term_copy(value, p->heap);
      if (slot) *slot = value;
      else changes.emplace_back(pos, value);
      results.push_back(value);
    }
    return true;
  }
};

Term update_counter(Process *p, Term table, Term key, Term what, Term default_tuple) {
  TableGuard t = get_table(p, table, Access::Write, LockKind::Change);
  if (!t) return Term::none();
  Word keypos = t->shape.keypos;
  if (!default_tuple.is_none() && !is_tuple(default_tuple)) return badarg(p);
  if (t->shape.is_bag()) return badarg(p, atoms::table_type);
  if (!default_tuple.is_none() && tuple_arity(default_tuple) < keypos) return badarg(p);
  Heap &h = p->heap;
  if (what.is_small() ||
      (is_tuple_of(what, 2) && tuple_elements(what)[0].is_small() && tuple_elements(what)[1].is_small())) {
    bool plain = what.is_small();
    Word element = plain ? keypos + 1 : Word(tuple_elements(what)[0].small_value());
    Term sum = t.store().add_small(key, element, plain ? what : tuple_elements(what)[1]);
    if (!sum.is_none()) return sum;
  }
  bool list = false;
  if (is_integer(what)) what = make_list(h, make_tuple(h, Term::small(int64_t(keypos) + 1), what));
  else if (is_tuple(what)) what = make_list(h, what);
  else list = true;
  CounterUpdate u(p, keypos, what, list);
  switch (t.store().update(key, default_tuple, u)) {
  case ets::UpdateResult::NoKey: return badarg(p, atoms::badkey);
  case ets::UpdateResult::Refused: return u.failure.raise(p);
  case ets::UpdateResult::Done: break;
  }
  if (!list) return u.results.front();
  Term r = Term::nil();
  for (size_t i = u.results.size(); i-- > 0;) r = make_cons(h, u.results[i], r);
  return r;
}

struct ElementUpdate final : ets::Updater {
  ElementUpdate(Word key_position, Term s) : keypos(key_position), spec(s) {}
  Word keypos;
  Term spec; // list of {Pos, Value}
  Failure failure;
  bool apply(Term tuple) override {
    Term l = spec;
    for (; l.is_cons(); l = l.tail()) {
      if (!is_tuple_of(l.head(), 2)) return false;
      Term *e = tuple_elements(l.head());
      if (!e[0].is_small()) return false;
      int64_t pos = e[0].small_value();
      if (pos == int64_t(keypos)) {
        failure.cause = atoms::keypos;
        return false;
      }
      if (pos < 1 || pos > int64_t(tuple_arity(tuple))) return false;
      auto same = std::find_if(changes.begin(), changes.end(), [&](auto &c) { return c.first == Word(pos); });
      if (same != changes.end()) same->second = e[1];
      else changes.emplace_back(Word(pos), e[1]);
    }
    return l.is_nil();
  }
};

} // namespace

Term ets_update_counter_3(Process *p, const Term *args) {
  return update_counter(p, args[0], args[1], args[2], Term::none());
}
Term ets_update_counter_4(Process *p, const Term *args) {
  return update_counter(p, args[0], args[1], args[2], args[3]);
}

Term ets_update_element_3(Process *p, const Term *args) {
  TableGuard t = get_table(p, args[0], Access::Write, LockKind::Change);
  if (!t) return Term::none();
  if (t->shape.is_bag()) return badarg(p);
  Term spec = is_tuple(args[2]) ? make_list(p->heap, args[2]) : args[2];
  ElementUpdate u(t->shape.keypos, spec);
  switch (t.store().update(args[1], Term::none(), u)) {
  case ets::UpdateResult::NoKey: return atoms::false_;
  case ets::UpdateResult::Refused: return u.failure.raise(p);
  case ets::UpdateResult::Done: break;
  }
  return atoms::true_;
}

} // namespace joist::bifs
