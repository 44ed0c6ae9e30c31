#include "jit/tier/link.h"

#include <cstring>
#include <elf.h>

namespace joist::jit {
namespace {

constexpr size_t kMaxSections = 4096, kMaxPiece = size_t{64} << 20;

bool fail(std::string *error, std::string_view why) {
  *error = why;
  return false;
}

// The object's bytes [offset, offset + size) if they are there.
const char *bytes_at(std::string_view elf, uint64_t offset, uint64_t size) {
  return offset <= elf.size() && size <= elf.size() - offset ? elf.data() + offset : nullptr;
}

// The i-th of an array of T at `offset`; the array has been checked to be there.
template <class T> T item(std::string_view elf, uint64_t offset, uint64_t i) {
  T t;
  memcpy(&t, elf.data() + offset + i * sizeof(T), sizeof(T));
  return t;
}

std::string_view text_of(std::string_view table, uint64_t offset) {
  if (offset >= table.size()) return {};
  std::string_view rest = table.substr(offset);
  size_t end = rest.find('\0');
  return end == rest.npos ? std::string_view() : rest.substr(0, end);
}

bool starts(std::string_view s, std::string_view with) { return s.substr(0, with.size()) == with; }

struct Header {
  Elf64_Ehdr e;
  std::string_view names;
};

bool read_header(std::string_view elf, Header *h, std::string *error) {
  if (elf.size() < sizeof h->e) return fail(error, "not an ELF object");
  h->e = item<Elf64_Ehdr>(elf, 0, 0);
  const Elf64_Ehdr &e = h->e;
  if (memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 || e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB)
    return fail(error, "not a 64-bit ELF object");
  if (e.e_type != ET_REL || e.e_machine != EM_X86_64) return fail(error, "not a relocatable x86-64 object");
  if (e.e_shentsize != sizeof(Elf64_Shdr) || e.e_shnum == 0 || e.e_shnum > kMaxSections || e.e_shstrndx >= e.e_shnum ||
      !bytes_at(elf, e.e_shoff, e.e_shnum * sizeof(Elf64_Shdr)))
    return fail(error, "damaged section table");
  auto s = item<Elf64_Shdr>(elf, e.e_shoff, e.e_shstrndx);
  const char *names = s.sh_type == SHT_STRTAB ? bytes_at(elf, s.sh_offset, s.sh_size) : nullptr;
  if (!names) return fail(error, "damaged section names");
  h->names = {names, s.sh_size};
  return true;
}

bool fits32(uint64_t v) { return v <= UINT32_MAX; }
bool fits32s(uint64_t v) { return int64_t(v) == int64_t(int32_t(v)); }

} // namespace

bool ObjectImage::parse(std::string_view elf, std::string *error) {
  *this = ObjectImage();
  elf_ = elf;
  if (!lay_out(error)) return false;
  auto e = item<Elf64_Ehdr>(elf, 0, 0);
  uint64_t symbol_table = 0;
  for (unsigned i = 0; i < e.e_shnum; i++) {
    if (item<Elf64_Shdr>(elf, e.e_shoff, i).sh_type != SHT_SYMTAB) continue;
    if (symbol_table) return fail(error, "more than one symbol table");
    symbol_table = i;
  }
  if (symbol_table && !read_symbols(symbol_table, error)) return false;
  for (unsigned i = 0; i < e.e_shnum; i++) {
    auto s = item<Elf64_Shdr>(elf, e.e_shoff, i);
    if (s.sh_type == SHT_REL) return fail(error, "relocations without addends");
    if (s.sh_type != SHT_RELA || s.sh_info >= sections_.size() || sections_[s.sh_info].home == Home::None) continue;
    if (s.sh_link != symbol_table || !symbol_table) return fail(error, "relocations without symbols");
    if (!read_fixes(i, error)) return false;
  }
  got_at_ = code_size_ = (code_size_ + 7) & ~size_t{7};
  code_size_ += got_.size() * 8;
  return true;
}

bool ObjectImage::lay_out(std::string *error) {
  Header h;
  if (!read_header(elf_, &h, error)) return false;
  sections_.resize(h.e.e_shnum);
  bool has_text = false;
  // Code first, constants behind it.
  for (int pass = 0; pass < 2; pass++)
    for (unsigned i = 0; i < h.e.e_shnum; i++) {
      auto s = item<Elf64_Shdr>(elf_, h.e.e_shoff, i);
      if (!(s.sh_flags & SHF_ALLOC)) continue;
      bool executed = s.sh_flags & SHF_EXECINSTR;
      if (executed != (pass == 0)) continue;
      std::string_view name = text_of(h.names, s.sh_name);
      if (name == ".eh_frame" || s.sh_type == SHT_NOTE) continue;
      if (s.sh_flags & (SHF_TLS | SHF_COMPRESSED)) return fail(error, "unsupported section " + std::string(name));
      bool bss = s.sh_type == SHT_NOBITS;
      if (!bss && s.sh_type != SHT_PROGBITS) return fail(error, "unsupported section " + std::string(name));
      bool known = bss        ? starts(name, ".bss") && (s.sh_flags & SHF_WRITE) && !executed
                   : executed ? starts(name, ".text") && !(s.sh_flags & SHF_WRITE)
                              : starts(name, ".data.rel.ro") || (starts(name, ".rodata") && !(s.sh_flags & SHF_WRITE));
      if (!known) return fail(error, "unsupported section " + std::string(name));
      uint64_t align = s.sh_addralign ? s.sh_addralign : 1;
      if (align > kAlignment || (align & (align - 1)))
        return fail(error, "unsupported alignment of " + std::string(name));
      if (s.sh_size > kMaxPiece || (!bss && !bytes_at(elf_, s.sh_offset, s.sh_size)))
        return fail(error, "damaged section " + std::string(name));
      size_t &end = bss ? bss_size_ : code_size_;
      size_t at = (end + align - 1) & ~(align - 1);
      sections_[i] = {s.sh_offset, s.sh_size, at, bss ? Home::Bss : Home::Code, !bss};
      end = at + s.sh_size;
      if (end > kMaxPiece) return fail(error, "object too large");
      if (name == ".text") {
        if (has_text) return fail(error, "more than one .text");
        has_text = true;
        text_at_ = at;
        text_size_ = s.sh_size;
      }
    }
  return true;
}

bool ObjectImage::read_symbols(uint64_t table, std::string *error) {
  auto e = item<Elf64_Ehdr>(elf_, 0, 0);
  auto s = item<Elf64_Shdr>(elf_, e.e_shoff, table);
  if (s.sh_entsize != sizeof(Elf64_Sym) || s.sh_size % sizeof(Elf64_Sym) || !bytes_at(elf_, s.sh_offset, s.sh_size) ||
      s.sh_link >= e.e_shnum)
    return fail(error, "damaged symbol table");
  auto n = item<Elf64_Shdr>(elf_, e.e_shoff, s.sh_link);
  const char *names = n.sh_type == SHT_STRTAB ? bytes_at(elf_, n.sh_offset, n.sh_size) : nullptr;
  if (!names) return fail(error, "damaged symbol names");
  symbols_.resize(s.sh_size / sizeof(Elf64_Sym));
  for (size_t i = 0; i < symbols_.size(); i++) {
    auto sym = item<Elf64_Sym>(elf_, s.sh_offset, i);
    Symbol &to = symbols_[i];
    to.value = sym.st_value;
    if (sym.st_shndx == SHN_UNDEF) to.name = text_of({names, n.sh_size}, sym.st_name);
    else if (sym.st_shndx == SHN_ABS) to.absolute = true;
    else if (sym.st_shndx < sections_.size()) to.section = sym.st_shndx;
    else return fail(error, "unsupported kind of symbol");
  }
  return true;
}

bool ObjectImage::read_fixes(uint64_t section, std::string *error) {
  auto e = item<Elf64_Ehdr>(elf_, 0, 0);
  auto s = item<Elf64_Shdr>(elf_, e.e_shoff, section);
  if (s.sh_entsize != sizeof(Elf64_Rela) || s.sh_size % sizeof(Elf64_Rela) || !bytes_at(elf_, s.sh_offset, s.sh_size))
    return fail(error, "damaged relocations");
  const Section &target = sections_[s.sh_info];
  if (!target.has_bytes) return fail(error, "relocations in zeroed memory");
  size_t count = s.sh_size / sizeof(Elf64_Rela);
  fixes_.reserve(fixes_.size() + count);
  for (size_t i = 0; i < count; i++) {
    auto r = item<Elf64_Rela>(elf_, s.sh_offset, i);
    Fix f{s.sh_info, uint32_t(ELF64_R_SYM(r.r_info)), r.r_offset, r.r_addend, uint32_t(ELF64_R_TYPE(r.r_info)), 0};
    size_t width = 0;
    switch (f.type) {
    case R_X86_64_NONE: continue;
    case R_X86_64_64:
    case R_X86_64_PC64: width = 8; break;
    case R_X86_64_32:
    case R_X86_64_32S:
    case R_X86_64_PC32:
    case R_X86_64_PLT32: width = 4; break;
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
      width = 4;
      for (; f.slot < got_.size() && got_[f.slot] != f.symbol; f.slot++) {}
      if (f.slot == got_.size()) got_.push_back(f.symbol);
      if (got_.size() > 4096) return fail(error, "object too large");
      break;
    default: return fail(error, "unsupported relocation type " + std::to_string(f.type));
    }
    if (f.symbol >= symbols_.size()) return fail(error, "damaged relocations");
    const Symbol &sym = symbols_[f.symbol];
    if (sym.section && sections_[sym.section].home == Home::None)
      return fail(error, "relocation to a section left out");
    if (f.offset > target.size || width > target.size - f.offset) return fail(error, "relocation outside its section");
    fixes_.push_back(f);
  }
  return true;
}

bool ObjectImage::place(uint8_t *to, uint64_t run, uint64_t bss, Resolver resolve, void *context,
                        std::string *error) const {
  memset(to, 0xcc, code_size_); // int3 in the gaps
  for (auto &s : sections_)
    if (s.has_bytes) memcpy(to + s.at, elf_.data() + s.offset, s.size);
  enum class Known : uint8_t { No, Yes };
  std::vector<uint64_t> values(symbols_.size());
  std::vector<Known> known(symbols_.size(), Known::No);
  auto value = [&](uint32_t i, uint64_t *out) {
    const Symbol &s = symbols_[i];
    if (known[i] == Known::No) {
      if (s.section)
        values[i] = (sections_[s.section].home == Home::Bss ? bss : run) + sections_[s.section].at + s.value;
      else if (s.absolute) values[i] = s.value;
      else if (s.name.empty() || !resolve(context, s.name, &values[i]))
        return fail(error, "unknown symbol " + std::string(s.name));
      known[i] = Known::Yes;
    }
    *out = values[i];
    return true;
  };
  for (size_t i = 0; i < got_.size(); i++) {
    uint64_t v;
    if (!value(got_[i], &v)) return false;
    memcpy(to + got_at_ + i * 8, &v, 8);
  }
  for (auto &f : fixes_) {
    uint64_t at = sections_[f.section].at + f.offset, place = run + at, v;
    if (!value(f.symbol, &v)) return false;
    bool fits = true;
    size_t width = 4;
    switch (f.type) {
    case R_X86_64_64:
      v += uint64_t(f.addend);
      width = 8;
      break;
    case R_X86_64_PC64:
      v += uint64_t(f.addend) - place;
      width = 8;
      break;
    case R_X86_64_32:
      v += uint64_t(f.addend);
      fits = fits32(v);
      break;
    case R_X86_64_32S:
      v += uint64_t(f.addend);
      fits = fits32s(v);
      break;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
      v += uint64_t(f.addend) - place;
      fits = fits32s(v);
      break;
    default:
      v = run + got_at_ + f.slot * 8 + uint64_t(f.addend) - place;
      fits = fits32s(v);
      break;
    }
    if (!fits) return fail(error, "out of range: " + std::string(symbols_[f.symbol].name));
    memcpy(to + at, &v, width);
  }
  return true;
}

} // namespace joist::jit
