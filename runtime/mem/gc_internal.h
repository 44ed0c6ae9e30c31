// Shared by the files of the collector only.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/dictionary.h"
#include "runtime/proc/process.h"

namespace joist::runtime {

Word *gc_block_new(Word words);
void gc_block_free(Word *block);
// Moves heap and stack into a block of `words`; every reference into the young block is adjusted.
void gc_resize_block(Process *p, Word words, Term *x, unsigned live);

// Every root but the stack: f(Term *).
template <class F> void gc_each_root(Process *p, Term *x, unsigned live, F f) {
  for (unsigned i = 0; i < live; i++) f(x + i);
  p->each_root([&](Term &t) { f(&t); });
  dictionary_each_root(p, [](Term *t, void *arg) { (*static_cast<F *>(arg))(t); }, &f);
}

} // namespace joist::runtime
