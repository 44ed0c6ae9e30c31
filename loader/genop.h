// Names and arities of generic instructions.
#pragma once
#include <cstdint>

namespace joist::loader {
namespace genop {
enum : uint16_t {
#define JOIST_GENOP(number, name, arity) op_##name = number,
#define JOIST_GENOP_OBSOLETE(number, name, arity) op_##name = number,
#include "loader/genop.def"
#undef JOIST_GENOP
#undef JOIST_GENOP_OBSOLETE
  op_end
};
} // namespace genop
struct GenopInfo {
  const char *name;
  uint8_t arity;
  bool obsolete;
};
inline constexpr unsigned kMaxGenop = genop::op_end - 1;
const GenopInfo &genop_info(unsigned op); // 1..kMaxGenop
} // namespace joist::loader
