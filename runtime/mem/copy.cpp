#include "runtime/mem/copy.h"

#include "runtime/mem/literal.h"
#include "runtime/mem/magic.h"
#include "runtime/mem/scan.h"

#include <unordered_map>
#include <unordered_set>

namespace joist::runtime {
namespace {

// How a bitstring that shares bytes is copied: the part it shows, not what it is cut from.
enum class SliceShape : uint8_t {
  HeapBin,       // whole bytes, few
  HeapBinAndSub, // a few bytes with a bit offset or bit tail
  RefcBin,       // whole bytes of reference-counted data
  RefcBinAndSub, // bits of reference-counted data
};
struct Slice {
  SliceShape shape;
  const uint8_t *bytes; // first byte touched
  Word bit_offset, bits;
  Word touched;           // bytes touched
  const RefcBinObj *refc; // null for data on a heap
  Word words;             // that the copy takes
};

Word heap_bin_words(Word bytes) { return 2 + (bytes + 7) / 8; }

Slice slice_of(Term t) {
  Word *b = t.box();
  Slice s{};
  Term original;
  if (header_kind(*b) == Kind::MatchCtx) {
    auto *c = reinterpret_cast<MatchCtxObj *>(b);
    original = Term(c->original);
    s.bytes = c->base + c->position / 8;
    s.bit_offset = c->position % 8;
    s.bits = c->end - c->position;
  } else {
    auto *sub = reinterpret_cast<SubBinObj *>(b);
    original = Term(sub->original);
    BitView v = bit_view(t);
    s.bytes = v.bytes;
    s.bit_offset = v.bit_offset;
    s.bits = v.bits;
  }
  s.touched = (s.bit_offset + s.bits + 7) / 8;
  bool whole = s.bit_offset == 0 && s.bits % 8 == 0;
  if (kind_of(original) == Kind::SubBin) original = Term(reinterpret_cast<SubBinObj *>(original.box())->original);
  s.refc = kind_of(original) == Kind::RefcBin ? reinterpret_cast<RefcBinObj *>(original.box()) : nullptr;
  if (!s.refc || s.touched <= kHeapBinMax) {
    s.refc = nullptr;
    s.shape = whole ? SliceShape::HeapBin : SliceShape::HeapBinAndSub;
    s.words = heap_bin_words(s.touched) + (whole ? 0 : kSubBinWords);
  } else {
    s.shape = whole ? SliceShape::RefcBin : SliceShape::RefcBinAndSub;
    s.words = kRefcBinWords + (whole ? 0 : kSubBinWords);
  }
  return s;
}

bool is_slice(Word hdr) { return header_kind(hdr) == Kind::SubBin || header_kind(hdr) == Kind::MatchCtx; }

// Writes the copy of a slice at *dst (advanced); the object it starts with is the result.
Term copy_slice(const Slice &s, Word **dst, Heap &h) {
  Word *at = *dst;
  *dst += s.words;
  bool with_sub = s.shape == SliceShape::HeapBinAndSub || s.shape == SliceShape::RefcBinAndSub;
  Word *data = with_sub ? at + kSubBinWords : at;
  if (s.refc) {
    auto *r = reinterpret_cast<RefcBinObj *>(data);
    r->hdr = header(Kind::RefcBin, kRefcBinWords - 1);
    r->size = s.touched;
    r->bytes = const_cast<uint8_t *>(s.bytes);
    r->data = s.refc->data;
    r->flags = 0;
    bin_ref(r->data);
    h.own(r);
  } else {
    data[0] = header(Kind::HeapBin, heap_bin_words(s.touched) - 1);
    data[1] = s.touched;
    if (s.touched) {
      data[1 + (s.touched + 7) / 8] = 0;
      memcpy(data + 2, s.bytes, s.touched);
    }
  }
  if (with_sub) {
    auto *sub = reinterpret_cast<SubBinObj *>(at);
    *sub = {};
    sub->hdr = header(Kind::SubBin, kSubBinWords - 1);
    sub->size = s.bits / 8;
    sub->bit_offset = uint8_t(s.bit_offset);
    sub->bit_size = uint8_t(s.bits % 8);
    sub->original = Term::boxed(data).raw();
  }
  return Term::boxed(at);
}

// Copies one headed object that is no slice; its inner terms still refer to the source.
Term copy_object(Word *src, Word **dst, Heap &h) {
  Word *at = *dst;
  Word n = header_size(*src) + 1;
  memcpy(at, src, n * sizeof(Word));
  *dst += n;
  if (header_kind(*src) == Kind::RefcBin) {
    auto *r = reinterpret_cast<RefcBinObj *>(at);
    // Two references now: the source may no longer be appended to in place.
    if (r->flags) reinterpret_cast<RefcBinObj *>(src)->flags = r->flags = 0;
    bin_ref(r->data);
    h.own(r);
  } else if (header_kind(*src) == Kind::MagicRef) {
    auto *r = reinterpret_cast<MagicRefObj *>(at);
    bin_ref(r->data);
    h.own(r);
  }
  return Term::boxed(at);
}

// A writable binary's data may move when its owner appends: give that up before sharing it.
void freeze_source(const Slice &s) {
  if (s.refc && s.refc->flags) const_cast<RefcBinObj *>(s.refc)->flags = 0;
}

// Which objects a copy shares with its source instead of copying them.
struct Shared {
  bool literals;
  const LiteralArea *except; // copied although it is a literal
  explicit Shared(bool literals)
      : Shared(literals, literals ? literal_area_leaving.load(std::memory_order_acquire) : nullptr) {}
  Shared(bool literals, const LiteralArea *except) : literals(literals), except(except) {}
  bool operator()(const Word *p) const { return literals && is_literal(p) && !(except && except->contains(p)); }
};

// Things still to visit; one per thread, whoever uses it leaves it as it was.
template <class T> std::vector<T> &work_of() {
  thread_local std::vector<T> work;
  return work;
}

// Visits every object reachable from t once per reference. f(Term) answers how many words it takes and whether to go into it.
template <class F> Word walk(Term root, F f) {
  std::vector<Term> &work = work_of<Term>();
  size_t base = work.size();
  Word total = 0;
  Term t = root;
  for (;;) {
    Word words = 0;
    bool inside = t.is_pointer() && f(t, &words);
    total += words;
    if (inside) {
      if (t.is_cons()) {
        if (t.head().is_pointer()) work.push_back(t.head());
        t = t.tail();
        continue;
      }
      Word *b = t.box();
      TermRange r = object_terms(*b);
      for (Word i = r.first; i < r.last; i++)
        if (Term(b[i]).is_pointer()) work.push_back(Term(b[i]));
    }
    if (work.size() == base) return total;
    t = work.back();
    work.pop_back();
  }
}

// Copies what root refers to to dst, `words` as size_to_copy found. Every object is written once; slots of copies that
// still refer to the source wait in the work list.
Term copy_into(Term root, Word *dst, Word words, Heap &h, Shared shared) {
  [[maybe_unused]] Word *end = dst + words;
  std::vector<Word *> &work = work_of<Word *>();
  size_t base = work.size();
  Word result = root.raw();
  Word *slot = &result;
  for (;;) {
    Term t(*slot);
    Word *p = t.pointer();
    if (t.is_pointer() && !shared(p)) {
      if (t.is_cons()) { // the whole list one cell behind the other
        for (;;) {
          Word *c = dst;
          dst += 2;
          *slot = Term::cons(c).raw();
          c[0] = p[0];
          c[1] = p[1];
          if (Term(p[0]).is_pointer()) work.push_back(c);
          slot = c + 1;
          t = Term(p[1]);
          if (!t.is_cons()) break;
          p = t.pointer();
          if (shared(p)) break;
        }
        if (t.is_boxed()) continue; // an improper tail
      } else if (is_slice(*p)) {
        Slice s = slice_of(t);
        freeze_source(s);
        *slot = copy_slice(s, &dst, h).raw();
      } else {
        Word *obj = dst;
        *slot = copy_object(p, &dst, h).raw();
        TermRange r = object_terms(*obj);
        for (Word i = r.first; i < r.last; i++)
          if (Term(obj[i]).is_pointer()) work.push_back(obj + i);
      }
    }
    if (work.size() == base) break;
    slot = work.back();
    work.pop_back();
  }
  assert(dst == end);
  return Term(result);
}

} // namespace

namespace {

Word size_to_copy(Term t, Shared shared) {
  if (!t.is_pointer()) return 0;
  return walk(t, [shared](Term x, Word *words) {
    if (shared(x.pointer())) return false;
    if (x.is_cons()) {
      *words = 2;
      return true;
    }
    Word hdr = *x.box();
    if (is_slice(hdr)) {
      *words = slice_of(x).words;
      return false;
    }
    *words = header_size(hdr) + 1;
    return true;
  });
}

Term copy_whole(Term t, Heap &h, Shared shared) {
  Word words = size_to_copy(t, shared);
  return words ? copy_into(t, h.alloc(words), words, h, shared) : t;
}

} // namespace

Word size_of(Term t, bool skip_literals) { return size_to_copy(t, Shared{skip_literals}); }

Term copy(Term t, Heap &h, bool skip_literals) { return copy_whole(t, h, Shared{skip_literals}); }

Term copy_out_of(Term t, Heap &h, const LiteralArea &area) { return copy_whole(t, h, Shared{true, &area}); }

Term copy_to_fragment(Term t, Fragment **out, bool skip_literals) {
  *out = nullptr;
  const Shared shared(skip_literals);
  Word words = size_to_copy(t, shared);
  if (!words) return t;
  FragmentHeap h(words);
  Term r = copy_into(t, h.alloc(words), words, h, shared);
  *out = h.take();
  return r;
}

Word size_shared(Term t) {
  std::unordered_set<const Word *> seen;
  return walk(t, [&seen](Term x, Word *words) {
    if (is_literal(x.pointer()) || !seen.insert(x.pointer()).second) return false;
    *words = x.is_cons() ? 2 : header_size(*x.box()) + 1;
    return true;
  });
}

Term copy_shared(Term root, Heap &h) {
  std::unordered_map<const Word *, Term> copies;
  std::vector<Word *> pending; // slots of copies that still refer to the source
  Word result = root.raw();
  pending.push_back(&result);
  while (!pending.empty()) {
    Word *slot = pending.back();
    pending.pop_back();
    Term t(*slot);
    if (!t.is_pointer() || is_literal(t.pointer())) continue;
    if (auto it = copies.find(t.pointer()); it != copies.end()) {
      *slot = it->second.raw();
      continue;
    }
    Term made;
    if (t.is_cons()) {
      Word *c = h.alloc(2);
      c[0] = t.cell()[0];
      c[1] = t.cell()[1];
      made = Term::cons(c);
      pending.push_back(c);
      pending.push_back(c + 1);
    } else if (is_slice(*t.box())) {
      Slice s = slice_of(t);
      freeze_source(s);
      Word *dst = h.alloc(s.words);
      made = copy_slice(s, &dst, h);
    } else {
      Word *dst = h.alloc(header_size(*t.box()) + 1), *obj = dst;
      made = copy_object(t.box(), &dst, h);
      TermRange r = object_terms(*obj);
      for (Word i = r.first; i < r.last; i++) pending.push_back(obj + i);
    }
    copies.emplace(t.pointer(), made);
    *slot = made.raw();
  }
  return Term(result);
}

} // namespace joist::runtime
