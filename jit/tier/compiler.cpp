#include "jit/tier/compiler.h"
#include "jit/tier/tier.h"

#include <climits>
#include <dlfcn.h>
#include <mutex>
#include <unistd.h>

namespace joist::jit {
namespace {
std::string beside_executable() {
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  std::string exe(path, n > 0 ? size_t(n) : 0);
  return exe.substr(0, exe.rfind('/') + 1) + "libjoist_jit.so";
}
const CompilerApi *load(std::string *error) {
  std::string path = compiler_path();
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    *error = dlerror();
    return nullptr;
  }
  auto entry = reinterpret_cast<CompilerEntry>(dlsym(library, "joist_jit_api"));
  const CompilerApi *api = entry ? entry() : nullptr;
  if (api && api->version == kApiVersion) return api;
  *error = path + " does not belong to this executable";
  return nullptr;
}
} // namespace

std::string compiler_path() { return tier_settings.library.empty() ? beside_executable() : tier_settings.library; }

const CompilerApi *compiler(std::string *error) {
  static std::once_flag once;
  static const CompilerApi *api;
  static std::string why;
  std::call_once(once, [] { api = load(&why); });
  if (!api && error) *error = why;
  return api;
}
} // namespace joist::jit
