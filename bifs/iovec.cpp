// erlang:iolist_to_iovec/1: iodata as a list of binaries for vectored output. Large binaries are passed on as they are,
// small ones and bytes are gathered; a large one that follows few gathered bytes gives them some of its beginning, so
// that no piece but the last is small.
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "bifs/pending.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {

constexpr Word kSmall = 256;             // bytes: below this a binary is gathered
constexpr Word kGatherMax = kSmall * 32; // a gathering buffer of this size is not enlarged

class Gatherer {
public:
  explicit Gatherer(Heap &h) : h_(h) {}
  Gatherer(const Gatherer &) = delete;
  ~Gatherer() {
    if (data_) bin_unref(data_);
  }
  std::vector<Term> pieces;
  Word gathered() const { return size_; }

  void byte(uint8_t b) {
    reserve(1);
    data_->data()[size_++] = b;
  }
  void binary(Term t) {
    BitView v = bit_view(t);
    Word n = v.bits / 8;
    if (n == 0) return;
    writable_freeze(t);
    v = bit_view(t);
    bool large = n >= kSmall;
    if (large && (size_ == 0 || size_ >= kSmall)) {
      finish();
      pieces.push_back(t);
    } else if (!large || n + size_ < 2 * kSmall) {
      append(v, n);
    } else {
      Word spill = kSmall - size_;
      append(v, spill);
      finish();
      pieces.push_back(make_sub_binary(h_, t, spill * 8, v.bits - spill * 8));
    }
  }
  void finish() {
    if (size_ == 0) return;
    BinData *d = bin_realloc(data_, size_);
    data_ = nullptr;
    pieces.push_back(make_refc_binary(h_, d, d->data(), size_));
    size_ = 0;
  }

private:
  void reserve(Word n) {
    Word capacity = data_ ? data_->capacity : 0;
    if (size_ + n <= capacity) return;
    if (capacity >= kGatherMax) {
      finish();
      return reserve(n);
    }
    Word wanted = std::max({size_ + n, capacity * 2, kSmall});
    data_ = data_ ? bin_realloc(data_, wanted) : bin_alloc(wanted);
  }
  void append(BitView v, Word n) {
    reserve(n);
    copy_bits(v.bytes, v.bit_offset, data_->data() + size_, 0, n * 8);
    size_ += n;
  }

  Heap &h_;
  BinData *data_ = nullptr;
  Word size_ = 0;
};

Term iovec_step(Process *p, const Term *args); // (PiecesReversed, Rest, All)

Term iovec_from(Process *p, Term done, Term t, Term all) {
  Gatherer g(p->heap);
  int64_t budget = int64_t(std::max(p->reductions, 20)) * 64, start = budget;
  TermStack pending;
  bool left = false;
  for (;;) {
    // A yield never parts what belongs together: the gathered bytes go with the rest.
    if (budget <= 0 && g.gathered() == 0) {
      left = true;
      break;
    }
    if (t.is_cons()) {
      Term head = t.head();
      budget--;
      if (head.is_small()) {
        if (head.raw() > Term::small(255).raw()) return fail_as(p, Reason::Badarg, atoms::iolist_to_iovec, all);
        g.byte(uint8_t(head.small_value()));
        t = t.tail();
      } else {
        pending.push(t.tail());
        t = head;
      }
      if (budget <= -64 * 4000) g.finish(); // an endless run of bytes
      continue;
    }
    if (is_bitstring(t)) {
      if (!is_binary(t)) return fail_as(p, Reason::Badarg, atoms::iolist_to_iovec, all);
      g.binary(t);
      budget -= 8;
    } else if (!t.is_nil()) {
      return fail_as(p, Reason::Badarg, atoms::iolist_to_iovec, all);
    }
    if (pending.empty()) break;
    t = pending.pop();
  }
  g.finish();
  for (Term piece : g.pieces) done = make_cons(p->heap, piece, done);
  p->bump((start - budget) / 64);
  if (left) {
    Term rest = pending_data(p->heap, t, pending);
    if (rest.is_none()) return fail_as(p, Reason::Badarg, atoms::iolist_to_iovec, all);
    static const Export *k = bif_continuation("iolist_to_iovec", 3, iovec_step);
    return yield_to(p, k, done, rest, all);
  }
  Term list = Term::nil();
  for (; done.is_cons(); done = done.tail()) list = make_cons(p->heap, done.head(), list);
  return list;
}
Term iovec_step(Process *p, const Term *args) { return iovec_from(p, args[0], args[1], args[2]); }

} // namespace

Term erlang_iolist_to_iovec_1(Process *p, const Term *args) {
  if (is_bitstring(args[0]) && is_binary(args[0]))
    return bit_view(args[0]).bits ? make_cons(p->heap, args[0], Term::nil()) : Term::nil();
  return args[0].is_list() ? iovec_from(p, Term::nil(), args[0], args[0]) : badarg(p);
}

} // namespace joist::bifs
