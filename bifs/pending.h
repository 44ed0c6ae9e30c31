// A walk over iodata that stops half-way: what it has yet to visit, as data for the walk that goes on.
#pragma once
#include "bifs/bifs.h"
#include "runtime/term/work_stack.h"

namespace joist::bifs {
// `t` comes next, then the tails in `pending`, the last one first. They become the elements of one list, not lists within
// lists: the walk that goes on would begin with descending through all of those again, and come no further where they are
// deeper than it may go at once. None: a tail is a byte, which an element might be, but a tail must not (not iodata).
inline Term pending_data(Heap &h, Term t, const TermStack &pending) {
  Term rest = Term::nil();
  for (Term tail : pending) {
    if (tail.is_small()) return Term::none();
    rest = make_cons(h, tail, rest);
  }
  return t.is_small() ? Term::none() : make_cons(h, t, rest);
}
} // namespace joist::bifs
