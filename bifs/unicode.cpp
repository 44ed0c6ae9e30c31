// unicode:characters_to_binary/2, characters_to_list/2, bin_is_7bit/1 for Latin-1 and UTF-8 input (other encodings are
// done in Erlang, in module unicode).
//
// Both conversions build UTF-8 in a buffer. What cannot be converted is given back as `RestData` in the shape that stock
// gives it: from the offending element on, each enclosing list's tail consed behind.
#include "bifs/bifs.h"
#include "runtime/term/binary.h"
#include "runtime/term/work_stack.h"

namespace joist::bifs {
namespace {

constexpr int64_t kCharsPerReduction = 10;
constexpr Word kSmallBuffer = 256;

// Length that the first byte of a UTF-8 sequence announces (also of those that are never valid), 0: no first byte.
unsigned announced(uint8_t first) {
  return first < 0x80 ? 1 : (first & 0xE0) == 0xC0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : (first & 0xF8) == 0xF0 ? 4 : 0;
}
bool is_continuation(uint8_t b) { return (b & 0xC0) == 0x80; }
bool starts_two(uint8_t b) { return uint8_t(b - 0xC2) <= 0xDF - 0xC2; } // a character of two bytes

// Is a sequence cut off at the end of the data incomplete, rather than wrong already?
bool could_continue(const uint8_t *p, Word n) {
  if (announced(p[0]) < 2) return false;
  for (Word i = 1; i < n; i++)
    if (!is_continuation(p[i])) return false;
  return n < announced(p[0]);
}

Word ascii_prefix(const uint8_t *p, Word n) {
  Word i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t w;
    memcpy(&w, p + i, 8);
    if (w & 0x8080808080808080u) break;
  }
  while (i < n && p[i] < 0x80) i++;
  return i;
}

// Length of the longest prefix of whole valid characters.
Word valid_prefix(const uint8_t *p, Word n) {
  Word i = 0;
  while (i < n) {
    i += ascii_prefix(p + i, n - i);
    while (i + 1 < n && starts_two(p[i]) && is_continuation(p[i + 1])) i += 2;
    if (i == n) break;
    if (p[i] < 0x80) continue;
    uint32_t c;
    int len = utf8_decode(p + i, n - i, &c);
    if (len <= 0) break;
    i += unsigned(len);
  }
  return i;
}

// Bytes of UTF-8 that `data` needs at most, -1: it is not character data. Stops at a bignum: the conversion reports it.
int64_t utf8_need(Term t, bool latin1) {
  auto binary_need = [latin1](Term b) -> int64_t {
    BitView v = bit_view(b);
    if (!v.is_binary()) return -1;
    Word n = v.bits / 8;
    if (!latin1) return int64_t(n);
    Word high = 0;
    for (Word i = 0; i < n; i++)
      high += (v.aligned() ? v.bytes[i] : uint8_t(read_bits(v.bytes, v.bit_offset + i * 8, 8))) >> 7;
    return int64_t(n + high);
  };
  int64_t need = 0;
  TermStack pending;
  for (;;) {
    while (t.is_cons()) {
      Term head = t.head();
      t = t.tail();
      if (head.is_small()) {
        uint64_t c = uint64_t(head.small_value());
        need += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
      } else if (head.is_cons()) {
        if (!t.is_nil()) pending.push(t);
        t = head;
      } else if (is_bitstring(head)) {
        int64_t n = binary_need(head);
        if (n < 0) return -1;
        need += n;
      } else if (is_big(head)) {
        return need;
      } else if (!head.is_nil()) {
        return -1;
      }
    }
    if (!t.is_nil()) {
      int64_t n = is_bitstring(t) ? binary_need(t) : -1;
      if (n < 0) return -1;
      need += n;
    }
    if (pending.empty()) return need;
    t = pending.pop();
  }
}

class Utf8Builder {
public:
  Utf8Builder(Process *p, bool latin1, uint8_t *out, Word at)
      : h_(p->heap), latin1_(latin1), out_(out), at_(at),
        left_(std::max<int64_t>(p->reductions, 10) * kCharsPerReduction), start_left_(left_) {}

  // Converts until the end, an error or the end of the slice: nil, or what is left.
  Term run(Term t);
  bool error() const { return error_; }
  Word size() const { return at_; }
  int64_t cost() const { return (start_left_ - left_) / kCharsPerReduction; }
  // Bytes of a character that the last binary began; a binary of them, or none.
  Term leftover() { return leftovers_ ? make_binary_from(h_, leftover_, leftovers_) : Term::none(); }
  bool leftover_incomplete() const { return could_continue(leftover_, leftovers_); }

private:
  bool character(Term t);
  bool binary(Term b, Term *rest);
  Word utf8(const uint8_t *p, Word n);

  Heap &h_;
  bool latin1_, error_ = false;
  uint8_t *out_;
  Word at_;
  int64_t left_, start_left_;
  uint8_t leftover_[4];
  unsigned leftovers_ = 0;
};

bool Utf8Builder::character(Term t) {
  uint64_t c = uint64_t(t.small_value());
  if (leftovers_ || (latin1_ && c > 255) || !valid_code_point(c)) return false;
  if (c < 0x80) {
    out_[at_++] = uint8_t(c);
  } else if (c < 0x800) {
    out_[at_++] = uint8_t(0xC0 | c >> 6);
    out_[at_++] = uint8_t(0x80 | (c & 0x3F));
  } else {
    at_ += put_utf8(out_ + at_, c);
  }
  left_--;
  return true;
}

// Copies valid UTF-8; a character cut off by the end goes to leftover_. Returns how many bytes were taken; less than n
// means an error at that place.
Word Utf8Builder::utf8(const uint8_t *p, Word n) {
  Word i = 0;
  if (leftovers_) {
    unsigned missing = announced(leftover_[0]) - leftovers_;
    if (n < missing) {
      memcpy(leftover_ + leftovers_, p, n);
      leftovers_ += unsigned(n);
      return n;
    }
    memcpy(leftover_ + leftovers_, p, missing);
    uint32_t c;
    if (utf8_decode(leftover_, leftovers_ + missing, &c) <= 0) return 0;
    memcpy(out_ + at_, leftover_, leftovers_ + missing);
    at_ += leftovers_ + missing;
    leftovers_ = 0;
    i = missing;
  }
  Word good = valid_prefix(p + i, n - i);
  memcpy(out_ + at_, p + i, good);
  at_ += good;
  i += good;
  if (i < n && n - i < announced(p[i])) {
    leftovers_ = unsigned(n - i);
    memcpy(leftover_, p + i, leftovers_);
    i = n;
  }
  return i;
}

// False: stopped by an error or the end of the slice, *rest is what is left of it.
bool Utf8Builder::binary(Term b, Term *rest) {
  BitView v = bit_view(b);
  if (!v.is_binary()) {
    error_ = true;
    *rest = b;
    return false;
  }
  ByteScratch scratch;
  Bytes all = bytes_of(b, scratch);
  if (left_ <= 0 && all.size) {
    *rest = b;
    return false;
  }
  Word n = all.size;
  if (n > Word(left_)) { // only a part now, up to the end of a character
    n = Word(left_);
    while (!latin1_ && n < all.size && is_continuation(all.data[n])) n++;
  }
  left_ -= int64_t(n);
  if (latin1_) {
    for (Word i = 0; i < n; i++) at_ += put_utf8(out_ + at_, all.data[i]);
  } else {
    // leftover_ may have grown by bytes of p that turn out wrong: the rest then begins with p.
    unsigned before = leftovers_;
    Word taken = utf8(all.data, n);
    if (taken < n) {
      error_ = true;
      leftovers_ = taken == 0 ? before : 0;
      *rest = make_sub_binary(h_, b, taken * 8, v.bits - taken * 8);
      return false;
    }
  }
  if (n == all.size) return true;
  *rest = make_sub_binary(h_, b, n * 8, v.bits - n * 8);
  return false;
}

Term Utf8Builder::run(Term t) {
  TermStack pending;
  Term rest;
  for (;;) {
    if (t.is_cons()) {
      if (left_ <= 0) break;
      Term head = t.head();
      if (head.is_small()) {
        if (!character(head)) {
          error_ = true;
          break;
        }
        t = t.tail();
      } else if (head.is_nil()) {
        left_--;
        t = t.tail();
      } else if (head.is_cons()) {
        pending.push(t.tail());
        t = head;
      } else if (is_bitstring(head)) {
        if (!binary(head, &rest)) {
          t = make_cons(h_, rest, t.tail());
          break;
        }
        t = t.tail();
      } else {
        error_ = true;
        break;
      }
      continue;
    }
    if (is_bitstring(t)) {
      if (!binary(t, &rest)) {
        t = rest;
        break;
      }
    } else if (!t.is_nil()) {
      error_ = true;
      break;
    }
    if (pending.empty()) return Term::nil();
    t = pending.pop();
  }
  while (!pending.empty()) t = make_cons(h_, t, pending.pop());
  return t;
}

// --- ending a conversion

enum class Want : uint8_t { Binary, List };

// Characters of the first n bytes of a UTF-8 binary, prepended to acc from the end, then wrapped by `outcome`
// (ok, error, incomplete) with `rest`.
Term list_step(Process *p, const Term *args); // (Utf8, Bytes, Acc, Outcome, Rest)

Term prepend_utf8(Heap &h, const uint8_t *p, Word *n, int64_t limit, Term acc) {
  Word left = *n;
  while (left && limit > 0) {
    // Room for a run of characters at once: no fewer than 4 bytes each.
    Word run = std::min<Word>({(left + 3) / 4, Word(limit), 1024});
    limit -= int64_t(run);
    Word *c = h.alloc(run * 2);
    for (; run; run--, c += 2) {
      Word i = left - 1;
      uint32_t code = p[i];
      if (code >= 0x80) {
        if (i && !is_continuation(p[i - 1])) {
          i--;
          code = uint32_t(p[i] & 0x1F) << 6 | (code & 0x3F);
        } else {
          while (is_continuation(p[i])) i--;
          utf8_decode(p + i, left - i, &code);
        }
      }
      c[0] = Term::small(code).raw();
      c[1] = acc.raw();
      acc = Term::cons(c);
      left = i;
    }
  }
  *n = left;
  return acc;
}

Term list_from(Process *p, Term utf8, Word n, Term acc, Term outcome, Term rest) {
  int64_t limit = std::max<int64_t>(p->reductions, 10) * kCharsPerReduction;
  Word before = n;
  acc = prepend_utf8(p->heap, bit_view(utf8).bytes, &n, limit, acc);
  p->bump(int64_t(before - n) / kCharsPerReduction);
  if (n) {
    static const Export *k = bif_continuation("characters_to_list_trap", 5, list_step);
    return yield_to(p, k, utf8, Term::small(int64_t(n)), acc, outcome, rest);
  }
  return outcome == atoms::ok ? acc : make_tuple(p->heap, outcome, acc, rest);
}
Term list_step(Process *p, const Term *args) {
  return list_from(p, args[0], Word(args[1].small_value()), args[2], args[3], args[4]);
}

// Error and incomplete results of a builder: outcome, and the rest data in its final shape.
Term outcome_of(Heap &h, Utf8Builder &b, Term *rest) {
  Term leftover = b.leftover();
  if (b.error()) {
    if (!leftover.is_none()) *rest = make_list(h, leftover, *rest);
    return atoms::error;
  }
  if (leftover.is_none()) return atoms::ok;
  *rest = leftover;
  return b.leftover_incomplete() ? atoms::incomplete : atoms::error;
}

Term build_step(Process *p, const Term *args); // (Buffer, BytesDone, Rest, latin1 | utf8, binary | list)

// Continues a conversion into the off-heap `buffer`.
Term build_from(Process *p, Term buffer, Word at, Term data, bool latin1, Want want) {
  auto *r = reinterpret_cast<RefcBinObj *>(buffer.box());
  Utf8Builder b(p, latin1, r->bytes, at);
  Term rest = b.run(data);
  p->bump(b.cost());
  if (!rest.is_nil() && !b.error()) {
    Term leftover = b.leftover();
    if (!leftover.is_none()) rest = make_cons(p->heap, leftover, rest);
    static const Export *k = bif_continuation("characters_to_utf8_trap", 5, build_step);
    return yield_to(p, k, buffer, Term::small(int64_t(b.size())), rest, latin1 ? atoms::latin1 : atoms::utf8,
                    want == Want::List ? atoms::list : atoms::binary);
  }
  Term outcome = outcome_of(p->heap, b, &rest);
  if (want == Want::List) return list_from(p, buffer, b.size(), Term::nil(), outcome, rest);
  if (b.size() <= kHeapBinMax) buffer = make_binary_from(p->heap, r->bytes, b.size());
  else r->size = b.size();
  return outcome == atoms::ok ? buffer : make_tuple(p->heap, outcome, buffer, rest);
}
Term build_step(Process *p, const Term *args) {
  return build_from(p, args[0], Word(args[1].small_value()), args[2], args[3] == atoms::latin1,
                    args[4] == atoms::list ? Want::List : Want::Binary);
}

Term convert(Process *p, Term data, Word need, bool latin1, Want want) {
  if (need <= kSmallBuffer) { // the usual case needs no memory and no yield
    uint8_t small[kSmallBuffer];
    Utf8Builder b(p, latin1, small, 0);
    Term rest = b.run(data);
    if (rest.is_nil() || b.error()) {
      p->bump(b.cost());
      Term outcome = outcome_of(p->heap, b, &rest), result;
      Word n = b.size();
      if (want == Want::List) result = prepend_utf8(p->heap, small, &n, kSmallBuffer, Term::nil());
      else result = make_binary_from(p->heap, small, n);
      return outcome == atoms::ok ? result : make_tuple(p->heap, outcome, result, rest);
    }
  }
  BinData *d = bin_alloc(need);
  return build_from(p, make_refc_binary(p->heap, d, d->data(), need), 0, data, latin1, want);
}

// latin1: 1, utf8: 0, other: -1
int encoding(Term t) { return t == atoms::latin1 ? 1 : t == atoms::unicode || t == atoms::utf8 ? 0 : -1; }

} // namespace

Term unicode_bin_is_7bit_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return atoms::false_;
  ByteScratch scratch;
  Bytes b = bytes_of(args[0], scratch);
  p->bump(int64_t(b.size / 4096));
  return bool_term(ascii_prefix(b.data, b.size) == b.size);
}

Term unicode_characters_to_binary_2(Process *p, const Term *args) {
  int latin1 = encoding(args[1]);
  if (latin1 < 0)
    return trap_to(p, export_get_or_put(atoms::unicode, atoms::characters_to_binary_int, 2), args[0], args[1]);
  Term data = args[0];
  if (data.is_cons() && data.tail().is_nil() && is_bitstring(data.head())) data = data.head();
  if (!data.is_list() && !is_bitstring(data)) return badarg(p);
  int64_t need = utf8_need(data, latin1);
  if (need < 0) return badarg(p);
  if (is_bitstring(data) && Word(need) == bit_view(data).bits / 8) {
    ByteScratch scratch;
    Bytes b = bytes_of(data, scratch);
    p->bump(int64_t(b.size / 1024));
    if (latin1 || valid_prefix(b.data, b.size) == b.size) return data;
  }
  p->bump(need / (kCharsPerReduction * 5));
  return convert(p, data, Word(need), latin1, Want::Binary);
}

Term unicode_characters_to_list_2(Process *p, const Term *args) {
  int latin1 = encoding(args[1]);
  if (latin1 < 0)
    return trap_to(p, export_get_or_put(atoms::unicode, atoms::characters_to_list_int, 2), args[0], args[1]);
  Term data = args[0];
  if (!data.is_list() && !is_binary(data)) return badarg(p);
  if (!latin1 && !data.is_list()) {
    BitView v = bit_view(data);
    Word n = v.bits / 8;
    Term aligned = data;
    if (!v.aligned()) {
      uint8_t *copy;
      aligned = make_binary(p->heap, n, &copy);
      copy_bits(v.bytes, v.bit_offset, copy, 0, v.bits);
    }
    const uint8_t *bytes = bit_view(aligned).bytes;
    Word good = valid_prefix(bytes, n);
    p->bump(int64_t(n / 1024));
    Term outcome = good == n ? atoms::ok : could_continue(bytes + good, n - good) ? atoms::incomplete : atoms::error;
    Term rest = good == n ? Term::nil() : make_sub_binary(p->heap, data, good * 8, (n - good) * 8);
    return list_from(p, aligned, good, Term::nil(), outcome, rest);
  }
  int64_t need = utf8_need(data, latin1);
  if (need < 0) return badarg(p);
  p->bump(need / (kCharsPerReduction * 5));
  return convert(p, data, Word(need), latin1, Want::List);
}

} // namespace joist::bifs
