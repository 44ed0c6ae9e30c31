// Binaries and maps.
#include "loader/emitter.h"
#include "loader/put_map.h"
#include "runtime/atom/atom.h"
#include "runtime/proc/bif.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"

#include <algorithm>

namespace joist::loader {
using namespace genop;

namespace {
// Constant size in bits, or false: a register, or too large.
bool fixed_bits(const Arg &size, Word unit, Word *bits) {
  if (!size.is_lit() || !size.term().is_small() || size.term().small_value() < 0) return false;
  return !__builtin_mul_overflow(Word(size.term().small_value()), unit, bits) && *bits < (Word{1} << 32);
}
bool is_all(const Arg &a) { return a.is_lit() && a.term() == atoms::all; }
} // namespace

size_t Emitter::operand_at(Op op, std::initializer_list<Arg> args, unsigned operand) const {
  const OpRow &row = op_rows[size_t(op)];
  OpKind kinds[kMaxOperandsPerInstr];
  unsigned i = 0;
  for (auto &a : args) {
    Spec s = row.specs[i];
    kinds[i] = spec_radix(s) == 1    ? spec_kind(s, 0)
               : a.kind == OpKind::X ? OpKind::X
               : a.kind == OpKind::Y ? OpKind::Y
                                     : OpKind::L;
    i++;
  }
  return layout_of(kinds, int(i)).offset[operand];
}

void Emitter::get_integer(const Arg &fail, const Arg &ctx, Word bits, Word flags, const Arg &to) {
  if (!(flags & 6) && (bits == 8 || bits == 16 || bits == 32)) {
    ins(bits == 8 ? Op::bs_get_int8 : bits == 16 ? Op::bs_get_int16 : Op::bs_get_int32, {fail, ctx, to});
    return;
  }
  if ((flags & 6) == kBsLittle && bits >= 8 && bits <= 56 && bits % 8 == 0) {
    ins(Op::bs_get_int_le, {fail, ctx, Arg::num(bits), to});
    return;
  }
  ins(Op::bs_get_integer, {fail, ctx, Arg::num(bits), Arg::num(flags), to});
}

Emitter::Done Emitter::bits(const GenericOp &op) {
  Word n = 0;
  switch (op.op) {
  case op_bs_start_match3: ins(Op::bs_start_match, {lab(op, 0), reg(op, 1), Arg::num(num(op, 2)), dst(op, 3)}); break;
  case op_bs_start_match4:
    if (arg(op, 0).kind == OperandKind::Label)
      ins(Op::bs_start_match, {lab(op, 0), reg(op, 2), Arg::num(num(op, 1)), dst(op, 3)});
    else ins(Op::bs_start_match_sure, {reg(op, 2), Arg::num(num(op, 1)), dst(op, 3)});
    break;
  case op_bs_get_integer2: {
    Arg size = src(op, 3);
    Word flags = field_flags(num(op, 5));
    if (fixed_bits(size, num(op, 4), &n)) get_integer(lab(op, 0), reg(op, 1), n, flags, dst(op, 6));
    else ins(Op::bs_get_integer_var, {lab(op, 0), reg(op, 1), size, Arg::num(num(op, 4)), Arg::num(flags), dst(op, 6)});
    break;
  }
  case op_bs_get_float2:
    ins(Op::bs_get_float,
        {lab(op, 0), reg(op, 1), src(op, 3), Arg::num(num(op, 4)), Arg::num(field_flags(num(op, 5))), dst(op, 6)});
    break;
  case op_bs_get_binary2: {
    Arg size = src(op, 3);
    if (is_all(size)) ins(Op::bs_get_binary_all, {lab(op, 0), reg(op, 1), Arg::num(num(op, 4)), dst(op, 6)});
    else if (fixed_bits(size, num(op, 4), &n))
      ins(Op::bs_get_binary_fixed, {lab(op, 0), reg(op, 1), Arg::num(n), dst(op, 6)});
    else ins(Op::bs_get_binary, {lab(op, 0), reg(op, 1), size, Arg::num(num(op, 4)), dst(op, 6)});
    break;
  }
  case op_bs_skip_bits2: {
    Arg size = src(op, 2);
    if (is_all(size)) ins(Op::bs_skip_all, {lab(op, 0), reg(op, 1), Arg::num(num(op, 3))});
    else if (fixed_bits(size, num(op, 3), &n)) ins(Op::bs_skip_bits, {lab(op, 0), reg(op, 1), Arg::num(n)});
    else ins(Op::bs_skip_bits_var, {lab(op, 0), reg(op, 1), size, Arg::num(num(op, 3))});
    break;
  }
  case op_bs_test_tail2:
    if (num(op, 2) > 0xffffffff) ins(Op::jump, {lab(op, 0)}); // no binary is that long
    else ins(Op::bs_test_tail, {lab(op, 0), reg(op, 1), Arg::num(num(op, 2))});
    break;
  case op_bs_test_unit: ins(Op::bs_test_unit, {lab(op, 0), reg(op, 1), Arg::num(num(op, 2))}); break;
  case op_bs_match_string: {
    if (num(op, 3) + (num(op, 2) + 7) / 8 > f_.strings.size()) return fail("string outside the string table");
    Arg l = lab(op, 0), ctx = reg(op, 1), bits = Arg::num(num(op, 2)), w = Arg::word(0);
    size_t at = ins(Op::bs_match_string, {l, ctx, bits, w});
    string_operand(at * 8 + operand_at(Op::bs_match_string, {l, ctx, bits, w}, 3), num(op, 3));
    break;
  }
  case op_bs_get_tail: ins(Op::bs_get_tail, {reg(op, 0), dst(op, 1)}); break;
  case op_bs_get_position: ins(Op::bs_get_position, {reg(op, 0), dst(op, 1)}); break;
  case op_bs_set_position: ins(Op::bs_set_position, {reg(op, 0), src(op, 1)}); break;
  case op_bs_get_utf8: ins(Op::bs_get_utf8, {lab(op, 0), reg(op, 1), dst(op, 4)}); break;
  case op_bs_skip_utf8: ins(Op::bs_get_utf8, {lab(op, 0), reg(op, 1), Arg::x(kScratchX)}); break;
  case op_bs_get_utf16:
    ins(Op::bs_get_utf16, {lab(op, 0), reg(op, 1), Arg::num(field_flags(num(op, 3))), dst(op, 4)});
    break;
  case op_bs_skip_utf16:
    ins(Op::bs_get_utf16, {lab(op, 0), reg(op, 1), Arg::num(field_flags(num(op, 3))), Arg::x(kScratchX)});
    break;
  case op_bs_get_utf32:
    ins(Op::bs_get_utf32, {lab(op, 0), reg(op, 1), Arg::num(field_flags(num(op, 3))), dst(op, 4)});
    break;
  case op_bs_skip_utf32:
    ins(Op::bs_get_utf32, {lab(op, 0), reg(op, 1), Arg::num(field_flags(num(op, 3))), Arg::x(kScratchX)});
    break;
  case op_bs_match: return match_commands(op);
  default: return Done::NotMine;
  }
  return Done::Ok;
}

// bs_match: a list of commands, each a name and operands.
Emitter::Done Emitter::match_commands(const GenericOp &op) {
  const Operand &list = arg(op, 2);
  Arg l = lab(op, 0), ctx = reg(op, 1);
  auto flags_of = [&](const Operand &o) -> Word { // [] or a literal list of atoms, or plain flags
    if (o.kind == OperandKind::Unsigned) return field_flags(o.value);
    Word flags = 0;
    for (Term t = o.term; t.is_cons(); t = t.tail()) {
      if (t.head() == atoms::little) flags |= kBsLittle;
      else if (t.head() == atoms::signed_) flags |= kBsSigned;
      else if (t.head() == atoms::native) flags |= kBsNative;
    }
    return field_flags(flags);
  };
  auto number = [&](const Operand &o) -> Word {
    return o.kind == OperandKind::Integer ? Word(o.term.small_value()) : o.value;
  };
  static const Term at_least = atom::intern("ensure_at_least"), exactly = atom::intern("ensure_exactly"),
                    skip = atom::intern("skip"), get_tail = atom::intern("get_tail"), equal = atom::intern("=:=");
  for (size_t i = 0; i < list.value;) {
    Term name = item(list, i).term;
    auto o = [&](size_t k) -> const Operand & { return item(list, i + k); };
    auto has = [&](size_t k) { return i + k < list.value; };
    if (name == at_least && has(2)) {
      ins(Op::bs_ensure_at_least, {l, ctx, Arg::num(number(o(1))), Arg::num(std::max<Word>(1, number(o(2))))});
      i += 3;
    } else if (name == exactly && has(1)) {
      ins(Op::bs_ensure_exactly, {l, ctx, Arg::num(number(o(1)))});
      i += 2;
    } else if ((name == atoms::binary || name == atoms::integer) && has(5)) { // live, flags, size, unit, destination
      Word bits = number(o(3)) * number(o(4));
      if (name == atoms::binary) ins(Op::bs_get_binary_fixed, {l, ctx, Arg::num(bits), src(o(5))});
      else get_integer(l, ctx, bits, flags_of(o(2)), src(o(5)));
      i += 6;
    } else if (name == skip && has(1)) {
      ins(Op::bs_skip_bits, {l, ctx, Arg::num(number(o(1)))});
      i += 2;
    } else if (name == get_tail && has(3)) { // live, unit, destination
      ins(Op::bs_get_tail, {ctx, src(o(3))});
      i += 4;
    } else if (name == equal && has(3)) { // live, size, value
      ins(Op::bs_match_value, {l, ctx, Arg::num(number(o(2))), src(o(3))});
      i += 4;
    } else {
      return fail("bs_match with an unknown command");
    }
  }
  return Done::Ok;
}

Emitter::Done Emitter::create_bin(const GenericOp &op) { // fail, words, live, unit, destination, list
  const Operand &list = arg(op, 5);
  size_t n = list.value / 6;
  Arg l = lab(op, 0), to = dst(op, 4);
  if (n == 0) return fail("bs_create_bin without segments");
  std::vector<BinSegment> segments;
  std::vector<Word> literals;
  std::vector<std::pair<size_t, Word>> strings; // segment, offset
  OpKind kinds[] = {OpKind::F, OpKind::H, OpKind::U, to.kind, OpKind::H, OpKind::H};
  size_t base = layout_of(kinds, 6).words + n * sizeof(BinSegment) / 8;
  for (size_t i = 0; i < n; i++) {
    auto o = [&](size_t k) -> const Operand & { return item(list, i * 6 + k); };
    Term type = o(0).term;
    Arg size = src(o(5));
    BinSegment s{};
    s.index = uint16_t(o(1).value);
    s.unit = uint32_t(o(2).value);
    for (Term t = o(3).term; t.is_cons(); t = t.tail()) {
      if (t.head() == atoms::little || t.head() == atoms::native) s.flags |= kBsLittle;
      else if (t.head() == atoms::signed_) s.flags |= kBsSigned;
    }
    Word bits = 0;
    bool fixed = fixed_bits(size, s.unit, &bits);
    if (type == atoms::append) s.type = SegType::Append;
    else if (type == atoms::private_append) s.type = SegType::PrivateAppend;
    else if (type == atoms::binary)
      s.type = is_all(size) ? SegType::BinaryAll : fixed ? SegType::BinaryFixed : SegType::Binary;
    else if (type == atoms::float_) s.type = fixed ? SegType::FloatFixed : SegType::Float;
    else if (type == atoms::integer) s.type = fixed ? SegType::IntegerFixed : SegType::Integer;
    else if (type == atoms::string) s.type = SegType::String;
    else if (type == atoms::utf8) s.type = SegType::Utf8;
    else if (type == atom::intern("utf16")) s.type = SegType::Utf16;
    else if (type == atoms::utf32) s.type = SegType::Utf32;
    else return fail("bs_create_bin with an unknown segment");
    if (i > 0 && (s.type == SegType::Append || s.type == SegType::PrivateAppend))
      return fail("append is not the first segment");
    s.fixed = bits;
    if (s.type == SegType::String) {
      Word length = o(5).kind == OperandKind::Integer ? Word(o(5).term.small_value()) : o(5).value, offset = o(4).value;
      if (o(4).kind == OperandKind::Integer) offset = Word(o(4).term.small_value());
      if (length > f_.strings.size() || offset > f_.strings.size() - length)
        return fail("string outside the string table");
      s.fixed = length;
      strings.push_back({i, offset});
      s.src = s.size = a_.any(Arg::x(0), literals, base);
    } else {
      s.src = a_.any(src(o(4)), literals, base);
      bool sized = s.type == SegType::Binary || s.type == SegType::Float || s.type == SegType::Integer;
      s.size = sized ? a_.any(size, literals, base) : s.src;
    }
    segments.push_back(s);
  }
  if ((base + literals.size()) * 8 > 0xffff) return fail("bs_create_bin with too many segments");
  size_t words = n * sizeof(BinSegment) / 8 + literals.size();
  ins(Op::bs_create_bin, {l, Arg::num(num(op, 2)), Arg::num(num(op, 1)), to, Arg::num(n), Arg::num(words)});
  size_t first = a_.here();
  for (auto &s : segments) {
    Word raw[sizeof(BinSegment) / 8];
    memcpy(raw, &s, sizeof s);
    for (Word w : raw) a_.word(w);
  }
  for (auto &[i, offset] : strings)
    string_operand(first * 8 + i * sizeof(BinSegment) + offsetof(BinSegment, string), offset);
  for (Word w : literals) a_.word(w);
  return Done::Ok;
}

Emitter::Done Emitter::build(const GenericOp &op) {
  switch (op.op) {
  case op_bs_create_bin: return create_bin(op);
  case op_bs_init2:
  case op_bs_init_bits:
    ins(Op::bs_init, {lab(op, 0), src(op, 1), Arg::num(num(op, 2)), Arg::num(num(op, 3)),
                      Arg::num(op.op == op_bs_init2 ? 8 : 1), dst(op, 5)});
    break;
  case op_bs_append:
    ins(Op::bs_append, {lab(op, 0), src(op, 1), Arg::num(num(op, 2)), Arg::num(num(op, 3)), Arg::num(num(op, 4)),
                        src(op, 5), dst(op, 7)});
    break;
  case op_bs_private_append:
    ins(Op::bs_private_append, {lab(op, 0), src(op, 1), Arg::num(num(op, 2)), src(op, 3), dst(op, 5)});
    break;
  case op_bs_init_writable: ins(Op::bs_init_writable, {}); break;
  case op_bs_put_integer:
  case op_bs_put_float: // fail, size, unit, flags, value
    ins(op.op == op_bs_put_integer ? Op::bs_put_integer : Op::bs_put_float,
        {lab(op, 0), src(op, 1), Arg::num(num(op, 2)), Arg::num(field_flags(num(op, 3))), src(op, 4)});
    break;
  case op_bs_put_binary:
    if (is_all(src(op, 1))) ins(Op::bs_put_binary_all, {lab(op, 0), Arg::num(num(op, 2)), src(op, 4)});
    else ins(Op::bs_put_binary, {lab(op, 0), src(op, 1), Arg::num(num(op, 2)), src(op, 4)});
    break;
  case op_bs_put_string: {
    if (num(op, 0) > f_.strings.size() || num(op, 1) > f_.strings.size() - num(op, 0))
      return fail("string outside the string table");
    size_t at = ins(Op::bs_put_string, {Arg::num(num(op, 0)), Arg::word(0)});
    string_operand(at * 8 + operand_at(Op::bs_put_string, {Arg::num(0), Arg::word(0)}, 1), num(op, 1));
    break;
  }
  case op_bs_add: ins(Op::bs_add, {lab(op, 0), src(op, 1), src(op, 2), Arg::num(num(op, 3)), dst(op, 4)}); break;
  case op_bs_utf8_size: ins(Op::bs_utf8_size, {src(op, 1), dst(op, 2)}); break;
  case op_bs_utf16_size: ins(Op::bs_utf16_size, {src(op, 1), dst(op, 2)}); break;
  case op_bs_put_utf8: ins(Op::bs_put_utf8, {lab(op, 0), src(op, 2)}); break;
  case op_bs_put_utf16: ins(Op::bs_put_utf16, {lab(op, 0), Arg::num(field_flags(num(op, 1))), src(op, 2)}); break;
  case op_bs_put_utf32: ins(Op::bs_put_utf32, {lab(op, 0), Arg::num(field_flags(num(op, 1))), src(op, 2)}); break;
  default: return Done::NotMine;
  }
  return Done::Ok;
}

// --- maps
// A new map of few associations whose keys are known: sorts them as the map will have them. False: not such a map.
static bool order_pairs(const Arg &map, std::vector<Arg> &all) {
  size_t n = all.size() / 2;
  if (!map.is_lit() || !is_flat_map(map.term()) || map_size(map.term()) != 0 || n == 0 || n > kFlatMapMax) return false;
  std::vector<std::pair<Arg, Arg>> pairs;
  for (size_t i = 0; i < n; i++) {
    if (!all[2 * i].is_lit()) return false;
    pairs.emplace_back(all[2 * i], all[2 * i + 1]);
  }
  auto order = [](auto &a, auto &b) { return compare_exact(a.first.term(), b.first.term()); };
  std::sort(pairs.begin(), pairs.end(), [&](auto &a, auto &b) { return order(a, b) < 0; });
  for (size_t i = 1; i < n; i++)
    if (order(pairs[i - 1], pairs[i]) == 0) return false;
  for (size_t i = 0; i < n; i++) {
    all[2 * i] = pairs[i].first;
    all[2 * i + 1] = pairs[i].second;
  }
  return true;
}
void Emitter::put_map(bool exact, const Arg &fail, Arg map, const Arg &to, Word live, const Operand &list) {
  auto all = sources(list);
  // The compiler does not promise that operands are among the live registers.
  auto lost = [&](const Arg &a) { return a.kind == OpKind::X && a.value >= live * 8; };
  if (lost(map) || std::any_of(all.begin(), all.end(), lost)) live = kNotLive;
  auto mode = exact ? PutMap::Exact : order_pairs(map, all) ? PutMap::Fresh : PutMap::Assoc;
  constexpr size_t kChunk = 4000; // literals of a chunk are within reach of u16 offsets
  for (size_t from = 0;; from += kChunk) {
    bool last = from + kChunk >= all.size();
    std::vector<Arg> part(all.begin() + ptrdiff_t(from), last ? all.end() : all.begin() + ptrdiff_t(from + kChunk));
    Arg out = last ? to : Arg::x(kScratchX);
    size_t at = ins(Op::put_map, {fail, map, out, Arg::num(Word(mode)), Arg::num(part.size()), Arg::num(live)});
    a_.any_list(at, part);
    if (last) return;
    map = out; // beyond the live registers
    live = kNotLive;
  }
}

Emitter::Done Emitter::map(const GenericOp &op) {
  switch (op.op) {
  case op_put_map_assoc:
  case op_put_map_exact:
    put_map(op.op == op_put_map_exact, lab(op, 0), src(op, 1), dst(op, 2), num(op, 3), arg(op, 4));
    break;
  case op_has_map_fields: {
    auto keys = sources(arg(op, 2));
    size_t at = ins(Op::has_map_fields, {lab(op, 0), reg(op, 1), Arg::num(keys.size())});
    if (!a_.any_list(at, keys)) return fail("too many map keys");
    break;
  }
  case op_get_map_elements: {
    auto pairs = sources(arg(op, 2));
    Arg map = reg(op, 1);
    bool safe = true; // the map's register survives all but the last
    for (size_t i = 1; i + 2 < pairs.size(); i += 2) safe = safe && !(pairs[i] == map);
    for (size_t i = 1; i + 2 < pairs.size(); i += 2)
      for (size_t k = i + 1; k < pairs.size(); k += 2) safe = safe && !(pairs[i] == pairs[k]);
    if (!safe || pairs.size() > 16) {
      size_t at = ins(Op::get_map_elements, {lab(op, 0), map, Arg::num(pairs.size())});
      if (!a_.any_list(at, pairs)) return fail("too many map keys");
      break;
    }
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
      const Arg &k = pairs[i];
      bool imm =
          k.is_lit() && fits_c(k.term()) && !(k.term().is_immediate_float() && k.term().immediate_float() == 0.0);
      ins(imm ? Op::get_map_element_imm : Op::get_map_element, {lab(op, 0), map, k, pairs[i + 1]});
    }
    break;
  }
  default: return Done::NotMine;
  }
  return Done::Ok;
}
} // namespace joist::loader
