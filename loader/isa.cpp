#include "loader/isa.h"

namespace joist::loader {
namespace {
template <class... T> constexpr OpRow row(const char *name, T... specs) { return {name, sizeof...(T), {specs...}}; }
} // namespace
const OpRow op_rows[size_t(Op::Count)] = {
#define JOIST_INSTR(family, name, ...) row(#name __VA_OPT__(, ) __VA_ARGS__),
#include "loader/isa.def"
#undef JOIST_INSTR
};
const void *const *op_variants[size_t(Op::Count)];
void *interpret_entry_stub = nullptr, *interpret_return_stub = nullptr;

int op_variant_count(Op op) {
  const OpRow &r = op_rows[size_t(op)];
  int n = 1;
  for (int i = 0; i < r.operands; i++) n *= spec_radix(r.specs[i]);
  return n;
}
} // namespace joist::loader
