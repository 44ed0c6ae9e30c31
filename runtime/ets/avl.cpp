#include "runtime/ets/avl.h"

#include "runtime/ets/key_pattern.h"
#include "runtime/term/compare.h"

namespace joist::runtime::ets::avl {
namespace {

Word height(const TreeNode *n) { return n ? n->height : 0; }
void measure(TreeNode *n) { n->height = 1 + std::max(height(n->left), height(n->right)); }
Term key_of(const TreeNode *n, Word keypos) { return object_key(n->object, keypos); }

TreeNode *rotate_right(TreeNode *n) {
  TreeNode *l = n->left;
  n->left = l->right;
  l->right = n;
  measure(n);
  measure(l);
  return l;
}
TreeNode *rotate_left(TreeNode *n) {
  TreeNode *r = n->right;
  n->right = r->left;
  r->left = n;
  measure(n);
  measure(r);
  return r;
}
// Balance at n, whose subtrees are balanced and differ by two at the most.
TreeNode *balance(TreeNode *n) {
  Word l = height(n->left), r = height(n->right);
  if (l > r + 1) {
    if (height(n->left->left) < height(n->left->right)) n->left = rotate_left(n->left);
    return rotate_right(n);
  }
  if (r > l + 1) {
    if (height(n->right->right) < height(n->right->left)) n->right = rotate_right(n->right);
    return rotate_left(n);
  }
  measure(n);
  return n;
}

// Links from the root down to where something changed.
struct Path {
  TreeNode **links[kMaxDepth];
  int n = 0;
  void push(TreeNode **l) {
    assert(n < kMaxDepth);
    links[n++] = l;
  }
  void rebalance() {
    while (n > 0) {
      TreeNode **l = links[--n];
      Word before = (*l)->height;
      *l = balance(*l);
      if ((*l)->height == before) return;
    }
  }
};

} // namespace

int Target::compare_to(Term other) const { return partial ? compare_partly_bound(key, other) : compare(key, other); }

TreeNode *find(TreeNode *n, Term key, Word keypos) {
  while (n) {
    int c = compare(key, key_of(n, keypos));
    if (c == 0) return n;
    n = c < 0 ? n->left : n->right;
  }
  return nullptr;
}

TreeNode **find_link(TreeNode **l, Term key, Word keypos) {
  while (*l) {
    int c = compare(key, key_of(*l, keypos));
    if (c == 0) return l;
    l = c < 0 ? &(*l)->left : &(*l)->right;
  }
  return nullptr;
}

TreeNode *insert(TreeNode **root, TreeNode *n, Word keypos) {
  Path path;
  TreeNode **l = root;
  Term key = key_of(n, keypos);
  while (*l) {
    int c = compare(key, key_of(*l, keypos));
    if (c == 0) return *l;
    path.push(l);
    l = c < 0 ? &(*l)->left : &(*l)->right;
  }
  n->left = n->right = nullptr;
  n->height = 1;
  *l = n;
  path.rebalance();
  return nullptr;
}

TreeNode *remove(TreeNode **root, Term key, Word keypos) {
  Path path;
  TreeNode **l = root;
  for (;;) {
    if (!*l) return nullptr;
    int c = compare(key, key_of(*l, keypos));
    if (c == 0) break;
    path.push(l);
    l = c < 0 ? &(*l)->left : &(*l)->right;
  }
  TreeNode *n = *l;
  if (!n->left || !n->right) {
    *l = n->left ? n->left : n->right;
  } else {
    // The first node of the right side takes its place.
    TreeNode *successor = remove_first(&n->right);
    successor->left = n->left;
    successor->right = n->right;
    successor->height = n->height;
    *l = successor;
    path.push(l);
  }
  path.rebalance();
  return n;
}

TreeNode *remove_first(TreeNode **root) {
  if (!*root) return nullptr;
  Path path;
  TreeNode **l = root;
  while ((*l)->left) {
    path.push(l);
    l = &(*l)->left;
  }
  TreeNode *n = *l;
  *l = n->right;
  path.rebalance();
  return n;
}

TreeNode *join(TreeNode *left, TreeNode *middle, TreeNode *right) {
  Path path;
  TreeNode *root;
  if (height(left) > height(right) + 1) {
    root = left;
    TreeNode **l = &root;
    while (height(*l) > height(right) + 1) {
      path.push(l);
      l = &(*l)->right;
    }
    middle->left = *l;
    middle->right = right;
    *l = middle;
  } else if (height(right) > height(left) + 1) {
    root = right;
    TreeNode **l = &root;
    while (height(*l) > height(left) + 1) {
      path.push(l);
      l = &(*l)->left;
    }
    middle->left = left;
    middle->right = *l;
    *l = middle;
  } else {
    root = middle;
    middle->left = left;
    middle->right = right;
  }
  measure(middle);
  path.rebalance();
  return root;
}

TreeNode *Cursor::first(TreeNode *root) {
  depth_ = 0;
  for (; root; root = root->left) path_[depth_++] = root;
  return here();
}

TreeNode *Cursor::last(TreeNode *root) {
  depth_ = 0;
  for (; root; root = root->right) path_[depth_++] = root;
  return here();
}

TreeNode *Cursor::seek_forward(TreeNode *n, const Target &t, bool inclusive, Word keypos) {
  depth_ = 0;
  int candidate = 0; // depth of the best node so far
  while (n) {
    path_[depth_++] = n;
    int c = t.compare_to(key_of(n, keypos));
    if (c < 0 || (c == 0 && inclusive)) {
      candidate = depth_;
      n = n->left;
    } else {
      n = n->right;
    }
  }
  depth_ = candidate;
  return here();
}

TreeNode *Cursor::seek_backward(TreeNode *n, const Target &t, bool inclusive, Word keypos) {
  depth_ = 0;
  int candidate = 0;
  while (n) {
    path_[depth_++] = n;
    int c = t.compare_to(key_of(n, keypos));
    if (c > 0 || (c == 0 && inclusive)) {
      candidate = depth_;
      n = n->right;
    } else {
      n = n->left;
    }
  }
  depth_ = candidate;
  return here();
}

TreeNode *Cursor::next() {
  TreeNode *n = here();
  if (!n) return nullptr;
  if (n->right) {
    for (n = n->right; n; n = n->left) path_[depth_++] = n;
    return here();
  }
  while (--depth_ > 0 && here()->right == n) n = here();
  return here();
}

TreeNode *Cursor::prev() {
  TreeNode *n = here();
  if (!n) return nullptr;
  if (n->left) {
    for (n = n->left; n; n = n->right) path_[depth_++] = n;
    return here();
  }
  while (--depth_ > 0 && here()->left == n) n = here();
  return here();
}

} // namespace joist::runtime::ets::avl
