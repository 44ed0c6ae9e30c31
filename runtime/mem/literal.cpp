#include "runtime/mem/literal.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/arena.h"
#include "runtime/mem/copy.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

namespace joist::runtime {

Word *literal_base = nullptr;

namespace {
Arena *arena;
}

void literal_init() {
  if (arena) return;
  void *p = mmap(nullptr, kLiteralReserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    fprintf(stderr, "joist: cannot reserve address space for literals; check ulimit -v\n");
    exit(1);
  }
  literal_base = static_cast<Word *>(p);
  arena = new Arena(p, kLiteralReserve);
}

LiteralArea *literal_area_new(Word words) {
  auto *area = new LiteralArea;
  area->start = static_cast<Word *>(arena->alloc(words * sizeof(Word)));
  if (!area->start) {
    fprintf(stderr, "literal_alloc: Cannot allocate %llu bytes of memory (of type \"literal\").\n",
            static_cast<unsigned long long>(words * sizeof(Word)));
    abort();
  }
  memset(area->start, 0, words * sizeof(Word));
  area->end = area->start + words;
  return area;
}

void literal_area_free(LiteralArea *area) {
  if (!area) return;
  off_heap_release(area->off_heap);
  arena->free(area->start, size_t(area->end - area->start) * sizeof(Word));
  delete area;
}

LiteralArea *literal_copy(Term t, Term *out) {
  LiteralArea *area = literal_area_new(size_of(t, true));
  Heap h;
  h.top = area->start;
  h.limit = area->end;
  *out = copy(t, h, true);
  area->off_heap = h.off_heap;
  return area;
}

} // namespace joist::runtime
