#include "vm/build.h"
#include "runtime/term/binary.h"
#include "runtime/term/map.h"

namespace joist::vm {
namespace {
constexpr Word kMaxBits = Word{1} << 62;

Term segment_type(SegType t) {
  switch (t) {
  case SegType::Float:
  case SegType::FloatFixed: return atoms::float_;
  case SegType::Integer:
  case SegType::IntegerFixed: return atoms::integer;
  case SegType::String: return atoms::string;
  case SegType::Utf8: return atoms::utf8;
  case SegType::Utf16: return atom::intern("utf16");
  case SegType::Utf32: return atoms::utf32;
  default: return atoms::binary;
  }
}
Term fail(Process *p, const BinSegment &s, Reason r, Term what, Term value) {
  Term cause = make_tuple(p->heap, Term::small(s.index), segment_type(s.type), what, value);
  Term pairs[] = {atoms::cause, cause, atoms::function, atoms::format_bs_fail, atoms::module, atoms::erl_erts_errors};
  p->freason = Freason{.reason = r, .ext_info = true};
  p->fcause = map_from_pairs(p->heap, pairs, 3);
  return Term::none();
}
bool valid_code_point(Term t) {
  return t.is_small() && t.small_value() >= 0 && t.small_value() <= 0x10ffff &&
         !(t.small_value() >= 0xd800 && t.small_value() <= 0xdfff);
}
Word utf8_room(Term t) { // a guess for what is invalid: that is found when it is written
  if (!valid_code_point(t)) return 4;
  return t.small_value() < 0x80 ? 1 : t.small_value() < 0x800 ? 2 : t.small_value() < 0x10000 ? 3 : 4;
}
bool make_room(Machine *m, Word words, unsigned live, bool *killed) {
  Process *p = m->p;
  bool vheap_full = p->heap.off_heap.bytes > p->vheap_limit;
  if (p->stack_top - p->heap.top >= int64_t(words + kStackMargin) && !gc_stress && !vheap_full) return true;
  if (collect(m, words, live)) return true;
  *killed = true;
  return false;
}
Word words_for(Word bits) {
  Word bytes = (bits + 7) / 8;
  return (bytes <= kHeapBinMax ? 2 + (bytes + 7) / 8 : kRefcBinWords) + (bits & 7 ? kSubBinWords : 0);
}

// Appending where nothing else refers to the old value (private_append): in place, without a new sub-binary, if the
// bytes are there. Otherwise none: append_writable does it.
Term append_in_place(Heap &h, Term bin, Word bits, uint8_t **out, Word *bit) {
  if (kind_of(bin) != Kind::SubBin) return Term::none();
  auto *s = reinterpret_cast<SubBinObj *>(bin.box());
  auto *r = reinterpret_cast<RefcBinObj *>(Term(s->original).box());
  if (!s->writable || header_kind(r->hdr) != Kind::RefcBin || !(r->flags & kBinWritable) || s->offset || s->bit_offset)
    return Term::none();
  Word from = s->size * 8 + s->bit_size, total = from + bits, bytes = (total + 7) / 8;
  if (bytes > r->data->capacity) return Term::none();
  h.off_heap.bytes += bytes - r->size;
  r->size = bytes;
  r->flags |= kBinActiveWriter;
  s->size = total / 8;
  s->bit_size = total & 7;
  *out = r->bytes;
  *bit = from;
  return bin;
}

struct Writer {
  Process *p;
  uint8_t *out;
  Word bit;

  // False: the failure is noted.
  bool put(const BinSegment &s, Term src, Term size) {
    Word bits = 0;
    switch (s.type) {
    case SegType::String:
      copy_bits(s.string, 0, out, bit, s.fixed * 8);
      bit += s.fixed * 8;
      return true;
    case SegType::BinaryAll: {
      BitView v = bit_view(src);
      if (s.unit > 1 && v.bits % s.unit) return fail(p, s, Reason::Badarg, atoms::unit, src), false;
      copy_bits(v.bytes, v.bit_offset, out, bit, v.bits);
      bit += v.bits;
      return true;
    }
    case SegType::Binary:
    case SegType::BinaryFixed: {
      bits = s.type == SegType::Binary ? Word(size.small_value()) * s.unit : s.fixed;
      if (!is_bitstring(src)) return fail(p, s, Reason::Badarg, atoms::type, src), false;
      BitView v = bit_view(src);
      if (v.bits < bits) return fail(p, s, Reason::Badarg, atoms::short_, src), false;
      copy_bits(v.bytes, v.bit_offset, out, bit, bits);
      break;
    }
    case SegType::Float:
    case SegType::FloatFixed: {
      bits = s.type == SegType::Float ? Word(size.small_value()) * s.unit : s.fixed;
      if (bits != 16 && bits != 32 && bits != 64)
        return fail(p, s, Reason::Badarg, atoms::invalid, Term::small(int64_t(bits))), false;
      if (!is_number(src)) return fail(p, s, Reason::Badarg, atoms::type, src), false;
      if (!put_float(out, bit, bits, src, s.flags)) return fail(p, s, Reason::Badarg, atoms::no_float, src), false;
      break;
    }
    case SegType::Integer:
    case SegType::IntegerFixed:
      bits = s.type == SegType::Integer ? Word(size.small_value()) * s.unit : s.fixed;
      if (bits == 8 && !(bit & 7) && src.is_small()) {
        out[bit >> 3] = uint8_t(src.small_value());
        break;
      }
      if (!put_integer(out, bit, bits, src, s.flags)) return fail(p, s, Reason::Badarg, atoms::type, src), false;
      break;
    case SegType::Utf8: {
      if (!valid_code_point(src)) return fail(p, s, Reason::Badarg, atoms::type, src), false;
      uint8_t text[4];
      bits = put_utf8(text, Word(src.small_value())) * 8;
      copy_bits(text, 0, out, bit, bits);
      break;
    }
    case SegType::Utf16: {
      if (!valid_code_point(src)) return fail(p, s, Reason::Badarg, atoms::type, src), false;
      uint8_t text[4];
      bits = put_utf16(text, Word(src.small_value()), s.flags) * 8;
      copy_bits(text, 0, out, bit, bits);
      break;
    }
    case SegType::Utf32:
      bits = 32;
      put_integer(out, bit, bits, src, s.flags);
      break;
    case SegType::Append:
    case SegType::PrivateAppend: return true;
    }
    bit += bits;
    return true;
  }
};
// What is copied into binaries is work: a reduction for a kilobyte.
void charge_copy(Process *p, Word bits) {
  if (bits >= 8192) p->bump(int64_t(bits / 8192));
}
} // namespace

bool build_bits(Process *p, Term size, Word unit, Word *bits) {
  if (!size.is_small()) {
    raise(p, is_big(size) && !big_negative(size) ? Reason::SystemLimit : Reason::Badarg);
    return false;
  }
  if (size.small_value() < 0) return raise(p, Reason::Badarg), false;
  if (__builtin_mul_overflow(Word(size.small_value()), unit, bits) || *bits >= kMaxBits)
    return raise(p, Reason::SystemLimit), false;
  return true;
}

Term create_bin(Machine *m, const Instr *pc, const BinSegment *segments, unsigned n, unsigned live, Word words,
                bool *killed) {
  Process *p = m->p;
  auto src = [&](const BinSegment &s) { return *any_slot(pc, m, p->stack_top, s.src); };
  auto size = [&](const BinSegment &s) { return *any_slot(pc, m, p->stack_top, s.size); };
  Word total = 0;
  for (unsigned i = 0; i < n; i++) {
    const BinSegment &s = segments[i];
    Term t = src(s);
    switch (s.type) {
    case SegType::Append:
    case SegType::PrivateAppend: break;
    case SegType::BinaryAll:
      if (!is_bitstring(t)) return fail(p, s, Reason::Badarg, atoms::type, t);
      total += bit_view(t).bits;
      break;
    case SegType::BinaryFixed:
    case SegType::FloatFixed:
    case SegType::IntegerFixed: total += s.fixed; break;
    case SegType::String: total += s.fixed * 8; break;
    case SegType::Binary:
    case SegType::Float:
    case SegType::Integer: {
      Term z = size(s);
      Word bits;
      if (!z.is_small())
        return fail(p, s, is_big(z) && !big_negative(z) ? Reason::SystemLimit : Reason::Badarg, atoms::size, z);
      if (z.small_value() < 0) return fail(p, s, Reason::Badarg, atoms::size, z);
      if (__builtin_mul_overflow(Word(z.small_value()), Word(s.unit), &bits) || bits >= kMaxBits)
        return fail(p, s, Reason::SystemLimit, atoms::size, z);
      total += bits;
      break;
    }
    case SegType::Utf8: total += utf8_room(t) * 8; break;
    case SegType::Utf16: total += valid_code_point(t) && t.small_value() < 0x10000 ? 16 : 32; break;
    case SegType::Utf32:
      if (!valid_code_point(t)) return fail(p, s, Reason::Badarg, atoms::type, t);
      total += 32;
      break;
    }
    if (total >= kMaxBits) return raise(p, Reason::SystemLimit);
  }
  bool append = segments[0].type == SegType::Append || segments[0].type == SegType::PrivateAppend;
  Word own = append ? kRefcBinWords + kSubBinWords : words_for(total);
  if (!make_room(m, words + own, live, killed)) return Term::none();
  Term result;
  Writer w{p, nullptr, 0};
  uint8_t nothing[8];
  if (append) {
    const BinSegment &s = segments[0];
    Term t = src(s);
    if (!is_bitstring(t)) return fail(p, s, Reason::Badarg, atoms::type, t);
    if (s.unit > 1 && bit_view(t).bits % s.unit) return fail(p, s, Reason::Badarg, atoms::unit, t);
    const BitView before = bit_view(t);
    result = s.type == SegType::PrivateAppend ? append_in_place(p->heap, t, total, &w.out, &w.bit) : Term::none();
    if (result.is_none()) result = append_writable(p->heap, t, total, &w.out, &w.bit);
    if (result.is_none()) return fail(p, s, Reason::SystemLimit, atoms::size, t);
    if (bit_view(result).bytes != before.bytes) charge_copy(p, before.bits / 4); // had to be moved as a whole
    if (total == 0) { // nothing is written, but values are still looked at
      w.out = nothing;
      w.bit = 0;
    }
  } else if (total & 7) {
    result = make_bitstring(p->heap, total, &w.out);
  } else {
    result = make_binary(p->heap, total / 8, &w.out);
  }
  charge_copy(p, total);
  for (unsigned i = append; i < n; i++) {
    const BinSegment &s = segments[i];
    if (!w.put(s, src(s),
               s.type == SegType::Binary || s.type == SegType::Float || s.type == SegType::Integer ? size(s)
                                                                                                   : Term::nil()))
      return Term::none();
  }
  return result;
}

Term init_bin(Machine *m, Term size, Word unit, Word words, unsigned live, bool *killed) {
  Process *p = m->p;
  Word bits;
  if (!build_bits(p, size, unit, &bits)) return Term::none();
  if (!make_room(m, words + words_for(bits), live, killed)) return Term::none();
  BuildState &b = build_state(m);
  b.bit = 0;
  return bits & 7 ? make_bitstring(p->heap, bits, &b.out) : make_binary(p->heap, bits / 8, &b.out);
}

Term append_bin(Machine *m, Term bin, Term size, Word unit, Word words, unsigned live, bool *killed) {
  Process *p = m->p;
  Word bits;
  if (!build_bits(p, size, 1, &bits)) return Term::none();
  if (!is_bitstring(bin)) return badarg(p);
  if (unit > 1 && bit_view(bin).bits % unit) return badarg(p);
  m->x[live] = bin;
  if (!make_room(m, words + kRefcBinWords + kSubBinWords, live + 1, killed)) return Term::none();
  bin = m->x[live];
  BuildState &b = build_state(m);
  Term r = append_writable(p->heap, bin, bits, &b.out, &b.bit);
  return r.is_none() ? raise(p, Reason::SystemLimit) : r;
}
} // namespace joist::vm
