// Term: one Erlang value in one 64-bit word.
//
//   63                                   6 5 4 3 2 1 0
//   |------------- value ----------------------|0 0 0|  small integer, 61 bits signed, value << 3
//   |------------- address / 8 ----------------|0 0 1|  cons cell: points at [head, tail]
//   |------------- address / 8 ----------------|0 1 0|  boxed: points at a header word (see boxed.h)
//   |------------- payload ------------|subtag |1 0 1|  immediate: nil, atom, local pid, local port, catch
//   |------------- size in words ---|subtag(5) |1 1 0|  header; also `none` and tagged return addresses
//   |------------- rotated double -------------|t t t|  immediate float, t in {011, 100, 111}
//
// Immediate floats: the IEEE word is rotated left by 4, which brings the top of the exponent into the low
// bits; about 1e-77..1e77 and both zeroes map to three tags that nothing else uses (after one xor). All other
// doubles live in a boxed Float. A value that *can* be immediate always is, so equal floats are equal words
// (but 0.0 and -0.0 are different words that compare =:= in OTP 25).
//
// Return addresses on the Erlang stack are instruction addresses with the header tag, so the collector skips
// them and a stack walk can tell them from every term.
#pragma once
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace joist::runtime {

using Word = uint64_t;

enum class Tag : uint8_t { Small = 0, Cons = 1, Boxed = 2, Imm = 5, Header = 6 };
enum class ImmKind : uint8_t { Nil = 0, Atom = 1, Pid = 2, Port = 3, Catch = 4 };

inline constexpr int kTagBits = 3;
inline constexpr Word kTagMask = 7;
inline constexpr int kImmShift = 6; // payload of an immediate starts here
inline constexpr Word kFloatXor = 7;
// Bit t is set where low bits t mark an immediate float, replicated so that a 32-bit bit test needs no mask.
inline constexpr uint32_t kFloatTags = 0x01010101u * ((1u << 3) | (1u << 4) | (1u << 7));
inline constexpr int64_t kMaxSmall = (int64_t{1} << 60) - 1;
inline constexpr int64_t kMinSmall = -(int64_t{1} << 60);

class Term {
public:
  Term() = default; // uninitialised, as arrays of registers want it
  constexpr explicit Term(Word raw) : w_(raw) {}

  constexpr Word raw() const { return w_; }
  // Identity of words, not Erlang equality (for that: compare.h).
  constexpr bool operator==(const Term &) const = default;

  // --- none: "no value". Never visible to Erlang; means "exception" or "trap" as a BIF's result.
  static constexpr Term none() { return Term(Word(Tag::Header)); }
  constexpr bool is_none() const { return w_ == Word(Tag::Header); }

  // --- small integers
  static constexpr Term small(int64_t v) { return Term(Word(v) << kTagBits); }
  static constexpr bool fits_small(int64_t v) { return v >= kMinSmall && v <= kMaxSmall; }
  constexpr bool is_small() const { return (w_ & kTagMask) == Word(Tag::Small); }
  constexpr int64_t small_value() const { return int64_t(w_) >> kTagBits; }
  static constexpr bool both_small(Term a, Term b) { return ((a.w_ | b.w_) & kTagMask) == 0; }

  // --- lists
  static constexpr Term nil() { return imm(ImmKind::Nil, 0); }
  constexpr bool is_nil() const { return *this == nil(); }
  static Term cons(const Word *cell) { return Term(reinterpret_cast<Word>(cell) | Word(Tag::Cons)); }
  constexpr bool is_cons() const { return (w_ & kTagMask) == Word(Tag::Cons); }
  constexpr bool is_list() const { return is_cons() || is_nil(); }
  Word *cell() const {
    assert(is_cons());
    return reinterpret_cast<Word *>(w_ - Word(Tag::Cons));
  }
  Term head() const { return Term(cell()[0]); }
  Term tail() const { return Term(cell()[1]); }

  // --- boxed
  static Term boxed(const Word *obj) { return Term(reinterpret_cast<Word>(obj) | Word(Tag::Boxed)); }
  constexpr bool is_boxed() const { return (w_ & kTagMask) == Word(Tag::Boxed); }
  Word *box() const {
    assert(is_boxed());
    return reinterpret_cast<Word *>(w_ - Word(Tag::Boxed));
  }
  // Pointer to heap data, for code that treats cons and boxed alike.
  constexpr bool is_pointer() const { return ((w_ - 1) & kTagMask) < 2; }
  Word *pointer() const { return reinterpret_cast<Word *>(w_ & ~kTagMask); }

  // --- immediates
  static constexpr Term imm(ImmKind k, Word payload) {
    return Term((payload << kImmShift) | (Word(k) << kTagBits) | Word(Tag::Imm));
  }
  constexpr bool is_imm(ImmKind k) const { return (w_ & 63) == ((Word(k) << kTagBits) | Word(Tag::Imm)); }
  constexpr bool is_immediate() const { return !is_pointer() && (w_ & kTagMask) != Word(Tag::Header); }
  constexpr Word imm_payload() const { return w_ >> kImmShift; }

  static constexpr Term atom(uint32_t index) { return imm(ImmKind::Atom, index); }
  constexpr bool is_atom() const { return is_imm(ImmKind::Atom); }
  constexpr uint32_t atom_index() const { return uint32_t(imm_payload()); }

  // Local pid: payload is 28 bits, number (15 bits) | serial (13 bits) << 15. External ones are boxed.
  static constexpr Term local_pid(Word data) { return imm(ImmKind::Pid, data); }
  constexpr bool is_local_pid() const { return is_imm(ImmKind::Pid); }
  static constexpr Term local_port(Word number) { return imm(ImmKind::Port, number); }
  constexpr bool is_local_port() const { return is_imm(ImmKind::Port); }

  // Catch marker on the Erlang stack: address of the handler's code.
  static constexpr Term catch_marker(Word address) { return imm(ImmKind::Catch, address); }
  constexpr bool is_catch() const { return is_imm(ImmKind::Catch); }

  // --- immediate floats
  static constexpr bool fits_immediate_float(double d) { return encode_float(d).is_immediate_float(); }
  static constexpr Term encode_float(double d) { return Term(std::rotl(std::bit_cast<Word>(d), 4) ^ kFloatXor); }
  constexpr bool is_immediate_float() const { return (kFloatTags >> (w_ & 31)) & 1; }
  constexpr double immediate_float() const { return std::bit_cast<double>(std::rotr(w_ ^ kFloatXor, 4)); }

private:
  Word w_;
};
static_assert(sizeof(Term) == 8);

inline constexpr int kPidNumberBits = 15, kPidSerialBits = 13; // as stock 25 prints and sends them
inline constexpr int64_t kMaxPidNumber = (int64_t{1} << kPidNumberBits) - 1;

} // namespace joist::runtime
