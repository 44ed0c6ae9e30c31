// counters with write_concurrency: every scheduler adds to a copy of its own, readers sum them up. Counters that lie
// together (a cache line's worth) keep their copies together, one line per scheduler.
#include "bifs/build.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/magic.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/map.h"

namespace joist::bifs {
namespace {
constexpr Word kPerLine = 8, kLine = 64;
constexpr Word kMaxSize = Word{1} << 33;

struct Counters {
  Word size, copies;
  std::atomic<uint64_t> *v;
  void *block;
  Counters(Word n) : size(n), copies(schedulers_count() + 1) {
    Word bytes = lines() * copies * kLine;
    block = mem_alloc(MemKind::System, bytes + kLine);
    memset(block, 0, bytes + kLine);
    v = reinterpret_cast<std::atomic<uint64_t> *>((reinterpret_cast<Word>(block) + kLine - 1) & ~(kLine - 1));
  }
  ~Counters() { mem_free(MemKind::System, block); }
  Word lines() const { return (size + kPerLine - 1) / kPerLine; }
  std::atomic<uint64_t> &at(Word index, Word copy) {
    return v[(index / kPerLine * copies + copy) * kPerLine + index % kPerLine];
  }
};

Counters *counter(Term ref, Term index, Word *i) {
  auto *c = magic_value<Counters>(ref);
  if (!c || !index.is_small() || index.small_value() < 1 || Word(index.small_value()) > c->size) return nullptr;
  *i = Word(index.small_value()) - 1;
  return c;
}
Word own_copy() {
  Scheduler *s = this_scheduler();
  return s ? scheduler_number(s) : 0; // 0: shared by all dirty schedulers
}
} // namespace

Term erts_internal_counters_new_1(Process *p, const Term *args) {
  uint64_t n;
  if (!is_integer(args[0])) return badarg(p);
  if (!get_uint64(args[0], &n)) return is_big(args[0]) && !big_negative(args[0]) ? system_limit(p) : badarg(p);
  if (n == 0) return badarg(p);
  if (n > kMaxSize) return system_limit(p);
  auto *m = magic_new<Counters>(n);
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return ref;
}

Term erts_internal_counters_get_2(Process *p, const Term *args) {
  Word i;
  Counters *c = counter(args[0], args[1], &i);
  if (!c) return badarg(p);
  uint64_t sum = 0;
  for (Word k = 0; k < c->copies; k++) sum += c->at(i, k).load(std::memory_order_relaxed);
  return make_int(p->heap, int64_t(sum));
}

Term erts_internal_counters_add_3(Process *p, const Term *args) {
  Word i;
  uint64_t v;
  int64_t s;
  Counters *c = counter(args[0], args[1], &i);
  if (!c) return badarg(p);
  if (get_int64(args[2], &s)) v = uint64_t(s);
  else if (!get_uint64(args[2], &v)) return badarg(p);
  c->at(i, own_copy()).fetch_add(v, std::memory_order_relaxed);
  return atoms::ok;
}

// The value goes to the first copy, the others are reset; adding meanwhile may be lost, as documented.
Term erts_internal_counters_put_3(Process *p, const Term *args) {
  Word i;
  int64_t v;
  Counters *c = counter(args[0], args[1], &i);
  if (!c || !get_int64(args[2], &v)) return badarg(p);
  c->at(i, 0).store(uint64_t(v), std::memory_order_relaxed);
  for (Word k = 1; k < c->copies; k++) c->at(i, k).store(0, std::memory_order_relaxed);
  return atoms::ok;
}

Term erts_internal_counters_info_1(Process *p, const Term *args) {
  auto *c = magic_value<Counters>(args[0]);
  if (!c) return badarg(p);
  Heap &h = p->heap;
  Term pairs[] = {atoms::size, make_uint(h, c->size), atoms::memory, make_uint(h, 32 + c->lines() * c->copies * kLine)};
  return map_from_pairs(h, pairs, 2);
}
} // namespace joist::bifs
