// External term format (ERTS user's guide, "External Term Format").
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/mem/magic.h"
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>
namespace joist::runtime {
struct Node;
struct EncodeOptions {
  int compressed = 0;    // 0: not, 1..9, or -1: zlib's default level
  int minor_version = 1; // 0, 1 or 2: stock's {minor_version, N}
  bool deterministic = false;
};
// Complete encoding with the leading 131. Never fails but for memory; not yielding.
std::vector<uint8_t> etf_encode(Term t, const EncodeOptions &o = {});
Word etf_size(Term t, const EncodeOptions &o = {}); // erlang:external_size
// Decodes one term at data[0..n) (leading 131). Everything is checked: none() if malformed. *used = bytes consumed.
// safe: no new atoms, no new external funs (binary_to_term safe). What a failed decoding left in h is well-formed garbage.
Term etf_decode(Heap &h, const uint8_t *data, Word n, bool safe, Word *used);
// Body without the leading 131 (atom cache, distribution, literals of a module).
Term etf_decode_body(Heap &h, const uint8_t *data, Word n, bool safe, Word *used);

// Bytes that grow in a binary's data, so that the finished encoding becomes a term without another copy.
class EtfBuffer {
public:
  explicit EtfBuffer(bool count_only = false) : counting_(count_only) {}
  EtfBuffer(const EtfBuffer &) = delete;
  ~EtfBuffer();
  // Room for n more bytes at the end; when counting, n must be at most 64 and the bytes are dropped.
  uint8_t *grow(Word n) {
    if (capacity_ < size_ + n) [[unlikely]]
      return grow_slow(n);
    uint8_t *p = bytes_ + size_;
    size_ += n;
    return p;
  }
  void put(const void *bytes, Word n);
  void put8(uint8_t v) { *grow(1) = v; }
  void put16(Word v) {
    uint16_t be = __builtin_bswap16(uint16_t(v));
    memcpy(grow(2), &be, 2);
  }
  void put32(Word v) {
    uint32_t be = __builtin_bswap32(uint32_t(v));
    memcpy(grow(4), &be, 4);
  }
  void put64(Word v) {
    uint64_t be = __builtin_bswap64(v);
    memcpy(grow(8), &be, 8);
  }
  void set32(Word at, Word v); // overwrites; nothing when counting
  uint8_t *data() { return data_ ? data_->data() : nullptr; }
  Word size() const { return size_; }
  bool counting() const { return counting_; }
  void truncate(Word n) { size_ = n; }
  BinData *take(); // the bytes, trimmed to size; the caller owns one reference
private:
  uint8_t *grow_slow(Word n);
  BinData *data_ = nullptr;
  uint8_t *bytes_ = nullptr;
  Word size_ = 0, capacity_ = 0; // capacity_: 0 when counting
  bool counting_;
  uint8_t scratch_[64];
};

// An encoding in steps. Terms must not move between construction and the end of a run(); to let them (yielding
// BIFs), save() the open terms into a heap tuple after a run and restore() from it before the next.
class EtfEncoder {
public:
  // Writes 131 and the term behind it into `out`. `pairs` gets helper tuples for large maps (null: own memory).
  // Atom hook: distribution replaces atoms by cache references; returns true if it wrote the atom.
  EtfEncoder(const EncodeOptions &o, EtfBuffer &out, Heap *pairs, bool iovec = false);
  ~EtfEncoder();
  void start(Term t, bool magic = true);
  bool run(int64_t *budget); // true: done. A unit is about one term, or 64 bytes copied.
  Term save(Heap &h) const;
  void restore(Term saved, Heap *pairs);
  // iovec mode: binaries over 64 bytes are not copied; at `at` of the output `size` bytes of `data` belong.
  struct Cut {
    Word at;
    BinData *data;
    const uint8_t *bytes;
    Word size;
  };
  std::vector<Cut> cuts;
  bool (*atom_hook)(void *arg, Term atom, EtfBuffer &out) = nullptr;
  void *atom_hook_arg = nullptr;

private:
  enum class Op : uint8_t { Words, List, FlatMap, FunSize, Bits };
  struct Frame {
    Op op;
    Term t;
    Word a, b;
  };
  bool leaf(Term t, int64_t *budget);
  template <class T> void put_head(uint8_t tag, T size);
  void put_text(uint8_t tag, const uint8_t *text, Word n);
  void term(Term t, int64_t *budget);
  void atom(Term a);
  void integer(Term t);
  void pid(Term t);
  void port(Term t);
  void ref(Term t);
  void list(Term t, int64_t *budget);
  void map(Term t);
  void bits(Term t, int64_t *budget);
  void fun(Term t);
  Heap &pairs();

  EncodeOptions options_;
  EtfBuffer &out_;
  Heap *pairs_;
  std::unique_ptr<FragmentHeap> own_pairs_;
  bool iovec_;
  std::vector<Frame> stack_;
};

// A decoding in steps into a heap whose objects do not move meanwhile. The bytes must stay where they are.
class EtfDecoder {
public:
  enum class Result : uint8_t { More, Done, Bad };
  // Decodes the body of a term (behind 131, not compressed) from data[0..n).
  EtfDecoder(Heap &h, const uint8_t *data, Word n, bool safe);
  Result run(int64_t *budget); // unit: about one term, or 64 bytes copied
  Term value() const { return Term(root_); }
  Word used() const { return Word(at_ - begin_); }
  // Distribution: what ATOM_CACHE_REF n means.
  const Term *atom_cache = nullptr;
  Word atom_cache_size = 0;
  bool network = false; // atoms are made only as far as network_atom (dist/header.h) allows
  // What the bytes are part of, if binaries may refer to it instead of being copied. `whole`: size of all of it.
  BinData *source = nullptr;
  Word whole = 0;

private:
  enum class Op : uint8_t { Slots, List, Map, Fun };
  struct Frame {
    Op op;
    Word left;
    Word *slot;
    Word base;
  };
  struct FunHead {
    uint32_t arity, index, free;
    uint8_t uniq[16];
    Term module;
    uint32_t old_uniq;
  };
  bool need(Word n) const { return Word(end_ - at_) >= n; }
  Word u8() { return *at_++; }
  Word u16() {
    Word v = Word(at_[0]) << 8 | at_[1];
    at_ += 2;
    return v;
  }
  Word u32() {
    Word v = Word(at_[0]) << 24 | Word(at_[1]) << 16 | Word(at_[2]) << 8 | at_[3];
    at_ += 4;
    return v;
  }
  Word u64() {
    Word hi = u32();
    return hi << 32 | u32();
  }
  bool claim(Word terms); // that many more terms must follow
  void deliver(Term v);
  void push(Frame f);
  bool term(int64_t *budget);
  bool finish(const Frame &f);
  Term atom_body(Word tag);
  Term atom();
  Term small_integer(); // an integer term in line, none() if it is no small
  Term integer(Word bytes);
  Term text_float();
  Node *node_of(Term name, Word creation); // null: no room
  Term pid(Word tag);
  Term port(Word tag);
  Term ref(Word tag);
  Term export_fun();
  bool fun();

  Heap &h_;
  const uint8_t *begin_, *at_, *end_;
  bool safe_;
  Node *node_ = nullptr; // the last one asked for
  Word root_;
  Word pending_ = 1;
  std::vector<Frame> stack_;
  std::vector<Term> values_;
  std::vector<FunHead> funs_;
};
// Inflates the body of a compressed term: data[0..n) starts with the tag 80. False if it is damaged.
bool etf_inflate(const uint8_t *data, Word n, std::vector<uint8_t> *out, Word *used);
} // namespace joist::runtime
