// A linker for one relocatable ELF x86-64 object as jit/llvm makes them: reads it, lays its sections out in two pieces
// (what is executed or read only, and what is written), and places them.
//
// Objects come from the compiler or from a cache file. A file's checksum has been verified, but nothing here relies on
// what an object says: any bytes give a placed object or an error, never an access outside the object and its two
// pieces (tests/load/fuzz/link_fuzz.cpp). What the instructions do when they are executed is another matter.
//
// Understood: .text*, .rodata*, .data.rel.ro* and .bss*; relocations R_X86_64_64, 32, 32S, PC32, PLT32, PC64 and the
// three GOTPCREL kinds. Unwind tables, notes and debugging sections are left out. Anything else is refused.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace joist::jit {

class ObjectImage {
public:
  static constexpr size_t kAlignment = 64; // of both pieces; no section may ask for more

  // `elf` must outlive the image. False: *error is one line.
  bool parse(std::string_view elf, std::string *error);

  size_t code_size() const { return code_size_; } // bytes of the executable, read-only piece
  size_t bss_size() const { return bss_size_; }   // bytes of the zeroed, writable piece
  size_t text_at() const { return text_at_; }     // where .text lies in the first piece
  size_t text_size() const { return text_size_; }

  // The value of an undefined symbol. False: there is none of this name.
  using Resolver = bool (*)(void *context, std::string_view name, uint64_t *value);
  // Writes the first piece to `to` (code_size() bytes) as it must be to run at address `run`, with the second piece at
  // `bss` (which this neither reads nor writes). Both addresses are multiples of kAlignment. False: *error says which
  // symbol is unknown or which value does not fit; `to` has partly been written.
  bool place(uint8_t *to, uint64_t run, uint64_t bss, Resolver resolve, void *context, std::string *error) const;

private:
  enum class Home : uint8_t { None, Code, Bss };
  struct Section {
    uint64_t offset = 0, size = 0; // in the object; size also in memory
    uint64_t at = 0;               // in its piece
    Home home = Home::None;
    bool has_bytes = false;
  };
  struct Fix { // a relocation
    uint32_t section, symbol;
    uint64_t offset;
    int64_t addend;
    uint32_t type, slot; // slot: which GOT entry
  };
  struct Symbol {
    std::string_view name; // if undefined
    uint32_t section = 0;  // 0: undefined, or absolute
    uint64_t value = 0;
    bool absolute = false;
  };
  bool lay_out(std::string *error);
  bool read_symbols(uint64_t table, std::string *error);
  bool read_fixes(uint64_t section, std::string *error);

  std::string_view elf_;
  std::vector<Section> sections_;
  std::vector<Symbol> symbols_;
  std::vector<Fix> fixes_;
  std::vector<uint32_t> got_; // symbols
  size_t code_size_ = 0, bss_size_ = 0, text_at_ = 0, text_size_ = 0, got_at_ = 0;
};

} // namespace joist::jit
