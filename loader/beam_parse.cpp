#include "loader/beam_parse.h"

#include "loader/genop.h"
#include "loader/reader.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/literal.h"
#include "runtime/term/number.h"

namespace joist::loader {
namespace {

// Words that an allocation list promises for each float and each fun besides plain words.
constexpr uint64_t kFloatWords = 2, kFunWords = 3;

struct CodeParser {
  Reader r;
  BeamFile *out;
  LiteralBuilder *literals;
  std::vector<BigOperand> *bigs;
  std::string *error;

  bool fail(const std::string &why) {
    *error = why;
    return false;
  }

  bool run() {
    uint32_t header = r.u32();
    const uint8_t *body = r.at();
    uint32_t format = r.u32();
    out->max_opcode = r.u32();
    out->label_count = r.u32();
    out->function_count = r.u32();
    if (!r.ok() || header < 16) return fail("the code header is corrupt");
    if (size_t read = size_t(r.at() - body); header > read) r.bytes(header - read);
    if (format != 0) return fail("the code has an unknown instruction format");
    if (out->max_opcode > kMaxGenop)
      return fail("it was compiled for a later release (opcode " + std::to_string(out->max_opcode) +
                  "); please re-compile");
    if (out->label_count > r.left() + 1 || out->function_count > r.left()) return fail("the code header is corrupt");
    out->ops.reserve(r.left() / 4);
    out->operands.reserve(r.left() / 2);
    while (r.left()) {
      unsigned op = r.u8();
      if (op == 0 || op > out->max_opcode || op > kMaxGenop) return fail("invalid opcode " + std::to_string(op));
      const GenopInfo &info = genop_info(op);
      if (info.obsolete)
        return fail(std::string("the instruction ") + info.name + " is from an old compiler; please re-compile");
      GenericOp g{uint16_t(op), info.arity, uint32_t(out->operands.size())};
      for (unsigned i = 0; i < info.arity; i++) {
        // A list operand's items go to `extended`, never to `operands`, so this one's place is the next.
        Operand o;
        if (!operand(&o, 0, false))
          return error->empty() ? fail(std::string("an operand of ") + info.name + " is malformed") : false;
        // Matching asks for impossible sizes now and then; nothing else may.
        if (o.kind == OperandKind::Unsigned && o.value == uint64_t(kHuge) && op != genop::op_bs_test_tail2)
          return fail(std::string("an operand of ") + info.name + " is too large");
        out->operands.push_back(o);
      }
      out->ops.push_back(g);
      if (op == genop::op_on_load) out->has_on_load = true;
      if (op == genop::op_int_code_end) return true;
    }
    return fail("the code does not end with int_code_end");
  }

  bool operand(Operand *o, int depth, bool in_extended) {
    int64_t v;
    std::string_view wide;
    CompactTag tag = r.compact(&v, &wide);
    if (!r.ok()) return false;
    o->value = uint64_t(v);
    switch (tag) {
    case CompactTag::Unsigned: o->kind = OperandKind::Unsigned; return true;
    case CompactTag::Integer: return integer(o, v, wide, in_extended);
    case CompactTag::Atom:
      if (v == 0) {
        o->kind = OperandKind::Nil;
        o->term = Term::nil();
        return true;
      }
      if (uint64_t(v) >= out->atoms.size()) return false;
      o->kind = OperandKind::Atom;
      o->term = out->atoms[size_t(v)];
      return true;
    case CompactTag::X: o->kind = OperandKind::X; return v < 1024;
    case CompactTag::Y: o->kind = OperandKind::Y; return v < 1024;
    case CompactTag::Label: o->kind = OperandKind::Label; return uint64_t(v) < out->label_count;
    case CompactTag::Character:
      o->kind = OperandKind::Character;
      o->term = Term::small(v);
      return v <= 0x10ffff;
    case CompactTag::Extended: return extended(o, v, depth);
    }
    return false;
  }

  bool integer(Operand *o, int64_t v, std::string_view wide, bool in_extended) {
    o->kind = OperandKind::Integer;
    if (wide.empty() && Term::fits_small(v)) {
      o->term = Term::small(v);
      return true;
    }
    auto *bytes = reinterpret_cast<const uint8_t *>(wide.data());
    o->term =
        wide.empty() ? make_int(literals->heap, v) : integer_from_bytes(literals->heap, bytes, wide.size(), true, true);
    if (o->term.is_none()) return false;
    bigs->push_back({in_extended, in_extended ? out->extended.size() : out->operands.size()});
    return true;
  }

  bool extended(Operand *o, int64_t kind, int depth) {
    switch (kind) {
    case 1: { // list
      if (depth) return false;
      uint32_t n = r.number();
      if (!r.ok() || n > r.left()) return false;
      o->kind = OperandKind::List;
      o->value = n;
      o->index = uint32_t(out->extended.size());
      for (uint32_t i = 0; i < n; i++) {
        Operand item;
        if (!operand(&item, depth + 1, true)) return false;
        if (item.kind == OperandKind::Unsigned && item.value == uint64_t(kHuge)) return false;
        out->extended.push_back(item);
      }
      return true;
    }
    case 2: // float register
      o->kind = OperandKind::FloatReg;
      o->value = r.number();
      return r.ok() && o->value < 16;
    case 3: return alloc_list(o);
    case 4: { // literal
      uint32_t n = r.number();
      if (!r.ok() || n >= out->literals.size()) return false;
      o->kind = OperandKind::Literal;
      o->index = n;
      o->term = out->literals[n];
      return true;
    }
    case 5: { // register with a type
      if (depth > 1 || !operand(o, depth + 2, false) || (o->kind != OperandKind::X && o->kind != OperandKind::Y))
        return false;
      uint32_t type = r.number();
      // Types that were not understood are no types.
      o->type = type < out->types.size() && type < kNoType ? uint16_t(type) : kNoType;
      return r.ok();
    }
    default: return false;
    }
  }

  bool alloc_list(Operand *o) {
    uint32_t n = r.number();
    uint64_t words = 0, floats = 0, funs = 0;
    for (uint32_t i = 0; r.ok() && i < n; i++) {
      uint32_t what = r.number(), count = r.number();
      if (what == 0) words += count;
      else if (what == 1) floats += count;
      else if (what == 2) funs += count;
      else return false;
    }
    o->kind = OperandKind::AllocList;
    o->value = words + floats * kFloatWords + funs * kFunWords;
    return r.ok() && o->value < (uint64_t{1} << 24);
  }
};

} // namespace

LiteralArea *LiteralBuilder::finish() {
  Word words = 0;
  for (Term *t : slots) words += size_of(*t);
  if (!words) return nullptr;
  LiteralArea *area = literal_area_new(words);
  Heap h;
  h.top = area->start;
  h.limit = area->end;
  for (Term *t : slots) *t = copy(*t, h);
  area->off_heap = h.off_heap;
  return area;
}

BeamFile::~BeamFile() { literal_area_free(area); }

bool parse_code(std::string_view code, BeamFile *out, LiteralBuilder *literals, std::vector<BigOperand> *bigs,
                std::string *error) {
  CodeParser p{Reader(reinterpret_cast<const uint8_t *>(code.data()), code.size()), out, literals, bigs, error};
  return p.run();
}

bool beam_parse(const uint8_t *data, size_t size, BeamFile *out, std::string *error) {
  error->clear();
  std::string storage;
  std::string_view file;
  std::vector<Chunk> chunks;
  if (!gunzip_if_needed({reinterpret_cast<const char *>(data), size}, &storage, &file)) {
    *error = "the compressed file is corrupt";
    return false;
  }
  if (!read_chunks(file, &chunks, error)) return false;
  auto code = find_chunk(chunks, "Code");
  if (!code.data()) {
    *error = "there is no code chunk";
    return false;
  }
  LiteralBuilder literals;
  std::vector<BigOperand> bigs;
  if (!parse_tables(chunks, out, &literals, error) || !parse_code(code, out, &literals, &bigs, error)) return false;
  // Operands that name a literal hold the term of the scratch heap until here; they get their final place with it.
  for (auto &b : bigs) literals.keep(b.in_extended ? &out->extended[b.index].term : &out->operands[b.index].term);
  out->area = literals.finish();
  auto relink = [out](std::vector<Operand> &list) {
    for (auto &o : list)
      if (o.kind == OperandKind::Literal) o.term = out->literals[o.index];
  };
  relink(out->operands);
  relink(out->extended);
  module_md5(chunks, out->md5);
  return true;
}

} // namespace joist::loader
