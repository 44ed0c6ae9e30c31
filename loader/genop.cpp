#include "loader/genop.h"

namespace joist::loader {
namespace {
constexpr GenopInfo kInfo[] = {
    {"", 0, true},
#define JOIST_GENOP(number, name, arity) {#name, arity, false},
#define JOIST_GENOP_OBSOLETE(number, name, arity) {#name, arity, true},
#include "loader/genop.def"
#undef JOIST_GENOP
#undef JOIST_GENOP_OBSOLETE
};
static_assert(sizeof(kInfo) / sizeof(kInfo[0]) == kMaxGenop + 1, "genop.def has a row for every number");
} // namespace

const GenopInfo &genop_info(unsigned op) { return kInfo[op]; }
} // namespace joist::loader
