// Height-balanced search trees of TreeNodes, ordered by the standard term order of their keys (1 and 1.0 are one key). No locking.
#pragma once
#include "runtime/ets/object.h"

namespace joist::runtime::ets::avl {

inline constexpr int kMaxDepth = 96;

// Where a search aims at. Partial: key is a pattern, see compare_partly_bound.
struct Target {
  Term key;
  bool partial = false;
  int compare_to(Term other) const;
};

TreeNode *find(TreeNode *root, Term key, Word keypos);
// The link that points at the node with that key; null if there is none.
TreeNode **find_link(TreeNode **root, Term key, Word keypos);
// Links `n`. If its key is there already nothing changes and the node that has it is returned, else null.
TreeNode *insert(TreeNode **root, TreeNode *n, Word keypos);
// Unlinks and returns the node with that key, or null.
TreeNode *remove(TreeNode **root, Term key, Word keypos);
TreeNode *remove_first(TreeNode **root);
// One tree of all nodes: left < middle < right. Left and right may be empty.
TreeNode *join(TreeNode *left, TreeNode *middle, TreeNode *right);

// A position in a tree that does not change.
class Cursor {
public:
  TreeNode *first(TreeNode *root);
  TreeNode *last(TreeNode *root);
  // First node at or (unless inclusive) after the target; last node at or before it.
  TreeNode *seek_forward(TreeNode *root, const Target &t, bool inclusive, Word keypos);
  TreeNode *seek_backward(TreeNode *root, const Target &t, bool inclusive, Word keypos);
  TreeNode *next();
  TreeNode *prev();
  // The current node was replaced in the tree by another one with the same key.
  void replaced(TreeNode *n) { path_[depth_ - 1] = n; }

private:
  TreeNode *here() const { return depth_ ? path_[depth_ - 1] : nullptr; }
  TreeNode *path_[kMaxDepth];
  int depth_ = 0;
};

} // namespace joist::runtime::ets::avl
