// Where terms are built.
//
// Heap is the bump allocator that everything that constructs terms takes: `h.alloc(n)` gives n uninitialised
// words that the caller must fill before the next possible collection. It never collects and never moves
// anything: when the main block is full it continues in a fragment. So code outside vm/ holds raw Terms freely.
// Collections happen only in the interpreter's test-heap slow path, after a BIF returned, at schedule-out, and
// in the few BIFs whose comment says so.
//
// Kinds of heap: a Process (block + fragments), a message under construction (FragmentHeap: fragments only), a
// literal area, an ETS object. A Heap is used by one thread at a time.
#pragma once
#include "runtime/term/boxed.h"

namespace joist::runtime {

// Objects with something to release outside the heap, linked through their `next` words.
struct OffHeap {
  Word *first = nullptr;
  Word bytes = 0; // virtual binary heap: bytes of RefcBin data reachable from this list
};

// A separately allocated piece of heap. `used` words are filled from `words`. Fragments of one message or one
// process form a singly linked list; off_heap lists what this fragment's objects own.
struct Fragment {
  Fragment *next;
  OffHeap off_heap;
  Word size; // capacity in words
  Word used;
  Word words[1];
};

struct Heap {
  Word *top = nullptr;   // next free word
  Word *limit = nullptr; // for a process: the stack pointer minus the margin
  OffHeap off_heap;      // of the main block
  Fragment *fragments = nullptr;
  Word fragment_words = 0;                         // filled words in all fragments
  Word *frag_top = nullptr, *frag_limit = nullptr; // free room in the newest fragment

  // n words, uninitialised. n >= 1.
  Word *alloc(Word n) {
    if (Word(limit - top) >= n && limit >= top) [[likely]] {
      Word *r = top;
      top += n;
      return r;
    }
    return alloc_fragment(n);
  }
  Word *alloc_fragment(Word n);
  // Gives back the unused end of the most recent alloc: `end` lies within it.
  void trim(Word *end);
  // Takes over a list of fragments (a received message's); what lies in them now belongs to this heap.
  void adopt(Fragment *list);
  // Links an object that has a `next` word (RefcBin, MagicRef).
  void own(RefcBinObj *b) {
    b->next = off_heap.first;
    off_heap.first = &b->hdr;
    off_heap.bytes += b->size;
  }
  void own(MagicRefObj *r) {
    r->next = off_heap.first;
    off_heap.first = &r->hdr;
  }
};

// A heap made of fragments only, e.g. for a message. After building, take() yields the list (caller owns it) with
// the off-heap list moved into its first fragment.
struct FragmentHeap : Heap {
  FragmentHeap() = default;
  explicit FragmentHeap(Word size_hint);
  FragmentHeap(const FragmentHeap &) = delete;
  ~FragmentHeap() { // frees what was not taken
    if (fragments || off_heap.first) release();
  }
  Fragment *take();

private:
  void release();
};

Fragment *fragment_new(Word words);
void fragment_free(Fragment *list);   // whole list, releasing what its objects own
void off_heap_release(OffHeap &list); // drops every reference of the list

// --- constructors (none of them collects)
inline Term make_cons(Heap &h, Term head, Term tail) {
  Word *c = h.alloc(2);
  c[0] = head.raw();
  c[1] = tail.raw();
  return Term::cons(c);
}
template <class... T> Term make_tuple(Heap &h, T... elements) {
  Word *b = h.alloc(1 + sizeof...(T));
  b[0] = header(Kind::Tuple, sizeof...(T));
  Word i = 1;
  ((b[i++] = Term(elements).raw()), ...);
  return Term::boxed(b);
}
template <class... T> Term make_list(Heap &h, T... elements) {
  Term items[] = {elements...};
  Term l = Term::nil();
  for (size_t i = sizeof...(T); i-- > 0;) l = make_cons(h, items[i], l);
  return l;
}
inline Term make_float(Heap &h, double d) {
  Term t = Term::encode_float(d);
  if (t.is_immediate_float()) return t;
  Word *b = h.alloc(2);
  b[0] = header(Kind::Float, 1);
  b[1] = std::bit_cast<Word>(d);
  return Term::boxed(b);
}
// Any 64-bit integer: a small, or a one-limb bignum.
Term make_int(Heap &h, int64_t v);
Term make_uint(Heap &h, uint64_t v);
// List of character codes / bytes.
Term make_string(Heap &h, const char *latin1, size_t n);
Term make_string_utf8(Heap &h, const char *utf8, size_t n); // invalid bytes taken as Latin-1

} // namespace joist::runtime
