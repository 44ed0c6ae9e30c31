// Maps. A hash map's iterator has the pairs laid out in an array, so that it can go back.
#include "runtime/mem/alloc.h"
#include "runtime/nif/env.h"
#include "runtime/term/map.h"

namespace joist::runtime {

JOIST_ABI int enif_get_map_size(NifEnv *, Term map, size_t *size) {
  if (!is_map(map)) return 0;
  *size = map_size(map);
  return 1;
}
JOIST_ABI Term enif_make_new_map(NifEnv *env) { return map_empty(*env->heap); }
JOIST_ABI int enif_make_map_put(NifEnv *env, Term map, Term key, Term value, Term *out) {
  if (!is_map(map)) return 0;
  *out = map_put(*env->heap, map, key, value);
  return 1;
}
JOIST_ABI int enif_get_map_value(NifEnv *, Term map, Term key, Term *value) {
  if (!is_map(map)) return 0;
  const Term *v = map_find(map, key);
  if (!v) return 0;
  *value = *v;
  return 1;
}
JOIST_ABI int enif_make_map_update(NifEnv *env, Term map, Term key, Term value, Term *out) {
  if (!is_map(map)) return 0;
  Term r = map_update_existing(*env->heap, map, key, value);
  if (r.is_none()) return 0;
  *out = r;
  return 1;
}
JOIST_ABI int enif_make_map_remove(NifEnv *env, Term map, Term key, Term *out) {
  if (!is_map(map)) return 0;
  *out = map_remove(*env->heap, map, key);
  return 1;
}
JOIST_ABI int enif_make_map_from_arrays(NifEnv *env, const Term *keys, const Term *values, size_t n, Term *out) {
  std::vector<Term> pairs(2 * n);
  for (size_t i = 0; i < n; i++) pairs[2 * i] = keys[i], pairs[2 * i + 1] = values[i];
  bool duplicates = false;
  Term r = map_from_pairs(*env->heap, pairs.data(), n, &duplicates);
  if (duplicates) return 0;
  *out = r;
  return 1;
}

JOIST_ABI int enif_map_iterator_create(NifEnv *, Term map, NifMapIterator *it, int entry) {
  if (!is_map(map) || (entry != 1 && entry != 2)) return 0;
  it->map = map;
  it->size = map_size(map);
  it->index = entry == 1 ? 1 : it->size;
  it->pairs = nullptr;
  if (is_hash_map(map)) {
    it->pairs = static_cast<Term *>(mem_alloc(MemKind::Driver, 2 * it->size * sizeof(Term)));
    MapIterator walk(map);
    for (Word i = 0; i < it->size; i++) walk.next(&it->pairs[2 * i], &it->pairs[2 * i + 1]);
  }
  return 1;
}
JOIST_ABI void enif_map_iterator_destroy(NifEnv *, NifMapIterator *it) {
  mem_free(MemKind::Driver, it->pairs);
  it->pairs = nullptr;
}
JOIST_ABI int enif_map_iterator_is_head(NifEnv *, NifMapIterator *it) { return it->index == 0 || it->size == 0; }
JOIST_ABI int enif_map_iterator_is_tail(NifEnv *, NifMapIterator *it) { return it->index > it->size || it->size == 0; }
JOIST_ABI int enif_map_iterator_next(NifEnv *, NifMapIterator *it) {
  if (it->index <= it->size) it->index++;
  return it->index <= it->size;
}
JOIST_ABI int enif_map_iterator_prev(NifEnv *, NifMapIterator *it) {
  if (it->index > 0) it->index--;
  return it->index > 0;
}
JOIST_ABI int enif_map_iterator_get_pair(NifEnv *, NifMapIterator *it, Term *key, Term *value) {
  if (it->index == 0 || it->index > it->size) return 0;
  Word i = it->index - 1;
  *key = it->pairs ? it->pairs[2 * i] : tuple_elements(flat_map_keys(it->map))[i];
  *value = it->pairs ? it->pairs[2 * i + 1] : flat_map_values(it->map)[i];
  return 1;
}
} // namespace joist::runtime
