// Type tests. None has a slow path.
#pragma once
#include "vm/sem/sem.h"

namespace joist::vm::sem {
SEM bool is_cons(Term t) { return t.is_cons(); }
SEM bool is_nil(Term t) { return t.is_nil(); }
SEM bool is_list(Term t) { return t.is_cons() || t.is_nil(); }
SEM bool is_atom(Term t) { return t.is_atom(); }
SEM bool is_boolean(Term t) { return t == Term::atom(0) || t == Term::atom(1); }
SEM bool is_tuple(Term t) { return is_boxed_kind(t, Kind::Tuple); }
SEM bool is_tuple_of(Term t, Word hdr) { return t.is_boxed() && *box(t) == hdr; }
SEM bool has_header(Term tuple, Word hdr) { return *box(tuple) == hdr; } // test_arity: known to be a tuple
SEM bool is_tagged_tuple(Term t, Word hdr, Term tag) {
  return t.is_boxed() && box(t)[0] == hdr && box(t)[1] == tag.raw();
}
SEM bool is_big(Term t) { return is_boxed_kind(t, Kind::PosBig) || is_boxed_kind(t, Kind::NegBig); }
SEM bool is_integer(Term t) { return LIKELY(t.is_small()) || sem::is_big(t); }
SEM bool is_float(Term t) { return LIKELY(t.is_immediate_float()) || is_boxed_kind(t, Kind::Float); }
SEM bool is_number(Term t) { return LIKELY(t.is_small()) || sem::is_float(t) || sem::is_big(t); }
SEM bool is_map(Term t) {
  return t.is_boxed() && (header_kind(*box(t)) == Kind::FlatMap || header_kind(*box(t)) == Kind::HashMap);
}
SEM bool is_function(Term t) {
  return t.is_boxed() && (header_kind(*box(t)) == Kind::Fun || header_kind(*box(t)) == Kind::ExportFun);
}
SEM bool is_pid(Term t) { return t.is_local_pid() || is_boxed_kind(t, Kind::ExtPid); }
SEM bool is_port(Term t) { return t.is_local_port() || is_boxed_kind(t, Kind::ExtPort); }
SEM bool is_reference(Term t) {
  return t.is_boxed() && (header_kind(*box(t)) == Kind::Ref || header_kind(*box(t)) == Kind::MagicRef ||
                          header_kind(*box(t)) == Kind::ExtRef);
}
SEM bool is_bitstring(Term t) {
  return t.is_boxed() && header_kind(*box(t)) >= Kind::HeapBin && header_kind(*box(t)) <= Kind::SubBin;
}
// Whole bytes only: of the kinds, just a sub-binary can have a rest.
SEM bool is_binary(Term t) {
  if (!sem::is_bitstring(t)) return false;
  return header_kind(*box(t)) != Kind::SubBin || reinterpret_cast<const SubBinObj *>(box(t))->bit_size == 0;
}
} // namespace joist::vm::sem
