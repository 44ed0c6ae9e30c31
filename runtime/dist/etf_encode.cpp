#include "runtime/dist/etf.h"

#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/few_bytes.h"
#include "runtime/term/map.h"

#include <zlib.h>

namespace joist::runtime {
namespace tag {
enum : uint8_t {
  NewFloat = 70,
  BitBinary = 77,
  NewPid = 88,
  NewPort = 89,
  NewerRef = 90,
  SmallInt = 97,
  Int = 98,
  Float = 99,
  Atom = 100,
  SmallTuple = 104,
  LargeTuple = 105,
  Nil = 106,
  String = 107,
  List = 108,
  Binary = 109,
  SmallBig = 110,
  LargeBig = 111,
  NewFun = 112,
  Export = 113,
  Map = 116,
  AtomUtf8 = 118,
  SmallAtomUtf8 = 119,
  V4Port = 120,
  Compressed = 80,
};
}
namespace {
constexpr Word kMaxString = 0xffff;

// UTF-8 text whose characters are all below 256, as Latin-1; false if some are not.
bool to_latin1(std::string_view utf8, uint8_t *out, Word *n) {
  Word len = 0;
  for (size_t i = 0; i < utf8.size(); i++) {
    uint8_t c = uint8_t(utf8[i]);
    if (c < 0x80) out[len++] = c;
    else if (c == 0xc2 || c == 0xc3) out[len++] = uint8_t(c << 6 | (utf8[++i] & 0x3f));
    else return false;
  }
  *n = len;
  return true;
}
} // namespace

EtfBuffer::~EtfBuffer() {
  if (data_) bin_unref(data_);
}
uint8_t *EtfBuffer::grow_slow(Word n) {
  if (counting_) {
    size_ += n;
    return scratch_;
  }
  Word want = std::max(capacity_ * 2, size_ + n + 64);
  data_ = data_ ? bin_realloc(data_, want) : bin_alloc(want);
  bytes_ = data_->data();
  capacity_ = data_->capacity;
  return grow(n);
}
void EtfBuffer::put(const void *bytes, Word n) {
  if (counting_) size_ += n;
  else if (n) copy_few(grow(n), static_cast<const uint8_t *>(bytes), n);
}
void EtfBuffer::set32(Word at, Word v) {
  if (counting_) return;
  uint32_t be = __builtin_bswap32(uint32_t(v));
  memcpy(data_->data() + at, &be, 4);
}
BinData *EtfBuffer::take() {
  BinData *d = data_;
  data_ = nullptr;
  bytes_ = nullptr;
  capacity_ = 0;
  if (d && d->capacity > size_ + size_ / 8 + 64) d = bin_realloc(d, size_);
  return d;
}

EtfEncoder::EtfEncoder(const EncodeOptions &o, EtfBuffer &out, Heap *pairs, bool iovec)
    : options_(o), out_(out), pairs_(pairs), iovec_(iovec) {}
EtfEncoder::~EtfEncoder() {
  for (Cut &c : cuts) bin_unref(c.data);
}

Heap &EtfEncoder::pairs() {
  if (pairs_) return *pairs_;
  if (!own_pairs_) own_pairs_ = std::make_unique<FragmentHeap>();
  return *own_pairs_;
}

void EtfEncoder::start(Term t, bool magic) {
  if (magic) out_.put8(131);
  int64_t budget = 0; // a single term costs nothing worth counting; run() continues with what it opened
  term(t, &budget);
}

// One growth for a tag and what follows it: each one waits for the one before.
template <class T> [[gnu::always_inline]] inline void EtfEncoder::put_head(uint8_t tag, T size) {
  uint8_t *p = out_.grow(1 + sizeof size);
  p[0] = tag;
  memcpy(p + 1, &size, sizeof size);
}
[[gnu::always_inline]] inline void EtfEncoder::put_text(uint8_t tag, const uint8_t *text, Word n) {
  if (n > 32) {
    put_head(tag, __builtin_bswap16(uint16_t(n)));
    return out_.put(text, n);
  }
  uint8_t *p = out_.grow(3 + n); // little enough for a buffer that only counts
  p[0] = tag, p[1] = 0, p[2] = uint8_t(n);
  copy_few(p + 3, text, n);
}

// Writes t if that takes a few bytes and no look into other terms; false: nothing was done.
[[gnu::always_inline]] inline bool EtfEncoder::leaf(Term t, int64_t *budget) {
  uint8_t *p;
  if (t.is_small()) {
    int64_t v = t.small_value();
    if (v != int32_t(v)) return false;
    p = out_.grow(v >= 0 && v <= 255 ? 2 : 5);
    if (v >= 0 && v <= 255) {
      p[0] = tag::SmallInt;
      p[1] = uint8_t(v);
    } else {
      uint32_t be = __builtin_bswap32(uint32_t(v));
      p[0] = tag::Int;
      memcpy(p + 1, &be, 4);
    }
  } else if (t.is_immediate_float() && options_.minor_version != 0) {
    uint64_t be = __builtin_bswap64(std::bit_cast<Word>(t.immediate_float()));
    p = out_.grow(9);
    p[0] = tag::NewFloat;
    memcpy(p + 1, &be, 8);
  } else if (t.is_nil()) {
    *out_.grow(1) = tag::Nil;
  } else if (t.is_atom()) {
    atom(t);
  } else {
    return false;
  }
  --*budget;
  return true;
}

bool EtfEncoder::run(int64_t *budget) {
  while (!stack_.empty()) {
    if (*budget <= 0) return false;
    Frame &f = stack_.back();
    switch (f.op) {
    // Runs of small terms are written without going back to the frame in between.
    case Op::Words: {
      const Word *words = f.t.box();
      Word i = f.a, end = f.b;
      Term t;
      bool small;
      do small = leaf(t = Term(words[i++]), budget);
      while (small && i < end && *budget > 0);
      f.a = i;
      if (i == end) stack_.pop_back();
      if (!small) term(t, budget);
      break;
    }
    case Op::List: { // f.t: what is left of the list, f.a: position of the length, f.b: elements so far
      Term rest = f.t, t;
      Word n = f.b;
      bool small = true;
      for (; small && rest.is_cons() && *budget > 0; n++) {
        small = leaf(t = rest.head(), budget);
        rest = rest.tail();
      }
      f.t = rest;
      f.b = n;
      if (!small) term(t, budget);
      else if (!rest.is_cons()) {
        out_.set32(f.a, n);
        stack_.pop_back();
        term(rest, budget);
      }
      break;
    }
    case Op::FlatMap: {
      const Term *keys = tuple_elements(flat_map_keys(f.t)), *values = flat_map_values(f.t);
      Word i = f.a, end = f.b;
      Term t;
      bool small;
      do {
        small = leaf(t = i & 1 ? values[i / 2] : keys[i / 2], budget);
        i++;
      } while (small && i < end && *budget > 0);
      f.a = i;
      if (i == end) stack_.pop_back();
      if (!small) term(t, budget);
      break;
    }
    case Op::FunSize:
      out_.set32(f.a, out_.size() - f.a);
      stack_.pop_back();
      break;
    case Op::Bits: { // f.a: bytes written, f.b: bytes in all
      BitView v = bit_view(f.t);
      Word n = std::min(f.b - f.a, Word(*budget) * 64);
      memcpy(out_.grow(n), v.bytes + f.a, n);
      *budget -= int64_t(n / 64) + 1;
      f.a += n;
      if (f.a == f.b) stack_.pop_back();
      break;
    }
    }
  }
  return true;
}

Term EtfEncoder::save(Heap &h) const {
  Word n = stack_.size();
  Word *b = h.alloc(n + 1);
  b[0] = header(Kind::Tuple, n);
  for (Word i = 0; i < n; i++) b[i + 1] = stack_[i].t.raw();
  return Term::boxed(b);
}
void EtfEncoder::restore(Term saved, Heap *pairs) {
  pairs_ = pairs;
  for (Word i = 0; i < stack_.size(); i++) stack_[i].t = tuple_elements(saved)[i];
}

void EtfEncoder::term(Term t, int64_t *budget) {
  --*budget;
  if (t.is_small()) return integer(t);
  if (t.is_cons()) return list(t, budget);
  if (t.is_immediate_float() || is_boxed_float(t)) {
    double d = float_value(t);
    if (options_.minor_version == 0) {
      out_.put8(tag::Float);
      uint8_t *p = out_.grow(31);
      char text[64] = {};
      snprintf(text, sizeof text, "%.20e", d);
      memcpy(p, text, 31);
    } else {
      out_.put8(tag::NewFloat);
      out_.put64(std::bit_cast<Word>(d));
    }
    return;
  }
  if (t.is_atom()) return atom(t);
  if (t.is_nil()) return out_.put8(tag::Nil);
  if (t.is_local_pid()) return pid(t);
  if (t.is_local_port()) return port(t);
  switch (kind_of(t)) {
  case Kind::Tuple: {
    Word n = tuple_arity(t);
    if (n <= 255) put_head(tag::SmallTuple, uint8_t(n));
    else out_.put8(tag::LargeTuple), out_.put32(n);
    if (n) stack_.push_back({Op::Words, t, 1, n + 1});
    return;
  }
  case Kind::PosBig:
  case Kind::NegBig: return integer(t);
  case Kind::FlatMap:
  case Kind::HashMap: return map(t);
  case Kind::Fun:
  case Kind::ExportFun: return fun(t);
  case Kind::Ref:
  case Kind::MagicRef:
  case Kind::ExtRef: return ref(t);
  case Kind::ExtPid: return pid(t);
  case Kind::ExtPort: return port(t);
  case Kind::HeapBin:
  case Kind::RefcBin:
  case Kind::SubBin: return bits(t, budget);
  default: assert(false && "not an Erlang value"); return out_.put8(tag::Nil);
  }
}

void EtfEncoder::atom(Term a) {
  if (atom_hook && atom_hook(atom_hook_arg, a, out_)) return;
  std::string_view text = atom::text(a);
  uint8_t latin1[atom::kMaxChars];
  Word n;
  if (options_.minor_version < 2 && to_latin1(text, latin1, &n)) {
    put_text(tag::Atom, latin1, n);
  } else if (text.size() <= 255) {
    out_.put8(tag::SmallAtomUtf8), out_.put8(uint8_t(text.size())), out_.put(text.data(), text.size());
  } else {
    out_.put8(tag::AtomUtf8), out_.put16(text.size()), out_.put(text.data(), text.size());
  }
}

void EtfEncoder::integer(Term t) {
  Word limb;
  const Word *limbs;
  Word n;
  bool negative;
  if (t.is_small()) {
    int64_t v = t.small_value();
    if (v >= 0 && v <= 255) return out_.put8(tag::SmallInt), out_.put8(uint8_t(v));
    if (v >= INT32_MIN && v <= INT32_MAX) return out_.put8(tag::Int), out_.put32(uint32_t(v));
    negative = v < 0;
    limb = negative ? -Word(v) : Word(v);
    limbs = &limb, n = 1;
  } else {
    negative = big_negative(t);
    limbs = big_limbs(t), n = big_size(t);
  }
  Word bytes = n * 8 - Word(__builtin_clzll(limbs[n - 1])) / 8;
  if (bytes <= 255) out_.put8(tag::SmallBig), out_.put8(uint8_t(bytes));
  else out_.put8(tag::LargeBig), out_.put32(bytes);
  out_.put8(negative);
  out_.put(limbs, bytes); // limbs are little-endian words, least significant first: the bytes as wanted
}

void EtfEncoder::pid(Term t) {
  Node *node = t.is_local_pid() ? this_node() : external_node(t);
  Word number = t.is_local_pid() ? local_pid_number(t) : t.box()[2] & 0xffffffff;
  Word serial = t.is_local_pid() ? local_pid_serial(t) : t.box()[2] >> 32;
  out_.put8(tag::NewPid);
  atom(node->name);
  out_.put32(number), out_.put32(serial), out_.put32(node->creation);
}

void EtfEncoder::port(Term t) {
  Node *node = t.is_local_port() ? this_node() : external_node(t);
  Word number = t.is_local_port() ? t.imm_payload() : t.box()[2];
  bool v4 = number >= (1 << 28);
  out_.put8(v4 ? tag::V4Port : tag::NewPort);
  atom(node->name);
  if (v4) out_.put64(number);
  else out_.put32(number);
  out_.put32(node->creation);
}

void EtfEncoder::ref(Term t) {
  if (is_magic_ref(t)) magic_remember(t);
  bool external = is_external_ref(t);
  Node *node = external ? external_node(t) : this_node();
  Word n = external ? t.box()[2] : 3;
  const uint32_t *numbers = external ? reinterpret_cast<const uint32_t *>(t.box() + 3) : ref_numbers(t);
  out_.put8(tag::NewerRef);
  out_.put16(n);
  atom(node->name);
  out_.put32(node->creation);
  for (Word i = 0; i < n; i++) out_.put32(numbers[i]);
}

void EtfEncoder::list(Term t, int64_t *budget) {
  Word n = 0;
  Term rest = t;
  uint8_t first[32]; // short strings are walked once
  for (; rest.is_cons() && n <= kMaxString; rest = rest.tail(), n++) {
    Term c = rest.head();
    if (c.raw() > Term::small(255).raw() || !c.is_small()) break;
    if (n < sizeof first) first[n] = uint8_t(c.small_value());
  }
  *budget -= int64_t(n / 8);
  if (rest.is_nil() && n <= kMaxString) {
    if (n <= sizeof first) return put_text(tag::String, first, n);
    out_.put8(tag::String);
    out_.put16(n);
    if (out_.counting()) return out_.put(nullptr, n);
    uint8_t *p = out_.grow(n);
    for (; t.is_cons(); t = t.tail()) *p++ = uint8_t(t.head().small_value());
    return;
  }
  put_head(tag::List, uint32_t{0});
  Word at = out_.size() - 4;
  stack_.push_back({Op::List, t, at, 0});
}

void EtfEncoder::map(Term t) {
  Word n = map_size(t);
  put_head(tag::Map, __builtin_bswap32(uint32_t(n)));
  if (n == 0) return;
  if (is_flat_map(t)) {
    stack_.push_back({Op::FlatMap, t, 0, n * 2});
    return;
  }
  // A helper tuple k1, v1, k2, v2 ... is a frame of fixed size, whatever the map looks like inside. Stock writes the
  // associations of a trie last to first.
  Word *b = pairs().alloc(n * 2 + 1);
  b[0] = header(Kind::Tuple, n * 2);
  MapIterator it(t);
  Term *e = reinterpret_cast<Term *>(b + 1);
  for (Term *x = e + n * 2 - 2; x >= e; x -= 2) it.next(x, x + 1);
  if (options_.deterministic) {
    struct Pair {
      Term k, v;
    };
    auto *pairs = reinterpret_cast<Pair *>(e);
    std::sort(pairs, pairs + n, [](const Pair &x, const Pair &y) { return compare_exact(x.k, y.k) < 0; });
  }
  stack_.push_back({Op::Words, Term::boxed(b), 1, n * 2 + 1});
}

void EtfEncoder::bits(Term t, int64_t *budget) {
  BitView v = bit_view(t);
  Word bytes = v.bits / 8, extra = v.bits & 7;
  if (extra == 0) {
    put_head(tag::Binary, __builtin_bswap32(uint32_t(bytes)));
  } else {
    out_.put8(tag::BitBinary), out_.put32(bytes + 1), out_.put8(uint8_t(extra));
  }
  Word total = bytes + (extra != 0);
  if (out_.counting()) return out_.put(nullptr, total);
  auto last_bits = [&] {
    if (!extra) return;
    uint8_t *p = out_.grow(1);
    *p = 0;
    copy_bits(v.bytes + bytes, v.bit_offset, p, 0, extra);
  };
  if (iovec_ && v.aligned() && bytes > kHeapBinMax) {
    Term whole = kind_of(t) == Kind::SubBin ? Term(reinterpret_cast<SubBinObj *>(t.box())->original) : t;
    if (kind_of(whole) == Kind::RefcBin) {
      if (reinterpret_cast<RefcBinObj *>(whole.box())->flags) writable_freeze(whole), v = bit_view(t);
      BinData *d = reinterpret_cast<RefcBinObj *>(whole.box())->data;
      bin_ref(d);
      cuts.push_back({out_.size(), d, v.bytes, bytes});
      return last_bits();
    }
  }
  if (v.aligned() && !extra && bytes > 16384) {
    stack_.push_back({Op::Bits, t, 0, bytes});
    return;
  }
  *budget -= int64_t(bytes / 64);
  if (v.aligned()) {
    out_.put(v.bytes, bytes);
    last_bits();
    return;
  }
  uint8_t *p = out_.grow(total);
  if (total) p[total - 1] = 0;
  copy_bits(v.bytes, v.bit_offset, p, 0, v.bits);
}

void EtfEncoder::fun(Term t) {
  if (is_export_fun(t)) {
    const Mfa &m = fun_export(t)->mfa();
    out_.put8(tag::Export);
    atom(m.module), atom(m.function);
    return integer(Term::small(int64_t(m.arity)));
  }
  FunEntry *e = fun_entry(t);
  Word free = fun_free_count(t);
  out_.put8(tag::NewFun);
  Word at = out_.size();
  out_.put32(0);
  out_.put8(uint8_t(e->arity));
  out_.put(e->uniq, 16);
  out_.put32(e->index);
  out_.put32(free);
  atom(e->module);
  if (out_.counting()) { // stock's estimate is five bytes for each of these integers
    out_.put(nullptr, 10);
  } else {
    integer(Term::small(e->index));
    integer(Term::small(e->old_uniq));
  }
  pid(fun_creator(t));
  stack_.push_back({Op::FunSize, Term::nil(), at, 0});
  if (free) stack_.push_back({Op::Words, t, 3, 3 + free});
}

std::vector<uint8_t> etf_encode(Term t, const EncodeOptions &o) {
  EtfBuffer out;
  EtfEncoder e(o, out, nullptr);
  e.start(t);
  int64_t budget = INT64_MAX;
  e.run(&budget);
  std::vector<uint8_t> plain(out.data(), out.data() + out.size());
  if (o.compressed == 0 || plain.size() < 6) return plain;
  // Only worth it if it gets smaller, the six bytes of its own head included.
  uLongf room = plain.size() - 6;
  std::vector<uint8_t> packed(6 + room);
  if (compress2(packed.data() + 6, &room, plain.data() + 1, plain.size() - 1, o.compressed) != Z_OK) return plain;
  packed[0] = 131, packed[1] = tag::Compressed;
  uint32_t be = __builtin_bswap32(uint32_t(plain.size() - 1));
  memcpy(packed.data() + 2, &be, 4);
  packed.resize(6 + room);
  return packed;
}

Word etf_size(Term t, const EncodeOptions &o) {
  EtfBuffer out(true);
  EtfEncoder e(o, out, nullptr);
  e.start(t);
  int64_t budget = INT64_MAX;
  e.run(&budget);
  return out.size();
}
} // namespace joist::runtime
