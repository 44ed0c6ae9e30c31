// Functions callable in guards and bodies of match specifications. They answer as the BIFs of the same name; none() where those fail.
#include "runtime/atom/atom.h"
#include "runtime/dist/node.h"
#include "runtime/ets/match_program.h"
#include "runtime/proc/process.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"

#include <unordered_map>

namespace joist::runtime::ets {

std::atomic<uint32_t> trace_control_word{0};

namespace {

#define FN(name) Term name(Heap &h, Process *p, const Term *a)

template <bool (*Test)(Term)> FN(type_test) { return bool_term(Test(a[0])); }
bool t_atom(Term t) { return t.is_atom(); }
bool t_list(Term t) { return t.is_list(); }

Term checked(Term t) { return t == kTooBig ? Term::none() : t; }
template <ArithOp Op> FN(binary_op) { return checked(arith(h, Op, a[0], a[1])); }
FN(plus_1) { return is_number(a[0]) ? a[0] : Term::none(); }
FN(minus_1) { return checked(arith_neg(h, a[0])); }
FN(bnot_1) { return checked(arith_bnot(h, a[0])); }
FN(abs_1) { return checked(arith_abs(h, a[0])); }
template <Rounding R> FN(rounded) {
  if (is_integer(a[0])) return a[0];
  return is_float(a[0]) ? float_to_integer(h, float_value(a[0]), R) : Term::none();
}
FN(float_1) {
  double d;
  if (is_float(a[0])) return a[0];
  return to_double(a[0], &d) ? make_float(h, d) : Term::none();
}

FN(gt) { return bool_term(compare(a[0], a[1]) > 0); }
FN(ge) { return bool_term(compare(a[0], a[1]) >= 0); }
FN(lt) { return bool_term(compare(a[0], a[1]) < 0); }
FN(le) { return bool_term(compare(a[0], a[1]) <= 0); }
FN(eq_2) { return bool_term(eq_numeric(a[0], a[1])); }
FN(ne_2) { return bool_term(!eq_numeric(a[0], a[1])); }
FN(eq_exact) { return bool_term(eq(a[0], a[1])); }
FN(ne_exact) { return bool_term(!eq(a[0], a[1])); }
bool is_boolean(Term t) { return t == atoms::true_ || t == atoms::false_; }
FN(not_1) { return is_boolean(a[0]) ? bool_term(a[0] == atoms::false_) : Term::none(); }
FN(xor_2) { return is_boolean(a[0]) && is_boolean(a[1]) ? bool_term(a[0] != a[1]) : Term::none(); }

FN(element_2) {
  if (!a[0].is_small() || !is_tuple(a[1])) return Term::none();
  int64_t i = a[0].small_value();
  return i >= 1 && Word(i) <= tuple_arity(a[1]) ? tuple_elements(a[1])[i - 1] : Term::none();
}
FN(hd_1) { return a[0].is_cons() ? a[0].head() : Term::none(); }
FN(tl_1) { return a[0].is_cons() ? a[0].tail() : Term::none(); }
FN(length_1) {
  int64_t n = 0;
  Term l = a[0];
  for (; l.is_cons(); l = l.tail()) n++;
  return l.is_nil() ? Term::small(n) : Term::none();
}
FN(is_record_3) {
  if (!a[1].is_atom() || !a[2].is_small()) return Term::none();
  return bool_term(is_tuple(a[0]) && int64_t(tuple_arity(a[0])) == a[2].small_value() && tuple_arity(a[0]) > 0 &&
                   tuple_elements(a[0])[0] == a[1]);
}
FN(map_size_1) { return is_map(a[0]) ? make_uint(h, map_size(a[0])) : Term::none(); }
FN(map_get_2) {
  const Term *v = is_map(a[1]) ? map_find(a[1], a[0]) : nullptr;
  return v ? *v : Term::none();
}
FN(is_map_key_2) { return is_map(a[1]) ? bool_term(map_find(a[1], a[0]) != nullptr) : Term::none(); }

FN(bit_size_1) { return is_bitstring(a[0]) ? make_uint(h, bit_view(a[0]).bits) : Term::none(); }
FN(byte_size_1) { return is_bitstring(a[0]) ? make_uint(h, (bit_view(a[0]).bits + 7) / 8) : Term::none(); }
FN(size_1) {
  if (is_tuple(a[0])) return make_uint(h, tuple_arity(a[0]));
  return is_bitstring(a[0]) ? make_uint(h, bit_view(a[0]).bits / 8) : Term::none();
}
Term part(Heap &h, Term binary, Term position, Term length) {
  if (!is_binary(binary) || !position.is_small() || !length.is_small()) return Term::none();
  int64_t pos = position.small_value(), len = length.small_value(), size = int64_t(bit_view(binary).byte_size());
  if (len < 0) {
    if (len < -size) return Term::none();
    pos += len;
    len = -len;
  }
  if (pos < 0 || pos > size || len > size - pos) return Term::none();
  return make_sub_binary(h, binary, Word(pos) * 8, Word(len) * 8);
}
FN(binary_part_2) {
  if (!is_tuple_of(a[1], 2)) return Term::none();
  return part(h, a[0], tuple_elements(a[1])[0], tuple_elements(a[1])[1]);
}
FN(binary_part_3) { return part(h, a[0], a[1], a[2]); }

FN(node_0) { return node_name(this_node()); }
FN(node_1) {
  Term t = a[0];
  if (t.is_local_pid() || t.is_local_port() || is_local_ref(t)) return node_name(this_node());
  if (is_external_pid(t) || is_external_port(t) || is_external_ref(t)) return node_name(external_node(t));
  return Term::none();
}

FN(get_tcw_0) { return make_uint(h, trace_control_word.load(std::memory_order_acquire)); }
bool control_word(Term t, uint32_t *out) {
  if (!t.is_small() || t.small_value() < 0 || t.small_value() > UINT32_MAX) return false;
  *out = uint32_t(t.small_value());
  return true;
}
FN(set_tcw_1) {
  uint32_t value;
  return control_word(a[0], &value) ? make_uint(h, trace_control_word.exchange(value)) : Term::none();
}
FN(set_tcw_pretended) {
  uint32_t value;
  return control_word(a[0], &value) ? get_tcw_0(h, p, a) : Term::none();
}

#undef FN

const MatchFunctionRow kFunctions[] = {
    {atoms::is_atom, 1, kEverywhere, type_test<t_atom>, nullptr},
    {atoms::is_float, 1, kEverywhere, type_test<is_float>, nullptr},
    {atoms::is_integer, 1, kEverywhere, type_test<is_integer>, nullptr},
    {atoms::is_list, 1, kEverywhere, type_test<t_list>, nullptr},
    {atoms::is_number, 1, kEverywhere, type_test<is_number>, nullptr},
    {atoms::is_pid, 1, kEverywhere, type_test<is_pid>, nullptr},
    {atoms::is_port, 1, kEverywhere, type_test<is_port>, nullptr},
    {atoms::is_reference, 1, kEverywhere, type_test<is_ref>, nullptr},
    {atoms::is_tuple, 1, kEverywhere, type_test<is_tuple>, nullptr},
    {atoms::is_map, 1, kEverywhere, type_test<is_map>, nullptr},
    {atoms::is_binary, 1, kEverywhere, type_test<is_binary>, nullptr},
    {atoms::is_function, 1, kEverywhere, type_test<is_fun>, nullptr},
    {atoms::is_record, 3, kEverywhere, is_record_3, nullptr},
    {atoms::abs, 1, kEverywhere, abs_1, nullptr},
    {atoms::element, 2, kEverywhere, element_2, nullptr},
    {atoms::hd, 1, kEverywhere, hd_1, nullptr},
    {atoms::tl, 1, kEverywhere, tl_1, nullptr},
    {atoms::length, 1, kEverywhere, length_1, nullptr},
    {atoms::node, 0, kEverywhere, node_0, nullptr},
    {atoms::node, 1, kEverywhere, node_1, nullptr},
    {atoms::round, 1, kEverywhere, rounded<Rounding::Round>, nullptr},
    {atoms::trunc, 1, kEverywhere, rounded<Rounding::Trunc>, nullptr},
    {atoms::float_, 1, kEverywhere, float_1, nullptr},
    {atoms::size, 1, kEverywhere, size_1, nullptr},
    {atoms::map_size, 1, kEverywhere, map_size_1, nullptr},
    {atoms::map_get, 2, kEverywhere, map_get_2, nullptr},
    {atoms::is_map_key, 2, kEverywhere, is_map_key_2, nullptr},
    {atoms::bit_size, 1, kEverywhere, bit_size_1, nullptr},
    {atoms::byte_size, 1, kEverywhere, byte_size_1, nullptr},
    {atoms::binary_part, 2, kEverywhere, binary_part_2, nullptr},
    {atoms::binary_part, 3, kEverywhere, binary_part_3, nullptr},
    {atoms::op_plus, 1, kEverywhere, plus_1, nullptr},
    {atoms::op_minus, 1, kEverywhere, minus_1, nullptr},
    {atoms::op_plus, 2, kEverywhere, binary_op<ArithOp::Add>, nullptr},
    {atoms::op_minus, 2, kEverywhere, binary_op<ArithOp::Sub>, nullptr},
    {atoms::op_times, 2, kEverywhere, binary_op<ArithOp::Mul>, nullptr},
    {atoms::op_div, 2, kEverywhere, binary_op<ArithOp::Div>, nullptr},
    {atoms::div, 2, kEverywhere, binary_op<ArithOp::IntDiv>, nullptr},
    {atoms::rem, 2, kEverywhere, binary_op<ArithOp::Rem>, nullptr},
    {atoms::band, 2, kEverywhere, binary_op<ArithOp::Band>, nullptr},
    {atoms::bor, 2, kEverywhere, binary_op<ArithOp::Bor>, nullptr},
    {atoms::bxor, 2, kEverywhere, binary_op<ArithOp::Bxor>, nullptr},
    {atoms::bsl, 2, kEverywhere, binary_op<ArithOp::Bsl>, nullptr},
    {atoms::bsr, 2, kEverywhere, binary_op<ArithOp::Bsr>, nullptr},
    {atoms::bnot, 1, kEverywhere, bnot_1, nullptr},
    {atoms::op_gt, 2, kEverywhere, gt, nullptr},
    {atoms::op_ge, 2, kEverywhere, ge, nullptr},
    {atoms::op_lt, 2, kEverywhere, lt, nullptr},
    {atoms::op_le, 2, kEverywhere, le, nullptr},
    {atoms::op_eq, 2, kEverywhere, eq_2, nullptr},
    {atoms::op_ne, 2, kEverywhere, ne_2, nullptr},
    {atoms::op_eq_exact, 2, kEverywhere, eq_exact, nullptr},
    {atoms::op_ne_exact, 2, kEverywhere, ne_exact, nullptr},
    {atoms::not_, 1, kEverywhere, not_1, nullptr},
    {atoms::xor_, 2, kEverywhere, xor_2, nullptr},
    {atoms::get_tcw, 0, kTraceGuard | kTraceBody, get_tcw_0, nullptr},
    {atoms::set_tcw, 1, kTraceBody, set_tcw_1, set_tcw_pretended},
};

} // namespace

const MatchFunctionRow *match_function(Term name, Word arity) {
  // Names are few and atoms small: indexed on first use.
  static const auto index = [] {
    std::unordered_map<Word, const MatchFunctionRow *> m;
    for (const MatchFunctionRow &r : kFunctions) m[Word(r.name.atom_index()) << 8 | r.arity] = &r;
    return m;
  }();
  if (arity > 3) return nullptr;
  auto it = index.find(Word(name.atom_index()) << 8 | arity);
  return it == index.end() ? nullptr : it->second;
}

} // namespace joist::runtime::ets
