// Argument helpers of built-in functions (bif.h).
#include "runtime/proc/bif.h"

namespace joist::runtime {
int64_t list_length(Term list) {
  int64_t n = 0;
  for (; list.is_cons(); list = list.tail()) n++;
  return list.is_nil() ? n : -1;
}
bool is_proper_list(Term list) { return list_length(list) >= 0; }

bool get_int64(Term t, int64_t *out) {
  if (t.is_small()) {
    *out = t.small_value();
    return true;
  }
  if (!is_big(t) || big_size(t) != 1) return false;
  Word limb = big_limbs(t)[0];
  if (big_negative(t) ? limb > Word{1} << 63 : limb >= Word{1} << 63) return false;
  *out = int64_t(big_negative(t) ? Word{0} - limb : limb);
  return true;
}

bool get_uint64(Term t, uint64_t *out) {
  if (t.is_small()) {
    *out = uint64_t(t.small_value());
    return t.small_value() >= 0;
  }
  if (!is_big(t) || big_negative(t) || big_size(t) != 1) return false;
  *out = big_limbs(t)[0];
  return true;
}
} // namespace joist::runtime
