// Integers and floats to and from text.
#include "runtime/term/number_text.h"
#include "bifs/bifs.h"
#include "runtime/term/binary.h"
#include "runtime/term/number.h"

namespace joist::bifs {
namespace {

bool base_of(Term t, int *base) {
  if (!t.is_small() || t.small_value() < 2 || t.small_value() > 36) return false;
  *base = int(t.small_value());
  return true;
}
Term integer_result(Process *p, Term r) {
  if (r.is_none()) return badarg(p);
  return r == kTooBig ? system_limit(p) : r;
}
// Bytes of a proper list of 0..255.
bool list_bytes(Term l, std::string *out) {
  for (; l.is_cons(); l = l.tail()) {
    if (!l.head().is_small() || uint64_t(l.head().small_value()) > 255) return false;
    *out += char(l.head().small_value());
  }
  return l.is_nil();
}
int digit_value(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}
// A list of a few digits and nothing else, the usual case. Only the low byte of an element counts, as on stock.
bool few_digits(Term l, int base, Term *out) {
  if (!l.is_cons() || !l.head().is_small()) return false;
  int64_t v = 0;
  int room = 11; // 36^11 is a small integer
  uint8_t first = uint8_t(l.head().small_value());
  bool negative = first == '-';
  if (negative || first == '+') {
    l = l.tail();
    if (!l.is_cons()) return false;
  }
  for (; l.is_cons(); l = l.tail()) {
    int d = l.head().is_small() ? digit_value(uint8_t(l.head().small_value())) : 99;
    if (d >= base || room-- == 0) return false;
    v = v * base + d;
  }
  if (!l.is_nil()) return false;
  *out = Term::small(negative ? -v : v);
  return true;
}
// Sign and digits at the start of a list, which is left at what follows. Only the low byte of an element counts,
// as on stock.
std::string take_integer(Term *list, int base) {
  std::string s;
  Term l = *list;
  for (; l.is_cons() && l.head().is_small(); l = l.tail()) {
    uint8_t c = uint8_t(l.head().small_value());
    if (digit_value(c) >= base && !(s.empty() && (c == '-' || c == '+'))) break;
    s += char(c);
  }
  *list = l;
  return s;
}
Term whole_list_integer(Process *p, Term list, int base) {
  Term few;
  if (few_digits(list, base, &few)) return few;
  std::string s = take_integer(&list, base);
  if (!list.is_nil()) return badarg(p);
  p->bump(int64_t(s.size() / 64));
  return integer_result(p, integer_from_text(p->heap, s, base));
}
Term binary_integer(Process *p, Term binary, int base) {
  if (!is_binary(binary)) return badarg(p);
  ByteScratch scratch;
  Bytes b = bytes_of(binary, scratch);
  p->bump(int64_t(b.size / 64));
  return integer_result(p, integer_from_text(p->heap, b.view(), base));
}
std::string integer_text(Process *p, Term t, int base) {
  std::string s = integer_to_text(t, base);
  p->bump(int64_t(s.size() / 64));
  return s;
}
Term to_list(Process *p, const std::string &s) { return make_string(p->heap, s.data(), s.size()); }

// Integers as terms of text; small ones need no memory in between.
Term integer_list(Process *p, Term t, int base) {
  if (!t.is_small()) return to_list(p, integer_text(p, t, base));
  char text[kSmallText];
  return make_string(p->heap, text, small_to_text(t.small_value(), base, text));
}
Term integer_binary(Process *p, Term t, int base) {
  if (!t.is_small()) return make_binary_from(p->heap, integer_text(p, t, base));
  char text[kSmallText];
  return make_binary_from(p->heap, text, small_to_text(t.small_value(), base, text));
}

// The one option that most callers give.
bool only_short(Term options) {
  return options.is_cons() && options.head() == atoms::short_ && options.tail().is_nil();
}
// Text of a float and its memory.
struct FloatText {
  char small[kBeforeFloatText + kShortFloatText];
  std::string large;
  std::string_view view;
  FloatText() = default;
  FloatText(const FloatText &) = delete;
  FloatText &operator=(const FloatText &) = delete;
};
// The text for float_to_list/2's options; false if they are wrong or the text gets too long.
bool float_text(Term f, Term options, FloatText *out) {
  enum class Format : uint8_t { Scientific, Decimals, Short } format = Format::Scientific;
  int decimals = 20;
  bool compact = false;
  if (!is_float(f)) return false;
  for (; options.is_cons(); options = options.tail()) {
    Term o = options.head();
    if (o == atoms::compact) {
      compact = true;
    } else if (o == atoms::short_) {
      format = Format::Short;
    } else if (is_tuple_of(o, 2) && tuple_elements(o)[1].is_small()) {
      decimals = int(tuple_elements(o)[1].small_value()); // cut to 32 bits, as on stock
      if (tuple_elements(o)[0] == atoms::decimals) format = Format::Decimals;
      else if (tuple_elements(o)[0] == atoms::scientific) format = Format::Scientific;
      else return false;
    } else {
      return false;
    }
  }
  if (!options.is_nil()) return false;
  double d = float_value(f);
  switch (format) {
  case Format::Short:
    out->view = {out->small + kBeforeFloatText, short_float_text(d, out->small + kBeforeFloatText)};
    break;
  case Format::Decimals: out->view = out->large = float_to_text_decimals(d, decimals, compact); break;
  default: out->view = out->large = float_to_text_scientific(d, decimals);
  }
  return !out->view.empty();
}
Term float_list(Process *p, Term f, Term options) {
  FloatText text;
  if (!float_text(f, options, &text)) return badarg(p);
  return make_string(p->heap, text.view.data(), text.view.size());
}
Term float_binary(Process *p, Term f, Term options) {
  if (is_float(f) && only_short(options)) {
    static_assert(kBeforeFloatText <= 2 * sizeof(Word) && kShortFloatText <= kHeapBinMax);
    uint8_t *bytes = heap_binary_begin(p->heap, kShortFloatText);
    return heap_binary_end(p->heap, bytes, short_float_text(float_value(f), reinterpret_cast<char *>(bytes)));
  }
  FloatText text;
  return float_text(f, options, &text) ? make_binary_from(p->heap, text.view) : badarg(p);
}
Term text_float(Process *p, std::string_view s) {
  double d;
  return float_from_text(s, &d) ? make_float(p->heap, d) : badarg(p);
}

} // namespace

Term erlang_integer_to_list_1(Process *p, const Term *args) {
  return is_integer(args[0]) ? integer_list(p, args[0], 10) : badarg(p);
}
Term erlang_integer_to_list_2(Process *p, const Term *args) {
  int base;
  if (!is_integer(args[0]) || !base_of(args[1], &base)) return badarg(p);
  return integer_list(p, args[0], base);
}
Term erlang_integer_to_binary_1(Process *p, const Term *args) {
  return is_integer(args[0]) ? integer_binary(p, args[0], 10) : badarg(p);
}
Term erlang_integer_to_binary_2(Process *p, const Term *args) {
  int base;
  if (!is_integer(args[0]) || !base_of(args[1], &base)) return badarg(p);
  return integer_binary(p, args[0], base);
}

Term erlang_list_to_integer_1(Process *p, const Term *args) { return whole_list_integer(p, args[0], 10); }
Term erlang_list_to_integer_2(Process *p, const Term *args) {
  int base;
  if (!is_proper_list(args[0]) || !base_of(args[1], &base)) return badarg(p);
  return whole_list_integer(p, args[0], base);
}
Term erlang_binary_to_integer_1(Process *p, const Term *args) { return binary_integer(p, args[0], 10); }
Term erlang_binary_to_integer_2(Process *p, const Term *args) {
  int base;
  return base_of(args[1], &base) ? binary_integer(p, args[0], base) : badarg(p);
}

Term string_list_to_integer_1(Process *p, const Term *args) {
  Term rest = args[0];
  if (!rest.is_list()) return make_tuple(p->heap, atoms::error, atoms::not_a_list);
  Term r = integer_from_text(p->heap, take_integer(&rest, 10), 10);
  if (r.is_none()) return make_tuple(p->heap, atoms::error, atoms::no_integer);
  if (r == kTooBig) return system_limit(p);
  return make_tuple(p->heap, r, rest);
}

Term erlang_float_to_list_1(Process *p, const Term *args) { return float_list(p, args[0], Term::nil()); }
Term erlang_float_to_list_2(Process *p, const Term *args) { return float_list(p, args[0], args[1]); }
Term erlang_float_to_binary_1(Process *p, const Term *args) { return float_binary(p, args[0], Term::nil()); }
Term erlang_float_to_binary_2(Process *p, const Term *args) { return float_binary(p, args[0], args[1]); }

Term erlang_list_to_float_1(Process *p, const Term *args) {
  std::string s;
  return list_bytes(args[0], &s) ? text_float(p, s) : badarg(p);
}
Term erlang_binary_to_float_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  return text_float(p, bytes_of(args[0], scratch).view());
}

Term string_list_to_float_1(Process *p, const Term *args) {
  Term l = args[0];
  if (!l.is_list()) return make_tuple(p->heap, atoms::error, atoms::not_a_list);
  std::string s;
  auto next = [&] { return l.is_cons() && l.head().is_small() ? l.head().small_value() : int64_t{-1}; };
  auto take = [&] {
    s += char(next());
    l = l.tail();
  };
  auto digits = [&] {
    bool any = false;
    for (; next() >= '0' && next() <= '9'; any = true) take();
    return any;
  };
  auto sign = [&] {
    if (next() == '-' || next() == '+') take();
  };
  bool ok = false;
  sign();
  if (digits() && (next() == '.' || next() == ',')) {
    take();
    ok = digits();
  }
  if (ok && (next() == 'e' || next() == 'E')) {
    Term before = l;
    size_t length = s.size();
    take();
    sign();
    if (!digits()) {
      l = before;
      s.resize(length);
    }
  }
  double d;
  if (!ok || !float_from_text(s, &d)) return make_tuple(p->heap, atoms::error, atoms::no_float);
  return make_tuple(p->heap, make_float(p->heap, d), l);
}

} // namespace joist::bifs
