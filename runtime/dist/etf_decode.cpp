// Decoding trusts nothing. Every announced element must still have at least one byte of input (`pending_`), so memory
// taken is at most proportional to the input; composites under construction wait on an explicit stack.
#include "runtime/dist/etf.h"

#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/header.h"
#include "runtime/dist/node.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/term/binary.h"
#include "runtime/term/map.h"
#include "runtime/term/number.h"
#include "runtime/term/ref.h"

#include <atomic>
#include <cmath>
#include <zlib.h>

namespace joist::runtime {
namespace {
constexpr Word kMaxRefNumbers = 5;
constexpr Word kSharedBytes = 512; // binaries from this size on may refer to what they were decoded from
constexpr uint32_t kMaxFree = 255; // variables in a fun's environment
// Exports are never freed: there is a limit to those made because another node names a function.
constexpr int64_t kMaxNetworkExports = 1 << 19;
std::atomic<int64_t> exports_for_network{0};
constexpr bool tiny_creation(Word c) { return c <= 3; }
} // namespace

EtfDecoder::EtfDecoder(Heap &h, const uint8_t *data, Word n, bool safe)
    : h_(h), begin_(data), at_(data), end_(data + n), safe_(safe), root_(Term::nil().raw()) {
  stack_.push_back({Op::Slots, 1, &root_, 0});
}

bool EtfDecoder::claim(Word terms) {
  if (terms > Word(end_ - at_) || pending_ + terms > Word(end_ - at_)) return false;
  pending_ += terms;
  return true;
}

[[gnu::always_inline]] inline void EtfDecoder::deliver(Term v) {
  Frame &f = stack_.back();
  f.left--;
  switch (f.op) {
  case Op::Slots: *f.slot++ = v.raw(); break;
  case Op::List: // heads of consecutive cells, then the tail of the last one
    if (f.left) *f.slot = v.raw(), f.slot += 2;
    else f.slot[-1] = v.raw();
    break;
  case Op::Map:
  case Op::Fun: values_.push_back(v); break;
  }
}

[[gnu::always_inline]] inline void EtfDecoder::push(Frame f) {
  Frame &top = stack_.back();
  if (top.left == 0 && (top.op == Op::Slots || top.op == Op::List)) top = f;
  else stack_.push_back(f);
}

EtfDecoder::Result EtfDecoder::run(int64_t *budget) {
  while (!stack_.empty()) {
    if (stack_.back().left == 0) {
      Frame f = stack_.back();
      stack_.pop_back();
      if (!finish(f)) return Result::Bad;
      continue;
    }
    if (*budget <= 0) return Result::More;
    --*budget;
    if (!term(budget)) return Result::Bad;
  }
  return Result::Done;
}

// All values of a map or fun are there.
bool EtfDecoder::finish(const Frame &f) {
  if (f.op == Op::Map) {
    Word n = (values_.size() - f.base) / 2;
    bool duplicates = false;
    Term m = n ? map_from_pairs(h_, values_.data() + f.base, n, &duplicates) : map_empty(h_);
    if (duplicates) return false;
    values_.resize(f.base);
    deliver(m);
  } else if (f.op == Op::Fun) {
    FunHead head = funs_.back();
    funs_.pop_back();
    Term creator = values_[f.base];
    if (!is_pid(creator)) return false;
    FunEntry *e = fun_entry_get_or_put(head.module, head.old_uniq, head.index, head.uniq, head.arity, head.free);
    Word *b = h_.alloc(3 + head.free);
    b[0] = header(Kind::Fun, 2 + head.free);
    b[1] = reinterpret_cast<Word>(e);
    b[2] = creator.raw();
    for (Word i = 0; i < head.free; i++) b[3 + i] = values_[f.base + 1 + i].raw();
    values_.resize(f.base);
    deliver(Term::boxed(b));
  }
  return true;
}

bool EtfDecoder::term(int64_t *budget) {
  if (!need(1)) return false;
  pending_--;
  Word tag = u8();
  Term v = Term::none();
  switch (tag) {
  case 70: { // NEW_FLOAT
    if (!need(8)) return false;
    double d = std::bit_cast<double>(u64());
    if (!std::isfinite(d)) return false;
    v = make_float(h_, d);
    break;
  }
  case 99: v = text_float(); break;
  case 97:
    if (!need(1)) return false;
    v = Term::small(int64_t(u8()));
    break;
  case 98:
    if (!need(4)) return false;
    v = Term::small(int32_t(u32()));
    break;
  case 110:
    if (!need(1)) return false;
    v = integer(u8());
    break;
  case 111:
    if (!need(4)) return false;
    v = integer(u32());
    break;
  case 82:
  case 100:
  case 115:
  case 118:
  case 119: v = atom_body(tag); break;
  case 103:
  case 88: v = pid(tag); break;
  case 102:
  case 89:
  case 120: v = port(tag); break;
  case 101:
  case 114:
  case 90: v = ref(tag); break;
  case 106: v = Term::nil(); break;
  case 104:
  case 105: { // tuples
    if (!need(tag == 104 ? 1 : 4)) return false;
    Word n = tag == 104 ? u8() : u32();
    if (!claim(n)) return false;
    Word *b = h_.alloc(n + 1);
    b[0] = header(Kind::Tuple, n);
    for (Word i = 1; i <= n; i++) b[i] = Term::nil().raw();
    deliver(Term::boxed(b));
    if (n) push({Op::Slots, n, b + 1, 0});
    return true;
  }
  case 107: { // STRING
    if (!need(2)) return false;
    Word n = u16();
    if (!need(n)) return false;
    v = make_string(h_, reinterpret_cast<const char *>(at_), n);
    at_ += n;
    *budget -= int64_t(n / 16);
    break;
  }
  case 108: { // LIST
    if (!need(4)) return false;
    Word n = u32();
    if (!claim(n + 1)) return false;
    if (n == 0) return true; // what follows is the value itself
    Word *c = h_.alloc(n * 2);
    for (Word i = 0; i < n; i++) {
      c[2 * i] = Term::nil().raw();
      c[2 * i + 1] = i + 1 < n ? Term::cons(c + 2 * i + 2).raw() : Term::nil().raw();
    }
    deliver(Term::cons(c));
    push({Op::List, n + 1, c, 0});
    return true;
  }
  case 109: { // BINARY
    if (!need(4)) return false;
    Word n = u32();
    if (!need(n)) return false;
    // A small part must not keep all of the rest.
    if (source && n >= kSharedBytes && n >= whole / 8) {
      bin_ref(source);
      v = make_refc_binary(h_, source, const_cast<uint8_t *>(at_), n);
    } else {
      v = make_binary_from(h_, at_, n);
      *budget -= int64_t(n / 64);
    }
    at_ += n;
    break;
  }
  case 77: { // BIT_BINARY
    if (!need(5)) return false;
    Word n = u32(), last = u8();
    if (!need(n) || last > 8 || (last == 0) != (n == 0)) return false;
    if (n == 0) {
      v = make_binary_from(h_, at_, 0);
      break;
    }
    uint8_t *bytes;
    v = make_bitstring(h_, (n - 1) * 8 + last, &bytes);
    copy_bits(at_, 0, bytes, 0, (n - 1) * 8 + last);
    at_ += n;
    *budget -= int64_t(n / 64);
    break;
  }
  case 116: { // MAP
    if (!need(4)) return false;
    Word n = u32();
    if (!claim(n * 2)) return false;
    // The map is delivered when complete, since only then its keys can be ordered.
    stack_.push_back({Op::Map, n * 2, nullptr, values_.size()});
    return true;
  }
  case 112: return fun();
  case 113: v = export_fun(); break;
  default: return false;
  }
  if (v.is_none()) return false;
  deliver(v);
  return true;
}

Term EtfDecoder::atom_body(Word tag) {
  if (tag == 82) { // ATOM_CACHE_REF
    if (!need(1)) return Term::none();
    Word i = u8();
    return i < atom_cache_size ? atom_cache[i] : Term::none();
  }
  bool wide = tag == 100 || tag == 118, latin1 = tag == 100 || tag == 115;
  if (!need(wide ? 2 : 1)) return Term::none();
  Word n = wide ? u16() : u8();
  if (!need(n)) return Term::none();
  std::string_view text(reinterpret_cast<const char *>(at_), n);
  at_ += n;
  if (safe_) return latin1 ? atom::find_latin1(text) : atom::find(text);
  if (network && atom::count() >= atom::limit() - atom::limit() / 16)
    return latin1 ? atom::find_latin1(text) : network_atom(text);
  return latin1 ? atom::intern_latin1(text) : atom::intern(text);
}

Term EtfDecoder::atom() {
  if (!need(1)) return Term::none();
  Word tag = u8();
  switch (tag) {
  case 82:
  case 100:
  case 115:
  case 118:
  case 119: return atom_body(tag);
  default: return Term::none();
  }
}

Term EtfDecoder::small_integer() {
  if (!need(1)) return Term::none();
  switch (u8()) {
  case 97: return need(1) ? Term::small(int64_t(u8())) : Term::none();
  case 98: return need(4) ? Term::small(int32_t(u32())) : Term::none();
  case 110: {
    Term v = need(1) ? integer(u8()) : Term::none();
    return v.is_small() ? v : Term::none();
  }
  default: return Term::none();
  }
}

Term EtfDecoder::integer(Word n) {
  if (!need(n + 1)) return Term::none();
  bool negative = u8() != 0;
  const uint8_t *bytes = at_;
  at_ += n;
  while (n && bytes[n - 1] == 0) n--;
  Word limbs_small[8];
  std::vector<Word> limbs_large;
  Word count = (n + 7) / 8;
  Word *limbs = limbs_small;
  if (count > 8) {
    limbs_large.resize(count);
    limbs = limbs_large.data();
  }
  if (count == 0) return Term::small(0);
  limbs[count - 1] = 0;
  memcpy(limbs, bytes, n);
  Term v = integer_from_limbs(h_, limbs, count, negative);
  return v == kTooBig ? Term::none() : v;
}

Term EtfDecoder::text_float() {
  if (!need(31)) return Term::none();
  char text[32] = {};
  memcpy(text, at_, 31);
  at_ += 31;
  double d;
  if (!float_from_text(std::string_view(text, strnlen(text, 31)), &d) || !std::isfinite(d)) return Term::none();
  return make_float(h_, d);
}

Node *EtfDecoder::node_of(Term name, Word creation) {
  if (!node_ || node_->name != name || node_->creation != creation)
    node_ = network ? node_get_bounded(name, uint32_t(creation)) : node_get(name, uint32_t(creation));
  return node_;
}

Term EtfDecoder::pid(Word tag) {
  Term name = atom();
  if (name.is_none() || !need(tag == 103 ? 9 : 12)) return Term::none();
  Word number = u32(), serial = u32(), creation = tag == 103 ? u8() : u32();
  if (tag == 103 && !tiny_creation(creation)) return Term::none();
  if (node_is_this(name, uint32_t(creation))) {
    if (number > Word(kMaxPidNumber) || serial >= (Word{1} << kPidSerialBits)) return Term::none();
    return Term::local_pid(number | serial << kPidNumberBits);
  }
  Node *node = node_of(name, creation);
  if (!node) return Term::none();
  Word *b = h_.alloc(3);
  b[0] = header(Kind::ExtPid, 2);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = number | serial << 32;
  return Term::boxed(b);
}

Term EtfDecoder::port(Word tag) {
  Term name = atom();
  if (name.is_none() || !need(tag == 120 ? 12 : tag == 89 ? 8 : 5)) return Term::none();
  Word number = tag == 120 ? u64() : u32(), creation = tag == 102 ? u8() : u32();
  if (tag == 102 && !tiny_creation(creation)) return Term::none();
  if (node_is_this(name, uint32_t(creation))) {
    if (number >> 58) return Term::none();
    return Term::local_port(number);
  }
  Node *node = node_of(name, creation);
  if (!node) return Term::none();
  Word *b = h_.alloc(3);
  b[0] = header(Kind::ExtPort, 2);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = number;
  return Term::boxed(b);
}

Term EtfDecoder::ref(Word tag) {
  Word n = 1, creation;
  if (tag != 101) {
    if (!need(2)) return Term::none();
    n = u16();
  }
  Term name = atom();
  if (name.is_none() || n > kMaxRefNumbers || n == 0) return Term::none();
  uint32_t numbers[kMaxRefNumbers + 1] = {};
  if (!need(n * 4 + (tag == 90 ? 4 : 1))) return Term::none();
  if (tag == 101) {
    numbers[0] = uint32_t(u32());
    creation = u8();
  } else {
    creation = tag == 90 ? u32() : u8();
    for (Word i = 0; i < n; i++) numbers[i] = uint32_t(u32());
  }
  if (tag != 90 && (!tiny_creation(creation) || numbers[0] >= kRefMaxN0)) return Term::none();
  if (node_is_this(name, uint32_t(creation))) {
    if (n > 3 || numbers[0] >= kRefMaxN0) return Term::none();
    return ref_recall(h_, numbers);
  }
  Node *node = node_of(name, creation);
  if (!node) return Term::none();
  Word words = (n + 1) / 2;
  Word *b = h_.alloc(3 + words);
  b[0] = header(Kind::ExtRef, 2 + words);
  b[1] = reinterpret_cast<Word>(node);
  b[2] = n;
  memcpy(b + 3, numbers, words * 8);
  return Term::boxed(b);
}

Term EtfDecoder::export_fun() {
  Term m = atom();
  if (m.is_none()) return m;
  Term f = atom();
  if (f.is_none()) return f;
  Term a = small_integer();
  if (!a.is_small() || a.small_value() < 0) return Term::none();
  Word arity = Word(a.small_value());
  const Export *e = export_find(m, f, arity);
  if (safe_ && (!e || !export_has_code(e))) return Term::none();
  if (!e && network && exports_for_network.fetch_add(1, std::memory_order_relaxed) >= kMaxNetworkExports)
    return Term::none();
  Word *b = h_.alloc(2);
  b[0] = header(Kind::ExportFun, 1);
  b[1] = reinterpret_cast<Word>(export_get_or_put(m, f, arity));
  return Term::boxed(b);
}

bool EtfDecoder::fun() {
  if (!need(4 + 1 + 16 + 4 + 4)) return false;
  at_ += 4; // total size: implied by the rest
  FunHead head{};
  head.arity = uint32_t(u8());
  memcpy(head.uniq, at_, 16);
  at_ += 16;
  head.index = uint32_t(u32());
  head.free = uint32_t(u32());
  head.module = atom();
  if (head.module.is_none()) return false;
  Term old_index = small_integer();
  if (!old_index.is_small()) return false;
  Term old_uniq = small_integer();
  if (!old_uniq.is_small()) return false;
  head.old_uniq = uint32_t(old_uniq.small_value());
  if (head.free > kMaxFree || !claim(Word(head.free) + 1)) return false;
  funs_.push_back(head);
  stack_.push_back({Op::Fun, Word(head.free) + 1, nullptr, values_.size()});
  return true;
}

Term etf_decode_body(Heap &h, const uint8_t *data, Word n, bool safe, Word *used) {
  EtfDecoder d(h, data, n, safe);
  int64_t budget = INT64_MAX;
  if (d.run(&budget) != EtfDecoder::Result::Done) return Term::none();
  if (used) *used = d.used();
  return d.value();
}

bool etf_inflate(const uint8_t *data, Word n, std::vector<uint8_t> *out, Word *used) {
  if (n < 5) return false;
  Word size = Word(data[1]) << 24 | Word(data[2]) << 16 | Word(data[3]) << 8 | data[4];
  z_stream z{};
  if (inflateInit(&z) != Z_OK) return false;
  z.next_in = const_cast<uint8_t *>(data + 5);
  z.avail_in = uInt(std::min<Word>(n - 5, UINT32_MAX));
  // The announced size may be a lie: memory is taken as data really comes out.
  int r = Z_OK;
  Word got = 0;
  while (r == Z_OK) {
    if (got == out->size()) {
      if (got == size) {
        uint8_t extra;
        z.next_out = &extra, z.avail_out = 1;
        r = inflate(&z, Z_NO_FLUSH);
        if (z.avail_out == 0 || r == Z_BUF_ERROR) r = Z_DATA_ERROR;
        if (r == Z_OK) continue;
        break;
      }
      out->resize(std::min(size, std::max<Word>(got * 2, std::min<Word>(size, 1 << 20))));
    }
    z.next_out = out->data() + got;
    z.avail_out = uInt(std::min<Word>(out->size() - got, 1 << 30));
    uInt before = z.avail_out;
    r = inflate(&z, Z_NO_FLUSH);
    got += before - z.avail_out;
    if (r == Z_BUF_ERROR && before != z.avail_out) r = Z_OK;
  }
  *used = 5 + z.total_in;
  inflateEnd(&z);
  return r == Z_STREAM_END && got == size;
}

Term etf_decode(Heap &h, const uint8_t *data, Word n, bool safe, Word *used) {
  if (n < 2 || data[0] != 131) return Term::none();
  Word body_used = 0;
  Term t = Term::none();
  if (data[1] == 80) {
    std::vector<uint8_t> plain;
    if (!etf_inflate(data + 1, n - 1, &plain, &body_used)) return Term::none();
    t = etf_decode_body(h, plain.data(), plain.size(), safe, nullptr);
  } else {
    t = etf_decode_body(h, data + 1, n - 1, safe, &body_used);
  }
  if (used) *used = 1 + body_used;
  return t;
}
} // namespace joist::runtime
