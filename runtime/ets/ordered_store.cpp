#include "runtime/ets/ordered_range.h"

#include "runtime/atom/atom.h"
#include "runtime/ets/key_pattern.h"

namespace joist::runtime::ets {

OrderedStore::OrderedStore(const TableShape &shape) : shape_(shape) { route_ = new Route{{new Range}}; }

void OrderedStore::count(Range *r, int items, int64_t words) {
  counters.add(uint32_t(reinterpret_cast<Word>(r) >> 7), items, words);
}

bool OrderedStore::put(Term tuple, bool only_new) {
  avl::Target t{tuple_elements(tuple)[shape_.keypos - 1]};
  TreeNode *node = make_tree_node(tuple, shape_.keypos, shape_.compressed), *unused = nullptr;
  {
    Access a(*this, true, [&] { return range_of(&t, Side::At); });
    if (TreeNode *same = avl::insert(&a.range->root, node, shape_.keypos)) {
      unused = node;
      if (!only_new) {
        node->left = same->left;
        node->right = same->right;
        node->height = same->height;
        *avl::find_link(&a.range->root, t.key, shape_.keypos) = node;
        count(a.range, 0, int64_t(node_words(node)) - int64_t(node_words(same)));
        unused = same;
      }
    } else {
      count(a.range, 1, int64_t(node_words(node)));
    }
  }
  if (!unused) return true;
  free_node(unused);
  return !only_new;
}

Term OrderedStore::lookup(Term key, Heap &h) {
  avl::Target t{key};
  Access a(*this, false, [&] { return range_of(&t, Side::At); });
  TreeNode *n = avl::find(a.range->root, key, shape_.keypos);
  return n ? make_cons(h, object_copy(n->object, shape_.keypos, h), Term::nil()) : Term::nil();
}

Status OrderedStore::lookup_element(Term key, Word element, Heap &h, Term *out) {
  avl::Target t{key};
  Access a(*this, false, [&] { return range_of(&t, Side::At); });
  TreeNode *n = avl::find(a.range->root, key, shape_.keypos);
  if (!n) return Status::BadKey;
  if (element > object_arity(n->object)) return Status::BadItem;
  *out = object_copy_element(n->object, shape_.keypos, element, h);
  return Status::Ok;
}

bool OrderedStore::member(Term key) {
  avl::Target t{key};
  Access a(*this, false, [&] { return range_of(&t, Side::At); });
  return avl::find(a.range->root, key, shape_.keypos) != nullptr;
}

void OrderedStore::erase(Term key) {
  avl::Target t{key};
  TreeNode *n;
  {
    Access a(*this, true, [&] { return range_of(&t, Side::At); });
    n = avl::remove(&a.range->root, key, shape_.keypos);
    if (n) count(a.range, -1, -int64_t(node_words(n)));
  }
  if (n) free_node(n);
}

void OrderedStore::erase_object(Term tuple) {
  avl::Target t{tuple_elements(tuple)[shape_.keypos - 1]};
  TreeNode *n;
  {
    Access a(*this, true, [&] { return range_of(&t, Side::At); });
    n = avl::find(a.range->root, t.key, shape_.keypos);
    if (!n || !object_equals(n->object, shape_.keypos, tuple)) return;
    avl::remove(&a.range->root, t.key, shape_.keypos);
    count(a.range, -1, -int64_t(node_words(n)));
  }
  free_node(n);
}

Term OrderedStore::take(Term key, Heap &h) {
  avl::Target t{key};
  TreeNode *n;
  {
    Access a(*this, true, [&] { return range_of(&t, Side::At); });
    n = avl::remove(&a.range->root, key, shape_.keypos);
    if (!n) return Term::nil();
    count(a.range, -1, -int64_t(node_words(n)));
  }
  Term result = make_cons(h, object_copy(n->object, shape_.keypos, h), Term::nil());
  free_node(n);
  return result;
}

UpdateResult OrderedStore::update(Term key, Term default_tuple, Updater &u) {
  avl::Target t{key};
  TreeNode *dropped = nullptr;
  {
    Access a(*this, true, [&] { return range_of(&t, Side::At); });
    TreeNode **link = avl::find_link(&a.range->root, key, shape_.keypos);
    UpdatePlan plan(u, link ? &(*link)->object : nullptr, key, default_tuple, shape_.keypos);
    if (plan.settled()) return plan.result();
    TreeNode *node = make_tree_node(plan.tuple(), shape_.keypos, shape_.compressed);
    if (link) {
      dropped = *link;
      node->left = dropped->left;
      node->right = dropped->right;
      node->height = dropped->height;
      *link = node;
      count(a.range, 0, int64_t(node_words(node)) - int64_t(node_words(dropped)));
    } else {
      avl::insert(&a.range->root, node, shape_.keypos);
      count(a.range, 1, int64_t(node_words(node)));
    }
  }
  if (dropped) free_node(dropped);
  return UpdateResult::Done;
}

// --- going through the keys

Status OrderedStore::step(Term key, bool from_end, bool backwards, Heap &h, Term *out) {
  avl::Target t{key};
  bool inclusive = false;
  for (;;) {
    Access a(*this, false, [&] {
      if (from_end) return backwards ? last_range() : first_range();
      return range_of(&t, backwards && !inclusive ? Side::Below : Side::At);
    });
    avl::Cursor c;
    TreeNode *n;
    if (from_end) n = backwards ? c.last(a.range->root) : c.first(a.range->root);
    else if (backwards) n = c.seek_backward(a.range->root, t, inclusive, shape_.keypos);
    else n = c.seek_forward(a.range->root, t, inclusive, shape_.keypos);
    if (n) {
      *out = term_copy(object_key(n->object, shape_.keypos), h);
      return Status::Ok;
    }
    // On to the neighbour. Its bound outlives the lock: ranges are freed by thread progress.
    auto &bound = backwards ? a.range->low : a.range->high;
    if (!bound) return Status::EndOfTable;
    t.key = bound->term();
    inclusive = !backwards;
    from_end = false;
  }
}

Status OrderedStore::first(Heap &h, Term *key) { return step(Term::nil(), true, false, h, key); }
Status OrderedStore::last(Heap &h, Term *key) { return step(Term::nil(), true, true, h, key); }

Status OrderedStore::next(Term key, Heap &h, Term *out) {
  if (key == atoms::end_of_table) return Status::BadKey;
  return step(key, false, false, h, out);
}
Status OrderedStore::prev(Term key, Heap &h, Term *out) {
  if (key == atoms::end_of_table) return Status::BadKey;
  return step(key, false, true, h, out);
}

Status OrderedStore::slot(Word n, Heap &h, Term *out) {
  Word items = Word(counters.items());
  if (n > items) return Status::BadItem;
  if (n == items) return Status::EndOfTable;
  Word seen = 0;
  avl::Target t{Term::nil()};
  for (bool from_start = true;; from_start = false) {
    Access a(*this, false, [&] { return from_start ? first_range() : range_of(&t, Side::At); });
    avl::Cursor c;
    for (TreeNode *node = c.first(a.range->root); node; node = c.next())
      if (seen++ == n) {
        *out = make_cons(h, object_copy(node->object, shape_.keypos, h), Term::nil());
        return Status::Ok;
      }
    if (!a.range->high) return Status::EndOfTable;
    t.key = a.range->high->term();
  }
}

Term OrderedStore::binaries(Term key, Heap &h) {
  avl::Target t{key};
  Access a(*this, false, [&] { return range_of(&t, Side::At); });
  TreeNode *n = avl::find(a.range->root, key, shape_.keypos);
  return n ? object_binaries(n->object, h, Term::nil()) : Term::nil();
}

void OrderedStore::traverse(Traversal &t, Visitor &v) {
  avl::Target at{t.start, t.start_partial};
  bool from_end = t.start.is_none(), inclusive = t.start_partial || t.exactly;
  StoredTerm here; // owns at.key once we have moved on
  for (;;) {
    Access a(*this, t.change, [&] {
      if (from_end) return t.backwards ? last_range() : first_range();
      bool below = t.backwards ? !inclusive : at.partial;
      return range_of(&at, below ? Side::Below : Side::At);
    });
    avl::Cursor c;
    TreeNode *&root = a.range->root;
    TreeNode *n;
    if (t.exactly) n = avl::find(root, at.key, shape_.keypos);
    else if (from_end) n = t.backwards ? c.last(root) : c.first(root);
    else if (t.backwards) n = c.seek_backward(root, at, inclusive, shape_.keypos);
    else n = c.seek_forward(root, at, inclusive, shape_.keypos);
    while (n) {
      Term key = object_key(n->object, shape_.keypos);
      if (!t.end.is_none()) {
        int order = compare_partly_bound(t.end, key);
        if (t.backwards ? order > 0 : order < 0) {
          t.ended = true;
          return;
        }
      }
      t.budget--;
      Visitor::Action action = v.visit(n->object);
      if (action != Visitor::Action::Pass) t.got++;
      TreeNode *dropped = nullptr;
      bool stop = t.exactly || t.budget <= 0 || (t.limit && t.got >= t.limit);
      if (stop && !t.exactly) t.last_key = StoredTerm(key);
      if (action == Visitor::Action::Delete) {
        dropped = avl::remove(&root, key, shape_.keypos);
        count(a.range, -1, -int64_t(node_words(dropped)));
        avl::Target gone{key};
        if (!stop)
          n = t.backwards ? c.seek_backward(root, gone, false, shape_.keypos)
                          : c.seek_forward(root, gone, false, shape_.keypos);
      } else {
        if (action == Visitor::Action::Replace) {
          TreeNode *r = make_tree_node(v.replacement, shape_.keypos, shape_.compressed);
          r->left = n->left;
          r->right = n->right;
          r->height = n->height;
          *avl::find_link(&root, key, shape_.keypos) = r;
          count(a.range, 0, int64_t(node_words(r)) - int64_t(node_words(n)));
          dropped = n;
          if (!t.exactly) c.replaced(r);
        }
        if (!stop) n = t.backwards ? c.prev() : c.next();
      }
      if (dropped) free_node(dropped);
      if (stop) {
        t.ended = t.exactly;
        return;
      }
    }
    auto &bound = t.backwards ? a.range->low : a.range->high;
    if (t.exactly || !bound) {
      t.ended = true;
      return;
    }
    here = StoredTerm(bound->term());
    at = {here.term(), false};
    inclusive = !t.backwards;
    from_end = false;
  }
}

} // namespace joist::runtime::ets
