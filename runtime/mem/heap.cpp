#include "runtime/mem/heap.h"

#include "runtime/mem/account.h"
#include "runtime/mem/magic.h"

namespace joist::runtime {
namespace {
constexpr Word kMinFragment = 64;
size_t fragment_bytes(Word words) { return offsetof(Fragment, words) + std::max<Word>(words, 1) * sizeof(Word); }
} // namespace

Fragment *fragment_new(Word words) {
  auto *f = static_cast<Fragment *>(mem_alloc_sized(MemKind::Process, fragment_bytes(words)));
  f->next = nullptr;
  f->off_heap = {};
  f->size = words;
  f->used = 0;
  return f;
}

void fragment_free(Fragment *list) {
  while (list) {
    Fragment *next = list->next;
    off_heap_release(list->off_heap);
    mem_free_sized(MemKind::Process, list, fragment_bytes(list->size));
    list = next;
  }
}

void off_heap_release(OffHeap &list) {
  for (Word *o = list.first; o;) {
    if (header_kind(*o) == Kind::RefcBin) {
      auto *b = reinterpret_cast<RefcBinObj *>(o);
      o = b->next;
      bin_unref(b->data);
    } else {
      auto *r = reinterpret_cast<MagicRefObj *>(o);
      o = r->next;
      bin_unref(r->data);
    }
  }
  list = {};
}

Word *Heap::alloc_fragment(Word n) {
  if (Word(frag_limit - frag_top) < n) {
    // Each new fragment at least doubles what there is, so that building a large term needs few of them.
    Word size = std::max({n, kMinFragment, std::min<Word>(fragment_words, Word{1} << 20)});
    Fragment *f = fragment_new(size);
    f->next = fragments;
    fragments = f;
    frag_top = f->words;
    frag_limit = f->words + size;
  }
  Word *r = frag_top;
  frag_top += n;
  fragments->used += n;
  fragment_words += n;
  return r;
}

void Heap::trim(Word *end) {
  if (fragments && end >= fragments->words && end <= frag_top && frag_top) {
    Word back = Word(frag_top - end);
    frag_top = end;
    fragments->used -= back;
    fragment_words -= back;
  } else {
    assert(end <= top);
    top = end;
  }
}

void Heap::adopt(Fragment *list) {
  if (!list) return;
  frag_top = frag_limit = nullptr;
  Fragment *last = list;
  for (;; last = last->next) {
    fragment_words += last->used;
    off_heap.bytes += last->off_heap.bytes; // of the virtual heap, though the list stays theirs
    if (!last->next) break;
  }
  last->next = fragments;
  fragments = list;
}

FragmentHeap::FragmentHeap(Word size_hint) {
  if (!size_hint) return;
  fragments = fragment_new(size_hint);
  frag_top = fragments->words;
  frag_limit = frag_top + size_hint;
}

void FragmentHeap::release() {
  off_heap_release(off_heap);
  fragment_free(fragments);
}

Fragment *FragmentHeap::take() {
  Fragment *f = fragments;
  if (f && off_heap.first) {
    if (f->off_heap.first) { // it was adopted with a list of its own
      Fragment *head = fragment_new(1);
      head->next = f;
      f = head;
    }
    Word bytes = off_heap.bytes;
    for (Fragment *other = f; other; other = other->next) bytes -= other->off_heap.bytes;
    f->off_heap = {off_heap.first, bytes};
  }
  off_heap = {};
  fragments = nullptr;
  frag_top = frag_limit = nullptr;
  fragment_words = 0;
  return f;
}

Term make_int(Heap &h, int64_t v) {
  if (Term::fits_small(v)) return Term::small(v);
  Word *b = h.alloc(2);
  b[0] = header(v < 0 ? Kind::NegBig : Kind::PosBig, 1);
  b[1] = v < 0 ? Word(0) - Word(v) : Word(v);
  return Term::boxed(b);
}

Term make_uint(Heap &h, uint64_t v) {
  if (v <= Word(kMaxSmall)) return Term::small(int64_t(v));
  Word *b = h.alloc(2);
  b[0] = header(Kind::PosBig, 1);
  b[1] = v;
  return Term::boxed(b);
}

Term make_string(Heap &h, const char *latin1, size_t n) {
  if (!n) return Term::nil();
  Word *c = h.alloc(2 * n);
  Term l = Term::nil();
  for (size_t i = n; i-- > 0;) {
    c[2 * i] = Term::small(uint8_t(latin1[i])).raw();
    c[2 * i + 1] = l.raw();
    l = Term::cons(c + 2 * i);
  }
  return l;
}

Term make_string_utf8(Heap &h, const char *utf8, size_t n) {
  std::vector<uint32_t> chars;
  chars.reserve(n);
  for (size_t i = 0; i < n;) {
    uint8_t b = uint8_t(utf8[i]);
    unsigned extra = b < 0x80 ? 0 : (b & 0xe0) == 0xc0 ? 1 : (b & 0xf0) == 0xe0 ? 2 : (b & 0xf8) == 0xf0 ? 3 : 9;
    uint32_t c = extra == 0 ? b : extra == 1 ? b & 0x1f : extra == 2 ? b & 0xf : b & 7;
    bool good = extra <= 3 && i + extra < n;
    for (unsigned k = 1; good && k <= extra; k++) {
      good = (uint8_t(utf8[i + k]) & 0xc0) == 0x80;
      c = c << 6 | (uint8_t(utf8[i + k]) & 0x3f);
    }
    chars.push_back(good ? c : b);
    i += good ? extra + 1 : 1;
  }
  Term l = Term::nil();
  for (size_t i = chars.size(); i-- > 0;) l = make_cons(h, Term::small(chars[i]), l);
  return l;
}

} // namespace joist::runtime
