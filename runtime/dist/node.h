// Nodes: interned {name, creation} pairs that external pids, ports and references point at; never freed.
#pragma once
#include "runtime/atom/atom.h"

#include <vector>
namespace joist::runtime {
struct Node {
  Term name; // atom
  uint32_t creation;
};
Node *node_get(Term name, uint32_t creation);
// As node_get, for what other nodes say: null rather than a new entry where there are very many (a million).
Node *node_get_bounded(Term name, uint32_t creation);
std::vector<Term> node_names(); // of all there are, in order of first being seen
Node *node_newest(Term name); // the last one interned of that name, null if none
Node *this_node();            // nonode@nohost, 0 until erlang:setnode/2
void set_this_node(Term name, uint32_t creation);
inline Term node_name(Node *n) { return n->name; }
bool node_is_this(Term name, uint32_t creation); // an external pid with this decodes to a local one
} // namespace joist::runtime
