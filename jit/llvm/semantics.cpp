// Compiled to LLVM bitcode, not to machine code: the interpreter's handlers once more, with operands and registers in a
// NativeState (vm/lowering.h), and the few pieces of vm/sem that the compiler puts together itself. Nothing here says what
// an instruction does.
#define JOIST_LOWERING
#include "vm/handlers_arith.cpp"
#undef FINISH
#include "vm/handlers_build.cpp"
#include "vm/handlers_callbif.cpp"
#include "vm/handlers_data.cpp"
#include "vm/handlers_float.cpp"
#include "vm/handlers_guard.cpp"
#include "vm/handlers_map.cpp"
#include "vm/handlers_match.cpp"
#include "vm/handlers_raise.cpp"
#include "vm/handlers_receive.cpp"
#include "vm/handlers_test.cpp"
#include "vm/sem/build.h"
#include "vm/sem/call.h"

namespace joist::vm {
#define PIECE extern "C" __attribute__((always_inline))
PIECE Word j_get_x(NativeState *s, uint32_t offset) { return xreg(s->m, offset).raw(); }
PIECE void j_set_x(NativeState *s, uint32_t offset, Word v) { xreg(s->m, offset) = Term(v); }
PIECE Word j_get_y(NativeState *s, uint32_t offset) { return yreg(s->e, offset).raw(); }
PIECE void j_set_y(NativeState *s, uint32_t offset, Word v) { yreg(s->e, offset) = Term(v); }
PIECE double j_get_f(NativeState *s, uint32_t i) { return s->m->f[i]; }
PIECE void j_set_f(NativeState *s, uint32_t i, double v) { s->m->f[i] = v; }
// --- calls and returns
PIECE void j_push(NativeState *s, Word v) { *--s->e = v; }
PIECE Word j_pop(NativeState *s) { return *s->e++; }
PIECE void j_drop(NativeState *s, Word bytes) {
  State at{s->h, s->e};
  sem::deallocate(at, int64_t(bytes));
}
PIECE bool j_charge(NativeState *s) {
  if (UNLIKELY(s->reds <= 1)) return false;
  s->reds--;
  return true;
}
PIECE Word j_return_word(const Instr *to) { return return_word(to); }
PIECE const Instr *j_return_target(Word w) { return return_target(w); }
PIECE void *j_native_return(const Instr *at) {
  return __atomic_load_n(reinterpret_cast<void *const *>(at) - 1, __ATOMIC_RELAXED);
}
PIECE void *j_native_entry(const Instr *entry) {
  return __atomic_load_n(&FuncInfo::of(entry)->native, __ATOMIC_RELAXED);
}
PIECE const Instr *j_export_entry(const Export *x) { return export_entry(x); }
PIECE const Instr *j_fun_target(NativeState *s, Word f, Word arity) { return sem::fun_target(s->m, Term(f), arity); }
// --- objects of any number of words
PIECE void j_word(NativeState *s, Word w) { *s->h++ = w; }
PIECE Word j_word_at(Word boxed, Word i) { return sem::box(Term(boxed))[i]; }
PIECE bool j_is_map(Word t) { return sem::is_map(Term(t)); }
PIECE bool j_is_boxed(Word t) { return Term(t).is_boxed(); }
PIECE Word j_boxed(const Word *at) { return Term::boxed(at).raw(); }
PIECE bool j_has_room(NativeState *s, Word words) {
  State at{s->h, s->e};
  return sem::has_room(at, int64_t(words)) && !gc_stress;
}
// --- maps of few keys. Keys that are equal only to the same word are compared as words.
PIECE const Word *j_flat_map(Word map) {
  return LIKELY(sem::is_boxed_kind(Term(map), Kind::FlatMap)) ? sem::box(Term(map)) : nullptr;
}
// Word of the value in the map; 0: the key is not there.
PIECE Word j_flat_index(const Word *map, Word key) {
  const Word *keys = sem::box(Term(map[2])) + 1;
  for (Word i = 0, n = map[1]; i < n; i++)
    if (keys[i] == key) return 3 + i;
  return 0;
}
PIECE Word *j_flat_copy(NativeState *s, const Word *map) {
  Word words = 3 + map[1], *to = s->h;
  if (!j_has_room(s, words)) return nullptr;
  for (Word i = 0; i < words; i++) to[i] = map[i];
  s->h = to + words;
  return to;
}
PIECE const Term *j_map_find_word(Word map, Word key) {
  if (const Word *flat = j_flat_map(map)) {
    Word i = j_flat_index(flat, key);
    return i ? reinterpret_cast<const Term *>(flat + i) : nullptr;
  }
  return map_find(Term(map), Term(key));
}
PIECE const Term *j_map_find(Word map, Word key) { return map_find(Term(map), Term(key)); }
// --- bytes. Null: not to be done here.
PIECE bool j_is_small(Word t) { return Term(t).is_small(); }
PIECE Word j_small_value(Word t) { return Word(Term(t).small_value()); }
PIECE uint8_t *j_append_bytes(NativeState *s, Word bin, Word bytes, bool in_place, Word words) {
  State at{s->h, s->e};
  uint8_t *out;
  Term r;
  if (!sem::append_bytes(at, s->m->p, Term(bin), bytes, in_place, int64_t(words), out, r)) return nullptr;
  s->out[0] = r.raw();
  return out;
}
PIECE uint8_t *j_heap_binary(NativeState *s, Word bytes, Word words) {
  State at{s->h, s->e};
  uint8_t *out;
  Term r;
  if (!sem::heap_binary(at, bytes, int64_t(words), out, r)) return nullptr;
  s->out[0] = r.raw();
  return out;
}
PIECE bool j_bif_callable(NativeState *s, const Export *x) { return LIKELY(s->reds > 1 && !x->is_bif_traced()); }
// setelement/3 where the tuple is not large (that costs reductions); 0: not to be done here.
PIECE Word j_setelement(NativeState *s, Word position, Word tuple, Word value) {
  if (!LIKELY(sem::is_boxed_kind(Term(tuple), Kind::Tuple))) return 0;
  const Word *from = sem::box(Term(tuple));
  Word n = header_size(*from), i = (position >> kTagBits) - 1, *to = s->h;
  if (!LIKELY(Term(position).is_small() && i < n && n < 64 && j_has_room(s, n + 1))) return 0;
  for (Word k = 0; k <= n; k++) to[k] = from[k];
  to[1 + i] = value;
  s->h = to + n + 1;
  return Term::boxed(to).raw();
}
PIECE Word j_self(NativeState *s) { return s->m->p->id.raw(); }
} // namespace joist::vm
