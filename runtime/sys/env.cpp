#include "runtime/sys/env.h"

#include <map>
#include <mutex>
#include <unistd.h>

namespace joist::runtime {
namespace {
struct Environment {
  std::mutex lock;
  std::map<std::string, std::string, std::less<>> variables;
  Environment() {
    for (char **e = environ; e && *e; e++) {
      std::string_view s(*e);
      size_t eq = s.find('=', 1);
      if (eq != s.npos) variables.emplace(s.substr(0, eq), s.substr(eq + 1));
    }
  }
};
Environment &environment() {
  static auto *e = new Environment;
  return *e;
}
} // namespace

std::optional<std::string> env_get(std::string_view name) {
  Environment &e = environment();
  std::lock_guard g(e.lock);
  auto it = e.variables.find(name);
  if (it == e.variables.end()) return std::nullopt;
  return it->second;
}

void env_put(std::string_view name, std::string_view value) {
  Environment &e = environment();
  std::lock_guard g(e.lock);
  e.variables.insert_or_assign(std::string(name), std::string(value));
}

void env_unset(std::string_view name) {
  Environment &e = environment();
  std::lock_guard g(e.lock);
  auto it = e.variables.find(name);
  if (it != e.variables.end()) e.variables.erase(it);
}

std::vector<std::string> env_all() {
  Environment &e = environment();
  std::lock_guard g(e.lock);
  std::vector<std::string> out;
  out.reserve(e.variables.size());
  for (auto &[name, value] : e.variables) out.push_back(name + "=" + value);
  return out;
}
} // namespace joist::runtime
