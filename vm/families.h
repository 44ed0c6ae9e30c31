// Included by vm/handlers_<family>.cpp inside its register function: registers the family's rows of isa.def.
// Before: #define JOIST_IF_<family> JOIST_ROW
#define JOIST_ROW(name, ...) op_variants[size_t(Op::name)] = Expand<Op_##name __VA_OPT__(, ) __VA_ARGS__>::table();
#define S Spec::S
#define R Spec::R
#define D Spec::D
#define L Spec::L
#define C Spec::C
#define V Spec::V
#define F Spec::F
#define P Spec::P
#define U Spec::U
#define H Spec::H
#define W Spec::W
#define FR Spec::Fr
#define N Spec::N
#define X Spec::X
#define Y Spec::Y
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
