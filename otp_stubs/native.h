// Small helpers of the native functions in this folder: reading arguments, building the usual answers.
#pragma once
#include "runtime/atom/literal.h"
#include "runtime/io/posix.h"
#include "runtime/mem/magic.h"
#include "runtime/nif/static_nif.h"
#include "runtime/term/binary.h"

namespace joist::stubs {
using namespace joist::runtime;

inline bool get_int(Term t, int *out) {
  int64_t v;
  if (!get_int64(t, &v) || v < INT32_MIN || v > INT32_MAX) return false;
  *out = int(v);
  return true;
}
inline bool get_uint(Term t, uint32_t *out) {
  int64_t v;
  if (!get_int64(t, &v) || v < 0 || v > int64_t{UINT32_MAX}) return false;
  *out = uint32_t(v);
  return true;
}
inline Term ok_with(Process *p, Term value) { return make_tuple(p->heap, atoms::ok, value); }
inline Term posix_error(Process *p, int error) { return runtime::posix_error(p->heap, error); }
// error:Reason exception with an atom (or any term) as reason.
inline Term raise_error(Process *p, Term reason) { return raise_value(p, ExcClass::Error, reason); }

template <size_t N>
constexpr StaticNifModule nif_module(const char *name, const StaticNif (&rows)[N], int (*load)(Term) = nullptr,
                                     const char *library = nullptr) {
  return {name, rows, N, load, library};
}
} // namespace joist::stubs
