// enif_is_*, enif_get_*, comparisons, hashes: reading terms.
#include "runtime/nif/env.h"
#include "runtime/proc/bif.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"

#include <climits>

namespace joist::runtime {
namespace {
// Latin-1 bytes of an atom. False: it has characters beyond.
bool latin1_of(Term atom, char *out, size_t *n) {
  std::string_view text = atom::text(atom);
  size_t count = 0;
  for (size_t i = 0; i < text.size(); i++) {
    auto c = uint8_t(text[i]);
    if (c >= 0xc4) return false;
    if (c >= 0xc2) c = uint8_t(c << 6 | (uint8_t(text[++i]) & 63));
    if (out) out[count] = char(c);
    count++;
  }
  *n = count;
  return true;
}
template <class T> int get_signed(Term t, T *out) {
  int64_t v;
  if (t.is_small()) [[likely]]
    v = t.small_value();
  else if (!get_int64(t, &v)) return 0;
  if (v < std::numeric_limits<T>::min() || v > std::numeric_limits<T>::max()) return 0;
  *out = T(v);
  return 1;
}
template <class T> int get_unsigned(Term t, T *out) {
  uint64_t v;
  if (t.is_small() && t.small_value() >= 0) [[likely]]
    v = uint64_t(t.small_value());
  else if (!get_uint64(t, &v)) return 0;
  if (v > std::numeric_limits<T>::max()) return 0;
  *out = T(v);
  return 1;
}
} // namespace

JOIST_ABI int enif_is_atom(NifEnv *, Term t) { return t.is_atom(); }
JOIST_ABI int enif_is_binary(NifEnv *, Term t) { return is_bitstring(t) && bit_view(t).is_binary(); }
JOIST_ABI int enif_is_ref(NifEnv *, Term t) { return is_ref(t); }
JOIST_ABI int enif_is_fun(NifEnv *, Term t) { return is_fun(t); }
JOIST_ABI int enif_is_pid(NifEnv *, Term t) { return is_pid(t); }
JOIST_ABI int enif_is_port(NifEnv *, Term t) { return is_port(t); }
JOIST_ABI int enif_is_empty_list(NifEnv *, Term t) { return t.is_nil(); }
JOIST_ABI int enif_is_list(NifEnv *, Term t) { return t.is_list(); }
JOIST_ABI int enif_is_tuple(NifEnv *, Term t) { return is_tuple(t); }
JOIST_ABI int enif_is_number(NifEnv *, Term t) { return is_number(t); }
JOIST_ABI int enif_is_map(NifEnv *, Term t) { return is_map(t); }

// ErlNifTermType.
JOIST_ABI int enif_term_type(NifEnv *, Term t) {
  enum { Atom = 1, Bitstring, Float, Fun, Integer, List, Map, Pid, Port, Reference, Tuple, Unknown = -1 };
  if (t.is_atom()) return Atom;
  if (is_bitstring(t)) return Bitstring;
  if (is_float(t)) return Float;
  if (is_fun(t)) return Fun;
  if (is_integer(t)) return Integer;
  if (t.is_list()) return List;
  if (is_map(t)) return Map;
  if (is_pid(t)) return Pid;
  if (is_port(t)) return Port;
  if (is_ref(t)) return Reference;
  if (is_tuple(t)) return Tuple;
  return Unknown;
}

JOIST_ABI int enif_get_int(NifEnv *, Term t, int *out) { return get_signed(t, out); }
JOIST_ABI int enif_get_uint(NifEnv *, Term t, unsigned *out) { return get_unsigned(t, out); }
JOIST_ABI int enif_get_long(NifEnv *, Term t, long *out) { return get_signed(t, out); }
JOIST_ABI int enif_get_ulong(NifEnv *, Term t, unsigned long *out) { return get_unsigned(t, out); }
// Of machines with shorter longs; declared by no header here, but looked for by some libraries.
JOIST_ABI int enif_get_int64(NifEnv *, Term t, int64_t *out) { return get_signed(t, out); }
JOIST_ABI int enif_get_uint64(NifEnv *, Term t, uint64_t *out) { return get_unsigned(t, out); }
JOIST_ABI int enif_get_double(NifEnv *, Term t, double *out) {
  if (!is_float(t)) return 0;
  *out = float_value(t);
  return 1;
}

JOIST_ABI int enif_get_list_cell(NifEnv *, Term t, Term *head, Term *tail) {
  if (!t.is_cons()) return 0;
  *head = t.head();
  *tail = t.tail();
  return 1;
}
JOIST_ABI int enif_get_list_length(NifEnv *, Term t, unsigned *n) {
  int64_t len = list_length(t);
  if (len < 0) return 0;
  *n = unsigned(len);
  return 1;
}
JOIST_ABI int enif_get_tuple(NifEnv *, Term t, int *arity, const Term **elements) {
  if (!is_tuple(t)) return 0;
  *arity = int(tuple_arity(t));
  *elements = tuple_elements(t);
  return 1;
}
// Bytes written with the final NUL; 0: not a string; -size: it did not fit.
JOIST_ABI int enif_get_string(NifEnv *, Term list, char *out, unsigned size, int encoding) {
  if (encoding != kNifLatin1 || size < 1) return 0;
  int n = 0;
  for (; list.is_cons(); list = list.tail()) {
    if (!list.head().is_small() || list.head().small_value() < 0 || list.head().small_value() > 255) {
      out[n] = 0;
      return 0;
    }
    out[n++] = char(list.head().small_value());
    if (n >= int(size)) {
      out[n - 1] = 0;
      return -n;
    }
  }
  out[n] = 0;
  return list.is_nil() ? n + 1 : 0;
}
JOIST_ABI int enif_get_atom(NifEnv *, Term t, char *out, unsigned size, int encoding) {
  size_t n;
  if (!t.is_atom() || encoding != kNifLatin1 || !latin1_of(t, nullptr, &n) || n + 1 > size) return 0;
  latin1_of(t, out, &n);
  out[n] = 0;
  return int(n + 1);
}
JOIST_ABI int enif_get_atom_length(NifEnv *, Term t, unsigned *length, int encoding) {
  size_t n;
  if (!t.is_atom() || encoding != kNifLatin1 || !latin1_of(t, nullptr, &n)) return 0;
  *length = unsigned(n);
  return 1;
}
JOIST_ABI int enif_get_local_pid(NifEnv *, Term t, NifPid *pid) {
  if (!t.is_local_pid()) return 0;
  pid->pid = t;
  return 1;
}
JOIST_ABI int enif_get_local_port(NifEnv *, Term t, NifPort *port) {
  if (!t.is_local_port()) return 0;
  port->port = t;
  return 1;
}

JOIST_ABI void enif_set_pid_undefined(NifPid *pid) { pid->pid = atoms::undefined; }
JOIST_ABI int enif_is_pid_undefined(const NifPid *pid) { return pid->pid == atoms::undefined; }

JOIST_ABI int enif_is_identical(Term a, Term b) { return eq(a, b); }
JOIST_ABI int enif_compare(Term a, Term b) { return compare(a, b); }

// 1: internal hash with a salt, 2: phash2 as erlang:phash2/1 (27 bits), the salt is not used.
JOIST_ABI uint64_t enif_hash(int type, Term t, uint64_t salt) {
  if (type == 1) return internal_hash(t, uint32_t(salt ^ salt >> 32));
  if (type == 2) return phash2(t) & ((1u << 27) - 1);
  return 0;
}
} // namespace joist::runtime
