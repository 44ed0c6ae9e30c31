// catch, try, raise. An active catch or try is a catch marker in its y register, holding the handler's address.
// When an exception arrives there: x0 = none, x1 = class, x2 = value, x3 = raw stack trace (exceptions.h).
#include "vm/exceptions.h"
#include "vm/interp.h"

namespace joist::vm {
namespace {
struct Op_catch_ {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::catch_marker(NUM(1)));
    m->p->catches++;
    NEXT;
  }
};
struct Op_catch_end {
  template <class I> COLD static JOIST_HANDLER caught(JOIST_PARAMS) {
    PUT(0, Term::nil());
    m->p->catches--;
    SAVE();
    XREG(0) = catch_value(m->p, XREG(1), XREG(2), XREG(3));
    LOAD();
    NEXT;
  }
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    if (UNLIKELY(XREG(0).is_none())) TAIL caught<I>(JOIST_ARGS);
    PUT(0, Term::nil());
    m->p->catches--;
    NEXT;
  }
};
struct Op_try_end {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::nil());
    m->p->catches--;
    NEXT;
  }
};
struct Op_try_case {
  template <class I> static JOIST_HANDLER run(JOIST_PARAMS) {
    PUT(0, Term::nil());
    m->p->catches--;
    // Without an exception: code that was not to be reached (a call before it has returned after all).
    if (!LIKELY(XREG(0).is_none())) XREG(1) = XREG(2) = XREG(3) = Term::nil();
    XREG(0) = XREG(1);
    XREG(1) = XREG(2);
    XREG(2) = XREG(3);
    NEXT;
  }
};
template <Reason R> struct RaiseWith {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    raise_with(m->p, R, GET(0));
    TAIL h_raise(JOIST_ARGS);
  }
};
template <Reason R> struct Raise {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    raise(m->p, R);
    TAIL h_raise(JOIST_ARGS);
  }
};
using Op_try_case_end = RaiseWith<Reason::TryClause>;
using Op_badmatch = RaiseWith<Reason::Badmatch>;
using Op_case_end = RaiseWith<Reason::CaseClause>;
using Op_badrecord = RaiseWith<Reason::Badrecord>;
using Op_if_end = Raise<Reason::IfClause>;
using Op_badarg_ = Raise<Reason::Badarg>;
using Op_system_limit_ = Raise<Reason::SystemLimit>;

struct Op_raise_ {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    reraise(m->p, GET(0), GET(1));
    TAIL h_raise(JOIST_ARGS);
  }
};
struct Op_raw_raise {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    if (raise_raw(m->p, XREG(0), XREG(1), XREG(2))) TAIL h_raise(JOIST_ARGS);
    XREG(0) = atoms::badarg;
    LOAD();
    NEXT;
  }
};
struct Op_build_stacktrace {
  template <class I> COLD static JOIST_HANDLER run(JOIST_PARAMS) {
    SAVE();
    XREG(0) = build_stacktrace(m->p, XREG(0));
    LOAD();
    NEXT;
  }
};
} // namespace

JOIST_REGISTER(raise)
#define JOIST_IF_raise JOIST_ROW
#include "vm/families.h"
JOIST_REGISTER_END
} // namespace joist::vm
