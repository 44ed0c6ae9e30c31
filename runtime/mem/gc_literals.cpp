// Finding and removing references to a literal area that is about to be freed.
#include "runtime/mem/gc_internal.h"

#include "runtime/mem/copy.h"
#include "runtime/mem/literal.h"
#include "runtime/mem/scan.h"

namespace joist::runtime {
namespace {

// f(Word *slot) for every term the process holds: roots, stack, both generations, fragments.
template <class F> void each_slot(Process *p, Term *x, unsigned live, F f) {
  auto no_object = [](Word *) {};
  gc_each_root(p, x, live, [&](Term *t) { f(reinterpret_cast<Word *>(t)); });
  for (Word *s = p->stack_top; s < p->heap_end; s++) f(s);
  scan_area(p->heap_start, p->heap.top, f, no_object);
  scan_area(p->old_start, p->old_top, f, no_object);
  for (Fragment *g = p->heap.fragments; g; g = g->next) scan_area(g->words, g->words + g->used, f, no_object);
}

} // namespace

void gc_leave_literals(Process *p, const LiteralArea &area, Term *x, unsigned live) {
  // New copies may not be seen by the scan, which stops at the tops taken before: so the slots are gathered first.
  std::vector<Word *> slots;
  each_slot(p, x, live, [&](Word *slot) {
    Term t(*slot);
    if (t.is_pointer() && area.contains(t.pointer())) slots.push_back(slot);
  });
  if (slots.empty()) return;
  for (Word *slot : slots) *slot = copy_out_of(Term(*slot), p->heap, area).raw();
  // Old objects may refer to fragments now, which only a major collection copes with.
  gc_major(p, 0, x, live);
}

bool gc_refers_to(const Process *p, const Word *start, const Word *end, const Term *x, unsigned live) {
  bool found = false;
  each_slot(const_cast<Process *>(p), const_cast<Term *>(x), live, [&](Word *slot) {
    Term t(*slot);
    if (t.is_pointer() && t.pointer() >= start && t.pointer() < end) found = true;
  });
  return found;
}

} // namespace joist::runtime
