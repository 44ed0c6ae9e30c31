#include "jit/tier/symbols.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <elf.h>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// gdb's interface (its manual, "JIT Compilation Interface"): it puts a breakpoint into the function and reads the
// descriptor.
extern "C" {
struct jit_code_entry {
  jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version, action_flag;
  jit_code_entry *relevant_entry, *first_entry;
};
__attribute__((visibility("default"), used)) jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
__attribute__((visibility("default"), used, noinline)) void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
}

namespace joist::jit {
SymbolSettings symbol_settings;

namespace {
// --- perf
void write_map(const CompiledObject &o, const uint8_t *text) {
  static FILE *file = fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "we");
  if (!file) return;
  for (const NativeName &n : o.names)
    fprintf(file, "%lx %x %s\n", reinterpret_cast<unsigned long>(text + n.text), n.size, n.name.c_str());
  fflush(file);
}

struct DumpHeader {
  uint32_t magic = 0x4A695444, version = 1, size = sizeof(DumpHeader), machine = EM_X86_64, reserved = 0, pid = 0;
  uint64_t timestamp = 0, flags = 0;
};
struct DumpLoad {
  uint32_t kind = 0, size = 0; // JIT_CODE_LOAD; of the record
  uint64_t timestamp = 0;
  uint32_t pid = 0, tid = 0;
  uint64_t vma = 0, address = 0, code_size = 0, index = 0;
};
uint64_t timestamp() { // perf record -k mono
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1'000'000'000 + uint64_t(t.tv_nsec);
}
FILE *open_dump() {
  int fd = open(("jit-" + std::to_string(getpid()) + ".dump").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  FILE *file = fd < 0 ? nullptr : fdopen(fd, "w");
  if (!file) return nullptr;
  DumpHeader h;
  h.pid = uint32_t(getpid());
  h.timestamp = timestamp();
  fwrite(&h, sizeof h, 1, file);
  fflush(file);
  // How perf finds the file: by the mapping of it, which it records as one of code.
  mmap(nullptr, size_t(sysconf(_SC_PAGESIZE)), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  return file;
}
void write_dump(const CompiledObject &o, const uint8_t *text) {
  static FILE *file = open_dump();
  static uint64_t index = 0;
  if (!file) return;
  for (const NativeName &n : o.names) {
    DumpLoad r;
    r.size = uint32_t(sizeof r + n.name.size() + 1 + n.size);
    r.timestamp = timestamp();
    r.pid = uint32_t(getpid());
    r.tid = uint32_t(syscall(SYS_gettid));
    r.vma = r.address = uint64_t(text + n.text);
    r.code_size = n.size;
    r.index = index++;
    fwrite(&r, sizeof r, 1, file);
    fwrite(n.name.c_str(), n.name.size() + 1, 1, file);
    fwrite(text + n.text, n.size, 1, file);
  }
  fflush(file);
}

// --- gdb
struct Announced : jit_code_entry {
  const uint8_t *text = nullptr;
  std::string file;
};
std::mutex &gdb_lock = *new std::mutex;

// An ELF file that says no more than where the functions are.
std::string symbol_file(const CompiledObject &o, const uint8_t *text) {
  std::string strings(1, 0);
  std::vector<Elf64_Sym> symbols(1);
  for (const NativeName &n : o.names) {
    Elf64_Sym s{};
    s.st_name = uint32_t(strings.size());
    s.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    s.st_shndx = 1;
    s.st_value = n.text; // within the section, whose address gdb adds
    s.st_size = n.size;
    symbols.push_back(s);
    strings.append(n.name.c_str(), n.name.size() + 1);
  }
  const char names[] = "\0.text\0.symtab\0.strtab";
  Elf64_Ehdr h{};
  memcpy(h.e_ident, ELFMAG, SELFMAG);
  h.e_ident[EI_CLASS] = ELFCLASS64;
  h.e_ident[EI_DATA] = ELFDATA2LSB;
  h.e_ident[EI_VERSION] = EV_CURRENT;
  h.e_type = ET_REL;
  h.e_machine = EM_X86_64;
  h.e_version = EV_CURRENT;
  h.e_ehsize = sizeof h;
  h.e_shentsize = sizeof(Elf64_Shdr);
  h.e_shnum = 4;
  h.e_shstrndx = 3;
  size_t symbols_at = sizeof h, symbols_size = symbols.size() * sizeof(Elf64_Sym),
         strings_at = symbols_at + symbols_size;
  uint32_t section_names = uint32_t(strings.size());
  strings.append(names, sizeof names);
  h.e_shoff = (strings_at + strings.size() + 7) & ~size_t{7};
  Elf64_Shdr sections[4] = {};
  sections[1] = {section_names + 1, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, uint64_t(text), 0, o.text_size, 0, 0, 16, 0};
  sections[2] = {section_names + 7, SHT_SYMTAB, 0, 0, symbols_at, symbols_size, 3, 1, 8, sizeof(Elf64_Sym)};
  sections[3] = {section_names + 15, SHT_STRTAB, 0, 0, strings_at, strings.size(), 0, 0, 1, 0};
  // Names of sections are in the same table.
  std::string file(reinterpret_cast<const char *>(&h), sizeof h);
  file.append(reinterpret_cast<const char *>(symbols.data()), symbols_size);
  file += strings;
  file.resize(h.e_shoff);
  file.append(reinterpret_cast<const char *>(sections), sizeof sections);
  return file;
}
void tell_gdb(uint32_t action, jit_code_entry *e) {
  __jit_debug_descriptor.relevant_entry = e;
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = 0;
}
void announce(const CompiledObject &o, const uint8_t *text) {
  auto *e = new Announced;
  e->text = text;
  e->file = symbol_file(o, text);
  e->symfile_addr = e->file.data();
  e->symfile_size = e->file.size();
  std::lock_guard g(gdb_lock);
  e->prev_entry = nullptr;
  e->next_entry = __jit_debug_descriptor.first_entry;
  if (e->next_entry) e->next_entry->prev_entry = e;
  __jit_debug_descriptor.first_entry = e;
  tell_gdb(1, e);
}
} // namespace

void symbols_added(const CompiledObject &object, const uint8_t *text) {
  if (symbol_settings.perf == PerfOutput::Map) write_map(object, text);
  if (symbol_settings.perf == PerfOutput::Dump) write_dump(object, text);
  if (symbol_settings.gdb) announce(object, text);
}

void symbols_removed(const uint8_t *from, const uint8_t *to) {
  if (!symbol_settings.gdb) return;
  std::lock_guard g(gdb_lock);
  for (jit_code_entry *e = __jit_debug_descriptor.first_entry, *next; e; e = next) {
    next = e->next_entry;
    std::unique_ptr<Announced> a(static_cast<Announced *>(e));
    if (a->text < from || a->text >= to) {
      a.release();
      continue;
    }
    if (e->prev_entry) e->prev_entry->next_entry = next;
    else __jit_debug_descriptor.first_entry = next;
    if (next) next->prev_entry = e->prev_entry;
    tell_gdb(2, e);
  }
}
} // namespace joist::jit
