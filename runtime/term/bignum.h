// Integers as sign and magnitude, for the number*.cpp files: views on terms, results built in place on a heap.
// GMP's mpn functions work on the limbs directly.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/term/number.h"

#include <algorithm>
#include <gmp.h>
#include <memory>

namespace joist::runtime::bignum {
static_assert(sizeof(mp_limb_t) == sizeof(Word) && GMP_NUMB_BITS == 64);

// Stock's greatest bignum has this many limbs (33,554,368 bits).
inline constexpr Word kMaxLimbs = (Word{1} << 19) - 1;

inline mp_limb_t *limbs(Word *p) { return reinterpret_cast<mp_limb_t *>(p); }
inline const mp_limb_t *limbs(const Word *p) { return reinterpret_cast<const mp_limb_t *>(p); }

// An integer term as magnitude (no leading zero limbs; n = 0 for zero) and sign. Refers to itself: not copyable.
class View {
public:
  explicit View(Term t) {
    if (t.is_small()) {
      int64_t v = t.small_value();
      negative = v < 0;
      own_ = negative ? Word(-v) : Word(v);
      p = &own_;
      n = own_ != 0;
    } else {
      negative = big_negative(t);
      p = big_limbs(t);
      n = big_size(t);
    }
  }
  View(const View &) = delete;
  const Word *p;
  Word n;
  bool negative;

private:
  Word own_;
};

// Temporary limbs.
class Scratch {
public:
  explicit Scratch(Word n) : p_(inline_) {
    if (n > kInline) {
      more_.reset(new Word[n]);
      p_ = more_.get();
    }
  }
  operator Word *() { return p_; }

private:
  static constexpr Word kInline = 32;
  Word inline_[kInline];
  std::unique_ptr<Word[]> more_;
  Word *p_;
};

// Room for a bignum of up to n limbs at box + 1; to be completed by finish before anything else is allocated.
inline Word *begin(Heap &h, Word n) { return h.alloc(1 + n); }
// Makes a term of the n limbs at box + 1: a small if it fits, kTooBig (nothing kept) if over stock's limit.
Term finish(Heap &h, Word *box, Word n, bool negative);

inline int compare_magnitudes(const Word *a, Word na, const Word *b, Word nb) {
  if (na != nb) return na < nb ? -1 : 1;
  return na ? mpn_cmp(limbs(a), limbs(b), mp_size_t(na)) : 0;
}

Term bitwise(Heap &h, ArithOp op, Term a, Term b);
Term shift(Heap &h, Term a, Term by, bool left);
} // namespace joist::runtime::bignum
