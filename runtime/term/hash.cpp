#include "runtime/term/hash.h"
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/node.h"
#include "runtime/term/binary.h"
#include "runtime/term/hash_mix.h"
#include "runtime/term/map.h"
#include "runtime/term/work_stack.h"

#include <array>
#include <memory>

namespace joist::runtime {
namespace {
using namespace hash_mix;

// What a walk has still to do. Terms: n terms from p. The others end a construct.
struct Todo {
  enum Op : uint8_t { Terms, MapPair, MapEnd, ListTail } op;
  const Term *p;
  Word n;
};
// What is to be done first is a run of terms in registers; the rest waits in a stack.
class Plan {
public:
  // Comes before everything that is planned.
  [[gnu::always_inline]] void first(const Term *p, Word n) {
    set_aside();
    p_ = p, n_ = n;
  }
  [[gnu::always_inline]] void first(Todo::Op op) {
    set_aside();
    n_ = 0;
    rest_.push({op, nullptr, 0});
  }
  bool done() const { return n_ == 0 && rest_.empty(); }
  // If terms come first: takes one.
  [[gnu::always_inline]] bool take(Term *t) {
    if (n_ == 0) {
      if (rest_.top().op != Todo::Terms) return false;
      Todo next = rest_.pop();
      p_ = next.p, n_ = next.n;
    }
    n_--;
    *t = *p_++;
    return true;
  }
  Todo::Op take_end() { return rest_.pop().op; } // else

private:
  [[gnu::always_inline]] void set_aside() {
    if (n_) rest_.push({Todo::Terms, p_, n_});
  }
  const Term *p_ = nullptr;
  Word n_ = 0;
  WorkStack<Todo, 24> rest_;
};

// Bytes that begin in the middle of one, or do not end with one.
[[gnu::noinline]] uint32_t hash_odd_bits(const BitView &v, uint32_t initial) {
  Word bytes = v.bits >> 3, tail = v.bits & 7;
  const uint8_t *p = v.bytes;
  std::unique_ptr<uint8_t[]> shifted;
  if (v.bit_offset) {
    shifted.reset(new uint8_t[bytes + 1]);
    copy_bits(v.bytes, v.bit_offset, shifted.get(), 0, v.bits);
    p = shifted.get();
  }
  uint32_t h = block(p, bytes, initial);
  return tail ? two(h, uint32_t(tail), p[bytes] >> (8 - tail), salt::TailBits) : h;
}
[[gnu::always_inline]] inline uint32_t hash_bits(const BitView &v, uint32_t h) {
  const uint32_t initial = salt::Binary + h;
  if (v.bits == 0) return initial;
  if (v.bit_offset || v.bits & 7) [[unlikely]]
    return hash_odd_bits(v, initial);
  return block(v.bytes, v.bits >> 3, initial);
}

uint64_t float_bits(Term t) {
  double d = float_value(t);
  return d == 0.0 ? 0 : std::bit_cast<uint64_t>(d);
}
bool is_byte(Term t) { return t.is_small() && uint64_t(t.small_value()) < 256; }

// The hash that a tuple of n elements begins with. Each step of mixing waits for the one before: one less counts.
constexpr auto kTupleBegins = [] {
  std::array<uint32_t, 16> all{};
  for (uint32_t n = 0; n < all.size(); n++) all[n] = one(0, n, salt::Tuple);
  return all;
}();

uint32_t hash_magnitude(uint32_t h, const Word *limbs, Word n, uint32_t s) {
  for (Word i = 0; i < n; i++) h = one64(h, limbs[i], s);
  return h;
}

// phash2 of integers: below 28 bits differently from the rest.
uint32_t visible_small(uint32_t h, int64_t v) {
  if (v >= -(1 << 27) && v < 1 << 27) {
    int32_t y = int32_t(v);
    if (y < 0) h = one(h, uint32_t(-y), salt::Plain);
    return one(h, uint32_t(y), salt::Plain);
  }
  return one64(h, v < 0 ? uint64_t(-v) : uint64_t(v), v < 0 ? salt::Negative : salt::Positive);
}

uint64_t port_number(Term t) { return t.is_local_port() ? t.imm_payload() : t.box()[2]; }
uint32_t pid_number(Term t) { return t.is_local_pid() ? uint32_t(local_pid_number(t)) : uint32_t(t.box()[2]); }
const uint32_t *external_ref_numbers(Term t) { return reinterpret_cast<const uint32_t *>(t.box() + 3); }

uint32_t hash_nil(uint32_t h) {
  return h == 0 ? 3468870702u : one(h, 2, salt::Nil);
} // 2: stock's number for the type of []

// Runs of bytes at the start of a list are hashed four at a time. Leaves `t` at what follows the run (a cons whose head
// is no byte, or the tail); `pending` is the number of bytes of the unfinished word and `word` their value.
uint32_t hash_byte_run(uint32_t h, Term &t, uint32_t &word, unsigned &pending) {
  word = 0, pending = 0;
  while (t.is_cons() && is_byte(t.head())) {
    word = (word << 8) + uint32_t(t.head().small_value());
    if (++pending == 4) {
      h = one(h, word, salt::Bytes);
      word = 0, pending = 0;
    }
    t = t.tail();
  }
  return h;
}

} // namespace

uint32_t phash2(Term t, Word *steps) {
  if (t.is_atom()) return atom::hash(t);
  if (t.is_small()) return visible_small(0, t.small_value());
  Plan plan;
  // Hash so far of the maps that enclose the one being walked.
  struct Outer {
    uint32_t hash, pairs;
  };
  WorkStack<Outer, 8> outer;
  uint32_t h = 0, pairs = 0;
  Word walked = 0;
  for (;;) {
    walked++;
    if (t.is_small()) {
      h = visible_small(h, t.small_value());
    } else if (t.is_cons()) {
      uint32_t word;
      unsigned pending;
      h = hash_byte_run(h, t, word, pending);
      if (pending) h = one(h, word, salt::Bytes);
      if (t.is_cons()) {
        plan.first(reinterpret_cast<const Term *>(t.cell() + 1), 1);
        t = t.head();
        continue;
      }
      if (!t.is_nil()) continue;
      h = hash_nil(h);
    } else if (t.is_atom()) {
      h = h == 0 ? atom::hash(t) : one(h, atom::hash(t), salt::Atom);
    } else if (t.is_nil()) {
      h = hash_nil(h);
    } else if (is_float(t)) {
      uint64_t d = float_bits(t);
      h = two(h, uint32_t(d >> 32), uint32_t(d), salt::Float);
    } else if (is_pid(t)) {
      h = one(h, pid_number(t), salt::Pid);
    } else if (is_port(t)) {
      h = one64(h, port_number(t), salt::Port);
    } else if (t.is_boxed()) {
      Word *b = t.box();
      Word size = header_size(*b);
      switch (header_kind(*b)) {
      case Kind::Tuple:
        h = h == 0 && size < kTupleBegins.size() ? kTupleBegins[size] : one(h, uint32_t(size), salt::Tuple);
        if (size) plan.first(tuple_elements(t), size);
        break;
      case Kind::PosBig: h = hash_magnitude(h, b + 1, size, salt::Positive); break;
      case Kind::NegBig: h = hash_magnitude(h, b + 1, size, salt::Negative); break;
      case Kind::FlatMap:
      case Kind::HashMap:
        h = one(h, uint32_t(map_size(t)), salt::Map);
        if (map_size(t) == 0) break;
        outer.push({h, pairs});
        h = 0, pairs = 0;
        plan.first(Todo::MapEnd);
        // Pairs are hashed apart and combined by exclusive or, so their order does not matter.
        if (is_flat_map(t)) {
          const Term *keys = tuple_elements(flat_map_keys(t)), *values = flat_map_values(t);
          for (Word i = 0; i < map_size(t); i++) {
            plan.first(Todo::MapPair);
            plan.first(values + i, 1);
            plan.first(keys + i, 1);
          }
          break;
        }
        [[fallthrough]];
      case Kind::HashNode: {
        HamtNode node(t);
        for (unsigned i = 0; i < node.count; i++) {
          if (node.child[i].is_cons()) {
            plan.first(Todo::MapPair);
            plan.first(reinterpret_cast<const Term *>(node.child[i].cell()), 2);
          } else {
            plan.first(node.child + i, 1);
          }
        }
        break;
      }
      case Kind::Fun: {
        FunEntry *f = fun_entry(t);
        h = two(h, uint32_t(fun_free_count(t)), atom::hash(f->module), salt::Plain);
        h = two(h, f->index, f->old_uniq, salt::Plain);
        if (fun_free_count(t)) plan.first(fun_free(t), fun_free_count(t));
        break;
      }
      case Kind::ExportFun: {
        const Mfa &f = fun_export(t)->mfa();
        h = two(h, uint32_t(f.arity), atom::hash(f.module), salt::Plain);
        h = one(h, atom::hash(f.function), salt::Export);
        break;
      }
      case Kind::Ref:
      case Kind::MagicRef: h = one(h, ref_numbers(t)[0], salt::Ref); break;
      case Kind::ExtRef: h = one(h, external_ref_numbers(t)[0], salt::Ref); break;
      default:
        if (is_bitstring(t)) {
          const BitView v = bit_view(t);
          h = hash_bits(v, h);
          walked += v.byte_size() / 12;
        }
      }
    }
    // The next term.
    for (;;) {
      if (plan.done()) {
        if (steps) *steps += walked;
        return h;
      }
      if (plan.take(&t)) break;
      if (plan.take_end() == Todo::MapPair) {
        pairs ^= h;
        h = 0;
      } else {
        Outer o = outer.pop();
        h = one(o.hash, pairs, salt::MapEnd);
        pairs = o.pairs;
      }
    }
  }
}

namespace {

// The word that stock has for an immediate term. Iteration order of big maps and hash tables depends on these hashes.
uint64_t stock_word(Term t) {
  if (t.is_small()) return uint64_t(t.small_value()) << 4 | 15;
  if (t.is_atom()) return uint64_t{t.atom_index()} << 6 | 0x0B;
  if (t.is_nil()) return 0x3B;
  if (t.is_local_pid()) return t.imm_payload() << 4 | 3;
  return t.imm_payload() << 4 | 7; // local port
}
// Integers that are small here and bignums on stock.
bool beyond_stock_small(int64_t v) { return v < -(int64_t{1} << 59) || v >= int64_t{1} << 59; }

// Lightweight marks of the parts of a cons cell.
uint32_t mark(uint32_t h, uint32_t s) { return std::rotl(h ^ s, 17); }

uint32_t salted_hash(Term t, uint32_t start) {
  uint32_t h = start ^ 3432918353u; // differs from phash2, lest tables distributed by that get full chains
  Plan plan;
  for (;;) {
    if (t.is_small()) {
      int64_t v = t.small_value();
      if (beyond_stock_small(v))
        h = one64(h, v < 0 ? uint64_t(-v) : uint64_t(v), v < 0 ? salt::Negative : salt::Positive);
      else h = one64(h, stock_word(t), salt::Plain);
    } else if (t.is_cons()) {
      uint32_t word;
      unsigned pending;
      h = hash_byte_run(h, t, word, pending);
      if (pending) h = two(h, word, pending, salt::Depth);
      if (t.is_cons()) {
        const Term *tail = reinterpret_cast<const Term *>(t.cell() + 1);
        h = mark(h, salt::Head);
        plan.first(tail, 1);
        if (!tail->is_cons()) plan.first(Todo::ListTail);
        t = t.head();
      }
      continue;
    } else if (is_float(t)) {
      h = one64(h, float_bits(t), salt::Float);
    } else if (!t.is_boxed()) {
      h = one64(h, stock_word(t), salt::Plain);
    } else {
      Word *b = t.box();
      Word size = header_size(*b);
      switch (header_kind(*b)) {
      case Kind::Tuple:
        h = one(h, uint32_t(size), salt::Tuple);
        if (size) plan.first(tuple_elements(t), size);
        break;
      case Kind::PosBig: h = hash_magnitude(h, b + 1, size, salt::Positive); break;
      case Kind::NegBig: h = hash_magnitude(h, b + 1, size, salt::Negative); break;
      case Kind::FlatMap: {
        Word n = map_size(t);
        h = one(h, uint32_t(n), salt::Map);
        const Term *keys = tuple_elements(flat_map_keys(t)), *values = flat_map_values(t);
        for (Word i = n; i-- > 0;) {
          plan.first(values + i, 1);
          plan.first(keys + i, 1);
        }
        break;
      }
      case Kind::HashMap: h = one(h, uint32_t(map_size(t)), salt::Map); [[fallthrough]];
      case Kind::HashNode: { // equal maps have equal tries
        HamtNode node(t);
        for (unsigned i = 0; i < node.count; i++) {
          if (node.child[i].is_cons()) plan.first(reinterpret_cast<const Term *>(node.child[i].cell()), 2);
          else plan.first(node.child + i, 1);
        }
        break;
      }
      case Kind::Fun: {
        FunEntry *f = fun_entry(t);
        h = two(h, uint32_t(fun_free_count(t)), uint32_t(stock_word(f->module)), salt::Fun);
        h = two(h, f->index, f->old_uniq, salt::FunId);
        if (fun_free_count(t)) plan.first(fun_free(t), fun_free_count(t));
        break;
      }
      case Kind::ExportFun: {
        const Mfa &f = fun_export(t)->mfa();
        h = two(h, f.module.atom_index(), f.function.atom_index(), salt::Export);
        h = one(h, uint32_t(f.arity), salt::Export);
        break;
      }
      case Kind::Ref:
      case Kind::MagicRef:
        h = one(h, ref_numbers(t)[0], salt::Ref);
        h = two(h, ref_numbers(t)[1], ref_numbers(t)[2], salt::RefRest);
        break;
      case Kind::ExtRef: { // missing numbers are equal to zeroes
        Word n = b[2];
        const uint32_t *r = external_ref_numbers(t);
        h = two(h, external_node(t)->name.atom_index(), external_node(t)->creation, salt::Ref);
        h = one(h, r[0], salt::Ref);
        h = two(h, n > 1 ? r[1] : 0, n > 2 ? r[2] : 0, salt::RefRest);
        break;
      }
      case Kind::ExtPid:
        h = two(h, external_node(t)->name.atom_index(), external_node(t)->creation, salt::Pid);
        h = one64(h, b[2], salt::Pid);
        break;
      case Kind::ExtPort:
        h = two(h, external_node(t)->name.atom_index(), external_node(t)->creation, salt::Port);
        h = one64(h, b[2], salt::Port);
        break;
      default:
        if (is_bitstring(t)) h = hash_bits(bit_view(t), h);
      }
    }
    for (;;) {
      if (plan.done()) return h;
      if (plan.take(&t)) break;
      plan.take_end();
      h = mark(h, salt::Tail);
    }
  }
}

// Immediates but floats and the widest integers: most map keys.
bool immediate_hash(Term t, uint32_t start, uint32_t *h) {
  if (t.is_small() ? beyond_stock_small(t.small_value()) : !t.is_atom()) return false;
  *h = one64(start ^ 3432918353u, stock_word(t), salt::Plain);
  return true;
}

} // namespace

uint32_t internal_hash(Term t) { return internal_hash(t, 0); }

uint32_t internal_hash(Term t, uint32_t start) {
  uint32_t h;
  return immediate_hash(t, start, &h) ? h : salted_hash(t, start);
}

uint32_t map_hash(Term key, unsigned depth) { return internal_hash(key, depth ? two(0, depth, 1, salt::Depth) : 0); }

} // namespace joist::runtime
