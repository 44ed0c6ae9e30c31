#include "runtime/atom/atom.h"
#include "runtime/ets/hash_lock.h"
#include "runtime/mem/alloc.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"

namespace joist::runtime::ets {

uint32_t key_hash(Term key) { return key.is_atom() ? atom::hash(key) : internal_hash(key); }

HashStore::HashStore(const TableShape &shape, std::atomic<int> &fix_count) : shape_(shape), fix_count_(fix_count) {
  if (shape.fine_locked) {
    stripe_count_ = shape.locks ? std::bit_floor(shape.locks) : 64;
    if (stripe_count_ < Counters::kParts) stripe_count_ = Counters::kParts;
    stripes_ = std::make_unique<Stripe[]>(stripe_count_);
  }
  make_buckets();
}

HashStore::~HashStore() {
  give_up_buckets(); // and frees them
}

bool HashStore::put(Term tuple, bool only_new) {
  Term key = tuple_elements(tuple)[shape_.keypos - 1];
  uint32_t hash = key_hash(key);
  HashNode *node = make_hash_node(tuple, shape_.keypos, shape_.compressed), *unused = nullptr;
  node->hash = hash;
  {
    Lock lock(*this, hash, true);
    HashNode **at = &bucket(index_of(hash));
    while (*at && !has_key(*at, key, hash)) at = &(*at)->next;
    if (HashNode *old = *at) {
      if (shape_.type == TableType::Set) {
        if (only_new && !old->deleted) {
          drop_later(&unused, node);
          lock.release();
          free_list(unused);
          return false;
        }
        counters.add(hash, old->deleted ? 1 : 0, int64_t(node_words(node)) - int64_t(node_words(old)));
        node->next = old->next;
        *at = node;
        lock.release();
        drop_later(&unused, old);
        free_list(unused);
        return true;
      }
      if (only_new) {
        for (HashNode *n = old; n && has_key(n, key, hash); n = n->next)
          if (!n->deleted) {
            drop_later(&unused, node);
            lock.release();
            free_list(unused);
            return false;
          }
      } else if (shape_.type == TableType::Bag) {
        for (HashNode **same = at; *same && has_key(*same, key, hash); same = &(*same)->next) {
          HashNode *n = *same;
          if (!object_equals(n->object, shape_.keypos, tuple)) continue;
          if (n->deleted) { // comes to life again, as the newest of its key
            n->deleted = 0;
            counters.add(hash, 1, 0);
            *same = n->next;
            n->next = *at;
            *at = n;
          }
          drop_later(&unused, node);
          lock.release();
          free_list(unused);
          return true;
        }
      }
    }
    node->next = *at;
    *at = node;
    count(node, 1);
  }
  maybe_grow(hash);
  return true;
}

Term HashStore::lookup(Term key, Heap &h) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, false);
  HashNode **at = find(key, hash, true);
  if (!at) return Term::nil();
  if (!shape_.is_bag()) return make_cons(h, object_copy((*at)->object, shape_.keypos, h), Term::nil());
  return list_of(*at, group_end(*at, key, hash), h);
}

Status HashStore::lookup_element(Term key, Word element, Heap &h, Term *out) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, false);
  HashNode **at = find(key, hash, true);
  if (!at) return Status::BadKey;
  HashNode *end = shape_.is_bag() ? group_end(*at, key, hash) : (*at)->next;
  for (HashNode *n = *at; n != end; n = n->next)
    if (!n->deleted && element > object_arity(n->object)) return Status::BadItem;
  if (!shape_.is_bag()) {
    *out = object_copy_element((*at)->object, shape_.keypos, element, h);
    return Status::Ok;
  }
  Term list = Term::nil();
  for (HashNode *n = *at; n != end; n = n->next)
    if (!n->deleted) list = make_cons(h, object_copy_element(n->object, shape_.keypos, element, h), list);
  *out = list;
  return Status::Ok;
}

bool HashStore::member(Term key) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, false);
  return find(key, hash, true) != nullptr;
}

HashNode **HashStore::take_out(HashNode **at, bool first, HashNode **dropped) {
  HashNode *n = *at;
  if (first && is_fixed() && defer_deletion(index_of(n->hash), 0)) {
    n->deleted = 1;
    counters.add(n->hash, -1, 0);
    return &n->next;
  }
  *at = n->next;
  count(n, -1);
  drop_later(dropped, n);
  return at;
}

void HashStore::erase(Term key) {
  uint32_t hash = key_hash(key);
  HashNode *dropped = nullptr;
  bool any = false;
  {
    Lock lock(*this, hash, true);
    for (HashNode **at = &bucket(index_of(hash)); *at;) {
      HashNode *n = *at;
      if (!n->deleted && has_key(n, key, hash)) {
        at = take_out(at, !any, &dropped);
        any = true;
        continue;
      }
      if (any && !n->deleted) break;
      at = &n->next;
    }
  }
  if (any) maybe_shrink(hash);
  free_list(dropped);
}

void HashStore::erase_object(Term tuple) {
  Term key = tuple_elements(tuple)[shape_.keypos - 1];
  uint32_t hash = key_hash(key);
  HashNode *dropped = nullptr;
  bool any = false;
  int of_key = 0;
  {
    Lock lock(*this, hash, true);
    for (HashNode **at = &bucket(index_of(hash)); *at;) {
      HashNode *n = *at;
      if (!n->deleted && has_key(n, key, hash)) {
        of_key++;
        if (object_equals(n->object, shape_.keypos, tuple)) {
          any = true;
          at = take_out(at, of_key == 1, &dropped);
          if (shape_.type == TableType::DuplicateBag) continue;
          break;
        }
      } else if (any && !n->deleted) {
        break;
      }
      at = &n->next;
    }
  }
  if (any) maybe_shrink(hash);
  free_list(dropped);
}

Term HashStore::take(Term key, Heap &h) {
  uint32_t hash = key_hash(key);
  HashNode *dropped = nullptr;
  Term result = Term::nil();
  {
    Lock lock(*this, hash, true);
    HashNode **at = find(key, hash, true);
    if (!at) return result;
    HashNode *end = shape_.is_bag() ? group_end(*at, key, hash) : (*at)->next;
    result = list_of(*at, end, h);
    bool first = true;
    while (*at != end) {
      HashNode *n = *at;
      if (n->deleted) {
        at = &n->next;
        continue;
      }
      at = take_out(at, first, &dropped);
      first = false;
    }
  }
  maybe_shrink(hash);
  free_list(dropped);
  return result;
}

Term HashStore::add_small(Term key, Word element, Term increment) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, true);
  HashNode *n = bucket(index_of(hash));
  while (n && !has_key(n, key, hash)) n = n->next;
  if (!n || n->deleted || n->object.compressed || element == shape_.keypos ||
      element - 1 >= header_size(n->object.data[0]))
    return Term::none();
  Term &slot = reinterpret_cast<Term &>(n->object.data[element]);
  if (!slot.is_small()) return Term::none();
  int64_t sum = slot.small_value() + increment.small_value();
  if (!Term::fits_small(sum)) return Term::none();
  return slot = Term::small(sum);
}

UpdateResult HashStore::update(Term key, Term default_tuple, Updater &u) {
  uint32_t hash = key_hash(key);
  HashNode *dropped = nullptr;
  bool added = false;
  {
    Lock lock(*this, hash, true);
    HashNode **at = &bucket(index_of(hash));
    while (*at && !has_key(*at, key, hash)) at = &(*at)->next;
    HashNode *old = *at;
    bool live = old && !old->deleted;
    UpdatePlan plan(u, live ? &old->object : nullptr, key, default_tuple, shape_.keypos);
    if (plan.settled()) return plan.result();
    HashNode *node = make_hash_node(plan.tuple(), shape_.keypos, shape_.compressed);
    node->hash = hash;
    node->next = old ? old->next : nullptr;
    *at = node;
    counters.add(hash, live ? 0 : 1, int64_t(node_words(node)) - (old ? int64_t(node_words(old)) : 0));
    if (old) drop_later(&dropped, old);
    added = !live;
  }
  free_list(dropped);
  if (added) maybe_grow(hash);
  return UpdateResult::Done;
}

// --- going through the keys

HashNode *HashStore::next_live(HashNode *n, Word *slot, Lock &lock, bool deleted_too) {
  for (;;) {
    for (; n; n = n->next)
      if (deleted_too || !n->deleted) return n;
    if (!lock.next_slot(slot)) return nullptr;
    n = bucket(*slot);
  }
}

Status HashStore::first_key(Heap &h, Term *key, bool deleted_too) {
  Word slot = 0;
  Lock lock(*this, slot, false);
  HashNode *n = next_live(bucket(slot), &slot, lock, deleted_too);
  if (!n) return Status::EndOfTable;
  *key = term_copy(object_key(n->object, shape_.keypos), h);
  return Status::Ok;
}

Status HashStore::next_key(Term key, Heap &h, Term *out, bool deleted_too) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, false);
  HashNode **at = find(key, hash, false);
  if (!at) return Status::BadKey;
  Word slot = index_of(hash);
  HashNode *n = *at;
  while (n && has_key(n, key, hash)) n = n->next; // a bag's objects with the same key stand together
  n = next_live(n, &slot, lock, deleted_too);
  if (!n) return Status::EndOfTable;
  *out = term_copy(object_key(n->object, shape_.keypos), h);
  return Status::Ok;
}

Status HashStore::slot(Word n, Heap &h, Term *out) {
  Lock lock(*this, n, false);
  Word count = active();
  if (n > count) return Status::BadItem;
  if (n == count) return Status::EndOfTable;
  *out = list_of(bucket(n), nullptr, h);
  return Status::Ok;
}

Term HashStore::binaries(Term key, Heap &h) {
  uint32_t hash = key_hash(key);
  Lock lock(*this, hash, false);
  HashNode **at = find(key, hash, false);
  Term list = Term::nil();
  for (HashNode *n = at ? *at : nullptr; n && has_key(n, key, hash); n = n->next)
    list = object_binaries(n->object, h, list);
  return list;
}

// --- chains

bool HashStore::has_key(const HashNode *n, Term key, uint32_t hash) const {
  return n->hash == hash && eq(key, object_key(n->object, shape_.keypos));
}

HashNode **HashStore::find(Term key, uint32_t hash, bool live) const {
  for (HashNode **at = &bucket(index_of(hash)); *at; at = &(*at)->next)
    if (has_key(*at, key, hash) && !(live && (*at)->deleted)) return at;
  return nullptr;
}

HashNode *HashStore::group_end(HashNode *n, Term key, uint32_t hash) const {
  while (n && has_key(n, key, hash)) n = n->next;
  return n;
}

// The live objects of [from, to), last one first: in order of insertion.
Term HashStore::list_of(HashNode *from, HashNode *to, Heap &h) const {
  Term list = Term::nil();
  for (HashNode *n = from; n != to; n = n->next)
    if (!n->deleted) list = make_cons(h, object_copy(n->object, shape_.keypos, h), list);
  return list;
}

void HashStore::free_list(HashNode *list) {
  while (list) {
    HashNode *n = list;
    list = n->next;
    free_node(n);
  }
}

} // namespace joist::runtime::ets
