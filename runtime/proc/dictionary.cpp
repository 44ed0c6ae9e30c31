// Linear hashing with chains: the number of buckets grows and shrinks a few at a time. Sizes, steps and the order
// within chains follow stock's, so that get/0 lists the entries in the same order.
#include "runtime/proc/dictionary.h"

#include "runtime/atom/atom.h"
#include "runtime/mem/alloc.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"

namespace joist::runtime {
namespace {
constexpr uint32_t kInitial = 8;
constexpr uint32_t kNone = ~0u;
} // namespace

struct Dictionary {
  struct Entry {
    Term key, value;
    uint32_t next;
  };
  Entry *entries = nullptr;
  uint32_t entry_capacity = 0, free_list = kNone, count = 0;
  uint32_t *buckets = nullptr; // heads of chains
  uint32_t bucket_capacity = 0;
  uint32_t used = 0; // buckets in use
  uint32_t mask = 0, split = 0;

  static uint32_t hash(Term key) {
    if (key.is_small()) return uint32_t(key.small_value());
    if (key.is_atom()) return key.atom_index();
    return internal_hash(key);
  }
  uint32_t bucket_of(Term key) const {
    uint32_t h = hash(key), i = h & mask;
    return i >= used ? h & (mask >> 1) : i;
  }
  uint32_t *find(Term key) { // the link that leads to the entry, or to kNone
    uint32_t *link = &buckets[bucket_of(key)];
    while (*link != kNone && !eq(entries[*link].key, key)) link = &entries[*link].next;
    return link;
  }
  void reserve_buckets(uint32_t n) {
    if (n <= bucket_capacity) return;
    uint32_t c = std::max(n, bucket_capacity * 2);
    buckets = static_cast<uint32_t *>(mem_realloc(MemKind::Process, buckets, c * sizeof(uint32_t)));
    for (uint32_t i = bucket_capacity; i < c; i++) buckets[i] = kNone;
    bucket_capacity = c;
  }
  uint32_t new_entry() {
    if (free_list == kNone) {
      uint32_t c = entry_capacity ? entry_capacity * 2 : 4;
      entries = static_cast<Entry *>(mem_realloc(MemKind::Process, entries, c * sizeof(Entry)));
      for (uint32_t i = c; i-- > entry_capacity;) entries[i] = {Term::none(), Term::none(), free_list}, free_list = i;
      entry_capacity = c;
    }
    uint32_t e = free_list;
    free_list = entries[e].next;
    return e;
  }
  void release_entry(uint32_t e) {
    entries[e] = {Term::none(), Term::none(), free_list};
    free_list = e;
  }
  void grow() {
    uint32_t steps = used / 4 & 0xf;
    if (steps == 0) steps = 1;
    reserve_buckets(used + steps);
    uint32_t home = used - split;
    for (uint32_t i = 0; i < steps; i++) {
      if (split == home) {
        home *= 2;
        mask = home * 2 - 1;
        split = 0;
      }
      uint32_t pos = split++;
      used++;
      // Chains of several entries come out reversed on both sides.
      uint32_t e = buckets[pos], stay = kNone, go = kNone;
      while (e != kNone) {
        uint32_t next = entries[e].next, &to = bucket_of(entries[e].key) == pos ? stay : go;
        entries[e].next = to;
        to = e;
        e = next;
      }
      buckets[pos] = stay;
      buckets[pos + home] = go;
    }
  }
  void shrink() {
    uint32_t steps = used * 3 / 10;
    if (used - steps < kInitial) steps = used - kInitial;
    for (uint32_t i = 0; i < steps; i++) {
      if (split == 0) {
        mask = used - 1;
        split = used / 2;
      }
      split--;
      uint32_t hi = buckets[used - 1], lo = buckets[split];
      if (hi != kNone && lo != kNone) {
        bool hi_many = entries[hi].next != kNone, lo_many = entries[lo].next != kNone;
        if (!lo_many) { // lo goes before hi's
          entries[lo].next = hi;
        } else if (!hi_many) {
          entries[hi].next = lo;
          lo = hi;
        } else {
          while (hi != kNone) {
            uint32_t next = entries[hi].next;
            entries[hi].next = lo;
            lo = hi;
            hi = next;
          }
        }
        buckets[split] = lo;
      } else if (hi != kNone) {
        buckets[split] = hi;
      }
      buckets[--used] = kNone;
    }
  }
  template <class F> void each(F f) const {
    for (uint32_t b = 0; b < used; b++)
      for (uint32_t e = buckets[b]; e != kNone; e = entries[e].next) f(entries[e]);
  }
};

namespace {
void destroy(Process *p) {
  Dictionary *d = p->dictionary;
  if (!d) return;
  p->dictionary = nullptr;
  mem_free(MemKind::Process, d->entries);
  mem_free(MemKind::Process, d->buckets);
  d->~Dictionary();
  mem_free(MemKind::Process, d);
}
} // namespace

Term dictionary_put(Process *p, Term key, Term value) {
  Dictionary *d = p->dictionary;
  if (!d) {
    d = p->dictionary = new (mem_alloc(MemKind::Process, sizeof(Dictionary))) Dictionary;
    d->reserve_buckets(kInitial);
    d->used = kInitial;
    d->mask = kInitial * 2 - 1;
  }
  uint32_t *link = d->find(key), e = *link, bucket;
  if (e != kNone) {
    Term old = d->entries[e].value;
    d->entries[e].value = value;
    if (!value.is_immediate()) { // stock makes a new tuple then, at the front of its chain
      d->entries[e].key = key;
      *link = d->entries[e].next;
      bucket = d->bucket_of(key);
      d->entries[e].next = d->buckets[bucket];
      d->buckets[bucket] = e;
    }
    return old;
  }
  e = d->new_entry();
  bucket = d->bucket_of(key);
  d->entries[e] = {key, value, d->buckets[bucket]};
  d->buckets[bucket] = e;
  if (d->used <= ++d->count) d->grow();
  return atoms::undefined;
}

Term dictionary_get(Process *p, Term key) {
  Dictionary *d = p->dictionary;
  if (!d) return atoms::undefined;
  uint32_t e = *d->find(key);
  return e == kNone ? atoms::undefined : d->entries[e].value;
}

Term dictionary_erase(Process *p, Term key) {
  Dictionary *d = p->dictionary;
  if (!d) return atoms::undefined;
  uint32_t *link = d->find(key), e = *link;
  if (e == kNone) return atoms::undefined;
  Term old = d->entries[e].value;
  *link = d->entries[e].next;
  d->release_entry(e);
  d->count--;
  if (d->used > kInitial && d->used / 2 > d->count) d->shrink();
  return old;
}

Term dictionary_erase_all(Process *p) {
  Term all = dictionary_all(p, p->heap);
  destroy(p);
  return all;
}

Term dictionary_all(Process *p, Heap &h) {
  Term list = Term::nil();
  if (Dictionary *d = p->dictionary)
    d->each([&](const Dictionary::Entry &e) { list = make_cons(h, make_tuple(h, e.key, e.value), list); });
  return list;
}

Term dictionary_keys(Process *p, Heap &h, Term value) {
  Term list = Term::nil();
  if (Dictionary *d = p->dictionary)
    d->each([&](const Dictionary::Entry &e) {
      if (value.is_none() || eq(e.value, value)) list = make_cons(h, e.key, list);
    });
  return list;
}

Word dictionary_words(const Process *p) {
  const Dictionary *d = p->dictionary;
  return d ? sizeof(Dictionary) / 8 + d->entry_capacity * sizeof(Dictionary::Entry) / 8 + d->bucket_capacity / 2 : 0;
}

void dictionary_each_root(Process *p, void (*f)(Term *, void *), void *arg) {
  Dictionary *d = p->dictionary;
  if (!d) return;
  for (uint32_t b = 0; b < d->used; b++)
    for (uint32_t e = d->buckets[b]; e != kNone; e = d->entries[e].next) {
      f(&d->entries[e].key, arg);
      f(&d->entries[e].value, arg);
    }
}

void dictionary_free(Process *p) { destroy(p); }
} // namespace joist::runtime
