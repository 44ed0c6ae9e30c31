// Literal areas: terms of loaded modules and of persistent_term, shared by all processes and never collected in
// place. All areas lie in one reserved address range, so "is it a literal" is one subtraction and comparison.
#pragma once
#include "runtime/mem/heap.h"

#include <atomic>

namespace joist::runtime {

extern Word *literal_base;                              // set once by literal_init
inline constexpr Word kLiteralReserve = Word{16} << 30; // bytes of address space
inline bool is_literal(const Word *p) {
  return Word(reinterpret_cast<const char *>(p) - reinterpret_cast<const char *>(literal_base)) < kLiteralReserve;
}

struct LiteralArea {
  Word *start, *end; // [start, end)
  OffHeap off_heap;
  bool contains(const Word *p) const { return p >= start && p < end; }
};
// The area about to be freed, which copies of terms leave instead of sharing it (code/literal_release.h).
inline std::atomic<const LiteralArea *> literal_area_leaving{nullptr};
void literal_init();
LiteralArea *literal_area_new(Word words); // zero-filled; start..end
void literal_area_free(LiteralArea *);     // releases off-heap references and the memory
// Copies t whole (literals inside are shared as they are) into a fresh area; the copied root is in *out.
LiteralArea *literal_copy(Term t, Term *out);
} // namespace joist::runtime
