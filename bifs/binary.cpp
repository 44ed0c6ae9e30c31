// Sizes, parts and copies of binaries: byte_size/1, bit_size/1, split_binary/2, binary_part/2,3 and the simple functions
// of module binary. (Searching is in binary_match.cpp, conversions to and from lists in iodata.cpp.)
#include "runtime/term/binary.h"
#include "bifs/bifs.h"
#include "runtime/term/number.h"

namespace joist::bifs {
namespace {

constexpr Word kBytesPerReduction = 4096;

Word whole_bytes(Term bitstring) { return bit_view(bitstring).bits / 8; }

// {Pos, Len} as of binary:part/2: Len may be negative, then the part ends at Pos. False if it is not within `size`.
bool part_range(Word size, Term pos, Term len, Word *start, Word *n) {
  uint64_t at;
  int64_t l;
  if (!get_uint64(pos, &at) || !get_int64(len, &l) || at > size) return false;
  if (l < 0) {
    Word back = 0 - Word(l);
    if (back > at) return false;
    at -= back;
    *n = back;
  } else {
    if (Word(l) > size - at) return false;
    *n = Word(l);
  }
  *start = at;
  return true;
}

Term part(Process *p, Term binary, Term pos, Term len) {
  Word start, n;
  if (!is_bitstring(binary) || !part_range(whole_bytes(binary), pos, len, &start, &n)) return badarg(p);
  return make_sub_binary(p->heap, binary, start * 8, n * 8);
}

Term part_tuple(Process *p, Term binary, Term range) {
  if (!is_tuple_of(range, 2)) return badarg(p);
  return part(p, binary, tuple_elements(range)[0], tuple_elements(range)[1]);
}

} // namespace

Term erlang_byte_size_1(Process *p, const Term *args) {
  return is_bitstring(args[0]) ? Term::small(int64_t((bit_view(args[0]).bits + 7) / 8)) : badarg(p);
}
Term erlang_bit_size_1(Process *p, const Term *args) {
  return is_bitstring(args[0]) ? make_uint(p->heap, bit_view(args[0]).bits) : badarg(p);
}

Term erlang_split_binary_2(Process *p, const Term *args) {
  uint64_t at;
  if (!is_bitstring(args[0]) || !get_uint64(args[1], &at) || at > whole_bytes(args[0])) return badarg(p);
  Word bits = bit_view(args[0]).bits;
  Term left = make_sub_binary(p->heap, args[0], 0, at * 8);
  return make_tuple(p->heap, left, make_sub_binary(p->heap, args[0], at * 8, bits - at * 8));
}

Term erlang_binary_part_2(Process *p, const Term *args) { return part_tuple(p, args[0], args[1]); }
Term erlang_binary_part_3(Process *p, const Term *args) { return part(p, args[0], args[1], args[2]); }
Term binary_part_2(Process *p, const Term *args) { return part_tuple(p, args[0], args[1]); }
Term binary_part_3(Process *p, const Term *args) { return part(p, args[0], args[1], args[2]); }

Term binary_at_2(Process *p, const Term *args) {
  uint64_t at;
  if (!is_bitstring(args[0]) || !get_uint64(args[1], &at)) return badarg(p);
  BitView v = bit_view(args[0]);
  if (!v.is_binary() || at >= v.bits / 8) return badarg(p);
  return Term::small(int64_t(read_bits(v.bytes, v.bit_offset + at * 8, 8)));
}
Term binary_first_1(Process *p, const Term *args) {
  Term a[] = {args[0], Term::small(0)};
  return binary_at_2(p, a);
}
Term binary_last_1(Process *p, const Term *args) {
  if (!is_bitstring(args[0]) || whole_bytes(args[0]) == 0) return badarg(p);
  Term a[] = {args[0], Term::small(int64_t(whole_bytes(args[0]) - 1))};
  return binary_at_2(p, a);
}

Term binary_referenced_byte_size_1(Process *p, const Term *args) {
  Term t = args[0];
  if (!is_bitstring(t)) return badarg(p);
  if (kind_of(t) == Kind::SubBin) t = Term(reinterpret_cast<SubBinObj *>(t.box())->original);
  if (kind_of(t) == Kind::RefcBin) return make_uint(p->heap, reinterpret_cast<RefcBinObj *>(t.box())->data->capacity);
  return make_uint(p->heap, t.box()[1]);
}

// --- copy

namespace {

Term copy_step(Process *p, const Term *args);
const Export *copy_continuation() {
  static const Export *e = bif_continuation("binary_copy_trap", 3, copy_step);
  return e;
}

// Fills `result` from byte `done` on with repetitions of `source` until the slice is used up.
Term copy_some(Process *p, Term result, Term source, Word done) {
  BitView from = bit_view(source), to = bit_view(result);
  auto *out = const_cast<uint8_t *>(to.bytes);
  Word unit = from.bits / 8, total = to.bits / 8;
  Word budget = Word(std::max(p->reductions, 50)) * kBytesPerReduction;
  Word begin = done;
  while (done < total && done - begin < budget) {
    // Once one unit is there, what has been written is the source: ever larger pieces are copied.
    Word at = done % unit;
    if (done >= unit && at == 0) {
      Word n = std::min({done, total - done, budget});
      memcpy(out + done, out, n);
      done += n;
    } else {
      Word n = std::min({unit - at, total - done, budget});
      copy_bits(from.bytes, from.bit_offset + at * 8, out + done, 0, n * 8);
      done += n;
    }
  }
  p->bump(int64_t((done - begin) / kBytesPerReduction));
  if (done == total) return result;
  return yield_to(p, copy_continuation(), result, source, Term::small(int64_t(done)));
}

Term copy_step(Process *p, const Term *args) { return copy_some(p, args[0], args[1], Word(args[2].small_value())); }

Term copy(Process *p, Term binary, Word n) {
  if (!is_bitstring(binary) || (n && !is_binary(binary))) return badarg(p);
  Word size = whole_bytes(binary), total;
  if (__builtin_mul_overflow(size, n, &total)) return system_limit(p);
  uint8_t *bytes;
  Term result = make_binary(p->heap, total, &bytes);
  return total ? copy_some(p, result, binary, 0) : result;
}

} // namespace

Term binary_copy_1(Process *p, const Term *args) { return copy(p, args[0], 1); }
Term binary_copy_2(Process *p, const Term *args) {
  uint64_t n;
  return get_uint64(args[1], &n) ? copy(p, args[0], n) : badarg(p);
}

// --- unsigned integers as bytes

namespace {
// 1 big, 0 little, -1 neither
int endianness(Term t) { return t == atoms::big ? 1 : t == atoms::little ? 0 : -1; }

Term encode(Process *p, Term integer, Term order) {
  int big = endianness(order);
  Word bits;
  if (big < 0 || !is_integer(integer) || !bits_used(integer, &bits)) return badarg(p);
  if (integer.is_small() ? integer.small_value() < 0 : big_negative(integer)) return badarg(p);
  Word n = std::max<Word>((bits + 7) / 8, 1);
  uint8_t *out;
  Term r = make_binary(p->heap, n, &out);
  integer_to_bytes(integer, out, n, big);
  p->bump(int64_t(n / kBytesPerReduction));
  return r;
}

Term decode(Process *p, Term binary, Term order) {
  int big = endianness(order);
  if (big < 0 || !is_bitstring(binary) || !is_binary(binary)) return badarg(p);
  ByteScratch scratch;
  Bytes b = bytes_of(binary, scratch);
  p->bump(int64_t(b.size / kBytesPerReduction));
  Term r = integer_from_bytes(p->heap, b.data, b.size, big, false);
  return r == kTooBig ? system_limit(p) : r;
}
} // namespace

Term binary_encode_unsigned_1(Process *p, const Term *args) { return encode(p, args[0], atoms::big); }
Term binary_encode_unsigned_2(Process *p, const Term *args) { return encode(p, args[0], args[1]); }
Term binary_decode_unsigned_1(Process *p, const Term *args) { return decode(p, args[0], atoms::big); }
Term binary_decode_unsigned_2(Process *p, const Term *args) { return decode(p, args[0], args[1]); }

// --- longest common prefix and suffix

namespace {
Word common(const uint8_t *a, const uint8_t *b, Word n, bool suffix) {
  Word i = 0;
  if (suffix) { // a and b point behind the last byte
    while (i < n && a[-1 - int64_t(i)] == b[-1 - int64_t(i)]) i++;
  } else {
    while (i < n && a[i] == b[i]) i++;
  }
  return i;
}

Term longest_common(Process *p, Term list, bool suffix) {
  if (!list.is_cons()) return badarg(p);
  for (Term l = list; !l.is_nil(); l = l.tail())
    if (!l.is_cons() || !is_bitstring(l.head()) || !is_binary(l.head())) return badarg(p);
  ByteScratch first_scratch;
  Bytes first = bytes_of(list.head(), first_scratch);
  Word n = first.size, work = 0;
  for (Term l = list.tail(); l.is_cons(); l = l.tail()) {
    ByteScratch scratch;
    Bytes b = bytes_of(l.head(), scratch);
    n = std::min(n, b.size);
    n = suffix ? common(first.data + first.size, b.data + b.size, n, true) : common(first.data, b.data, n, false);
    work += n + 1;
  }
  p->bump(int64_t(work / 1000));
  return make_uint(p->heap, n);
}
} // namespace

Term binary_longest_common_prefix_1(Process *p, const Term *args) { return longest_common(p, args[0], false); }
Term binary_longest_common_suffix_1(Process *p, const Term *args) { return longest_common(p, args[0], true); }

} // namespace joist::bifs
