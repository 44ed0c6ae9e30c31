// Magic references: a reference term that keeps a C++ object alive; used by ETS table ids, match-spec programs,
// compiled patterns, resources and yielding BIFs. Looks like an ordinary reference to Erlang.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
// Object kept behind the BinData header. `T` is destroyed when the last reference to it goes, on any thread.
template <class T> struct Magic : BinData {
  T value;
};
BinData *magic_alloc(size_t bytes, void (*destroy)(BinData *)); // refs = 1
template <class T> void magic_destroy(BinData *b) { static_cast<Magic<T> *>(b)->value.~T(); }
template <class T, class... A> Magic<T> *magic_new(A &&...a) {
  auto *m = static_cast<Magic<T> *>(magic_alloc(sizeof(Magic<T>), magic_destroy<T>));
  new (&m->value) T(static_cast<A &&>(a)...);
  return m;
}
// A term for m; adds a reference to it. The numbers are a fresh unique reference's.
Term make_magic_ref(Heap &h, BinData *m);
// With the numbers given (ref_fresh_magic_numbers), for references to one object that are to be equal.
Term make_magic_ref(Heap &h, BinData *m, const uint32_t numbers[3]);
inline BinData *magic_data(Term ref) { return reinterpret_cast<MagicRefObj *>(ref.box())->data; }
// The object if `t` is a magic ref whose object is a T, else null.
template <class T> T *magic_value(Term t) {
  return is_magic_ref(t) && magic_data(t)->destroy == &magic_destroy<T> ? &static_cast<Magic<T> *>(magic_data(t))->value
                                                                        : nullptr;
}
// --- plain binary data
BinData *bin_alloc(size_t bytes);        // refs = 1
BinData *bin_realloc(BinData *, size_t); // sole owner only
inline void bin_ref(BinData *b) { b->refs.fetch_add(1, std::memory_order_relaxed); }
void bin_unref(BinData *b); // frees on the last
} // namespace joist::runtime
