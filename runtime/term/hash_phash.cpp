// erlang:phash/2: the hash that dates from before phash2 and that old files and tables still rely on.
#include "runtime/term/hash.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/term/binary.h"
#include "runtime/term/work_stack.h"

namespace joist::runtime {
namespace {

// Multipliers, primes just above 2^28. Their assignment to kinds of terms is visible.
enum Prime : uint32_t {
  kByte = 268440163,     // bytes of binaries, atoms
  kDigit = 268439161,    // bytes of integers, of strings, fun numbers
  kPositive = 268435459, // also []
  kNegative = 268436141, // also the size of binaries
  kPid = 268438633,
  kPidEnd = 268437017, // also floats
  kListEnd = 268437511,
  kTupleEnd = 268439627, // also ports and references
  kPortEnd = 268440479,  // also the number of free variables
  kExport = 268440577,   // also the high half of port numbers
  kBits = 268440581,
  kMap = 268440593,
  kMapAdd = 268440611,
};

uint32_t bytes4(uint32_t h, uint32_t v, uint32_t prime) {
  for (int i = 0; i < 4; i++, v >>= 8) h = h * prime + (v & 0xFF);
  return h;
}

uint32_t magnitude(uint32_t h, const Word *limbs, Word n, bool negative) {
  for (Word i = 0; i < n; i++) {
    h = bytes4(h, uint32_t(limbs[i]), kDigit);
    if (i + 1 < n || limbs[i] >> 32) h = bytes4(h, uint32_t(limbs[i] >> 32), kDigit);
  }
  return h * (negative ? kNegative : kPositive);
}

uint32_t bits(uint32_t h, const BitView &v) {
  Word n = v.bits >> 3, tail = v.bits & 7;
  auto byte_at = [&](Word i, Word width) { // `width` bits from byte i on
    Word from = v.bit_offset;
    unsigned b = unsigned(v.bytes[i]) << 8;
    if (from + width > 8) b |= v.bytes[i + 1];
    return uint32_t((b << from & 0xFFFF) >> (16 - width));
  };
  for (Word i = 0; i < n; i++) h = h * kByte + byte_at(i, 8);
  if (tail) h = (h * kByte + byte_at(n, tail)) * kBits + uint32_t(tail);
  return h * kNegative + uint32_t(n);
}

bool is_byte(Term t) { return t.is_small() && uint64_t(t.small_value()) < 256; }

struct Todo {
  enum Op : uint8_t { Terms, TupleEnd, ListRest, ListEnd } op;
  const Term *p;
  Word n;
};

uint32_t old_hash(Term t) {
  WorkStack<Todo, 24> stack;
  uint32_t h = 0;
  for (;;) {
    if (t.is_nil()) {
      h = h * kPositive + 1;
    } else if (t.is_atom()) {
      h = h * kByte + atom::hash(t);
    } else if (t.is_small()) {
      int64_t v = t.small_value();
      Word m = v < 0 ? Word(-v) : Word(v);
      h = magnitude(h, &m, 1, v < 0);
    } else if (t.is_cons()) {
      bool more = true;
      while (is_byte(t.head())) {
        h = h * kDigit + uint32_t(t.head().small_value());
        t = t.tail();
        if (!t.is_cons()) {
          more = false;
          break;
        }
      }
      if (more) {
        stack.push({Todo::ListRest, reinterpret_cast<const Term *>(t.cell() + 1), 1});
        t = t.head();
      } else {
        stack.push({Todo::ListEnd, nullptr, 0});
      }
      continue;
    } else if (is_float(t)) {
      double d = float_value(t);
      uint64_t w = d == 0.0 ? 0 : std::bit_cast<uint64_t>(d);
      h = h * kPidEnd + (uint32_t(w) ^ uint32_t(w >> 32));
    } else if (is_pid(t)) {
      h = bytes4(h, t.is_local_pid() ? uint32_t(local_pid_number(t)) : uint32_t(t.box()[2]), kPid) * kPidEnd;
    } else if (is_port(t)) {
      uint64_t n = t.is_local_port() ? t.imm_payload() : t.box()[2];
      if (n >> 32) h = bytes4(h, uint32_t(n >> 32), kExport);
      h = bytes4(h, uint32_t(n), kTupleEnd) * kPortEnd;
    } else if (is_ref(t)) {
      uint32_t n = is_external_ref(t) ? uint32_t(t.box()[3]) : ref_numbers(t)[0];
      h = bytes4(h, n, kTupleEnd) * kPortEnd;
    } else if (is_big(t)) {
      h = magnitude(h, big_limbs(t), big_size(t), big_negative(t));
    } else if (is_bitstring(t)) {
      h = bits(h, bit_view(t));
    } else if (is_local_fun(t)) {
      FunEntry *f = fun_entry(t);
      h = h * kPortEnd + uint32_t(fun_free_count(t));
      h = h * kByte + atom::hash(f->module);
      h = h * kDigit + f->index;
      h = h * kDigit + f->old_uniq;
      if (fun_free_count(t)) stack.push({Todo::Terms, fun_free(t), fun_free_count(t)});
    } else if (is_export_fun(t)) {
      const Mfa &f = fun_export(t)->mfa();
      h = h * kExport + uint32_t(f.arity);
      h = h * kByte + atom::hash(f.module);
      h = h * kByte + atom::hash(f.function);
    } else if (is_map(t)) {
      h = h * kMap + kMapAdd + phash2(t);
    } else if (is_tuple(t)) {
      stack.push({Todo::TupleEnd, nullptr, tuple_arity(t)});
      if (tuple_arity(t)) stack.push({Todo::Terms, tuple_elements(t), tuple_arity(t)});
    }
    for (bool found = false; !found;) {
      if (stack.empty()) return h;
      Todo &top = stack.top();
      switch (top.op) {
      case Todo::Terms:
        t = *top.p;
        if (--top.n == 0) stack.pop();
        else top.p++;
        found = true;
        break;
      case Todo::TupleEnd: h = h * kTupleEnd + uint32_t(stack.pop().n); break;
      case Todo::ListRest:
        t = *stack.pop().p;
        if (!t.is_cons()) stack.push({Todo::ListEnd, nullptr, 0});
        found = true;
        break;
      case Todo::ListEnd:
        stack.pop();
        h *= kListEnd;
        break;
      }
    }
  }
}

} // namespace

uint32_t phash_raw(Term t) { return old_hash(t); }

} // namespace joist::runtime
