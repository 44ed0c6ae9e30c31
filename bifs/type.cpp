// Type tests, also called in guards.
#include "bifs/bifs.h"
#include "runtime/term/number.h"

namespace joist::bifs {

Term erlang_is_atom_1(Process *, const Term *args) { return bool_term(args[0].is_atom()); }
Term erlang_is_binary_1(Process *, const Term *args) { return bool_term(is_binary(args[0])); }
Term erlang_is_bitstring_1(Process *, const Term *args) { return bool_term(is_bitstring(args[0])); }
Term erlang_is_boolean_1(Process *, const Term *args) {
  return bool_term(args[0] == atoms::true_ || args[0] == atoms::false_);
}
Term erlang_is_float_1(Process *, const Term *args) { return bool_term(is_float(args[0])); }
Term erlang_is_function_1(Process *, const Term *args) { return bool_term(is_fun(args[0])); }
Term erlang_is_integer_1(Process *, const Term *args) { return bool_term(is_integer(args[0])); }
Term erlang_is_list_1(Process *, const Term *args) { return bool_term(args[0].is_list()); }
Term erlang_is_map_1(Process *, const Term *args) { return bool_term(is_map(args[0])); }
Term erlang_is_number_1(Process *, const Term *args) { return bool_term(is_number(args[0])); }
Term erlang_is_pid_1(Process *, const Term *args) { return bool_term(is_pid(args[0])); }
Term erlang_is_port_1(Process *, const Term *args) { return bool_term(is_port(args[0])); }
Term erlang_is_reference_1(Process *, const Term *args) { return bool_term(is_ref(args[0])); }
Term erlang_is_tuple_1(Process *, const Term *args) { return bool_term(is_tuple(args[0])); }

Term erlang_is_function_2(Process *p, const Term *args) {
  Term arity = args[1];
  if (is_big(arity) && !big_negative(arity)) return atoms::false_;
  if (!arity.is_small() || arity.small_value() < 0) return badarg(p);
  Word n = Word(arity.small_value());
  if (is_local_fun(args[0])) return bool_term(fun_entry(args[0])->arity == n);
  if (is_export_fun(args[0])) return bool_term(fun_export(args[0])->mfa().arity == n);
  return atoms::false_;
}

Term erlang_is_record_2(Process *p, const Term *args) {
  if (!args[1].is_atom()) return badarg(p);
  return bool_term(is_tuple(args[0]) && tuple_arity(args[0]) > 0 && tuple_elements(args[0])[0] == args[1]);
}
Term erlang_is_record_3(Process *p, const Term *args) {
  if (!args[1].is_atom() || !args[2].is_small()) return badarg(p);
  int64_t n = args[2].small_value();
  return bool_term(n > 0 && is_tuple(args[0]) && tuple_arity(args[0]) == Word(n) &&
                   tuple_elements(args[0])[0] == args[1]);
}

Term erts_debug_same_2(Process *, const Term *args) { return bool_term(args[0] == args[1]); }

namespace {
// The names of stock's internal representations, as far as there is a counterpart.
const char *type_name(Term t) {
  if (t.is_small()) {
    int64_t v = t.small_value();
    return v >= -(int64_t{1} << 59) && v < int64_t{1} << 59 ? "fixnum" : "bignum";
  }
  if (t.is_cons()) return "list";
  if (t.is_nil()) return "nil";
  if (t.is_atom()) return "atom";
  if (t.is_local_pid()) return "pid";
  if (t.is_local_port()) return "port";
  if (is_float(t)) return "hfloat";
  switch (kind_of(t)) {
  case Kind::Tuple: return "tuple";
  case Kind::PosBig:
  case Kind::NegBig: return "bignum";
  case Kind::FlatMap: return "flatmap";
  case Kind::HashMap: return "hashmap";
  case Kind::HashNode: return "hashmap_node";
  case Kind::Fun: return "fun";
  case Kind::ExportFun: return "export";
  case Kind::Ref:
  case Kind::MagicRef: return "reference";
  case Kind::ExtPid: return "external_pid";
  case Kind::ExtPort: return "external_port";
  case Kind::ExtRef: return "external_reference";
  case Kind::HeapBin: return "heap_binary";
  case Kind::RefcBin: return "refc_binary";
  case Kind::SubBin: return "sub_binary";
  default: return "undefined";
  }
}
} // namespace

Term erts_internal_term_type_1(Process *, const Term *args) { return atom::intern(type_name(args[0])); }

} // namespace joist::bifs
