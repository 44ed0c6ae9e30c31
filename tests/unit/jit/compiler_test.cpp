// The compiler's side of jit/object.h, without running the code: objects are complete, and the same every time.
#include "bifs/bifs.h"
#include "jit/object.h"
#include "loader/decode.h"
#include "loader/prepare.h"
#include "runtime/atom/atom.h"
#include "runtime/code/install.h"
#include "runtime/mem/literal.h"
#include "vm/vm.h"

#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <thread>

namespace joist::jit {
namespace {
const CompilerApi *api() {
  static const CompilerApi *a = [] {
    void *so = dlopen("bin/libjoist_jit.so", RTLD_NOW);
    auto entry = so ? reinterpret_cast<CompilerEntry>(dlsym(so, "joist_jit_api")) : nullptr;
    return entry ? entry() : nullptr;
  }();
  return a;
}
ModuleCode *load(const std::string &name) {
  static bool once = [] {
    atom::init(1 << 20);
    literal_init();
    vm::init();
    bifs::register_all();
    loader::init();
    return true;
  }();
  (void)once;
  std::ifstream in("/usr/lib/erlang/lib/stdlib-4.2/ebin/" + name + ".beam", std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {}), error;
  ModuleCode *code = bytes.empty() ? nullptr
                                   : prepare_code(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(),
                                                  atom::intern(name), &error);
  EXPECT_TRUE(code) << name << ": " << error;
  return code;
}
class Compiler : public testing::Test {
protected:
  void SetUp() override {
    if (!api()) GTEST_SKIP() << "built without the compiler";
    ASSERT_EQ(api()->version, kApiVersion);
  }
  static CompileInput whole(const ModuleCode *code) {
    CompileInput in;
    in.code = code;
    in.functions.assign(code->functions.begin(), code->functions.end());
    return in;
  }
  static CompiledObject compile(const CompileInput &in) {
    CompiledObject out;
    std::string error;
    EXPECT_TRUE(api()->compile(in, &out, &error)) << error;
    return out;
  }
};

TEST_F(Compiler, EveryFunctionHasAnEntry) {
  for (const char *name : {"queue", "gb_trees", "base64", "maps"}) {
    ModuleCode *code = load(name);
    if (!code) continue;
    CompiledObject o = compile(whole(code));
    std::set<uint32_t> starts;
    for (auto &e : o.entries) {
      EXPECT_LT(e.text, o.text_size);
      EXPECT_TRUE(starts.insert(e.code).second) << name << ": two entries at " << e.code;
    }
    for (auto &e : o.direct) EXPECT_TRUE(starts.insert(e.code).second) << name;
    for (auto *f : code->functions)
      EXPECT_TRUE(starts.contains(uint32_t(reinterpret_cast<const Word *>(f->entry()) - code->start) * 8));
    EXPECT_EQ(o.names.size(), o.entries.size() + o.direct.size());
    for (uint32_t at : o.exits) {
      loader::Decoded d;
      EXPECT_TRUE(loader::decode(reinterpret_cast<const Instr *>(code->start + at / 8), &d));
    }
  }
}

// The same bytes on any thread and in any order: they can be kept on disk.
TEST_F(Compiler, ObjectsAreReproducible) {
  ModuleCode *code = load("orddict");
  ASSERT_TRUE(code);
  CompileInput in = whole(code);
  std::string first = compile(in).elf, again = compile(in).elf, elsewhere;
  std::thread([&] { elsewhere = compile(in).elf; }).join();
  EXPECT_EQ(first, again);
  EXPECT_EQ(first, elsewhere);
  // Loaded a second time the code lies elsewhere, the object does not know.
  ModuleCode *copy = load("orddict");
  ASSERT_TRUE(copy);
  EXPECT_EQ(loader::layout_digest(code), loader::layout_digest(copy));
  EXPECT_EQ(first, compile(whole(copy)).elf);
}

// Undefined symbols are of the kinds that jit/object.h names, and the executable has those that it must have.
TEST_F(Compiler, SymbolsAreResolvable) {
  ModuleCode *code = load("binary");
  ASSERT_TRUE(code);
  CompiledObject o = compile(whole(code));
  auto *head = reinterpret_cast<const Elf64_Ehdr *>(o.elf.data());
  auto *sections = reinterpret_cast<const Elf64_Shdr *>(o.elf.data() + head->e_shoff);
  unsigned seen = 0;
  for (unsigned i = 0; i < head->e_shnum; i++) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const char *names = o.elf.data() + sections[sections[i].sh_link].sh_offset;
    auto *symbols = reinterpret_cast<const Elf64_Sym *>(o.elf.data() + sections[i].sh_offset);
    for (size_t k = 1; k < sections[i].sh_size / sizeof(Elf64_Sym); k++) {
      if (symbols[k].st_shndx != SHN_UNDEF) continue;
      std::string name = names + symbols[k].st_name;
      seen++;
      if (name.size() > 1 && isdigit(static_cast<unsigned char>(name[1]))) {
        EXPECT_NE(std::string("chpiw").find(name[0]), std::string::npos) << name;
        EXPECT_LT(std::stoul(name.substr(1)), code->code_size());
      } else {
        EXPECT_TRUE(dlsym(RTLD_DEFAULT, name.c_str())) << name;
      }
    }
  }
  EXPECT_GT(seen, 100u);
}
} // namespace
} // namespace joist::jit
