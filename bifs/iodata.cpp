// iodata and bitstring lists to binaries and back: list_to_binary/1, iolist_to_binary/1, list_to_bitstring/1, iolist_size/1,
// binary_to_list/1,3, bitstring_to_list/1, binary:list_to_bin/1. (iolist_to_iovec/1 is in iovec.cpp.)
//
// All of them yield. What remains of a list being walked is again such a list, so the state of a walk is one term and a
// position.
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "bifs/pending.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {

constexpr Word kItemsPerReduction = 64;      // list elements
constexpr Word kBytesPerReduction = 64 * 64; // copied

enum class Step : uint8_t { Done, Yield, Type, Overflow };

// Walks `*data` in order and calls leaf_byte(uint8_t) and leaf_bits(BitView) (which tells what it cost, in items).
// At Yield, *data is what is left. `bits`: bitstrings are allowed.
template <class F, class G> Step walk(Process *p, Term *data, bool bits, F leaf_byte, G leaf_bits) {
  int64_t budget = int64_t(std::max(p->reductions, 20)) * int64_t(kItemsPerReduction), start = budget;
  TermStack pending;
  Term t = *data;
  for (;;) {
    if (budget <= 0) {
      *data = pending_data(p->heap, t, pending);
      if (data->is_none()) return Step::Type;
      p->use_up();
      return Step::Yield;
    }
    if (t.is_cons()) {
      Term head = t.head();
      budget--;
      if (head.is_small()) {
        if (head.raw() > Term::small(255).raw()) return Step::Type;
        leaf_byte(uint8_t(head.small_value()));
        t = t.tail();
      } else {
        if (!t.tail().is_nil()) pending.push(t.tail());
        t = head;
      }
      continue;
    }
    if (is_bitstring(t)) {
      BitView v = bit_view(t);
      if (!bits && !v.is_binary()) return Step::Type;
      int64_t cost = leaf_bits(v);
      if (cost < 0) return Step::Overflow;
      budget -= cost;
    } else if (!t.is_nil()) {
      return Step::Type;
    }
    if (pending.empty()) break;
    t = pending.pop();
  }
  p->bump((start - budget) / int64_t(kItemsPerReduction));
  return Step::Done;
}

// Adds up bits, or where all are whole bytes those: data that shares its parts may have more bits than fit into a word.
Step measure(Process *p, Term *data, bool bits, Word *total) {
  const Word byte = bits ? 8 : 1, shift = bits ? 0 : 3;
  return walk(
      p, data, bits, [&](uint8_t) { *total += byte; },
      [&](BitView v) -> int64_t { return __builtin_add_overflow(*total, v.bits >> shift, total) ? -1 : 1; });
}

Step write(Process *p, Term *data, uint8_t *out, Word *at) {
  return walk(
      p, data, true,
      [&](uint8_t b) {
        if (*at & 7) write_bits(out, *at, 8, b);
        else out[*at / 8] = b;
        *at += 8;
      },
      [&](BitView v) {
        copy_bits(v.bytes, v.bit_offset, out, *at, v.bits);
        *at += v.bits;
        return 1 + int64_t(v.bits / 8 / (kBytesPerReduction / kItemsPerReduction));
      });
}

// --- to binary. `kind` is the name of the BIF, which also tells what is allowed.

Term measure_step(Process *p, const Term *args); // (Kind, SoFar, Rest, All)
Term write_step(Process *p, const Term *args);   // (Result, BitsDone, Rest)

Term write_from(Process *p, Term result, Word at, Term rest) {
  auto *out = const_cast<uint8_t *>(bit_view(result).bytes);
  if (write(p, &rest, out, &at) == Step::Done) return result;
  static const Export *k = bif_continuation("list_to_binary_continue", 3, write_step);
  return yield_to(p, k, result, make_uint(p->heap, at), rest);
}
Term write_step(Process *p, const Term *args) {
  uint64_t at = 0;
  get_uint64(args[1], &at);
  return write_from(p, args[0], at, args[2]);
}

Term fail(Process *p, Term kind, Step s, Term all) {
  Reason why = s == Step::Overflow ? Reason::SystemLimit : Reason::Badarg;
  return kind == atoms::list_to_bin ? fail_in(p, why, atoms::binary, kind, all) : fail_as(p, why, kind, all);
}

Term measure_from(Process *p, Term kind, Word total, Term rest, Term all) {
  Step s = measure(p, &rest, kind == atoms::list_to_bitstring, &total);
  if (s == Step::Yield) {
    static const Export *k = bif_continuation("list_to_binary_continue", 4, measure_step);
    return yield_to(p, k, kind, make_uint(p->heap, total), rest, all);
  }
  if (s != Step::Done) return fail(p, kind, s, all);
  if (kind == atoms::iolist_size) return make_uint(p->heap, total);
  if (kind != atoms::list_to_bitstring && __builtin_mul_overflow(total, Word{8}, &total))
    return fail(p, kind, Step::Overflow, all);
  uint8_t *bytes;
  Term result = make_bitstring(p->heap, total, &bytes);
  return write_from(p, result, 0, all);
}
Term measure_step(Process *p, const Term *args) {
  uint64_t total = 0;
  get_uint64(args[1], &total);
  return measure_from(p, args[0], total, args[2], args[3]);
}

// A list of one byte-aligned binary is that binary.
bool is_wrapped(Term list, bool bits) {
  if (!list.is_cons() || !list.tail().is_nil() || !is_bitstring(list.head())) return false;
  BitView v = bit_view(list.head());
  return bits || (v.aligned() && v.is_binary());
}

Term convert(Process *p, Term kind, Term data) {
  if (is_wrapped(data, kind == atoms::list_to_bitstring)) return data.head();
  return measure_from(p, kind, 0, data, data);
}

// --- to list

Term list_step(Process *p, const Term *args); // (Bitstring, FirstByte, BytesLeft, Acc)

// Prepends bytes [first, first + left) of a bitstring to acc, from the end.
Term list_from(Process *p, Term bitstring, Word first, Word left, Term acc) {
  BitView v = bit_view(bitstring);
  Word budget = Word(std::max(p->reductions, 20)) * 256, n = std::min(left, budget);
  for (Word i = 0; i < n; i++) {
    left--;
    Word at = first + left;
    unsigned b = v.aligned() ? v.bytes[at] : unsigned(read_bits(v.bytes, v.bit_offset + at * 8, 8));
    acc = make_cons(p->heap, Term::small(b), acc);
  }
  p->bump(int64_t(n / 256));
  if (!left) return acc;
  static const Export *k = bif_continuation("binary_to_list_continue", 4, list_step);
  return yield_to(p, k, bitstring, Term::small(int64_t(first)), Term::small(int64_t(left)), acc);
}
Term list_step(Process *p, const Term *args) {
  return list_from(p, args[0], Word(args[1].small_value()), Word(args[2].small_value()), args[3]);
}

} // namespace

Term erlang_list_to_binary_1(Process *p, const Term *args) {
  return args[0].is_list() ? convert(p, atoms::list_to_binary, args[0]) : badarg(p);
}
Term binary_list_to_bin_1(Process *p, const Term *args) {
  return args[0].is_list() ? convert(p, atoms::list_to_bin, args[0]) : badarg(p);
}

Term erlang_iolist_to_binary_1(Process *p, const Term *args) {
  if (is_bitstring(args[0])) return is_binary(args[0]) ? args[0] : badarg(p);
  return args[0].is_list() ? convert(p, atoms::iolist_to_binary, args[0]) : badarg(p);
}

Term erlang_list_to_bitstring_1(Process *p, const Term *args) {
  return args[0].is_list() ? convert(p, atoms::list_to_bitstring, args[0]) : badarg(p);
}

Term erlang_iolist_size_1(Process *p, const Term *args) {
  return measure_from(p, atoms::iolist_size, 0, args[0], args[0]);
}

Term erlang_binary_to_list_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  return list_from(p, args[0], 0, bit_view(args[0]).bits / 8, Term::nil());
}

Term erlang_binary_to_list_3(Process *p, const Term *args) {
  uint64_t start, stop;
  if (!is_bitstring(args[0]) || !get_uint64(args[1], &start) || !get_uint64(args[2], &stop)) return badarg(p);
  if (start < 1 || stop < start || stop > bit_view(args[0]).bits / 8) return badarg(p);
  return list_from(p, args[0], start - 1, stop - start + 1, Term::nil());
}

Term erlang_bitstring_to_list_1(Process *p, const Term *args) {
  if (!is_bitstring(args[0])) return badarg(p);
  Word bits = bit_view(args[0]).bits, rest = bits & 7;
  Term acc = Term::nil();
  if (rest) {
    Term last = bits < 8 ? args[0] : make_sub_binary(p->heap, args[0], bits - rest, rest);
    acc = make_cons(p->heap, last, acc);
  }
  return list_from(p, args[0], 0, bits / 8, acc);
}

} // namespace joist::bifs
