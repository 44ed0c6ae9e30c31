// maps:from_list/1 and from_keys/2. Large ones are built in slices: hash every key; put the entries into 256 groups by the
// first two slots of their path; make one subtree per group; join those. The entries lie outside the heap, the elements
// they refer to by number in a tuple.
#include "runtime/term/map_build.h"
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "runtime/mem/magic.h"

#include <vector>

namespace joist::bifs {
namespace {
using namespace hamt;

constexpr Word kAtOnce = 2048;       // this many are built in one go
constexpr int64_t kPerReduction = 8; // keys

struct Entries {
  std::vector<uint64_t> hashed, grouped;
  Word filled[256] = {}; // while grouping: where the next entry of a group goes; afterwards its end
  Word kept = 0;
};

// State of a large build: (Magic, Elements, Rest of the list, Subtrees, Next).
//   hashing:  Next counts elements; Rest is the list from there
//   grouping: Rest is []; Next counts entries from 0
//   building: Next is -1 - group
struct Build {
  Process *p;
  Term magic, elements, rest, subtrees;
  Term common; // as in ElementSource
  int64_t next;
  int64_t budget;
  Entries &entries() const { return *magic_value<Entries>(magic); }
  ElementSource source() const { return {tuple_elements(elements), common}; }

  bool hash();
  bool group();
  bool build();
  Term join();
};

bool Build::hash() {
  Entries &e = entries();
  for (; rest.is_cons(); rest = rest.tail()) {
    if (--budget < 0) return false;
    // What is stored is older than the tuple, so that the collector's generations stay in order.
    tuple_elements(elements)[next] = rest.head();
    e.hashed.push_back(order_of(source(), Word(next)));
    e.filled[e.hashed.back() >> 56]++;
    next++;
  }
  Word sum = 0;
  for (Word &n : e.filled) {
    Word begin = sum;
    sum += n;
    n = begin;
  }
  e.grouped.resize(sum);
  return true;
}

bool Build::group() {
  Entries &e = entries();
  for (; Word(next) < e.hashed.size(); next++) {
    if (budget-- < 0) return false;
    uint64_t x = e.hashed[Word(next)];
    e.grouped[e.filled[x >> 56]++] = x;
  }
  e.hashed = {};
  return true;
}

// One subtree per group, on level 2; none where a group is empty. Collected last first.
bool Build::build() {
  Entries &e = entries();
  for (; next >= -256; next--) {
    Word g = Word(-1 - next), begin = g ? e.filled[g - 1] : 0, n = e.filled[g] - begin;
    if (budget < 0) return false;
    budget -= int64_t(2 * n);
    Term t = Term::nil();
    if (n) {
      Word kept = sort_unique(source(), &e.grouped[begin], n, nullptr);
      e.kept += kept;
      t = subtree(p->heap, source(), &e.grouped[begin], kept, 2, 0);
    }
    subtrees = make_cons(p->heap, t, subtrees);
  }
  return true;
}

Term Build::join() {
  Heap &h = p->heap;
  Term groups[256];
  for (int g = 255; g >= 0; g--, subtrees = subtrees.tail()) groups[g] = subtrees.head();
  Term roots[16], *c;
  unsigned roots_n = 0;
  uint32_t root_bits = 0;
  for (unsigned s = 0; s < 16; s++) {
    Term kids[16];
    unsigned n = 0;
    uint32_t bits = 0;
    for (unsigned i = 0; i < 16; i++) {
      Term t = groups[16 * s + i];
      if (t.is_nil()) continue;
      kids[n++] = t;
      bits |= 1u << i;
    }
    if (!n) continue;
    Term node = kids[0];
    if (n > 1 || !node.is_cons()) {
      node = make_node(h, 0, bits, &c);
      std::copy_n(kids, n, c);
    }
    roots[roots_n++] = node;
    root_bits |= 1u << s;
  }
  Term map = make_node(h, entries().kept, root_bits, &c);
  std::copy_n(roots, roots_n, c);
  if (entries().kept > kFlatMapMax) return map;
  // Nearly all were duplicates.
  Term few[2 * kFlatMapMax];
  Word n = 0;
  MapIterator it(map);
  while (it.next(&few[2 * n], &few[2 * n + 1])) n++;
  return map_from_pairs(h, few, n);
}

Term build_step(Process *p, const Term *args); // (Magic, {Elements, Rest, Subtrees, Common}, Next)

Term go_on(Build &b) {
  b.budget = std::max<int64_t>(b.p->reductions, 20) * kPerReduction;
  int64_t start = b.budget;
  bool more = true;
  if (b.next >= 0 && b.entries().grouped.empty() && b.hash()) b.next = 0;
  if (b.next >= 0 && !b.entries().grouped.empty() && b.group()) b.next = -1;
  if (b.next < 0) more = !b.build();
  b.p->bump((start - b.budget) / kPerReduction);
  if (!more) return b.join();
  static const Export *k = bif_continuation("maps_from_list_trap", 3, build_step);
  Heap &h = b.p->heap;
  Term common = b.common.is_none() ? Term::nil() : make_cons(h, b.common, Term::nil());
  Term state = make_tuple(h, b.elements, b.rest, b.subtrees, common);
  return yield_to(b.p, k, b.magic, state, Term::small(b.next));
}

Term build_step(Process *p, const Term *args) {
  Term *s = tuple_elements(args[1]);
  Build b{p, args[0], s[0], s[1], s[2], s[3].is_nil() ? Term::none() : s[3].head(), args[2].small_value(), 0};
  return go_on(b);
}

Term build_large(Process *p, Term list, Word n, Term common) {
  Word *t = p->heap.alloc(n + 1);
  t[0] = header(Kind::Tuple, n);
  std::fill_n(t + 1, n, Term::nil().raw());
  auto *m = magic_new<Entries>();
  m->value.hashed.reserve(n);
  Term magic = make_magic_ref(p->heap, m);
  bin_unref(m);
  Build b{p, magic, Term::boxed(t), list, Term::nil(), common, 0, 0};
  return go_on(b);
}

// Length of a proper list, -1 if it is none (or `pairs` and an element is no {K, V}); in slices for long ones.
Term count_step(Process *p, const Term *args); // (Rest, Count, List, Common: [] | [V])

Term from(Process *p, Term rest, int64_t count, Term list, Term common) {
  int64_t budget = std::max<int64_t>(p->reductions, 20) * kPerReduction * 8, start = budget;
  for (; rest.is_cons(); rest = rest.tail(), count++) {
    if (--budget < 0) {
      static const Export *k = bif_continuation("maps_from_list_count", 4, count_step);
      Term c = common.is_none() ? Term::nil() : make_cons(p->heap, common, Term::nil());
      return yield_to(p, k, rest, Term::small(count), list, c);
    }
    if (common.is_none() && !is_tuple_of(rest.head(), 2)) break;
  }
  if (!rest.is_nil()) {
    if (common.is_none()) return fail_in(p, Reason::Badarg, atoms::maps, atoms::from_list, list);
    return fail_in(p, Reason::Badarg, atoms::maps, atoms::from_keys, list, common);
  }
  p->bump((start - budget) / (kPerReduction * 8));
  if (Word(count) > kAtOnce) return build_large(p, list, Word(count), common);
  Term few[2 * 64];
  std::vector<Term> many;
  Term *pairs = few;
  if (count > 64) {
    many.resize(size_t(2 * count));
    pairs = many.data();
  }
  Word n = 0;
  for (Term l = list; l.is_cons(); l = l.tail()) {
    Term t = l.head();
    pairs[n++] = common.is_none() ? tuple_elements(t)[0] : t;
    pairs[n++] = common.is_none() ? tuple_elements(t)[1] : common;
  }
  p->bump(count / kPerReduction);
  return map_from_pairs(p->heap, pairs, n / 2);
}
Term count_step(Process *p, const Term *args) {
  return from(p, args[0], args[1].small_value(), args[2], args[3].is_nil() ? Term::none() : args[3].head());
}

} // namespace

Term maps_from_list_1(Process *p, const Term *args) { return from(p, args[0], 0, args[0], Term::none()); }
Term maps_from_keys_2(Process *p, const Term *args) { return from(p, args[0], 0, args[0], args[1]); }

} // namespace joist::bifs
