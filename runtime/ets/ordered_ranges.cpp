// ordered_set tables: the ranges, their adaption to contention, emptying.
#include "runtime/ets/ordered_range.h"

#include "runtime/atom/atom.h"
#include "runtime/sched/progress.h"

namespace joist::runtime::ets {
namespace {
constexpr int kContended = 250, kQuiet = -1, kSplitAt = 1000, kJoinAt = -1000;
constexpr size_t kMaxRanges = 1024;
constexpr Word kMinHeight = 3; // smaller trees are not worth a range
template <class T> void delete_later(T *p) {
  progress::later([](void *q) { delete static_cast<T *>(q); }, p);
}
} // namespace

OrderedStore::~OrderedStore() {
  int64_t all = INT64_MAX;
  clear(false)->free_some(&all);
  Route *r = route_.load();
  for (Range *x : r->ranges) delete x;
  delete r;
}

OrderedStore::Range *OrderedStore::range_of(const avl::Target *t, Side side) const {
  const auto &ranges = route_.load(std::memory_order_acquire)->ranges;
  // The last range whose low bound is not above the target (Below: is under the target).
  size_t from = 0, to = ranges.size() - 1;
  while (from < to) {
    size_t middle = (from + to + 1) / 2;
    int c = t->compare_to(ranges[middle]->low->term());
    if (c > 0 || (c == 0 && side == Side::At)) from = middle;
    else to = middle - 1;
  }
  return ranges[from];
}

// Called with r locked for writing; r may be replaced when it returns (and stays locked).
void OrderedStore::adapt(Range *r, bool contended) {
  r->contention += contended ? kContended : kQuiet;
  if (r->contention > kSplitAt) {
    r->contention = 0;
    split(r);
  } else if (r->contention < kJoinAt) {
    r->contention = 0;
    join(r);
  }
}

// Puts `fresh` in the place of `old` (adjacent ranges, locked for writing). The caller holds route_lock_.
void OrderedStore::replace(std::initializer_list<Range *> old, std::initializer_list<Range *> fresh) {
  Route *route = route_.load(std::memory_order_relaxed);
  auto at = std::find(route->ranges.begin(), route->ranges.end(), *old.begin());
  assert(at != route->ranges.end());
  auto *changed = new Route;
  changed->ranges.assign(route->ranges.begin(), at);
  changed->ranges.insert(changed->ranges.end(), fresh);
  changed->ranges.insert(changed->ranges.end(), at + ptrdiff_t(old.size()), route->ranges.end());
  route_.store(changed, std::memory_order_release);
  for (Range *r : old) {
    r->replaced = true;
    r->root = nullptr;
    delete_later(r);
  }
  delete_later(route);
}

void OrderedStore::split(Range *r) {
  TreeNode *top = r->root;
  if (!top || top->height < kMinHeight || range_count() >= kMaxRanges) return;
  std::unique_lock guard(route_lock_, std::try_to_lock);
  if (!guard) return;
  auto *left = new Range, *right = new Range;
  left->low = r->low;
  right->high = r->high;
  left->high = right->low = std::make_shared<StoredTerm>(object_key(top->object, shape_.keypos));
  left->root = top->left;
  right->root = avl::join(nullptr, top, top->right);
  replace({r}, {left, right});
}

void OrderedStore::join(Range *r) {
  std::unique_lock guard(route_lock_, std::try_to_lock);
  if (!guard) return;
  const auto &ranges = route_.load(std::memory_order_relaxed)->ranges;
  if (ranges.size() == 1) return;
  size_t i = size_t(std::find(ranges.begin(), ranges.end(), r) - ranges.begin());
  bool last = i + 1 == ranges.size();
  Range *neighbour = ranges[last ? i - 1 : i + 1];
  if (!neighbour->lock.try_lock()) return;
  Range *left = last ? neighbour : r, *right = last ? r : neighbour;
  auto *both = new Range;
  both->low = left->low;
  both->high = right->high;
  TreeNode *middle = avl::remove_first(&right->root);
  both->root = middle ? avl::join(left->root, middle, right->root) : left->root;
  replace({left, right}, {both});
  neighbour->lock.unlock();
}

void OrderedStore::force_split(Term key) {
  avl::Target t{key};
  Access a(*this, true, [&] { return range_of(&t, Side::At); });
  if (shape_.fine_locked) split(a.range);
}

void OrderedStore::force_join(Term key) {
  avl::Target t{key};
  Access a(*this, true, [&] { return range_of(&t, Side::At); });
  if (shape_.fine_locked) join(a.range);
}

struct OrderedStore::TreeGarbage final : Garbage {
  std::vector<TreeNode *> roots;
  ~TreeGarbage() override {
    int64_t all = INT64_MAX;
    free_some(&all);
  }
  bool free_some(int64_t *budget) override {
    while (!roots.empty()) {
      // Turned to a list as it goes: needs no stack and can stop anywhere.
      TreeNode *n = roots.back();
      while (n) {
        if (*budget <= 0) {
          roots.back() = n;
          return false;
        }
        --*budget;
        if (TreeNode *l = n->left) {
          n->left = l->right;
          l->right = n;
          n = l;
        } else {
          TreeNode *right = n->right;
          free_node(n);
          n = right;
        }
      }
      roots.pop_back();
    }
    return true;
  }
};

std::unique_ptr<Garbage> OrderedStore::clear(bool) {
  // The table is locked exclusively: ranges are left as they are, without objects.
  auto g = std::make_unique<TreeGarbage>();
  for (Range *r : route_.load(std::memory_order_relaxed)->ranges) {
    if (r->root) g->roots.push_back(r->root);
    r->root = nullptr;
  }
  counters.reset();
  return g;
}

Word OrderedStore::table_words() const { return shape_.fine_locked ? 133 : shape_.read_concurrency ? 171 : 139; }

Term OrderedStore::stats(Heap &h) {
  if (!shape_.fine_locked) return atoms::false_;
  // Stock: {inner nodes, ranges, depth} of its tree of ranges.
  size_t n = range_count();
  return make_tuple(h, make_uint(h, n - 1), make_uint(h, n), make_uint(h, Word(std::bit_width(n - 1))));
}

} // namespace joist::runtime::ets
