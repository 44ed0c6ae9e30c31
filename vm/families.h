// Included by vm/handlers_<family>.cpp inside its register function: registers the family's rows of isa.def.
// Before: JOIST_REGISTER(family) and #define JOIST_IF_<family> JOIST_ROW
#define JOIST_INSTR(family, name, ...) JOIST_IF_##family(name __VA_OPT__(, ) __VA_ARGS__)
#ifndef JOIST_IF_data
#define JOIST_IF_data(...)
#endif
#ifndef JOIST_IF_test
#define JOIST_IF_test(...)
#endif
#ifndef JOIST_IF_arith
#define JOIST_IF_arith(...)
#endif
#ifndef JOIST_IF_guard
#define JOIST_IF_guard(...)
#endif
#ifndef JOIST_IF_float
#define JOIST_IF_float(...)
#endif
#ifndef JOIST_IF_call
#define JOIST_IF_call(...)
#endif
#ifndef JOIST_IF_callbif
#define JOIST_IF_callbif(...)
#endif
#ifndef JOIST_IF_apply
#define JOIST_IF_apply(...)
#endif
#ifndef JOIST_IF_raise
#define JOIST_IF_raise(...)
#endif
#ifndef JOIST_IF_receive
#define JOIST_IF_receive(...)
#endif
#ifndef JOIST_IF_map
#define JOIST_IF_map(...)
#endif
#ifndef JOIST_IF_match
#define JOIST_IF_match(...)
#endif
#ifndef JOIST_IF_build
#define JOIST_IF_build(...)
#endif
#include "loader/isa.def"
#undef JOIST_INSTR
#undef JOIST_IF_data
#undef JOIST_IF_test
#undef JOIST_IF_arith
#undef JOIST_IF_guard
#undef JOIST_IF_float
#undef JOIST_IF_call
#undef JOIST_IF_callbif
#undef JOIST_IF_apply
#undef JOIST_IF_raise
#undef JOIST_IF_receive
#undef JOIST_IF_map
#undef JOIST_IF_match
#undef JOIST_IF_build
