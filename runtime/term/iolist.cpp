// iodata as memory. A walk keeps the tails still to be visited on an explicit stack, so depth costs no C++ stack.
#include "runtime/term/binary.h"
#include "runtime/term/work_stack.h"

namespace joist::runtime {
namespace {

enum class Walk : uint8_t { Done, Stopped, Type };

// Calls byte(uint8_t) and binary(Term) for each leaf in order; either may return false to stop.
template <class F, class G> Walk walk_iolist(Term t, F byte, G binary) {
  auto whole = [](Term b) { return is_bitstring(b) && bit_view(b).is_binary(); };
  if (!t.is_list()) return whole(t) ? (binary(t) ? Walk::Done : Walk::Stopped) : Walk::Type;
  TermStack pending;
  for (;;) {
    while (t.is_cons()) {
      Term head = t.head();
      t = t.tail();
      if (head.is_small()) {
        if (head.raw() > Term::small(255).raw()) return Walk::Type;
        if (!byte(uint8_t(head.small_value()))) return Walk::Stopped;
      } else if (head.is_cons()) {
        if (!t.is_nil()) pending.push(t);
        t = head;
      } else if (whole(head)) {
        if (!binary(head)) return Walk::Stopped;
      } else if (!head.is_nil()) {
        return Walk::Type;
      }
    }
    if (!t.is_nil()) { // improper tail: a binary
      if (!whole(t)) return Walk::Type;
      if (!binary(t)) return Walk::Stopped;
    }
    if (pending.empty()) return Walk::Done;
    t = pending.pop();
  }
}

} // namespace

IoListError iolist_size(Term iolist, Word *bytes) {
  Word n = 0;
  Walk w = walk_iolist(
      iolist, [&](uint8_t) { return ++n != 0; },
      [&](Term b) { return !__builtin_add_overflow(n, bit_view(b).bits / 8, &n); });
  *bytes = n;
  return w == Walk::Done ? IoListError::Ok : w == Walk::Type ? IoListError::Type : IoListError::Overflow;
}

Word iolist_write(Term iolist, uint8_t *out, Word cap) {
  Word n = 0;
  Walk w = walk_iolist(
      iolist,
      [&](uint8_t b) {
        if (n == cap) return false;
        out[n++] = b;
        return true;
      },
      [&](Term b) {
        BitView v = bit_view(b);
        Word k = std::min(v.bits / 8, cap - n);
        copy_bits(v.bytes, v.bit_offset, out + n, 0, k * 8);
        n += k;
        return k == v.bits / 8;
      });
  return w == Walk::Type ? ~Word{0} : n;
}

} // namespace joist::runtime
