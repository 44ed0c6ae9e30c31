// Heap blocks: sizes, creation, release, and moving a block to one of another size.
#include "runtime/mem/gc_internal.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/scan.h"
#include "runtime/proc/dictionary.h"
#include "runtime/sys/flags.h"
#include "runtime/term/binary.h"

namespace joist::runtime {
namespace {

// Sizes grow like Fibonacci numbers up to about a million words, then by a fifth: stock's table, visible in process_info.
const std::vector<Word> &size_table() {
  static const std::vector<Word> table = [] {
    std::vector<Word> t{12, 38};
    while (t.size() < 23) t.push_back(t[t.size() - 1] + t[t.size() - 2] + 1);
    while (t.back() < Word{1} << 56) t.push_back(t.back() + t.back() / 5);
    return t;
  }();
  return table;
}

} // namespace

Word gc_next_size(Word words) {
  auto &t = size_table();
  return *std::lower_bound(t.begin(), t.end(), words);
}

Word *gc_block_new(Word words) { return static_cast<Word *>(mem_alloc(MemKind::Process, words * sizeof(Word))); }
void gc_block_free(Word *block) { mem_free(MemKind::Process, block); }

void gc_init_heap(Process *p, Word min_heap) {
  Word words = gc_next_size(min_heap + kStackMargin > 233 ? min_heap : std::max<Word>(min_heap, 12));
  p->min_heap_size = uint32_t(words);
  p->heap_start = gc_block_new(words);
  p->heap_end = p->heap_start + words;
  p->heap.top = p->high_water = p->heap_start;
  p->stack_top = p->heap_end;
  p->sync_limit();
  p->vheap_limit = Word(p->min_vheap_size) * sizeof(Word);
  p->old_vheap_limit = p->vheap_limit;
}

void gc_free_heap(Process *p) {
  off_heap_release(p->heap.off_heap);
  off_heap_release(p->old_off_heap);
  fragment_free(p->heap.fragments);
  p->heap.fragments = nullptr;
  p->heap.fragment_words = 0;
  p->heap.frag_top = p->heap.frag_limit = nullptr;
  gc_block_free(p->heap_start);
  gc_block_free(p->old_start);
  p->heap_start = p->heap_end = p->heap.top = p->heap.limit = p->high_water = p->stack_top = nullptr;
  p->old_start = p->old_top = p->old_end = nullptr;
}

void gc_resize_block(Process *p, Word words, Term *x, unsigned live) {
  Word *from = p->heap_start, *from_top = p->heap.top;
  Word used = Word(from_top - from), stack = p->stack_words();
  assert(words >= used + stack);
  Word *to = gc_block_new(words);
  memcpy(to, from, used * sizeof(Word));
  Word *stack_to = to + words - stack;
  memcpy(stack_to, p->stack_top, stack * sizeof(Word));
  Word delta = Word(to) - Word(from);
  auto move = [&](Word *slot) {
    Term t(*slot);
    if (t.is_pointer() && t.pointer() >= from && t.pointer() < from_top) *slot += delta;
  };
  std::vector<MatchCtxObj *> contexts;
  scan_area(to, to + used, move, [&](Word *obj) {
    if (header_kind(*obj) == Kind::MatchCtx) contexts.push_back(reinterpret_cast<MatchCtxObj *>(obj));
  });
  for (Word *s = stack_to; s < to + words; s++) move(s);
  gc_each_root(p, x, live, [&](Term *t) { move(reinterpret_cast<Word *>(t)); });
  Word **link = &p->heap.off_heap.first;
  while (*link) {
    if (*link >= from && *link < from_top) *link = reinterpret_cast<Word *>(Word(*link) + delta);
    Word *obj = *link;
    link = header_kind(*obj) == Kind::RefcBin ? &reinterpret_cast<RefcBinObj *>(obj)->next
                                              : &reinterpret_cast<MagicRefObj *>(obj)->next;
  }
  for (auto *c : contexts) match_ctx_rebase(c);
  p->high_water = to + (p->high_water - from);
  p->heap_start = to;
  p->heap_end = to + words;
  p->heap.top = to + used;
  p->stack_top = stack_to;
  p->sync_limit();
  gc_block_free(from);
}

} // namespace joist::runtime
