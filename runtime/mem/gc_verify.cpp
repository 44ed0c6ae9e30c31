// Heap walker: checks that every term of a process refers to a well-formed object in a place it may refer to.
#include "runtime/mem/gc_internal.h"

#include "runtime/mem/literal.h"
#include "runtime/mem/scan.h"

#include <cstdio>
#include <cstdlib>

namespace joist::runtime {
namespace {

struct Verifier {
  const Process *p;
  const char *where = "";

  [[noreturn]] void fail(const Word *slot, const char *what) const {
    fprintf(stderr, "heap of process %#llx is broken: %s in %s, slot %p holds %#llx\n",
            static_cast<unsigned long long>(p->id.raw()), what, where, static_cast<const void *>(slot),
            static_cast<unsigned long long>(*slot));
    abort();
  }
  bool in_young(const Word *w) const { return w >= p->heap_start && w < p->heap.top; }
  bool in_old(const Word *w) const { return w >= p->old_start && w < p->old_top; }
  bool in_fragment(const Word *w) const {
    for (const Fragment *f = p->heap.fragments; f; f = f->next)
      if (w >= f->words && w < f->words + f->used) return true;
    return false;
  }
  void check(const Word *slot, bool from_old) const {
    Term t(*slot);
    if (!t.is_pointer()) return;
    const Word *o = t.pointer();
    if (is_literal(o)) return;
    if (from_old ? !in_old(o) : !in_young(o) && !in_old(o) && !in_fragment(o)) fail(slot, "stray pointer");
    if (t.is_cons()) {
      if (o[0] == Term::none().raw()) fail(slot, "moved cons");
    } else if (!is_header(*o) || header_kind(*o) == Kind::None || header_kind(*o) >= Kind::Count) {
      fail(slot, "no header");
    }
  }
};

} // namespace

void gc_verify(const Process *cp, const Term *x, unsigned live) {
  auto *p = const_cast<Process *>(cp);
  Verifier v{p};
  v.where = "registers and fields";
  gc_each_root(p, const_cast<Term *>(x), live, [&](Term *t) { v.check(reinterpret_cast<Word *>(t), false); });
  v.where = "stack";
  for (Word *s = p->stack_top; s < p->heap_end; s++) v.check(s, false);
  auto none = [](Word *) {};
  v.where = "young generation";
  scan_area(p->heap_start, p->heap.top, [&](Word *s) { v.check(s, false); }, none);
  v.where = "old generation";
  scan_area(p->old_start, p->old_top, [&](Word *s) { v.check(s, true); }, none);
}

} // namespace joist::runtime
