// A stored tuple: a private copy of the term, flat in one block, with the off-heap data that it refers to.
//
// Objects stand at the end of the node that a table links (hash chain or tree), so a table entry is one allocation.
// In compressed tables the key is kept as a term and the rest in external term format, wherever that gives the same
// term back: pids, ports, references and funs mean more to this node than their external form says, and binaries off the
// heap are shared with others, so tuples that contain them are stored as they are.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime::ets {

struct Object {
  Word *off_heap;  // list of RefcBin and MagicRef, see OffHeap
  Word words : 63; // of data
  Word compressed : 1;
  Word data[1]; // plain: the tuple, header first. Compressed: see CompressedObject
};
// data of a compressed object; the key's heap words follow, then the encoded tuple with [] in the key's place.
struct CompressedObject {
  Word key; // Term
  uint32_t arity, key_words;
  Word encoded_bytes;
  Word rest[1];
  const uint8_t *encoded() const { return reinterpret_cast<const uint8_t *>(rest + key_words); }
};

struct HashNode {
  HashNode *next;
  uint32_t hash;
  uint32_t deleted; // kept only so that traversals find their way (table is fixed)
  Object object;
};
struct TreeNode {
  TreeNode *left, *right;
  Word height;
  Object object;
};

// Makes a node whose object is a copy of `tuple`. Words of the node's memory are added to *words.
HashNode *make_hash_node(Term tuple, Word keypos, bool compress);
TreeNode *make_tree_node(Term tuple, Word keypos, bool compress);
void free_node(HashNode *);
void free_node(TreeNode *);
// Words of memory that a node takes, as counted by ets:info(T, memory).
inline Word node_words(const HashNode *n) { return offsetof(HashNode, object.data) / 8 + n->object.words; }
inline Word node_words(const TreeNode *n) { return offsetof(TreeNode, object.data) / 8 + n->object.words; }

inline CompressedObject *compressed_of(const Object &o) {
  return reinterpret_cast<CompressedObject *>(const_cast<Word *>(o.data));
}
inline Term object_key(const Object &o, Word keypos) {
  return o.compressed ? Term(compressed_of(o)->key) : Term(o.data[keypos]);
}
inline Word object_arity(const Object &o) { return o.compressed ? compressed_of(o)->arity : header_size(o.data[0]); }

// Copy of the tuple, or of one element (1..arity), into h.
Term object_copy(const Object &o, Word keypos, Heap &h);
Term object_copy_element(const Object &o, Word keypos, Word element, Heap &h);
// Copy of any term that lives in an object.
Term term_copy(Term t, Heap &h);
// Exact equality (=:=) with a tuple.
bool object_equals(const Object &o, Word keypos, Term tuple);
// {address, size, references} of every reference-counted binary in the object, consed onto `tail`.
Term object_binaries(const Object &o, Heap &h, Term tail);

// The tuple as a term to look at while the object stays locked: the stored one, or a decoded copy owned by the view.
class ObjectView {
public:
  ObjectView(const Object &o, Word keypos);
  ObjectView(const ObjectView &) = delete;
  Term tuple() const { return tuple_; }

private:
  FragmentHeap heap_;
  Term tuple_;
};

// A term kept outside any heap (heir data, split keys, continuation state).
class StoredTerm {
public:
  StoredTerm() = default;
  explicit StoredTerm(Term t);
  StoredTerm(StoredTerm &&o) noexcept : term_(o.term_), block_(o.block_), off_heap_(o.off_heap_) {
    o.block_ = nullptr;
    o.off_heap_ = {};
  }
  StoredTerm &operator=(StoredTerm &&o) noexcept {
    std::swap(term_, o.term_);
    std::swap(block_, o.block_);
    std::swap(off_heap_, o.off_heap_);
    return *this;
  }
  ~StoredTerm();
  Term term() const { return term_; }

private:
  Term term_ = Term::nil();
  Word *block_ = nullptr;
  OffHeap off_heap_;
};

} // namespace joist::runtime::ets
