// Layout of every boxed heap object, and typed views on them.
//
// A header word is  size << 8 | kind << 3 | 6 , size = number of words that follow it: a heap can be walked
// without knowing the kinds. While the collector moves an object it overwrites the header with the boxed Term
// of the new place (a moved cons gets `none` in its head and the new place in its tail).
//
// Objects that own something outside the heap (RefcBin, MagicRef) are linked into their heap's OffHeap list
// through their `next` word; see mem/heap.h.
#pragma once
#include "runtime/term/term.h"

#include <atomic>
#include <cstring>

namespace joist::runtime {

enum class Kind : uint8_t {
  None = 0,  // header of `none`
  Tuple,     // [hdr][e1]..[en]
  PosBig,    // [hdr][limb0]..           magnitude, least significant limb first, top limb != 0
  NegBig,    // same, negative
  Float,     // [hdr][ieee]              only doubles that are not immediate
  FlatMap,   // [hdr][count][keys tuple][v1]..[vn]   keys in map-key order (compare.h); n <= 32. Size = 2 + n
  HashMap,   // [hdr][count][child..]     root of a HAMT; see term/map.h
  HashNode,  // [hdr][bitmap][child..]    inner node of a HAMT, never a value by itself
  Fun,       // [hdr][FunEntry*][creator pid][free var..]
  ExportFun, // [hdr][Export*]           fun M:F/A
  Ref,       // [hdr][n0|n1<<32][n2|n3<<32]{[n4]}  3 numbers (size 2) or 5 for an alias/pid ref (size 3)
  MagicRef,  // [hdr][n0|n1<<32][n2][MagicData*][next]
  ExtPid,    // [hdr][Node*][number | serial << 32]
  ExtPort,   // [hdr][Node*][number]
  ExtRef,    // [hdr][Node*][count of u32 numbers][n0|n1<<32]..
  HeapBin,   // [hdr][byte size][bytes..]               <= 64 bytes
  RefcBin,   // [hdr][byte size][bytes*][BinData*][flags][next]
  SubBin,    // [hdr][byte size][byte offset][bit offset | bit size << 8 | writable << 16][original]
  MatchCtx,  // [hdr][original][base*][bit position][bit end]  match context, never a value by itself
  Count
};

inline constexpr Word header(Kind k, Word size) { return size << 8 | Word(k) << 3 | Word(Tag::Header); }
inline constexpr bool is_header(Word w) { return (w & kTagMask) == Word(Tag::Header); }
inline constexpr Kind header_kind(Word w) { return Kind((w >> 3) & 31); }
inline constexpr Word header_size(Word w) { return w >> 8; }

inline Kind kind_of(Term boxed) { return header_kind(*boxed.box()); }
inline bool is_kind(Term t, Kind k) { return t.is_boxed() && kind_of(t) == k; }

// --- tuples
inline bool is_tuple(Term t) { return is_kind(t, Kind::Tuple); }
inline Word tuple_arity(Term t) { return header_size(*t.box()); }
inline Term *tuple_elements(Term t) { return reinterpret_cast<Term *>(t.box() + 1); }
inline bool is_tuple_of(Term t, Word arity) { return t.is_boxed() && *t.box() == header(Kind::Tuple, arity); }

// --- numbers
inline bool is_big(Term t) { return t.is_boxed() && (kind_of(t) == Kind::PosBig || kind_of(t) == Kind::NegBig); }
inline bool big_negative(Term t) { return kind_of(t) == Kind::NegBig; }
inline Word big_size(Term t) { return header_size(*t.box()); } // limbs of 64 bits
inline Word *big_limbs(Term t) { return t.box() + 1; }
inline bool is_integer(Term t) { return t.is_small() || is_big(t); }
inline bool is_boxed_float(Term t) { return is_kind(t, Kind::Float); }
inline bool is_float(Term t) { return t.is_immediate_float() || is_boxed_float(t); }
inline double float_value(Term t) {
  return t.is_immediate_float() ? t.immediate_float() : std::bit_cast<double>(t.box()[1]);
}
inline bool is_number(Term t) { return is_integer(t) || is_float(t); }

// --- maps
inline bool is_flat_map(Term t) { return is_kind(t, Kind::FlatMap); }
inline bool is_hash_map(Term t) { return is_kind(t, Kind::HashMap); }
inline bool is_map(Term t) { return t.is_boxed() && (kind_of(t) == Kind::FlatMap || kind_of(t) == Kind::HashMap); }
inline Word map_size(Term t) { return t.box()[1]; }
inline constexpr Word kFlatMapMax = 32;
inline Term flat_map_keys(Term t) { return Term(t.box()[2]); } // tuple
inline Term *flat_map_values(Term t) { return reinterpret_cast<Term *>(t.box() + 3); }

// --- funs
struct FunEntry; // code/code.h
struct Export;
inline bool is_local_fun(Term t) { return is_kind(t, Kind::Fun); }
inline bool is_export_fun(Term t) { return is_kind(t, Kind::ExportFun); }
inline bool is_fun(Term t) { return is_local_fun(t) || is_export_fun(t); }
inline FunEntry *fun_entry(Term t) { return reinterpret_cast<FunEntry *>(t.box()[1]); }
inline Term fun_creator(Term t) { return Term(t.box()[2]); }
inline Word fun_free_count(Term t) { return header_size(*t.box()) - 2; }
inline Term *fun_free(Term t) { return reinterpret_cast<Term *>(t.box() + 3); }
inline Export *fun_export(Term t) { return reinterpret_cast<Export *>(t.box()[1]); }

// --- pids, ports, references
struct Node; // dist/node.h: interned {name, creation}; never freed
inline bool is_external_pid(Term t) { return is_kind(t, Kind::ExtPid); }
inline bool is_external_port(Term t) { return is_kind(t, Kind::ExtPort); }
inline bool is_external_ref(Term t) { return is_kind(t, Kind::ExtRef); }
inline bool is_pid(Term t) { return t.is_local_pid() || is_external_pid(t); }
inline bool is_port(Term t) { return t.is_local_port() || is_external_port(t); }
inline bool is_magic_ref(Term t) { return is_kind(t, Kind::MagicRef); }
inline bool is_local_ref(Term t) { return t.is_boxed() && (kind_of(t) == Kind::Ref || kind_of(t) == Kind::MagicRef); }
inline bool is_ref(Term t) { return is_local_ref(t) || is_external_ref(t); }
inline constexpr Word kRefWords = 3; // header included
inline constexpr Word kPidRefWords = 4;
inline constexpr Word kMagicRefWords = 5;
inline Node *external_node(Term t) { return reinterpret_cast<Node *>(t.box()[1]); }
// Numbers of a local ref as u32[]; 5 valid for a pid ref, else 3.
inline const uint32_t *ref_numbers(Term t) { return reinterpret_cast<const uint32_t *>(t.box() + 1); }
inline bool is_pid_ref(Term t) { return is_kind(t, Kind::Ref) && header_size(*t.box()) == 3; }
inline Word local_pid_number(Term t) { return t.imm_payload() & Word(kMaxPidNumber); }
inline Word local_pid_serial(Term t) { return t.imm_payload() >> kPidNumberBits; }

// --- binaries
// Reference-counted bytes outside any heap. Immutable once visible to two processes; a *writable* binary
// (flags of its only RefcBin) may be appended to in place by its owner within `capacity`.
struct BinData {
  std::atomic<int64_t> refs;
  Word capacity;              // bytes available at data()
  void (*destroy)(BinData *); // null: bin_free's default. For magic data and resources: finaliser, then frees.
  uint8_t *data() { return reinterpret_cast<uint8_t *>(this + 1); }
};
static_assert(sizeof(BinData) == 24);
inline constexpr Word kHeapBinMax = 64;
inline constexpr Word kRefcBinWords = 6, kSubBinWords = 5, kMatchCtxWords = 5;
inline constexpr Word kBinWritable = 1, kBinActiveWriter = 2; // RefcBin flags
inline bool is_bitstring(Term t) { return t.is_boxed() && kind_of(t) >= Kind::HeapBin && kind_of(t) <= Kind::SubBin; }
struct RefcBinObj {
  Word hdr, size;
  uint8_t *bytes;
  BinData *data;
  Word flags;
  Word *next;
};
static_assert(sizeof(RefcBinObj) == kRefcBinWords * 8);
struct SubBinObj {
  Word hdr, size, offset;
  uint8_t bit_offset, bit_size, writable, pad[5]; // bit_size: 0..7 bits after `size` whole bytes
  Word original;                                  // Term: HeapBin or RefcBin, never another SubBin
};
static_assert(sizeof(SubBinObj) == kSubBinWords * 8);
// Builds one at `at`, in whole words: bytes put together elsewhere and copied from there would be waited for.
inline void put_sub_binary(Word *at, Word size, Word offset, Word bit_offset, Word bit_size, bool writable,
                           Word original) {
  at[0] = header(Kind::SubBin, kSubBinWords - 1);
  at[1] = size;
  at[2] = offset;
  at[3] = bit_offset | bit_size << 8 | Word(writable) << 16; // little endian machines only
  at[4] = original;
}
struct MatchCtxObj {
  Word hdr, original;
  uint8_t *base;
  Word position, end;
}; // bits from base
static_assert(sizeof(MatchCtxObj) == kMatchCtxWords * 8);
struct MagicRefObj {
  Word hdr, n01, n2;
  BinData *data;
  Word *next;
};
static_assert(sizeof(MagicRefObj) == kMagicRefWords * 8);

// A bitstring seen as memory. Valid until the term may move or be freed.
struct BitView {
  const uint8_t *bytes; // first byte
  Word bit_offset;      // 0..7, first bit within bytes[0] counted from the most significant
  Word bits;            // total length
  Word byte_size() const { return bits >> 3; }
  bool is_binary() const { return (bits & 7) == 0; }
  bool aligned() const { return bit_offset == 0; }
};
// b: HeapBin or RefcBin.
inline const uint8_t *whole_binary_bytes(Word *b) {
  return header_kind(*b) == Kind::HeapBin ? reinterpret_cast<uint8_t *>(b + 2)
                                          : reinterpret_cast<RefcBinObj *>(b)->bytes;
}
inline BitView bit_view(Term t) {
  Word *b = t.box();
  if (header_kind(*b) != Kind::SubBin) return {whole_binary_bytes(b), 0, b[1] * 8};
  auto *s = reinterpret_cast<SubBinObj *>(b);
  return {whole_binary_bytes(Term(s->original).box()) + s->offset, s->bit_offset, s->size * 8 + s->bit_size};
}
inline bool is_binary(Term t) { return is_bitstring(t) && bit_view(t).is_binary(); }

} // namespace joist::runtime
