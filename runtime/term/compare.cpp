#include "runtime/term/compare.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/term/binary.h"
#include "runtime/term/differ.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"
#include "runtime/term/work_stack.h"

#include <cstring>
#include <memory>

namespace joist::runtime {
namespace {

// --- references of both kinds as a node and numbers
struct RefView {
  Node *node;
  const uint32_t *number;
  Word count;
};
RefView ref_view(Term t) {
  if (is_external_ref(t)) {
    Word *b = t.box();
    return {external_node(t), reinterpret_cast<const uint32_t *>(b + 3), b[2]};
  }
  return {this_node(), ref_numbers(t), 3};
}
// Shorter references are as if they were filled up with zeroes; the last number counts most.
int compare_ref_numbers(const RefView &a, const RefView &b) {
  for (Word i = a.count > b.count ? a.count : b.count; i-- > 0;) {
    uint32_t x = i < a.count ? a.number[i] : 0, y = i < b.count ? b.number[i] : 0;
    if (x != y) return x < y ? -1 : 1;
  }
  return 0;
}

struct EqItem {
  const Term *a, *b;
  Word n;
};
} // namespace

bool eq_slow(Term a, Term b) {
  WorkStack<EqItem, 24> stack;
  for (;;) {
    // a and b are to be compared.
    if (a != b) {
      if (a.is_cons()) {
        if (!b.is_cons()) return false;
        const Word *x = a.cell(), *y = b.cell();
        for (;;) {
          Term p = Term(x[0]), q = Term(y[0]);
          if (p != q) {
            if (surely_differ(p, q)) return false;
            stack.push({reinterpret_cast<const Term *>(x + 1), reinterpret_cast<const Term *>(y + 1), 1});
            a = p, b = q;
            goto next_pair;
          }
          p = Term(x[1]), q = Term(y[1]);
          if (!p.is_cons() || !q.is_cons() || p == q) {
            a = p, b = q;
            goto next_pair;
          }
          x = p.cell(), y = q.cell();
        }
      }
      if (!a.is_boxed()) {
        // Different words: only the two zeroes are equal.
        if (!a.is_immediate_float() || !b.is_immediate_float() || a.immediate_float() != b.immediate_float())
          return false;
        goto finished;
      }
      if (!b.is_boxed()) return false;
      Word *x = a.box(), *y = b.box();
      Kind k = header_kind(*x);
      switch (k) {
      case Kind::HeapBin:
      case Kind::RefcBin:
      case Kind::SubBin:
        if (!is_bitstring(b) || !equal_bits(bit_view(a), bit_view(b))) return false;
        goto finished;
      case Kind::Ref:
      case Kind::MagicRef:
        if (!is_local_ref(b) || memcmp(ref_numbers(a), ref_numbers(b), 3 * sizeof(uint32_t))) return false;
        goto finished;
      case Kind::ExtRef:
        if (!is_external_ref(b) || x[1] != y[1] || compare_ref_numbers(ref_view(a), ref_view(b))) return false;
        goto finished;
      default: break;
      }
      if (*x != *y) return false;
      Word n = header_size(*x), skip = 0;
      switch (k) {
      case Kind::PosBig:
      case Kind::NegBig:
      case Kind::Float:
      case Kind::ExtPid:
      case Kind::ExtPort:
      case Kind::ExportFun:
        if (memcmp(x + 1, y + 1, n * 8)) return false;
        goto finished;
      case Kind::Fun: // the creator does not count
        if (x[1] != y[1]) return false;
        skip = 2;
        break;
      case Kind::FlatMap:
        if (x[1] != y[1]) return false;
        skip = 1;
        break;
      case Kind::HashMap: // equal maps have equal tries
        if (x[1] != y[1] || x[2] != y[2]) return false;
        skip = 2;
        break;
      case Kind::Tuple: { // nothing is remembered where the first difference tells
        Word i = 1;
        while (i <= n && x[i] == y[i]) i++;
        if (i > n) goto finished;
        a = Term(x[i]), b = Term(y[i]);
        if (surely_differ(a, b)) return false;
        if (i < n)
          stack.push({reinterpret_cast<const Term *>(x + i + 1), reinterpret_cast<const Term *>(y + i + 1), n - i});
        goto next_pair;
      }
      case Kind::HashNode: break;
      default: return false;
      }
      if (n > skip)
        stack.push(
            {reinterpret_cast<const Term *>(x + 1 + skip), reinterpret_cast<const Term *>(y + 1 + skip), n - skip});
    }
  finished:
    for (;;) {
      if (stack.empty()) return true;
      EqItem &top = stack.top();
      const Term *p = top.a, *q = top.b;
      Word n = top.n;
      while (n > 0 && *p == *q) p++, q++, n--;
      if (n == 0) {
        stack.pop();
        continue;
      }
      a = *p, b = *q;
      if (surely_differ(a, b)) return false;
      if (n == 1) stack.pop();
      else top = {p + 1, q + 1, n - 1};
      break;
    }
  next_pair:;
  }
}

namespace {

// number < atom < reference < fun < port < pid < tuple < map < nil < list < bitstring; exactly: integer < float.
int rank(Term t, bool exact) {
  if (t.is_small()) return 0;
  if (t.is_cons()) return 10;
  if (t.is_immediate_float()) return exact ? 1 : 0;
  if (t.is_boxed()) {
    switch (kind_of(t)) {
    case Kind::PosBig:
    case Kind::NegBig: return 0;
    case Kind::Float: return exact ? 1 : 0;
    case Kind::Ref:
    case Kind::MagicRef:
    case Kind::ExtRef: return 3;
    case Kind::Fun:
    case Kind::ExportFun: return 4;
    case Kind::ExtPort: return 5;
    case Kind::ExtPid: return 6;
    case Kind::Tuple: return 7;
    case Kind::FlatMap:
    case Kind::HashMap: return 8;
    default: return 11;
    }
  }
  if (t.is_atom()) return 2;
  if (t.is_local_port()) return 5;
  if (t.is_local_pid()) return 6;
  return 9; // nil
}

template <class T> int order(T a, T b) { return a < b ? -1 : a > b; }

int compare_nodes(Node *a, Node *b) {
  if (a == b) return 0;
  if (a->name != b->name) return atom::compare(a->name, b->name);
  return order(a->creation, b->creation);
}
int compare_pids(Term a, Term b) {
  uint32_t number[2], serial[2];
  Node *node[2];
  Term t[2] = {a, b};
  for (int i = 0; i < 2; i++) {
    if (t[i].is_local_pid()) {
      number[i] = uint32_t(local_pid_number(t[i]));
      serial[i] = uint32_t(local_pid_serial(t[i]));
      node[i] = this_node();
    } else {
      number[i] = uint32_t(t[i].box()[2]);
      serial[i] = uint32_t(t[i].box()[2] >> 32);
      node[i] = external_node(t[i]);
    }
  }
  if (serial[0] != serial[1]) return order(serial[0], serial[1]);
  if (number[0] != number[1]) return order(number[0], number[1]);
  return compare_nodes(node[0], node[1]);
}
int compare_ports(Term a, Term b) {
  auto node = [](Term t) { return t.is_local_port() ? this_node() : external_node(t); };
  auto number = [](Term t) { return t.is_local_port() ? t.imm_payload() : t.box()[2]; };
  if (int c = compare_nodes(node(a), node(b))) return c;
  return order(number(a), number(b));
}
int compare_refs(Term a, Term b) {
  RefView x = ref_view(a), y = ref_view(b);
  if (int c = compare_nodes(x.node, y.node)) return c;
  return compare_ref_numbers(x, y);
}
int compare_numbers(Term a, Term b) {
  bool fa = is_float(a), fb = is_float(b);
  if (fa && fb) return order(float_value(a), float_value(b));
  if (fa) return -compare_integer_float(b, float_value(a));
  if (fb) return compare_integer_float(a, float_value(b));
  return compare_integers(a, b);
}
// Everything about two local funs but the free variables.
int compare_fun_heads(Term a, Term b) {
  FunEntry *x = fun_entry(a), *y = fun_entry(b);
  if (int c = atom::compare(x->module, y->module)) return c;
  if (x->index != y->index) return order(x->index, y->index);
  if (x->old_uniq != y->old_uniq) return int32_t(x->old_uniq - y->old_uniq) < 0 ? -1 : 1;
  return order(fun_free_count(a), fun_free_count(b));
}
int compare_export_funs(Term a, Term b) {
  const Mfa &x = fun_export(a)->mfa(), &y = fun_export(b)->mfa();
  if (int c = atom::compare(x.module, y.module)) return c;
  if (int c = atom::compare(x.function, y.function)) return c;
  return order(x.arity, y.arity);
}

// Two hash maps of equal size. The map with the smallest key that the other lacks is the lesser one; if the keys are the
// same, the values of the smallest key where they differ decide.
struct HashMapCompare {
  HashMapCompare(Term a, Term b, bool exact, size_t depth, std::unique_ptr<HashMapCompare> outer)
      : a(a), b(b), it(a), was_exact(exact), depth(depth), outer(std::move(outer)) {}
  enum class Stage : uint8_t { Values, OnlyInA, OnlyInB };
  enum class Waits : uint8_t { KeyAgainstMin, Value };
  Term a, b;
  MapIterator it;
  bool was_exact;
  Stage stage = Stage::Values;
  Waits waits = Waits::Value;
  int result = 0;
  Term min_key = Term::none();
  Term key, value_a, value_b; // being looked at
  size_t depth;               // of the work stack below this comparison's marker
  std::unique_ptr<HashMapCompare> outer;
};

class Comparison {
public:
  explicit Comparison(bool exact) : exact_(exact) {}
  ~Comparison() { // not recursively
    while (map_) map_ = std::move(map_->outer);
  }
  int run(Term a, Term b);

private:
  enum class Op : uint8_t { Terms, InexactAgain, MapResult };
  struct Item {
    const Term *a, *b;
    Word n;
    Op op;
  };
  // What to do next: compare a_ with b_; take the next item; or a difference was found (difference_).
  enum class Next : uint8_t { Pair, Item, Differ };

  Next difference(int c) {
    if (c == 0) return Next::Item;
    difference_ = c;
    return Next::Differ;
  }
  void push(const Term *a, const Term *b, Word n) { stack_.push({a, b, n, Op::Terms}); }
  Next pair();
  Next lists();
  Next maps();
  Next map_result(int c);
  Next map_step();

  bool exact_;
  Term a_, b_;
  int difference_ = 0;
  WorkStack<Item, 24> stack_;
  std::unique_ptr<HashMapCompare> map_; // innermost comparison of hash maps
};

Comparison::Next Comparison::lists() {
  const Word *x = a_.cell(), *y = b_.cell();
  for (;;) {
    Term p = Term(x[0]), q = Term(y[0]);
    if (p != q) {
      if (Term::both_small(p, q)) return difference(order(p.small_value(), q.small_value()));
      push(reinterpret_cast<const Term *>(x + 1), reinterpret_cast<const Term *>(y + 1), 1);
      a_ = p, b_ = q;
      return Next::Pair;
    }
    p = Term(x[1]), q = Term(y[1]);
    if (!p.is_cons() || !q.is_cons() || p == q) {
      a_ = p, b_ = q;
      return Next::Pair;
    }
    x = p.cell(), y = q.cell();
  }
}

Comparison::Next Comparison::maps() {
  if (map_size(a_) != map_size(b_)) return difference(order(map_size(a_), map_size(b_)));
  Word n = map_size(a_);
  if (is_flat_map(a_)) {
    if (n == 0) return Next::Item;
    push(flat_map_values(a_), flat_map_values(b_), n);
    if (!exact_) {
      stack_.push({nullptr, nullptr, 0, Op::InexactAgain});
      exact_ = true;
    }
    a_ = flat_map_keys(a_), b_ = flat_map_keys(b_);
    return Next::Pair;
  }
  map_ = std::make_unique<HashMapCompare>(a_, b_, exact_, stack_.size(), std::move(map_));
  Term k, v;
  for (MapIterator it(a_); it.next(&k, &v);) {
    if (!map_find(b_, k)) {
      map_->stage = HashMapCompare::Stage::OnlyInA;
      break;
    }
  }
  return map_step();
}

// Looks for the next key of the innermost map that needs a comparison of terms.
Comparison::Next Comparison::map_step() {
  using Stage = HashMapCompare::Stage;
  HashMapCompare &m = *map_;
  auto wait = [&](HashMapCompare::Waits w, Term x, Term y, bool exact) {
    m.waits = w;
    exact_ = exact;
    stack_.push({nullptr, nullptr, 0, Op::MapResult});
    a_ = x, b_ = y;
    return Next::Pair;
  };
  for (;;) {
    Term k, v;
    if (!m.it.next(&k, &v)) {
      if (m.stage == Stage::OnlyInA) {
        m.stage = Stage::OnlyInB;
        m.it = MapIterator(m.b);
        continue;
      }
      int result = m.result;
      exact_ = m.was_exact;
      map_ = std::move(m.outer);
      return difference(result);
    }
    if (m.stage == Stage::Values) {
      m.value_a = v;
      m.value_b = *map_find(m.b, k);
      if (m.value_a == m.value_b) continue;
      m.key = k;
      if (m.min_key.is_none()) return wait(HashMapCompare::Waits::Value, m.value_a, m.value_b, m.was_exact);
    } else {
      if (map_find(m.stage == Stage::OnlyInA ? m.b : m.a, k)) continue;
      m.key = k;
      if (m.min_key.is_none()) {
        m.min_key = k;
        m.result = m.stage == Stage::OnlyInA ? -1 : 1;
        continue;
      }
    }
    return wait(HashMapCompare::Waits::KeyAgainstMin, k, m.min_key, true);
  }
}

// The comparison that the innermost map waited for came out as c.
Comparison::Next Comparison::map_result(int c) {
  HashMapCompare &m = *map_;
  if (m.waits == HashMapCompare::Waits::Value) {
    if (c) {
      m.result = c;
      m.min_key = m.key;
    }
  } else if (c < 0) {
    if (m.stage == HashMapCompare::Stage::Values) {
      m.waits = HashMapCompare::Waits::Value;
      exact_ = m.was_exact;
      stack_.push({nullptr, nullptr, 0, Op::MapResult});
      a_ = m.value_a, b_ = m.value_b;
      return Next::Pair;
    }
    m.min_key = m.key;
    m.result = m.stage == HashMapCompare::Stage::OnlyInA ? -1 : 1;
  }
  return map_step();
}

Comparison::Next Comparison::pair() {
  Term a = a_, b = b_;
  if (a == b) return Next::Item;
  if (Term::both_small(a, b)) return difference(order(a.small_value(), b.small_value()));
  if (a.is_cons() && b.is_cons()) return lists();
  int ra = rank(a, exact_), rb = rank(b, exact_);
  if (ra != rb) return difference(ra - rb);
  switch (ra) {
  case 0:
  case 1: return difference(compare_numbers(a, b));
  case 2: return difference(atom::compare(a, b));
  case 3: return difference(compare_refs(a, b));
  case 4:
    if (is_local_fun(a) != is_local_fun(b)) return difference(is_local_fun(a) ? -1 : 1);
    if (!is_local_fun(a)) return difference(compare_export_funs(a, b));
    if (int c = compare_fun_heads(a, b)) return difference(c);
    if (fun_free_count(a)) push(fun_free(a), fun_free(b), fun_free_count(a));
    return Next::Item;
  case 5: return difference(compare_ports(a, b));
  case 6: return difference(compare_pids(a, b));
  case 7:
    if (tuple_arity(a) != tuple_arity(b)) return difference(order(tuple_arity(a), tuple_arity(b)));
    if (tuple_arity(a)) push(tuple_elements(a), tuple_elements(b), tuple_arity(a));
    return Next::Item;
  case 8: return maps();
  case 11: return difference(compare_bits(bit_view(a), bit_view(b)));
  default: return Next::Item; // nil and nil
  }
}

int Comparison::run(Term a, Term b) {
  a_ = a, b_ = b;
  Next next = Next::Pair;
  for (;;) {
    switch (next) {
    case Next::Pair: next = pair(); break;
    case Next::Differ:
      if (!map_) return difference_;
      stack_.shrink(map_->depth);
      next = map_result(difference_);
      break;
    case Next::Item: {
      if (stack_.empty()) return 0;
      Item &top = stack_.top();
      if (top.op == Op::Terms) {
        const Term *p = top.a, *q = top.b;
        Word n = top.n;
        while (n > 0 && *p == *q) p++, q++, n--;
        if (n == 0) {
          stack_.pop();
          break;
        }
        a_ = *p, b_ = *q;
        if (n == 1) stack_.pop();
        else top = {p + 1, q + 1, n - 1, Op::Terms};
        next = Next::Pair;
        break;
      }
      Op op = top.op;
      stack_.pop();
      if (op == Op::InexactAgain) exact_ = false;
      else next = map_result(0);
      break;
    }
    }
  }
}

// Two tuples are what their first difference is, and whether that is none in the end shows only where it is more than
// atoms and small integers, or stands last. False: it takes a stack to go on behind it.
bool first_difference(Term *a, Term *b, int *result) {
  const Word *x = a->box(), *y = b->box();
  const Word n = header_size(*x), m = header_size(*y);
  if (n != m) return *result = order(n, m), *a = *b, true;
  Word i = 1;
  while (i <= n && x[i] == y[i]) i++;
  if (i > n) return *result = 0, *a = *b, true;
  *a = Term(x[i]), *b = Term(y[i]);
  return i == n || Term::both_small(*a, *b) || (a->is_atom() && b->is_atom());
}
// Terms of different kinds, such as `[] >= 0` in a guard; 0: both numbers, or of the same kind.
int difference_of_kind(Term a, Term b) {
  constexpr bool kNumbersAlike = false;
  return rank(a, kNumbersAlike) - rank(b, kNumbersAlike);
}
// Pairs that need no stack; false if it takes more.
bool compare_simple(Term a, Term b, int *result) {
  *result = 0;
  while (a != b && a.is_cons() && b.is_cons()) {
    Term p = a.head(), q = b.head();
    if (p == q) {
      a = a.tail(), b = b.tail();
      continue;
    }
    if (!Term::both_small(p, q) && !(p.is_atom() && q.is_atom())) return false;
    a = p, b = q;
  }
  while (a != b && is_tuple(a) && is_tuple(b))
    if (!first_difference(&a, &b, result)) return false;
  if (a == b) return true;
  if (a.is_atom() && b.is_atom()) *result = atom::compare(a, b);
  else if (Term::both_small(a, b)) *result = order(a.small_value(), b.small_value());
  else if (a.is_immediate_float() && b.is_immediate_float()) *result = order(a.immediate_float(), b.immediate_float());
  else if (is_bitstring(a) && is_bitstring(b)) *result = compare_bits(bit_view(a), bit_view(b));
  else return (*result = difference_of_kind(a, b)) != 0;
  return true;
}

} // namespace

int compare_slow(Term a, Term b) {
  int c;
  if (compare_simple(a, b, &c)) return c;
  return Comparison(false).run(a, b);
}

int compare_exact(Term a, Term b) {
  int c;
  if (compare_simple(a, b, &c)) return c;
  return Comparison(true).run(a, b);
}

} // namespace joist::runtime
