#include "runtime/ets/key_pattern.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/scan.h"
#include "runtime/term/compare.h"
#include "runtime/term/work_stack.h"

#include <utility>
#include <vector>

namespace joist::runtime::ets {

int64_t pattern_variable(Term t) {
  if (!t.is_atom()) return -1;
  std::string_view s = atom::text(t);
  if (s.size() < 2 || s.size() > 19 || s[0] != '$') return -1;
  if (s[1] == '0') return s.size() == 2 ? 0 : -1;
  int64_t n = 0;
  for (char c : s.substr(1)) {
    if (c < '0' || c > '9') return -1;
    n = n * 10 + (c - '0');
  }
  return n;
}

bool is_wildcard(Term t) { return t == atoms::underscore || pattern_variable(t) >= 0; }

namespace {
// Calls f on every part of t until it answers true.
template <class F> bool any_part(Term root, F f) {
  TermStack todo;
  todo.push(root);
  while (!todo.empty()) {
    Term t = todo.pop();
    if (f(t)) return true;
    if (t.is_cons()) {
      todo.push(t.tail());
      todo.push(t.head());
    } else if (t.is_boxed()) {
      Kind k = kind_of(t);
      if (k == Kind::Tuple || k == Kind::FlatMap || k == Kind::HashMap || k == Kind::HashNode) {
        TermRange r = object_terms(*t.box());
        for (Word i = r.first; i < r.last; i++) todo.push(Term(t.box()[i]));
      }
    }
  }
  return false;
}

Term key_of(Word keypos, Term object) {
  return is_tuple(object) && tuple_arity(object) >= keypos ? tuple_elements(object)[keypos - 1] : Term::none();
}
} // namespace

bool has_variable(Term pattern) { return any_part(pattern, is_wildcard); }
bool has_map(Term pattern) {
  return any_part(pattern, [](Term t) { return is_map(t); });
}

bool matches_itself_only(Term pattern) {
  return !any_part(pattern,
                   [](Term t) { return is_wildcard(t) || (t.is_boxed() && (is_map(t) || kind_of(t) == Kind::Float)); });
}

KeyBound key_bound(Term head, Word keypos, bool ordered, Term *key) {
  if (is_wildcard(head)) return KeyBound::Unbound;
  Term k = key_of(keypos, head);
  if (k.is_none()) return KeyBound::Impossible;
  *key = k;
  if (!has_variable(k)) return KeyBound::Bound;
  return !ordered || is_wildcard(k) || has_map(k) ? KeyBound::Unbound : KeyBound::Partial;
}

int compare_partly_bound(Term pattern, Term key) {
  std::vector<std::pair<Term, Term>> todo{{pattern, key}};
  while (!todo.empty()) {
    auto [a, b] = todo.back();
    todo.pop_back();
    if (a.is_atom() && is_wildcard(a)) return 0;
    if (a == b) continue;
    if (a.is_cons() && b.is_cons()) {
      todo.emplace_back(a.tail(), b.tail());
      todo.emplace_back(a.head(), b.head());
    } else if (is_tuple(a) && is_tuple(b)) {
      Word n = tuple_arity(a), m = tuple_arity(b);
      if (n != m) return n < m ? -1 : 1;
      for (Word i = n; i-- > 0;) todo.emplace_back(tuple_elements(a)[i], tuple_elements(b)[i]);
    } else if (int c = compare(a, b)) {
      return c;
    }
  }
  return 0;
}

bool can_match_beyond(Term first, Term second, int sign) {
  std::vector<std::pair<Term, Term>> todo{{first, second}};
  while (!todo.empty()) {
    auto [a, b] = todo.back();
    todo.pop_back();
    if (is_wildcard(a)) return !is_wildcard(b);
    if (is_wildcard(b)) return false;
    if (a == b) continue;
    if (a.is_cons() && b.is_cons()) {
      todo.emplace_back(a.tail(), b.tail());
      todo.emplace_back(a.head(), b.head());
    } else if (is_tuple(a) && is_tuple(b)) {
      Word n = tuple_arity(a), m = tuple_arity(b);
      if (n != m) return (n < m) == (sign < 0);
      for (Word i = n; i-- > 0;) todo.emplace_back(tuple_elements(a)[i], tuple_elements(b)[i]);
    } else if (int c = compare(a, b)) {
      return (c < 0) == (sign < 0);
    }
  }
  return false;
}

namespace {
// Does the body term `build`, evaluated, always give what the head's `pattern` matched? `constant`: build stands within {const, _}.
bool rebuilds(Term pattern, Term build, bool constant) {
  struct Part {
    Term pattern, build;
    bool constant;
  };
  std::vector<Part> todo{{pattern, build, constant}};
  while (!todo.empty()) {
    auto [a, b, is_const] = todo.back();
    todo.pop_back();
    if (b.is_cons()) {
      if (!a.is_cons()) return false;
      todo.push_back({a.tail(), b.tail(), is_const});
      todo.push_back({a.head(), b.head(), is_const});
    } else if (is_tuple(b)) {
      if (!is_const) {
        Term *e = tuple_elements(b);
        if (tuple_arity(b) == 1 && is_tuple(e[0])) {
          b = e[0];
        } else if (tuple_arity(b) == 2 && e[0] == atoms::const_) {
          todo.push_back({a, e[1], true});
          continue;
        } else {
          return false;
        }
      }
      if (!is_tuple(a) || tuple_arity(a) != tuple_arity(b)) return false;
      for (Word i = 0; i < tuple_arity(a); i++) todo.push_back({tuple_elements(a)[i], tuple_elements(b)[i], is_const});
    } else if (b.is_boxed()) {
      if (is_map(b) || !eq(a, b)) return false; // a matched map may have other keys too
    } else if (a != b || a == atoms::underscore || a == atoms::dollar_dollar || a == atoms::dollar_underscore ||
               (is_const && pattern_variable(a) >= 0)) {
      return false;
    }
  }
  return true;
}
} // namespace

bool keeps_key(Word keypos, Term head, Term body) {
  if (!body.is_cons() || !body.tail().is_nil()) return false;
  Term single = body.head();
  if (single == atoms::dollar_underscore) return true;
  if (!is_tuple(single)) return false;
  Term key = key_of(keypos, head);
  if (key.is_none()) return false;
  Term built;
  bool constant = tuple_arity(single) == 2 && tuple_elements(single)[0] == atoms::const_;
  if (constant) built = tuple_elements(single)[1];
  else if (tuple_arity(single) == 1) built = tuple_elements(single)[0];
  else return false;
  Term built_key = key_of(keypos, built);
  if (built_key.is_none()) return false;
  if (rebuilds(key, built_key, constant)) return true;
  if (constant || !is_tuple_of(built_key, 3)) return false;
  Term *e = tuple_elements(built_key);
  return e[0] == atoms::element && e[2] == atoms::dollar_underscore && e[1] == Term::small(int64_t(keypos));
}

} // namespace joist::runtime::ets
