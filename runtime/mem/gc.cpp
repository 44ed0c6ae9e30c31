#include "runtime/mem/gc_internal.h"
#include "runtime/trace/trace.h"

#include "runtime/dist/slice.h"
#include "runtime/mem/literal.h"
#include "runtime/mem/magic.h"
#include "runtime/mem/scan.h"
#include "runtime/sched/microstate.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sched/stats.h"
#include "runtime/sys/flags.h"
#include "runtime/sys/system_monitor.h"
#include "runtime/sys/time.h"
#include "runtime/term/binary.h"

#include <thread>

namespace joist::runtime {
void (*gc_max_heap_reached)(Process *p, Word words) = nullptr;

bool gc_stress = false;
namespace {
std::atomic<uint64_t> collections{0}, reclaimed{0};
}

namespace {

// Owning objects that a collection found alive, in the order of the lists they come from: the newest stay first, as
// process_info(P, binary) shows them.
struct Survivors {
  OffHeap list;
  Word **end = &list.first; // where the next one hangs
  Survivors() = default;
  Survivors(const Survivors &) = delete;
  OffHeap before(OffHeap older) {
    *end = older.first;
    list.bytes += older.bytes;
    return list;
  }
};

// One collection: evacuates from the process' current blocks and fragments into `young` and, for what has survived a
// collection before (minor only), `old`.
template <bool Minor> class Collector {
public:
  Collector(Process *p, Word *young)
      : p_(p), young_(young), old_(p->old_top), old_start_(p->old_start), mature_(p->heap_start),
        old_bytes_(Word(p->old_end - p->old_start) * sizeof(Word)),
        mature_bytes_(Word(p->high_water - p->heap_start) * sizeof(Word)) {}

  Word *young_top() const { return young_; }
  Word *old_top() const { return old_; }

  [[gnu::always_inline]] void evacuate(Word *slot) {
    Term t(*slot);
    if (t.is_pointer()) evacuate_object(slot, t);
  }
  // slot holds t, a pointer.
  [[gnu::always_inline]] void evacuate_object(Word *slot, Term t) {
    Word *src = t.pointer();
    if (Minor && is_old(src)) return; // without a look at it: it is unlikely to be in the cache
    if (t.is_cons()) {
      if (src[0] == Term::none().raw()) { // moved already
        *slot = src[1];
        return;
      }
      if (is_literal(src)) return;
      Word *dst = room(matures(src), 2);
      dst[0] = src[0];
      dst[1] = src[1];
      src[0] = Term::none().raw();
      *slot = src[1] = Term::cons(dst).raw();
    } else {
      Word hdr = *src;
      if (!is_header(hdr)) {
        *slot = hdr;
        return;
      }
      if (is_literal(src)) return;
      Word n = header_size(hdr) + 1;
      Word *dst = room(matures(src), n);
      for (Word i = 0; i < n; i++) dst[i] = src[i];
      *slot = *src = Term::boxed(dst).raw();
    }
  }

  void evacuate_roots(Term *x, unsigned live) {
    for (Word *s = p_->stack_top; s < p_->heap_end; s++) evacuate(s);
    gc_each_root(p_, x, live, [this](Term *t) { evacuate(reinterpret_cast<Word *>(t)); });
  }

  // Until nothing is left to scan. Promoted objects are older than everything that stays young, so they refer to
  // other promoted or old ones only; still each round scans both, which costs nothing and needs no such argument.
  void scan(Word *young, Word *old) {
    while (young < young_ || old < old_) {
      while (young < young_) young = scan_one<false>(young);
      while (old < old_) old = scan_one<true>(old);
    }
    for (auto *c : contexts_) match_ctx_rebase(c);
  }

  // Splits a list of owning objects: moved ones go behind those of the generation they are in now, others are released.
  void sweep(OffHeap list, Survivors *young, Survivors *old, const Word *old_from, const Word *old_to) {
    for (Word *o = list.first; o;) {
      bool moved = !is_header(*o);
      Word *now = moved ? Term(*o).box() : o;
      // The words after the header are intact in the source too.
      bool is_bin = header_kind(*now) == Kind::RefcBin;
      Word *next = is_bin ? reinterpret_cast<RefcBinObj *>(o)->next : reinterpret_cast<MagicRefObj *>(o)->next;
      BinData *data = is_bin ? reinterpret_cast<RefcBinObj *>(o)->data : reinterpret_cast<MagicRefObj *>(o)->data;
      if (moved) {
        Survivors *to = now >= old_from && now < old_to ? old : young;
        *to->end = now;
        if (is_bin) {
          auto *b = reinterpret_cast<RefcBinObj *>(now);
          to->end = &b->next;
          to->list.bytes += b->size;
        } else {
          to->end = &reinterpret_cast<MagicRefObj *>(now)->next;
        }
      } else {
        bin_unref(data);
      }
      o = next;
    }
  }

private:
  static bool within(const Word *p, const Word *start, Word bytes) {
    return Word(reinterpret_cast<const char *>(p) - reinterpret_cast<const char *>(start)) < bytes;
  }
  bool is_old(const Word *src) const { return within(src, old_start_, old_bytes_); }
  [[gnu::always_inline]] bool matures(const Word *src) const { return Minor && within(src, mature_, mature_bytes_); }
  [[gnu::always_inline]] Word *room(bool mature, Word n) {
    Word *r;
    if (mature) {
      r = old_;
      old_ += n;
    } else {
      r = young_;
      young_ += n;
    }
    return r;
  }
  // w holds t, a cons. As long as each cell is copied right behind the place that refers to it, and its head is no
  // pointer, there is nothing else to scan before its tail: a list of numbers is copied in this loop alone. Answers where
  // scanning goes on.
  template <bool InOld> [[gnu::always_inline]] Word *scan_list(Word *w, Term t) {
    for (;;) {
      Word *src = t.cell();
      if (Minor && is_old(src)) return w + 1;
      Term head(src[0]), tail(src[1]);
      if (head.is_none()) { // moved already
        *w = tail.raw();
        return w + 1;
      }
      if (is_literal(src)) return w + 1;
      const bool to_old = matures(src);
      Word *dst = room(to_old, 2);
      dst[0] = head.raw();
      dst[1] = tail.raw();
      src[0] = Term::none().raw();
      *w = src[1] = Term::cons(dst).raw();
      // The other generation's block might begin where this one ends.
      if (dst != w + 1 || to_old != InOld || head.is_pointer()) return w + 1;
      w = dst + 1;
      if (!tail.is_cons()) return w;
      t = tail;
    }
  }
  template <bool InOld> [[gnu::always_inline]] Word *scan_one(Word *w) {
    Term t(*w);
    if (t.is_cons()) return scan_list<InOld>(w, t);
    if (t.is_pointer()) {
      evacuate_object(w, t);
      return w + 1;
    }
    if (!is_header(*w) || *w == Term::none().raw()) return w + 1;
    Word hdr = *w;
    TermRange r = object_terms(hdr);
    for (Word i = r.first; i < r.last; i++) evacuate(w + i);
    if (header_kind(hdr) == Kind::MatchCtx) contexts_.push_back(reinterpret_cast<MatchCtxObj *>(w));
    return w + header_size(hdr) + 1;
  }

  Process *p_;
  Word *young_, *old_;
  const Word *old_start_, *mature_; // the old generation; what has survived a collection
  Word old_bytes_, mature_bytes_;
  std::vector<MatchCtxObj *> contexts_;
};

Word young_used(const Process *p) { return Word(p->heap.top - p->heap_start); }

// Installs a fresh young block that holds [block, top), moving the stack over, and drops the fragments.
void install(Process *p, Word *block, Word words, Word *top, OffHeap off_heap) {
  Word stack = p->stack_words();
  Word *stack_to = block + words - stack;
  memcpy(stack_to, p->stack_top, stack * sizeof(Word));
  for (Fragment *f = p->heap.fragments; f; f = f->next) f->off_heap = {}; // swept already
  fragment_free(p->heap.fragments);
  gc_block_free(p->heap_start);
  p->heap.fragments = nullptr;
  p->heap.fragment_words = 0;
  p->heap.frag_top = p->heap.frag_limit = nullptr;
  p->heap_start = block;
  p->heap_end = block + words;
  p->heap.top = p->high_water = top;
  p->heap.off_heap = off_heap;
  p->stack_top = stack_to;
  p->sync_limit();
}

// Words that must fit into the block after a collection.
Word needed(const Process *p, Word need) { return young_used(p) + p->stack_words() + need + 2 * kStackMargin; }

void resize(Process *p, Word words, Term *x, unsigned live) {
  words = gc_next_size(std::max<Word>(words, p->min_heap_size));
  if (words != Word(p->heap_end - p->heap_start)) gc_resize_block(p, words, x, live);
}

// After a minor collection. A young block that is mostly free is what makes collections rare, so it shrinks only where it
// is large in absolute terms and against the old generation.
void adjust_minor(Process *p, Word need, Term *x, unsigned live) {
  Word size = Word(p->heap_end - p->heap_start), old = Word(p->old_end - p->old_start), want = needed(p, need);
  if (want > size) resize(p, want, x, live);
  else if (size > 3000 && 4 * want < size && (size > 8000 || size > old)) {
    Word to = std::max(3 * want, old / 8);
    if (gc_next_size(to) < size) resize(p, to, x, live);
  }
}

// After a major collection: neither cramped nor far too large.
void adjust_major(Process *p, Word need, Term *x, unsigned live) {
  Word size = Word(p->heap_end - p->heap_start), want = needed(p, need);
  if (3 * size < 4 * want) resize(p, want + want / 3, x, live);
  else if (4 * want < size) resize(p, 3 * want, x, live);
}

Word next_vheap(Word bytes, Word minimum) { return std::max(minimum, bytes * 2); }

Word *alloc_young(Word words) { return gc_block_new(words); }

void sweep_fragments(Process *p, auto &c, Survivors *young, Survivors *old, const Word *from, const Word *to) {
  for (Fragment *f = p->heap.fragments; f; f = f->next) c.sweep(f->off_heap, young, old, from, to);
}

constexpr Word kDeepStack = 4000; // words

int minor(Process *p, Word need, Term *x, unsigned live) {
  Word stack = p->stack_words();
  Word mature = Word(p->high_water - p->heap_start);
  if (mature && !p->old_start) {
    Word words = gc_next_size(young_used(p) + p->heap.fragment_words); // larger than needed: fewer major collections
    p->old_start = p->old_top = gc_block_new(words);
    p->old_end = p->old_start + words;
  }
  // Each collection walks the whole stack: a deep one gets room to grow, lest ever less room brings ever more collections.
  Word reserve = stack > kDeepStack ? stack / 2 : 0;
  Word words = gc_next_size(
      std::max<Word>(p->min_heap_size, young_used(p) + p->heap.fragment_words + stack + reserve + kStackMargin));
  Word *block = alloc_young(words), *old_from = p->old_top;
  Collector<true> c(p, block);
  c.evacuate_roots(x, live);
  c.scan(block, old_from);
  Survivors survivors, promoted;
  sweep_fragments(p, c, &survivors, &promoted, p->old_start, p->old_end);
  c.sweep(p->heap.off_heap, &survivors, &promoted, p->old_start, p->old_end);
  OffHeap young = survivors.before({});
  p->old_off_heap = promoted.before(p->old_off_heap);
  p->old_top = c.old_top();
  Word moved = Word(c.young_top() - block) + Word(c.old_top() - old_from);
  install(p, block, words, c.young_top(), young);
  p->vheap_limit = next_vheap(young.bytes, Word(p->min_vheap_size) * sizeof(Word));
  p->gen_gcs++;
  adjust_minor(p, need, x, live);
  return int(moved / 10);
}

int major(Process *p, Word need, Term *x, unsigned live) {
  Word stack = p->stack_words();
  Word most =
      young_used(p) + p->heap.fragment_words + Word(p->old_top - p->old_start) + stack + need + 2 * kStackMargin;
  Word words = gc_next_size(std::max<Word>(most, p->min_heap_size));
  Word *block = alloc_young(words);
  Collector<false> c(p, block);
  c.evacuate_roots(x, live);
  c.scan(block, p->old_top);
  Survivors survivors;
  sweep_fragments(p, c, &survivors, &survivors, nullptr, nullptr);
  c.sweep(p->heap.off_heap, &survivors, &survivors, nullptr, nullptr);
  c.sweep(p->old_off_heap, &survivors, &survivors, nullptr, nullptr);
  OffHeap young = survivors.before({});
  p->old_off_heap = {};
  gc_block_free(p->old_start);
  p->old_start = p->old_top = p->old_end = nullptr;
  install(p, block, words, c.young_top(), young);
  p->vheap_limit = next_vheap(young.bytes, Word(p->min_vheap_size) * sizeof(Word));
  p->old_vheap_limit = next_vheap(young.bytes, Word(p->min_vheap_size) * sizeof(Word));
  p->gen_gcs = 0;
  Word moved = young_used(p);
  adjust_major(p, need, x, live);
  return int(moved / 10);
}

bool want_major(const Process *p) {
  if (gc_stress || p->force_gc || p->gen_gcs >= p->max_gen_gcs) return true;
  Word mature = Word(p->high_water - p->heap_start);
  if (p->old_start && Word(p->old_end - p->old_top) < mature) return true;
  return p->old_off_heap.bytes > p->old_vheap_limit;
}

// Filled words of both generations and fragments.
Word used_words(const Process *p) { return young_used(p) + Word(p->old_top - p->old_start) + p->heap.fragment_words; }

constexpr Word kLongWords = 1 << 17; // to collect so much may take a good part of a millisecond

int run(Process *p, Word need, Term *x, unsigned live, bool full) {
  if (p->max_heap_size) {
    Word total = Word(p->heap_end - p->heap_start) + Word(p->old_end - p->old_start) + p->heap.fragment_words + need +
                 on_heap_message_words(p);
    if (total > p->max_heap_size) {
      if (p->max_heap_log && gc_max_heap_reached) gc_max_heap_reached(p, total);
      if (trace::traced(p, trace::flag::Gc)) [[unlikely]]
        trace::gc_event(p, atoms::gc_max_heap_size, 0);
      if (p->max_heap_kill) {
        p->fvalue = atoms::killed;
        p->state.fetch_or(pstate::Exiting);
      }
    }
  }
  MicroScope accounted(Micro::Gc);
  p->force_gc = false;
  const Word filled = used_words(p);
  const LongWork work(filled > kLongWords);
  if (filled > kLongWords) [[unlikely]]
    dist_slice.flush();
  const bool traced = trace::traced(p, trace::flag::Gc);
  Word before = 0;
  if (traced) [[unlikely]] {
    before = filled;
    trace::gc_event(p, full ? atoms::gc_major_start : atoms::gc_minor_start, need);
  }
  const bool timed = system_monitor_limits.gc() | system_monitor_limits.heap();
  const int64_t started = timed ? os_monotonic_time() : 0;
  if (uint32_t ms = timed ? gc_test_sleep_ms.load(std::memory_order_relaxed) : 0) [[unlikely]]
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  int cost = full ? major(p, need, x, live) : minor(p, need, x, live);
  const Word left = used_words(p);
  collections.fetch_add(1, std::memory_order_relaxed);
  reclaimed.fetch_add(filled > left ? filled - left : 0, std::memory_order_relaxed);
  if (timed) [[unlikely]]
    system_monitor_collected(p, uint64_t(os_monotonic_time() - started) / 1'000'000);
  if (traced) [[unlikely]] {
    trace::gc_event(p, full ? atoms::gc_major_end : atoms::gc_minor_end, before > left ? before - left : 0);
  }
#ifdef JOIST_DEBUG
  gc_verify(p, x, live);
#endif
  return cost + 1;
}

} // namespace

uint64_t gc_total_collections() { return collections.load(std::memory_order_relaxed); }
uint64_t gc_total_words_reclaimed() { return reclaimed.load(std::memory_order_relaxed); }

int gc_collect(Process *p, Word need, Term *x, unsigned live) { return run(p, need, x, live, want_major(p)); }
int gc_major(Process *p, Word need, Term *x, unsigned live) { return run(p, need, x, live, true); }

bool gc_wanted(const Process *p) {
  const Heap &h = p->heap;
  if (p->force_gc || gc_stress) return true;
  if (h.fragment_words && (h.limit < h.top || h.fragment_words > Word(h.limit - h.top))) return true;
  return h.off_heap.bytes > p->vheap_limit;
}

void gc_hibernate(Process *p, Term *x, unsigned live) {
  gc_major(p, 0, x, live);
  Word words = young_used(p) + p->stack_words() + kStackMargin;
  if (words < Word(p->heap_end - p->heap_start)) gc_resize_block(p, words, x, live);
}

} // namespace joist::runtime
