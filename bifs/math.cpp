// The module math, by the C library's functions as on stock. Not a number: badarg; no finite result: badarith.
#include "bifs/bifs.h"
#include "runtime/term/number.h"

#include <cmath>

namespace joist::bifs {
namespace {
bool number(Process *p, Term t, double *d) {
  if (!is_number(t)) {
    badarg(p);
    return false;
  }
  if (to_double(t, d)) return true;
  badarith(p);
  return false;
}
Term finite(Process *p, double d) { return std::isfinite(d) ? make_float(p->heap, d) : badarith(p); }
Term call1(Process *p, const Term *args, double (*f)(double)) {
  double x;
  return number(p, args[0], &x) ? finite(p, f(x)) : Term::none();
}
Term call2(Process *p, const Term *args, double (*f)(double, double)) {
  double x, y;
  return number(p, args[0], &x) && number(p, args[1], &y) ? finite(p, f(x, y)) : Term::none();
}
} // namespace

#define JOIST_MATH(name)                                                                                               \
  Term math_##name##_1(Process *p, const Term *args) { return call1(p, args, ::name); }
JOIST_MATH(acos)
JOIST_MATH(acosh)
JOIST_MATH(asin)
JOIST_MATH(asinh)
JOIST_MATH(atan)
JOIST_MATH(atanh)
JOIST_MATH(ceil)
JOIST_MATH(cos)
JOIST_MATH(cosh)
JOIST_MATH(erf)
JOIST_MATH(erfc)
JOIST_MATH(exp)
JOIST_MATH(floor)
JOIST_MATH(log)
JOIST_MATH(log10)
JOIST_MATH(log2)
JOIST_MATH(sin)
JOIST_MATH(sinh)
JOIST_MATH(sqrt)
JOIST_MATH(tan)
JOIST_MATH(tanh)
#undef JOIST_MATH
Term math_atan2_2(Process *p, const Term *args) { return call2(p, args, ::atan2); }
Term math_fmod_2(Process *p, const Term *args) { return call2(p, args, ::fmod); }
Term math_pow_2(Process *p, const Term *args) { return call2(p, args, ::pow); }

} // namespace joist::bifs
