// The kinds of operands, whatever registers hold: for instructions that are never reached, of which nothing else is known.
#include "loader/genop.h"
#include "loader/validate.h"
#include "loader/validate_ops.h"
#include "runtime/term/boxed.h"

namespace joist::loader {
using namespace genop;
namespace {
// As op_signatures(), for instructions that have code of their own; y: y register. What follows is not looked at.
const char *shape_of(unsigned op) {
  switch (op) {
  case op_move: return "sd";
  case op_swap: return "rr";
  case op_init: return "y";
  case op_catch:
  case op_try: return "yT";
  case op_catch_end:
  case op_try_end:
  case op_try_case: return "y";
  case op_badmatch:
  case op_case_end:
  case op_try_case_end:
  case op_badrecord: return "s";
  case op_raise: return "ss";
  case op_put_tuple2: return "d";
  case op_update_record: return "xxsd";
  case op_make_fun3: return "xd";
  case op_select_val:
  case op_select_tuple_arity: return "sT";
  case op_put_map_assoc:
  case op_put_map_exact: return "Fsd";
  case op_has_map_fields:
  case op_get_map_elements: return "Ts";
  case op_loop_rec: return "Td";
  case op_bs_start_match3: return "Tsxd";
  case op_bs_start_match4: return "xxsd";
  case op_bs_create_bin: return "Fxxxd";
  default: return "";
  }
}
bool is_register(const Operand &o) { return o.kind == OperandKind::X || o.kind == OperandKind::Y; }
bool fits(char what, const Operand &o) {
  switch (what) {
  case 's':
    return is_register(o) || o.kind == OperandKind::Integer || o.kind == OperandKind::Atom ||
           o.kind == OperandKind::Nil || o.kind == OperandKind::Character || o.kind == OperandKind::Literal;
  case 'r':
  case 'c':
  case 'd':
  case 'D': return is_register(o);
  case 'y': return o.kind == OperandKind::Y;
  case 'f': return o.kind == OperandKind::FloatReg;
  case 'F': return o.kind == OperandKind::Label;
  case 'T': return o.kind == OperandKind::Label && o.value;
  case 'a': return o.kind == OperandKind::Atom;
  default: return true;
  }
}
} // namespace

bool float_move_fits(const Operand &from, const Operand &to) {
  if (from.kind == OperandKind::FloatReg) return is_register(to);
  return to.kind == OperandKind::FloatReg &&
         (is_register(from) || (from.kind == OperandKind::Literal && is_float(from.term)));
}

bool operand_kinds_fit(const BeamFile &file, const GenericOp &op) {
  if (op.op == op_fmove) return float_move_fits(file.arg(op, 0), file.arg(op, 1));
  const char *s = kSignatures[op.op];
  if (!s) s = shape_of(op.op);
  for (unsigned i = 0; s[i]; i++)
    if (!fits(s[i], file.arg(op, i))) return false;
  auto list_fits = [&](unsigned operand, unsigned step, unsigned item, char what) {
    const Operand &l = file.arg(op, operand);
    if (l.kind != OperandKind::List) return false;
    for (uint64_t i = item; i < l.value; i += step)
      if (!fits(what, file.extended[l.index + i])) return false;
    return true;
  };
  switch (op.op) {
  case op_init_yregs: return list_fits(0, 1, 0, 'y');
  case op_put_tuple2: return list_fits(1, 1, 0, 's');
  case op_get_map_elements: return list_fits(2, 2, 0, 's') && list_fits(2, 2, 1, 'd');
  default: return true;
  }
}
} // namespace joist::loader
