#include "jit/eager/place.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/mman.h>

namespace joist::jit {
namespace {
// The value of an undefined symbol; names are explained in jit/object.h.
bool resolve(const CompileInput &in, const std::string &name, uint64_t *value) {
  auto *base = reinterpret_cast<const char *>(in.code->start);
  if (name.size() < 2 || name[1] < '0' || name[1] > '9') {
    void *p = dlsym(RTLD_DEFAULT, name.c_str());
    *value = reinterpret_cast<uint64_t>(p);
    return p;
  }
  const char *at = base + std::stoul(name.substr(1));
  switch (name[0]) {
  case 'c': *value = reinterpret_cast<uint64_t>(at); return true;
  case 'h': {
    auto *pc = reinterpret_cast<const Instr *>(at);
    *value = uint32_t(in.original_word ? in.original_word(in.context, pc) : *reinterpret_cast<const Word *>(at));
    return true;
  }
  case 'p': *value = *reinterpret_cast<const uint32_t *>(at); return true;
  case 'i': *value = uint64_t(int64_t(*reinterpret_cast<const int32_t *>(at))); return true;
  case 'w': *value = *reinterpret_cast<const uint64_t *>(at); return true;
  default: return false;
  }
}
bool relocate(uint8_t *to, uint64_t run, uint32_t type, uint64_t value) {
  auto put32 = [&](uint64_t v, bool fits) {
    auto word = uint32_t(v);
    memcpy(to, &word, 4);
    return fits;
  };
  switch (type) {
  case R_X86_64_64: memcpy(to, &value, 8); return true;
  case R_X86_64_PC64:
    value -= run;
    memcpy(to, &value, 8);
    return true;
  case R_X86_64_32: return put32(value, value <= UINT32_MAX);
  case R_X86_64_32S: return put32(value, int64_t(value) == int64_t(int32_t(value)));
  case R_X86_64_PC32:
  case R_X86_64_PLT32: return put32(value - run, int64_t(value - run) == int64_t(int32_t(value - run)));
  default: return false;
  }
}
} // namespace

bool place(const CompileInput &in, const CompiledObject &object, Placed *out, std::string *error) {
  const char *file = object.elf.data();
  auto *head = reinterpret_cast<const Elf64_Ehdr *>(file);
  auto *sections = reinterpret_cast<const Elf64_Shdr *>(file + head->e_shoff);
  const char *names = file + sections[head->e_shstrndx].sh_offset;
  // Code and constants first, then, on pages of their own, what is written.
  std::vector<uint64_t> at(head->e_shnum, 0);
  std::vector<bool> placed(head->e_shnum, false);
  uint64_t size = 0, executed = 0;
  unsigned text = 0;
  for (bool written : {false, true}) {
    for (unsigned i = 0; i < head->e_shnum; i++) {
      const Elf64_Shdr &s = sections[i];
      if (!(s.sh_flags & SHF_ALLOC) || s.sh_type == SHT_NOTE || (s.sh_type != SHT_PROGBITS && s.sh_type != SHT_NOBITS))
        continue;
      if (bool(s.sh_flags & SHF_WRITE) != written || std::string_view(names + s.sh_name) == ".eh_frame") continue;
      size = (size + s.sh_addralign - 1) & ~(s.sh_addralign - 1);
      at[i] = size;
      placed[i] = true;
      size += s.sh_size;
      if (std::string_view(names + s.sh_name) == ".text") text = i;
    }
    size = (size + 4095) & ~uint64_t{4095};
    if (!written) executed = size;
  }
  void *memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) {
    *error = "no memory below 2 GB";
    return false;
  }
  auto *base = static_cast<uint8_t *>(memory);
  auto run = reinterpret_cast<uint64_t>(base);
  auto refuse = [&](const std::string &why) {
    *error = why;
    munmap(memory, size);
    return false;
  };
  for (unsigned i = 0; i < head->e_shnum; i++) {
    if (placed[i] && sections[i].sh_type == SHT_PROGBITS)
      memcpy(base + at[i], file + sections[i].sh_offset, sections[i].sh_size);
    if (std::string_view(names + sections[i].sh_name) == ".bss")
      out->exits = reinterpret_cast<uint32_t *>(base + at[i] + object.exit_counters);
  }
  for (unsigned i = 0; i < head->e_shnum; i++) {
    const Elf64_Shdr &s = sections[i];
    if (s.sh_type != SHT_RELA || !placed[s.sh_info]) continue;
    const Elf64_Shdr &table = sections[s.sh_link];
    auto *symbols = reinterpret_cast<const Elf64_Sym *>(file + table.sh_offset);
    const char *text_of = file + sections[table.sh_link].sh_offset;
    auto *fixes = reinterpret_cast<const Elf64_Rela *>(file + s.sh_offset);
    for (size_t k = 0; k < s.sh_size / sizeof(Elf64_Rela); k++) {
      const Elf64_Sym &symbol = symbols[ELF64_R_SYM(fixes[k].r_info)];
      uint64_t value;
      std::string name = text_of + symbol.st_name;
      if (symbol.st_shndx != SHN_UNDEF) value = run + at[symbol.st_shndx] + symbol.st_value;
      else if (!resolve(in, name, &value)) return refuse("unknown symbol " + name);
      uint64_t where = at[s.sh_info] + fixes[k].r_offset;
      if (!relocate(base + where, run + where, uint32_t(ELF64_R_TYPE(fixes[k].r_info)),
                    value + uint64_t(fixes[k].r_addend)))
        return refuse("out of range: " + name);
    }
  }
  mprotect(memory, executed, PROT_READ | PROT_EXEC);
  out->text = base + at[text];
  return true;
}
} // namespace joist::jit
