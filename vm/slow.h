// Out-of-line slow paths, shared by handlers (and later by compiled code). All of them run with the process' state
// saved (SAVE) and build in p->heap without collecting.
#pragma once
#include "runtime/term/number.h"
#include "vm/interp.h"

namespace joist::vm {
enum class UnaryOp : uint8_t { Neg, Bnot, Abs };
// Before a slow path that builds terms: collects where fragments have piled up. False: killed.
bool collect_before_slow(Machine *m, unsigned live);
bool collect_before_slow_due(const Machine *m); // would it collect?
// Answer pc: *r is the result. Otherwise where to go on (null: the process has ended): `fail`, or the handler of the
// exception.
const Instr *slow_arith(Machine *m, const Instr *pc, const Instr *fail, ArithOp op, Term a, Term b, Term *r,
                        bool named = true);
const Instr *slow_unary(Machine *m, const Instr *pc, const Instr *fail, UnaryOp op, Term a, Term *r);
// A guard function called through its BIF; same protocol.
const Instr *slow_bif(Machine *m, const Instr *pc, const Instr *fail, const Mfa *mfa, Bif fn, const Term *args,
                      Term *r);
// By name, for guard functions that have an instruction of their own.
const Instr *slow_guard(Machine *m, const Instr *pc, const Instr *fail, Term function, unsigned arity, const Term *args,
                        Term *r);
// map with n / 2 keys and values, operands v of the instruction at pc (x registers in m). None: badmap or badkey is set.
Term put_map_operands(Machine *m, const Instr *pc, Term map, const uint16_t *v, Word n, bool exact);
Term this_node_name();
} // namespace joist::vm
