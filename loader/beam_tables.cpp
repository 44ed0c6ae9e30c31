// The tables of a .beam file: atoms, imports, exports, lambdas, literals, lines, types.
#include "loader/beam_parse.h"

#include "loader/reader.h"
#include "runtime/atom/atom.h"
#include "runtime/dist/etf.h"
#include "runtime/term/binary.h"

namespace joist::loader {
namespace {

Reader reader_of(std::string_view s) { return Reader(reinterpret_cast<const uint8_t *>(s.data()), s.size()); }

struct Tables {
  const std::vector<Chunk> &chunks;
  BeamFile *out;
  LiteralBuilder *literals;
  std::string *error;

  bool fail(std::string why) {
    *error = std::move(why);
    return false;
  }
  Term atom(uint32_t index) const { return index && index < out->atoms.size() ? out->atoms[index] : Term::none(); }

  bool atoms() {
    auto utf8 = find_chunk(chunks, "AtU8"), latin1 = find_chunk(chunks, "Atom");
    bool is_utf8 = utf8.data() != nullptr;
    if (!is_utf8 && !latin1.data()) return fail("there is no atom table");
    Reader r = reader_of(is_utf8 ? utf8 : latin1);
    int32_t count = int32_t(r.u32());
    bool long_form = count < 0; // since OTP 28: lengths are compact numbers
    if (long_form) count = count == INT32_MIN ? 0 : -count;
    if (!r.ok() || count < 1 || size_t(count) > r.left()) return fail("the atom table is corrupt");
    out->atoms.reserve(size_t(count) + 1);
    out->atoms.push_back(Term::none());
    for (int32_t i = 0; i < count; i++) {
      std::string_view text = r.bytes(long_form ? r.number() : r.u8());
      if (!r.ok()) return fail("the atom table is corrupt");
      Term a = is_utf8 ? runtime::atom::intern(text) : runtime::atom::intern_latin1(text);
      if (a.is_none())
        return fail(runtime::atom::table_full() ? "the atom table of the system is full"
                                                : "an atom is not valid UTF-8");
      out->atoms.push_back(a);
    }
    out->module = out->atoms[1];
    return true;
  }

  bool imports() {
    Reader r = reader_of(find_chunk(chunks, "ImpT"));
    uint32_t count = r.u32();
    if (!r.ok() || count > r.left() / 12) return fail("the import table is corrupt");
    out->imports.reserve(count);
    for (uint32_t i = 0; i < count; i++) {
      Term m = atom(r.u32()), f = atom(r.u32());
      uint32_t arity = r.u32();
      if (m.is_none() || f.is_none() || arity > 255) return fail("the import table refers to what is not there");
      out->imports.push_back({{m, f, arity}});
    }
    return true;
  }

  bool exports(std::string_view id, bool keep) {
    auto data = find_chunk(chunks, id);
    if (!data.data() && !keep) return true;
    Reader r = reader_of(data);
    uint32_t count = r.u32();
    if (!r.ok() || count > r.left() / 12) return fail("the export table is corrupt");
    for (uint32_t i = 0; i < count; i++) {
      Term f = atom(r.u32());
      uint32_t arity = r.u32(), label = r.u32();
      if (f.is_none() || arity > 255) return fail("the export table refers to what is not there");
      if (keep) out->exports.push_back({f, arity, label});
    }
    return true;
  }

  bool lambdas() {
    auto data = find_chunk(chunks, "FunT");
    if (!data.data()) return true;
    Reader r = reader_of(data);
    uint32_t count = r.u32();
    if (!r.ok() || count > r.left() / 24) return fail("the lambda table is corrupt");
    for (uint32_t i = 0; i < count; i++) {
      LambdaInfo l{};
      l.function = atom(r.u32());
      uint32_t total = r.u32(); // arity of the lifted function: the fun's and its free variables
      l.label = r.u32();
      l.index = r.u32();
      l.free_count = r.u32();
      l.old_uniq = r.u32();
      if (l.function.is_none() || total > 255 || l.free_count > total) return fail("the lambda table is corrupt");
      l.arity = total - l.free_count;
      out->lambdas.push_back(l);
    }
    return true;
  }

  bool literal_table() {
    auto data = find_chunk(chunks, "LitT");
    if (!data.data()) return true;
    Reader header = reader_of(data);
    uint32_t size = header.u32();
    if (!header.ok()) return fail("the literal table is corrupt");
    std::string unpacked;
    std::string_view body = data.substr(4);
    if (size) { // 0: stored as it is, since OTP 28
      if (!inflate(body, size, &unpacked)) return fail("the literal table cannot be unpacked");
      body = unpacked;
    }
    Reader r = reader_of(body);
    uint32_t count = r.u32();
    if (!r.ok() || count > r.left() / 5) return fail("the literal table is corrupt");
    out->literals.reserve(count);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t n = r.u32();
      auto bytes = r.bytes(n);
      Word used = 0;
      if (!r.ok()) return fail("the literal table is corrupt");
      Term t = etf_decode(literals->heap, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), false, &used);
      if (t.is_none()) {
        *error = "literal " + std::to_string(i) + " is malformed";
        return false;
      }
      out->literals.push_back(t);
    }
    for (Term &t : out->literals) literals->keep(&t);
    return true;
  }

  bool lines() {
    std::string name(runtime::atom::text(out->module));
    name += ".erl";
    out->line_files.push_back(make_binary_from(literals->heap, name));
    out->lines.push_back({0, 0});
    auto data = find_chunk(chunks, "Line");
    if (data.data()) {
      Reader r = reader_of(data);
      uint32_t version = r.u32();
      r.u32(); // flags
      r.u32(); // number of line instructions
      uint32_t lines = r.u32(), files = r.u32();
      if (!r.ok() || lines > r.left() || files > r.left()) return fail("the line table is corrupt");
      if (version == 0 && !line_items(r, lines, files)) return fail("the line table is corrupt");
    }
    for (Term &t : out->line_files) literals->keep(&t);
    return true;
  }
  bool line_items(Reader &r, uint32_t lines, uint32_t files) {
    uint32_t file = 0;
    while (out->lines.size() <= lines) {
      int64_t v;
      std::string_view wide;
      CompactTag tag = r.compact(&v, &wide);
      if (!r.ok()) return false;
      if (tag == CompactTag::Atom) {
        if (v > int64_t(files)) return false;
        file = uint32_t(v);
      } else if (tag == CompactTag::Integer && wide.empty() && v >= 0) {
        // What does not fit the packed form of a location is left without one.
        bool fits = v < (1 << 24) && file < 256;
        out->lines.push_back(fits ? LineInfo{file, uint32_t(v)} : LineInfo{0, 0});
      } else {
        return false;
      }
    }
    for (uint32_t i = 0; i < files; i++) {
      auto text = r.bytes(r.u16());
      if (!r.ok()) return false;
      // An empty name (the module was not compiled from a file) stands for the usual one.
      out->line_files.push_back(text.empty() ? out->line_files[0] : make_binary_from(literals->heap, text));
    }
    return true;
  }

  // Version 1 (OTP 25): 18 bytes an entry. Other versions are ignored: types are hints only.
  bool types() {
    auto data = find_chunk(chunks, "Type");
    if (data.size() < 8) return true;
    Reader r = reader_of(data);
    uint32_t version = r.u32(), count = r.u32();
    if (version != 1) return true;
    if (count > r.left() / 18) return fail("the type table is corrupt");
    out->types.reserve(count);
    for (uint32_t i = 0; i < count; i++) {
      TypeInfo t{};
      t.bits = r.u16();
      uint64_t low = uint64_t(r.u32()) << 32;
      low |= r.u32();
      uint64_t high = uint64_t(r.u32()) << 32;
      high |= r.u32();
      t.min = int64_t(low);
      t.max = int64_t(high);
      t.has_min = t.has_max = t.min <= t.max;
      out->types.push_back(t);
    }
    return true;
  }

  // Kept as it is, but no module may have one that nobody could read.
  bool term_chunk(const char *id, const char *what, Term *to) {
    auto data = find_chunk(chunks, id);
    if (data.empty()) return true;
    constexpr uint8_t kCompressed = 80;
    Word used = 0;
    FragmentHeap h;
    if ((data.size() > 1 && uint8_t(data[1]) == kCompressed) ||
        etf_decode(h, reinterpret_cast<const uint8_t *>(data.data()), data.size(), false, &used).is_none())
      return fail(std::string("bad external term representation of ") + what);
    *to = make_binary_from(literals->heap, data);
    literals->keep(to);
    return true;
  }

  bool all() {
    auto strings = find_chunk(chunks, "StrT");
    out->strings.assign(strings.begin(), strings.end());
    return atoms() && imports() && exports("ExpT", true) && exports("LocT", false) && lambdas() && literal_table() &&
           lines() && types() && term_chunk("Attr", "module attributes", &out->attributes) &&
           term_chunk("CInf", "compilation information", &out->compile_info);
  }
};

} // namespace

bool parse_tables(const std::vector<Chunk> &chunks, BeamFile *out, LiteralBuilder *literals, std::string *error) {
  return Tables{chunks, out, literals, error}.all();
}

} // namespace joist::loader
