// The shape of code: label, [line], func_info, label, body ... per function, then int_code_end.
#include "loader/genop.h"
#include "loader/validate.h"
#include "runtime/atom/atom.h"
#include "runtime/proc/process.h"

namespace joist::loader {
using namespace genop;
namespace {

struct ShapeReader {
  const BeamFile &file;
  CodeShape *out;
  std::string *error;

  bool fail(const std::string &why) {
    *error = why;
    return false;
  }

  bool define(const GenericOp &op, uint32_t at) {
    const Operand &o = file.arg(op, 0);
    if (o.kind != OperandKind::Unsigned || o.value == 0 || o.value >= out->label_op.size())
      return fail("a label is out of range");
    if (out->label_op[o.value] != kNoOp) return fail("label " + std::to_string(o.value) + " is defined twice");
    out->label_op[o.value] = at;
    return true;
  }

  bool function(uint32_t label_at, uint32_t info_at) {
    auto &ops = file.ops;
    const GenericOp &info = ops[info_at];
    const Operand &m = file.arg(info, 0), &f = file.arg(info, 1), &a = file.arg(info, 2);
    if (m.kind != OperandKind::Atom || m.term != file.module || f.kind != OperandKind::Atom ||
        a.kind != OperandKind::Unsigned || a.value > 255)
      return fail("a func_info instruction is malformed");
    if (info_at + 1 >= ops.size() || ops[info_at + 1].op != op_label)
      return fail("a func_info instruction has no entry label behind it");
    if (!out->functions.empty()) out->functions.back().end = label_at;
    const Operand &entry = file.arg(ops[info_at + 1], 0);
    out->functions.push_back({label_at, 0, info_at + 2, uint32_t(file.arg(ops[label_at], 0).value),
                              uint32_t(entry.value), uint32_t(a.value), f.term});
    return true;
  }

  bool run() {
    auto &ops = file.ops;
    out->label_op.assign(size_t(file.label_count) + 1, kNoOp);
    out->label_slot.assign(size_t(file.label_count) + 1, 0);
    out->label_arity.assign(size_t(file.label_count) + 1, kNotEntry);
    out->functions.reserve(file.function_count);
    uint32_t slot = 0;
    for (uint32_t i = 0; i < ops.size(); i++) {
      switch (ops[i].op) {
      case op_label: {
        if (!define(ops[i], i)) return false;
        uint32_t next = i + 1;
        if (next < ops.size() && ops[next].op == op_line) next++;
        if (next < ops.size() && ops[next].op == op_func_info) {
          if (!function(i, next)) return false;
          slot = 0;
        }
        out->label_slot[file.arg(ops[i], 0).value] = slot++;
        break;
      }
      case op_func_info:
        if (out->functions.empty() || out->functions.back().body != i + 2)
          return fail("a func_info instruction has no label before it");
        break;
      case op_int_code_end: break;
      default:
        if (out->functions.empty() && ops[i].op != op_line) return fail("code stands before the first function");
      }
    }
    if (ops.empty() || ops.back().op != op_int_code_end) return fail("the code does not end with int_code_end");
    if (!out->functions.empty()) out->functions.back().end = uint32_t(ops.size()) - 1;
    if (out->functions.size() != file.function_count) return fail("the number of functions is not as the header says");
    for (auto &f : out->functions) out->label_arity[f.entry_label] = uint16_t(f.arity);
    return tables();
  }

  uint32_t entry_arity(uint32_t label) const {
    return label < out->label_arity.size() ? out->label_arity[label] : kNotEntry;
  }
  bool tables() {
    for (auto &e : file.exports)
      if (entry_arity(e.label) != e.arity)
        return fail("the export table names a label that is not the entry of that function");
    for (auto &l : file.lambdas)
      if (entry_arity(l.label) != l.arity + l.free_count)
        return fail("the lambda table names a label that is not the entry of that function");
    return true;
  }
};

} // namespace

bool read_shape(const BeamFile &file, CodeShape *out, std::string *error) {
  return ShapeReader{file, out, error}.run();
}

bool never_returns(const Mfa &m) {
  if (m.module != atoms::erlang) return false;
  if (m.function == atoms::error) return m.arity >= 1 && m.arity <= 3;
  if (m.function == atoms::exit || m.function == atoms::throw_) return m.arity == 1;
  return m.function == atoms::nif_error && (m.arity == 1 || m.arity == 2);
}

bool is_guard_bif(Term name, Word arity) {
  struct Row {
    Term name;
    uint8_t arity;
  };
  static const Row kRows[] = {
      {atoms::abs, 1},         {atoms::element, 2},      {atoms::float_, 1},       {atoms::hd, 1},
      {atoms::length, 1},      {atoms::node, 0},         {atoms::node, 1},         {atoms::round, 1},
      {atoms::self, 0},        {atoms::size, 1},         {atoms::tl, 1},           {atoms::trunc, 1},
      {atoms::and_, 2},        {atoms::or_, 2},          {atoms::xor_, 2},         {atoms::not_, 1},
      {atoms::op_gt, 2},       {atoms::op_ge, 2},        {atoms::op_lt, 2},        {atoms::op_le, 2},
      {atoms::op_eq_exact, 2}, {atoms::op_eq, 2},        {atoms::op_ne_exact, 2},  {atoms::op_ne, 2},
      {atoms::op_plus, 1},     {atoms::op_plus, 2},      {atoms::op_minus, 1},     {atoms::op_minus, 2},
      {atoms::op_times, 2},    {atoms::op_div, 2},       {atoms::div, 2},          {atoms::rem, 2},
      {atoms::bor, 2},         {atoms::band, 2},         {atoms::bxor, 2},         {atoms::bsl, 2},
      {atoms::bsr, 2},         {atoms::bnot, 1},         {atoms::is_atom, 1},      {atoms::is_list, 1},
      {atoms::is_tuple, 1},    {atoms::is_float, 1},     {atoms::is_integer, 1},   {atoms::is_number, 1},
      {atoms::is_pid, 1},      {atoms::is_port, 1},      {atoms::is_reference, 1}, {atoms::is_binary, 1},
      {atoms::is_function, 1}, {atoms::is_function, 2},  {atoms::is_record, 2},    {atoms::is_record, 3},
      {atoms::is_boolean, 1},  {atoms::is_bitstring, 1}, {atoms::tuple_size, 1},   {atoms::byte_size, 1},
      {atoms::bit_size, 1},    {atoms::binary_part, 2},  {atoms::binary_part, 3},  {atoms::is_map, 1},
      {atoms::map_size, 1},    {atoms::floor, 1},        {atoms::ceil, 1},         {atoms::map_get, 2},
      {atoms::is_map_key, 2},  {atoms::min, 2},          {atoms::max, 2},          {atoms::get, 1},
  };
  for (auto &r : kRows)
    if (r.name == name && r.arity == arity) return true;
  return false;
}

} // namespace joist::loader
