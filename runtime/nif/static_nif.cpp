#include "runtime/nif/static_nif.h"

namespace joist::runtime {
namespace {
std::vector<std::pair<Term, const StaticNifModule *>> &modules() {
  static std::vector<std::pair<Term, const StaticNifModule *>> list;
  return list;
}
} // namespace

void static_nif_register(const StaticNifModule *m) {
  modules().emplace_back(atom::intern(m->library ? m->library : m->module), m);
}

const StaticNifModule *static_nif_find(Term library) {
  for (auto &[name, m] : modules())
    if (name == library) return m;
  return nullptr;
}
} // namespace joist::runtime
