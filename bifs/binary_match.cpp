// binary:match/2,3, matches/2,3, split/2,3, compile_pattern/1. A compiled pattern is {bm | ac, MagicRef}.
#include "bifs/bifs.h"
#include "bifs/binary_search.h"
#include "runtime/mem/magic.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {

constexpr Word kBytesPerReduction = 512;

enum class Op : uint8_t { Match, Matches, Split };

struct Options {
  Op op;
  Word start = 0, length = 0; // scope
  bool global = false, trim = false, trim_all = false;
};

std::string bytes_string(Term binary) {
  ByteScratch scratch;
  return std::string(bytes_of(binary, scratch).view());
}
bool is_nonempty_binary(Term t) { return is_bitstring(t) && is_binary(t) && bit_view(t).bits; }

// A compiled pattern, or none where t is no pattern.
Term compile(Heap &h, Term t) {
  BinData *m;
  Term tag = atoms::bm;
  if (t.is_cons()) {
    std::vector<std::string> patterns;
    for (; t.is_cons(); t = t.tail()) {
      if (!is_nonempty_binary(t.head())) return Term::none();
      patterns.push_back(bytes_string(t.head()));
    }
    if (!t.is_nil()) return Term::none();
    if (patterns.size() == 1) {
      m = magic_new<SinglePattern>(std::move(patterns[0]));
    } else {
      m = magic_new<SetPattern>(patterns);
      tag = atoms::ac;
    }
  } else {
    if (!is_nonempty_binary(t)) return Term::none();
    m = magic_new<SinglePattern>(bytes_string(t));
  }
  Term ref = make_magic_ref(h, m);
  bin_unref(m);
  return make_tuple(h, tag, ref);
}

// t itself if it is a compiled pattern, else compiled.
Term as_compiled(Heap &h, Term t) {
  if (!is_tuple_of(t, 2)) return compile(h, t);
  Term tag = tuple_elements(t)[0], ref = tuple_elements(t)[1];
  bool good = tag == atoms::bm ? magic_value<SinglePattern>(ref) != nullptr
                               : tag == atoms::ac && magic_value<SetPattern>(ref) != nullptr;
  return good ? t : Term::none();
}

SearchResult find(Term pattern, const uint8_t *text, Word end, SearchState *s, Word *budget, Found *found) {
  Term ref = tuple_elements(pattern)[1];
  if (tuple_elements(pattern)[0] == atoms::bm)
    return magic_value<SinglePattern>(ref)->find(text, end, s, budget, found);
  return magic_value<SetPattern>(ref)->find(text, end, s, budget, found);
}

bool read_options(Term list, Word size, Options *o) {
  o->length = size;
  if (!list.is_list()) return false;
  for (; list.is_cons(); list = list.tail()) { // stock does not look at what ends the list
    Term t = list.head();
    if (o->op == Op::Split && t == atoms::global) {
      o->global = true;
    } else if (o->op == Op::Split && t == atoms::trim) {
      o->trim = true;
    } else if (o->op == Op::Split && t == atoms::trim_all) {
      o->trim_all = true;
    } else if (is_tuple_of(t, 2) && tuple_elements(t)[0] == atoms::scope && is_tuple_of(tuple_elements(t)[1], 2)) {
      Term *range = tuple_elements(tuple_elements(t)[1]);
      uint64_t at;
      int64_t n;
      if (!get_uint64(range[0], &at) || !get_int64(range[1], &n) || at > size) return false;
      if (n < 0) {
        if (0 - Word(n) > at) return false;
        at += Word(n);
        n = -n;
      }
      if (Word(n) > size - at) return false;
      o->start = at;
      o->length = Word(n);
    } else {
      return false;
    }
  }
  return true;
}

// A search under way. Its terms stay good during one call; between calls it lives in a tuple.
struct Job {
  Process *p;
  Term subject, pattern;
  Options o;
  SearchState search;
  Word done = 0;          // of split: begin of the part after the last match
  Term acc = Term::nil(); // matches or parts, last first

  Term position(Found f) { return make_tuple(p->heap, make_uint(p->heap, f.start), make_uint(p->heap, f.length)); }
  void add_part(Word from, Word to) {
    if (from == to && o.trim_all) return;
    acc = make_cons(p->heap, make_sub_binary(p->heap, subject, from * 8, (to - from) * 8), acc);
  }
  Term reversed(Term list) {
    Term r = Term::nil();
    int64_t n = 0;
    for (; list.is_cons(); list = list.tail(), n++) r = make_cons(p->heap, list.head(), r);
    p->bump(n / 100);
    return r;
  }
  Term run();
  Term pause();
};

Term search_step(Process *p, const Term *args);

// Copy of the search in a tuple, for the next slice.
Term Job::pause() {
  static const Export *k = bif_continuation("binary_find_trap", 1, search_step);
  Heap &h = p->heap;
  int flags = int(o.op) | o.global << 2 | o.trim << 3 | o.trim_all << 4;
  Term state = make_tuple(h, subject, pattern, Term::small(flags), make_uint(h, o.start), make_uint(h, o.length),
                          make_uint(h, search.at), make_uint(h, search.node), make_uint(h, search.best.start),
                          make_uint(h, search.best.length), make_uint(h, done), acc);
  return yield_to(p, k, state);
}

Term search_step(Process *p, const Term *args) {
  Term *t = tuple_elements(args[0]);
  auto number = [&](int i) {
    uint64_t v = 0;
    get_uint64(t[i], &v);
    return Word(v);
  };
  int flags = int(number(2));
  Job j{.p = p, .subject = t[0], .pattern = t[1], .o = {.op = Op(flags & 3)}, .search = {}};
  j.o.global = flags & 4;
  j.o.trim = flags & 8;
  j.o.trim_all = flags & 16;
  j.o.start = number(3);
  j.o.length = number(4);
  j.search = {number(5), uint32_t(number(6)), {number(7), number(8)}};
  j.done = number(9);
  j.acc = t[10];
  return j.run();
}

Term Job::run() {
  // An unaligned subject is copied once, so that later slices need not do it again.
  BitView v = bit_view(subject);
  if (!v.aligned()) {
    uint8_t *bytes;
    Term copy = make_binary(p->heap, v.bits / 8, &bytes);
    copy_bits(v.bytes, v.bit_offset, bytes, 0, v.bits);
    p->bump(int64_t(v.bits / 8 / 4096));
    subject = copy;
    v = bit_view(subject);
  }
  Word size = v.bits / 8, end = o.start + o.length;
  Word budget = Word(std::max(p->reductions, 20)) * kBytesPerReduction, start = budget;
  bool any = !acc.is_nil() || done;
  for (;;) {
    if (budget == 0) return pause();
    Found f;
    SearchResult r = find(pattern, v.bytes, end, &search, &budget, &f);
    if (r == SearchResult::Paused) return pause();
    if (r == SearchResult::NotFound) break;
    any = true;
    budget -= std::min<Word>(budget, 20);
    search = {f.start + f.length, 0, {}};
    if (o.op == Op::Match) {
      p->bump(int64_t((start - budget) / kBytesPerReduction));
      return position(f);
    }
    if (o.op == Op::Matches) {
      acc = make_cons(p->heap, position(f), acc);
    } else {
      add_part(done, f.start);
      done = f.start + f.length;
      if (!o.global) break;
    }
  }
  p->bump(int64_t((start - budget) / kBytesPerReduction));
  switch (o.op) {
  case Op::Match: return atoms::nomatch;
  case Op::Matches: return reversed(acc);
  case Op::Split: break;
  }
  if (any) {
    add_part(done, size);
    if (o.trim)
      while (acc.is_cons() && bit_view(acc.head()).bits == 0) acc = acc.tail();
    return reversed(acc);
  }
  return make_cons(p->heap, subject, Term::nil());
}

Term search(Process *p, Op op, Term subject, Term pattern, Term options) {
  if (!is_bitstring(subject) || !is_binary(subject)) return badarg(p);
  Word size = bit_view(subject).bits / 8;
  Options o{.op = op};
  if (!read_options(options, size, &o)) return badarg(p);
  if (o.start + o.length == 0) { // then stock does not look at the pattern
    if (op == Op::Match) return atoms::nomatch;
    if (op == Op::Matches || (size == 0 && (o.trim || o.trim_all))) return Term::nil();
    return make_cons(p->heap, subject, Term::nil());
  }
  Term compiled = as_compiled(p->heap, pattern);
  if (compiled.is_none()) return badarg(p);
  Job j{.p = p, .subject = subject, .pattern = compiled, .o = o, .search = {o.start, 0, {}}};
  return j.run();
}

} // namespace

Term binary_compile_pattern_1(Process *p, const Term *args) {
  Term t = compile(p->heap, args[0]);
  return t.is_none() ? badarg(p) : t;
}

Term binary_match_2(Process *p, const Term *args) { return search(p, Op::Match, args[0], args[1], Term::nil()); }
Term binary_match_3(Process *p, const Term *args) { return search(p, Op::Match, args[0], args[1], args[2]); }
Term binary_matches_2(Process *p, const Term *args) { return search(p, Op::Matches, args[0], args[1], Term::nil()); }
Term binary_matches_3(Process *p, const Term *args) { return search(p, Op::Matches, args[0], args[1], args[2]); }
Term binary_split_2(Process *p, const Term *args) { return search(p, Op::Split, args[0], args[1], Term::nil()); }
Term binary_split_3(Process *p, const Term *args) { return search(p, Op::Split, args[0], args[1], args[2]); }

} // namespace joist::bifs
