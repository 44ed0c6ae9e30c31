#include "jit/eager/eager.h"
#include "jit/eager/place.h"
#include "runtime/atom/atom.h"
#include "runtime/code/install.h"
#include "vm/native.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <set>

namespace joist::jit {
namespace {
const CompilerApi *api = nullptr;
bool all = false;
std::set<std::string, std::less<>> wanted;
ModuleCode *(*prepare_interpreted)(const uint8_t *, size_t, Term, std::string *) = nullptr;

// Functions of such a module get native bodies later (erlang:load_nif/2), which compiled callers would miss.
bool gets_native_bodies(const ModuleCode *code) {
  if (code->on_load) return true;
  for (const Export *e : code->imports)
    if (e->mfa().module == atoms::erlang && e->mfa().function == atoms::load_nif) return true;
  return false;
}

void publish(const ModuleCode *code, const CompiledObject &object, const Placed &at) {
  auto *base = reinterpret_cast<char *>(code->start);
  std::set<const void *> entries;
  for (const FuncInfo *f : code->functions) entries.insert(f->entry());
  auto handler = [](char *pc, const void *h) {
    std::atomic_ref(*reinterpret_cast<uint32_t *>(pc))
        .store(uint32_t(reinterpret_cast<Word>(h)), std::memory_order_release);
  };
  for (const NativeEntry &e : object.entries) {
    char *pc = base + e.code;
    void *native = at.text + e.text;
    bool is_entry = entries.contains(pc);
    void **word =
        is_entry ? &FuncInfo::of(reinterpret_cast<const Instr *>(pc))->native : reinterpret_cast<void **>(pc) - 1;
    std::atomic_ref(*word).store(native, std::memory_order_release);
    handler(pc,
            is_entry ? reinterpret_cast<void *>(&vm::native_enter) : reinterpret_cast<void *>(&vm::native_continue));
  }
  for (const NativeEntry &e : object.direct) handler(base + e.code, at.text + e.text);
}

ModuleCode *prepare(const uint8_t *data, size_t size, Term module, std::string *error) {
  ModuleCode *code = prepare_interpreted(data, size, module, error);
  if (!code || !(all || wanted.contains(atom::text(code->module))) || gets_native_bodies(code)) return code;
  CompileInput in;
  in.code = code;
  in.functions.assign(code->functions.begin(), code->functions.end());
  CompiledObject object;
  Placed at;
  std::string why;
  if (api->compile(in, &object, &why) && place(in, object, &at, &why)) publish(code, object, at);
  else fprintf(stderr, "%s stays interpreted: %s\n", std::string(atom::text(code->module)).c_str(), why.c_str());
  return code;
}
} // namespace

bool eager_init(const std::string &modules, std::string *error) {
  if (modules.empty() || modules == "false") return true;
  std::error_code none;
  auto library = std::filesystem::read_symlink("/proc/self/exe", none).parent_path() / "libjoist_jit.so";
  void *so = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto entry = so ? reinterpret_cast<CompilerEntry>(dlsym(so, "joist_jit_api")) : nullptr;
  api = entry ? entry() : nullptr;
  if (!api || api->version != kApiVersion) {
    *error = so ? "libjoist_jit.so is of another version" : dlerror();
    return false;
  }
  all = modules == "true";
  for (size_t at = 0; at <= modules.size();) {
    size_t end = std::min(modules.find(',', at), modules.size());
    wanted.insert(modules.substr(at, end - at));
    at = end + 1;
  }
  prepare_interpreted = prepare_code;
  prepare_code = prepare;
  return true;
}
} // namespace joist::jit
