#include "runtime/ets/object.h"

#include "runtime/dist/etf.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/magic.h"
#include "runtime/mem/scan.h"
#include "runtime/term/compare.h"

#include <vector>

namespace joist::runtime::ets {
namespace {

// A Heap over exactly the words [at, at + words).
Heap heap_over(Word *at, Word words) {
  Heap h;
  h.top = at;
  h.limit = at + words;
  return h;
}

bool is_shared_binary(Term t) {
  if (bit_view(t).bits <= kHeapBinMax * 8) return false;
  while (kind_of(t) == Kind::SubBin) t = Term(reinterpret_cast<SubBinObj *>(t.box())->original);
  return kind_of(t) == Kind::RefcBin;
}

// Everything in the tuple but its key, which stays a term, survives a round trip through the external format within this
// node, and is not shared with others: a binary off the heap costs no memory here, and ets:info(T, binary) lists it.
bool compressible(Term tuple, Word keypos) {
  std::vector<Term> todo;
  for (Word i = 1, n = tuple_arity(tuple); i <= n; i++)
    if (i != keypos) todo.push_back(tuple_elements(tuple)[i - 1]);
  while (!todo.empty()) {
    Term t = todo.back();
    todo.pop_back();
    if (t.is_cons()) {
      todo.push_back(t.tail());
      todo.push_back(t.head());
    } else if (t.is_boxed()) {
      Word *b = t.box();
      switch (header_kind(*b)) {
      case Kind::PosBig:
      case Kind::NegBig:
      case Kind::Float:
      case Kind::HeapBin: break;
      case Kind::RefcBin:
      case Kind::SubBin:
        if (is_shared_binary(t)) return false;
        break;
      case Kind::Tuple:
      case Kind::FlatMap:
      case Kind::HashMap:
      case Kind::HashNode: {
        TermRange r = object_terms(*b);
        for (Word i = r.first; i < r.last; i++) todo.push_back(Term(b[i]));
        break;
      }
      default: return false;
      }
    } else if (t.is_local_pid() || t.is_local_port()) {
      return false;
    }
  }
  return true;
}

template <class Node> Node *allocate(Word data_words) {
  auto *n = static_cast<Node *>(mem_alloc(MemKind::Ets, offsetof(Node, object.data) + data_words * sizeof(Word)));
  n->object.off_heap = nullptr;
  n->object.words = data_words;
  n->object.compressed = 0;
  return n;
}

template <class Node> Node *make_compressed(Term tuple, Word keypos) {
  Word arity = tuple_arity(tuple);
  std::vector<Word> stripped(tuple.box(), tuple.box() + arity + 1);
  Term key(stripped[keypos]);
  stripped[keypos] = Term::nil().raw();
  std::vector<uint8_t> bytes = etf_encode(Term::boxed(stripped.data()));
  Word key_words = size_of(key, false);
  Word words = offsetof(CompressedObject, rest) / sizeof(Word) + key_words + (bytes.size() + 7) / 8;
  Node *n = allocate<Node>(words);
  n->object.compressed = 1;
  CompressedObject *c = compressed_of(n->object);
  c->arity = uint32_t(arity);
  c->key_words = uint32_t(key_words);
  c->encoded_bytes = bytes.size();
  Heap h = heap_over(c->rest, key_words);
  c->key = copy(key, h, false).raw();
  n->object.off_heap = h.off_heap.first;
  memcpy(c->rest + key_words, bytes.data(), bytes.size());
  return n;
}

template <class Node> Node *make_node(Term tuple, Word keypos, bool compress) {
  if (compress && compressible(tuple, keypos)) return make_compressed<Node>(tuple, keypos);
  Word *src = tuple.box();
  Word n = header_size(*src) + 1;
  bool flat = true;
  for (Word i = 1; i < n && flat; i++) flat = !Term(src[i]).is_pointer();
  if (flat) {
    Node *node = allocate<Node>(n);
    memcpy(node->object.data, src, n * sizeof(Word));
    return node;
  }
  n = size_of(tuple, false);
  Node *node = allocate<Node>(n);
  Heap h = heap_over(node->object.data, n);
  [[maybe_unused]] Term t = copy(tuple, h, false);
  assert(t.box() == node->object.data);
  node->object.off_heap = h.off_heap.first;
  return node;
}

void release(Object &o) {
  if (!o.off_heap) return;
  OffHeap list;
  list.first = o.off_heap;
  off_heap_release(list);
}

Term decode(const CompressedObject *c, Word keypos, Heap &h) {
  Word used;
  Term t = etf_decode(h, c->encoded(), c->encoded_bytes, false, &used);
  assert(is_tuple(t));
  tuple_elements(t)[keypos - 1] = copy(Term(c->key), h, false);
  return t;
}

} // namespace

HashNode *make_hash_node(Term tuple, Word keypos, bool compress) {
  HashNode *n = make_node<HashNode>(tuple, keypos, compress);
  n->next = nullptr;
  n->deleted = 0;
  return n;
}
TreeNode *make_tree_node(Term tuple, Word keypos, bool compress) {
  TreeNode *n = make_node<TreeNode>(tuple, keypos, compress);
  n->left = n->right = nullptr;
  n->height = 1;
  return n;
}
void free_node(HashNode *n) {
  release(n->object);
  mem_free(MemKind::Ets, n);
}
void free_node(TreeNode *n) {
  release(n->object);
  mem_free(MemKind::Ets, n);
}

Term object_copy(const Object &o, Word keypos, Heap &h) {
  if (o.compressed) return decode(compressed_of(o), keypos, h);
  // The object is one contiguous piece: copy it word by word and move inner pointers along.
  Word n = o.words;
  const Word *src = o.data, *src_end = src + n;
  Word *dst = h.alloc(n);
  auto move = [&](Word w) {
    Term t(w);
    if (!t.is_pointer()) return w;
    const Word *p = t.pointer();
    return p >= src && p < src_end ? w + (Word(dst) - Word(src)) : w;
  };
  Word tuple_words = header_size(src[0]) + 1;
  dst[0] = src[0];
  for (Word i = 1; i < tuple_words; i++) dst[i] = move(src[i]);
  for (Word i = tuple_words; i < n;) {
    Word w = src[i];
    if (!is_header(w)) {
      dst[i++] = move(w);
      continue;
    }
    Word size = header_size(w) + 1;
    TermRange r = object_terms(w);
    memcpy(dst + i, src + i, size * sizeof(Word));
    for (Word k = r.first; k < r.last; k++) dst[i + k] = move(src[i + k]);
    if (header_kind(w) == Kind::RefcBin) {
      auto *b = reinterpret_cast<RefcBinObj *>(dst + i);
      bin_ref(b->data);
      h.own(b);
    } else if (header_kind(w) == Kind::MagicRef) {
      auto *m = reinterpret_cast<MagicRefObj *>(dst + i);
      bin_ref(m->data);
      h.own(m);
    }
    i += size;
  }
  return Term::boxed(dst);
}

Term object_copy_element(const Object &o, Word keypos, Word element, Heap &h) {
  if (element == keypos) return term_copy(object_key(o, keypos), h);
  if (!o.compressed) return term_copy(Term(o.data[element]), h);
  ObjectView v(o, keypos);
  return term_copy(tuple_elements(v.tuple())[element - 1], h);
}

Term term_copy(Term t, Heap &h) { return t.is_pointer() ? copy(t, h) : t; }

bool object_equals(const Object &o, Word keypos, Term tuple) {
  if (object_arity(o) != tuple_arity(tuple)) return false;
  if (!o.compressed) return eq(Term::boxed(o.data), tuple);
  if (!eq(object_key(o, keypos), tuple_elements(tuple)[keypos - 1])) return false;
  ObjectView v(o, keypos);
  return eq(v.tuple(), tuple);
}

Term object_binaries(const Object &o, Heap &h, Term tail) {
  for (Word *w = o.off_heap; w;) {
    if (header_kind(*w) == Kind::RefcBin) {
      auto *b = reinterpret_cast<RefcBinObj *>(w);
      Term info = make_tuple(h, make_uint(h, Word(b->data->data())), make_uint(h, b->data->capacity),
                             make_int(h, b->data->refs.load(std::memory_order_relaxed)));
      tail = make_cons(h, info, tail);
      w = b->next;
    } else {
      w = reinterpret_cast<MagicRefObj *>(w)->next;
    }
  }
  return tail;
}

ObjectView::ObjectView(const Object &o, Word keypos) {
  tuple_ = o.compressed ? decode(compressed_of(o), keypos, heap_) : Term::boxed(o.data);
}

StoredTerm::StoredTerm(Term t) : term_(t) {
  if (!t.is_pointer()) return;
  Word n = size_of(t, false);
  if (!n) return;
  block_ = static_cast<Word *>(mem_alloc(MemKind::Ets, n * sizeof(Word)));
  Heap h = heap_over(block_, n);
  term_ = copy(t, h, false);
  off_heap_ = h.off_heap;
}
StoredTerm::~StoredTerm() {
  if (!block_) return;
  off_heap_release(off_heap_);
  mem_free(MemKind::Ets, block_);
}

} // namespace joist::runtime::ets
