// Follows every way through a function and checks that what is read has been written: x registers, the frame and its
// y registers, catch tags, match contexts; and that operands are of the right kinds.
//
// The compiler also drops tests that it has proved superfluous across functions (a tuple element is fetched without
// is_tuple); such proofs are not in the file, so types of terms are taken on trust here as by every loader.
//
// Catch tags: `catch`/`try` put one into a y register. While a frame has tags its size may not change, and an inner tag
// lies below the outer ones, because the VM finds the handler by walking up the stack. So the state at a handler is
// that at its `catch`/`try`, with no x register known.
#pragma once
#include "loader/genop.h"
#include "loader/validate.h"
#include "loader/validate_ops.h"
#include "loader/validate_state.h"
#include "runtime/atom/atom.h"
#include "runtime/proc/process.h"

namespace joist::loader {
using namespace genop;
enum class Outcome : uint8_t { Ok, Bad, TooWide };

template <unsigned W> class Walk {
public:
  Walk(const BeamFile &file, const CodeShape &shape) : file_(file), shape_(shape) {}

  Outcome run(const FunctionShape &f, std::vector<State<W>> &states, std::string *why) {
    f_ = &f;
    why_ = why;
    wide_ = false;
    uint32_t slots = 0;
    for (uint32_t i = f.begin; i < f.end; i++)
      if (file_.ops[i].op == op_label) slots++;
    if (states.size() < slots) states.resize(slots);
    states_ = states.data();
    for (uint32_t i = 0; i < slots; i++) states_[i].reached = false;
    if (f.arity > 64 * W) return Outcome::TooWide;
    // A pass over all ops; another one where a jump backwards brought a poorer state than the first pass had assumed.
    uint64_t budget = 64 * uint64_t(f.end - f.begin) + 100'000;
    do {
      again_ = false;
      dead_.clear();
      cur_ = {};
      cur_.frame = kNoFrame;
      cur_.reached = true;
      cur_.x.first(f.arity);
      for (at_ = f.body; at_ < f.end; at_++) {
        const GenericOp &op = file_.ops[at_];
        if (op.op == op_label) {
          if (!label(op)) return wide_ ? Outcome::TooWide : Outcome::Bad;
        } else if (!cur_.reached) {
          if (!operand_kinds_fit(file_, op)) {
            fail("an operand is of the wrong kind");
            return Outcome::Bad;
          }
          if (op.op != op_line) dead_.push_back(at_);
        } else if (!step(op)) {
          if (wide_) return Outcome::TooWide;
          return Outcome::Bad;
        }
      }
      if (cur_.reached) {
        fail("the end of the function can be reached");
        return wide_ ? Outcome::TooWide : Outcome::Bad;
      }
      if (budget < f.end - f.begin) {
        fail("the code is too entangled");
        return Outcome::Bad;
      }
      budget -= f.end - f.begin;
    } while (again_);
    return Outcome::Ok;
  }
  uint32_t at() const { return at_; }
  const std::vector<uint32_t> &dead() const { return dead_; } // ops that were never reached

private:
  bool fail(const char *why) {
    *why_ = why;
    return false;
  }
  const Operand &arg(const GenericOp &op, unsigned i) const { return file_.operands[op.first + i]; }

  // --- registers
  bool x_index(const Operand &o) {
    if (o.value >= kMaxX) return fail("an x register is out of range");
    if (o.value >= 64 * W) return too_wide();
    return true;
  }
  bool y_index(const Operand &o) {
    if (cur_.frame == kUnknownFrame)
      return (o.value < 64 * W && cur_.y.has(unsigned(o.value))) || fail("a y register may be outside the frame");
    if (cur_.frame < 0) return fail("a y register is used without a frame");
    if (o.value >= uint64_t(cur_.frame)) return fail("a y register is outside the frame");
    return true; // frames wider than the sets were refused when they were made
  }
  bool too_wide() {
    wide_ = true;
    return false;
  }
  enum Context : uint8_t { Term_, Perhaps, Surely };
  Context context(const Operand &o) const {
    if (o.kind != OperandKind::X && o.kind != OperandKind::Y) return Term_;
    bool x = o.kind == OperandKind::X;
    auto i = unsigned(o.value);
    if (!(x ? cur_.cx : cur_.cy).has(i)) return Term_;
    return (x ? cur_.sx : cur_.sy).has(i) ? Surely : Perhaps;
  }
  void set_context(Set<W> &may, Set<W> &sure, unsigned i, Context c) {
    c != Term_ ? may.add(i) : may.drop(i);
    c == Surely ? sure.add(i) : sure.drop(i);
  }
  // A register that holds something, be it a context.
  bool read_any(const Operand &o) {
    if (o.kind == OperandKind::X) {
      if (!x_index(o)) return false;
      return cur_.x.has(unsigned(o.value)) || fail("an x register is read that need not hold anything");
    }
    if (o.kind == OperandKind::Y) {
      if (!y_index(o)) return false;
      if (cur_.tag.has(unsigned(o.value))) return fail("a catch tag is read");
      return cur_.y.has(unsigned(o.value)) || fail("a y register is read that need not hold anything");
    }
    return fail("an operand should be a register");
  }
  bool read(const Operand &o) {
    switch (o.kind) {
    case OperandKind::X:
    case OperandKind::Y: return read_any(o) && (context(o) == Term_ || fail("a match context is used as a term"));
    case OperandKind::Integer:
    case OperandKind::Atom:
    case OperandKind::Nil:
    case OperandKind::Character:
    case OperandKind::Literal: return true;
    default: return fail("an operand is no source");
    }
  }
  bool write(const Operand &o, Context c = Term_) {
    if (o.kind == OperandKind::X) {
      if (!x_index(o)) return false;
      cur_.x.add(unsigned(o.value));
      set_context(cur_.cx, cur_.sx, unsigned(o.value), c);
      return true;
    }
    if (o.kind == OperandKind::Y) {
      if (!y_index(o)) return false;
      if (cur_.tag.has(unsigned(o.value))) return fail("a catch tag is overwritten");
      cur_.y.add(unsigned(o.value));
      set_context(cur_.cy, cur_.sy, unsigned(o.value), c);
      return true;
    }
    return fail("an operand is no destination");
  }
  bool number(const Operand &o, uint64_t limit) {
    return (o.kind == OperandKind::Unsigned && o.value < limit) || fail("a number is out of range");
  }
  bool words(const Operand &o) {
    return ((o.kind == OperandKind::Unsigned || o.kind == OperandKind::AllocList) && o.value < kMaxNumber) ||
           fail("a heap need is out of range");
  }
  // --- collections and calls
  bool y_all_set() {
    if (cur_.frame == kUnknownFrame)
      return cur_.collectable || fail("a collection may see a y register that holds nothing");
    if (cur_.frame < 0) return true;
    return cur_.y.has_first(unsigned(cur_.frame)) || fail("a collection may see a y register that holds nothing");
  }
  bool live(const Operand &o) {
    if (!number(o, kMaxX)) return false;
    if (o.value > 64 * W) return too_wide();
    if (!cur_.x.has_first(unsigned(o.value))) return fail("a live register need not hold anything");
    if (!y_all_set()) return false;
    cur_.x.first(unsigned(o.value));
    cur_.cx.keep(cur_.x);
    cur_.sx.keep(cur_.x);
    return true;
  }
  bool arguments(uint64_t n, bool contexts) {
    if (n > 64 * W) return too_wide();
    if (!cur_.x.has_first(unsigned(n))) return fail("an argument of a call need not hold anything");
    if (!contexts && cur_.cx.lowest() < n) return fail("a match context is passed on as a term");
    return true;
  }
  void no_contexts() {
    cur_.cx.clear();
    cur_.sx.clear();
  }
  bool only_x0() {
    cur_.x.first(1);
    no_contexts();
    return true;
  }
  bool call_returns() {
    if (cur_.frame < 0) return fail("a call is made without a frame");
    cur_.building = false;
    return y_all_set() && only_x0();
  }
  bool end() {
    cur_.reached = false;
    return true;
  }
  // The frame of this function goes: by deallocate, or with a tail call.
  bool leave_frame(const Operand &o) {
    if (!number(o, kMaxY + 1) || cur_.frame != int64_t(o.value)) return fail("a frame of another size is given up");
    return cur_.tag.empty() || fail("a frame is given up that has catch tags");
  }
  bool no_frame() { return cur_.frame == kNoFrame || fail("a frame is left behind"); }

  // --- labels
  bool merge(const Operand &o, bool optional = false) {
    if (o.kind != OperandKind::Label) return fail("an operand should be a label");
    return merge(o.value, optional);
  }
  bool merge(uint64_t label, bool optional) {
    if (label == 0) return optional || fail("a label is missing");
    uint32_t target = label < shape_.label_op.size() ? shape_.label_op[label] : kNoOp;
    if (target == kNoOp) return fail("a label is not defined");
    if (target < f_->begin || target >= f_->end) return fail("a jump leaves the function");
    if (label == f_->func_label) return arguments(f_->arity, true); // function_clause
    cur_.caught = cur_.x.has(0);
    join(states_[shape_.label_slot[label]], cur_, target);
    return true;
  }
  void join(State<W> &to, const State<W> &from, uint32_t target) {
    if (!to.reached) {
      to = from;
      to.reached = true;
      if (target <= at_) again_ = true;
      return;
    }
    State<W> before = to;
    if (to.frame != from.frame || !(to.tag == from.tag)) {
      to.collectable = collectable(to) && collectable(from);
      to.frame = kUnknownFrame;
    } else if (to.frame == kUnknownFrame) {
      to.collectable = to.collectable && from.collectable;
    }
    for (unsigned i = 0; i < W; i++) {
      to.x.w[i] &= from.x.w[i];
      to.y.w[i] &= from.y.w[i];
      to.cx.w[i] |= from.cx.w[i];
      to.cy.w[i] |= from.cy.w[i];
      to.sx.w[i] &= from.sx.w[i];
      to.sy.w[i] &= from.sy.w[i];
      to.tag.w[i] |= from.tag.w[i];
    }
    to.caught = to.caught && from.caught;
    to.matching = to.matching && from.matching;
    to.building = to.building && from.building;
    if (target <= at_ && memcmp(&before, &to, sizeof to) != 0) again_ = true;
  }
  bool waits_at(const Operand &label) const {
    return behind_label() && label.kind == OperandKind::Label && label.value && shape_.label_op[label.value] < at_ &&
           shape_.label_op[label.value] + 2 >= at_ && label.value == file_.operands[label_before().first].value;
  }
  const GenericOp &label_before() const {
    uint32_t i = at_ - 1;
    while (file_.ops[i].op == op_line) i--;
    return file_.ops[i];
  }
  bool behind_label() const { return label_before().op == op_label; }
  static bool collectable(const State<W> &s) {
    return s.frame == kUnknownFrame ? s.collectable : s.frame <= 0 || s.y.has_first(unsigned(s.frame));
  }
  bool label(const GenericOp &op) {
    uint64_t n = arg(op, 0).value;
    if (cur_.reached && !merge(n, false)) return false;
    cur_ = states_[shape_.label_slot[n]];
    return true;
  }

  bool guard_bif(const Operand &o, unsigned arity) {
    if (o.kind != OperandKind::Unsigned || o.value >= file_.imports.size()) return fail("an import is out of range");
    const Mfa &m = file_.imports[o.value].mfa;
    if (m.arity != arity || m.module != atoms::erlang || !is_guard_bif(m.function, arity))
      return fail("a function is called that is no guard BIF");
    return true;
  }

  bool by_signature(const GenericOp &op, const char *sig) {
    const Operand *first = &file_.operands[op.first], *live_at = nullptr, *fail_label = nullptr;
    unsigned sources = 0;
    bool writes = false;
    const Operand *o = first;
    for (const char *s = sig; *s; s++, o++) {
      bool ok = true;
      switch (*s) {
      case 's':
        ok = read(*o);
        sources++;
        break;
      case 'r': ok = read_any(*o) && read(*o); break;
      case 'c': ok = read_any(*o) && (context(*o) == Surely || fail("an operand should be a match context")); break;
      case 'd':
      case 'D': writes = true; break;
      case 'F':
        fail_label = o;
        ok = o->kind == OperandKind::Label || fail("an operand should be a label");
        break;
      case 'T':
        fail_label = o;
        ok = (o->kind == OperandKind::Label && o->value) || fail("a label is missing");
        break;
      case 'u': ok = number(*o, kMaxNumber); break;
      case 'U': ok = o->kind == OperandKind::Unsigned || fail("a number is expected"); break;
      case 'n': ok = number(*o, 257) && (o->value || fail("a unit of 0")); break;
      case 'b': ok = number(*o, 32); break;
      case 'v': live_at = o; break;
      case 'w': ok = words(*o); break;
      case 'a': ok = o->kind == OperandKind::Atom || fail("an operand should be an atom"); break;
      case 'f': ok = o->kind == OperandKind::FloatReg || fail("an operand should be a float register"); break;
      case 'z': ok = size(*o); break;
      default: break;
      }
      if (!ok) return false;
    }
    o = first;
    for (const char *s = sig; *s; s++, o++)
      if (*s == 'g' && !guard_bif(*o, sources)) return false;
    if (live_at && !live(*live_at)) return false;
    if (fail_label && fail_label->value && !merge(*fail_label)) return false;
    if (!writes) return true;
    o = first;
    for (const char *s = sig; *s; s++, o++)
      if ((*s == 'd' || *s == 'D') && !write(*o, *s == 'D' ? Surely : Term_)) return false;
    return true;
  }
  bool phase(Phase p) {
    if (p == Phase::Write && !cur_.building) return fail("no binary has been begun");
    if (p == Phase::MoveOn) cur_.matching = false;
    else cur_.building = true;
    return true;
  }
  bool size(const Operand &o) {
    if (o.kind == OperandKind::Integer) return true; // a negative one makes the instruction fail
    if (o.kind == OperandKind::Atom) return o.term == atoms::all || fail("an unknown size");
    return read(o);
  }

  // --- lists
  const Operand *list(const Operand &o, unsigned group) {
    if (o.kind != OperandKind::List || o.value % group) {
      fail("an operand should be a list");
      return nullptr;
    }
    static const Operand none;
    return o.value ? &file_.extended[o.index] : &none;
  }
  bool read_list(const Operand &o, unsigned group = 1) {
    const Operand *items = list(o, group);
    for (uint64_t i = 0; items && i < o.value; i++)
      if (!read(items[i])) return false;
    return items != nullptr;
  }
  bool string_range(uint64_t offset, uint64_t bytes) {
    return (offset <= file_.strings.size() && bytes <= file_.strings.size() - offset) ||
           fail("a string is outside the string table");
  }

  bool step(const GenericOp &op);
  bool step_control(const GenericOp &op);
  bool step_lists(const GenericOp &op);
  bool create_bin(const GenericOp &op);
  bool match_commands(const GenericOp &op);
  bool tail_call_frame(const GenericOp &op, const Mfa &callee);

  const BeamFile &file_;
  const CodeShape &shape_;
  const FunctionShape *f_ = nullptr;
  std::string *why_ = nullptr;
  State<W> *states_ = nullptr;
  State<W> cur_{};
  uint32_t at_ = 0;
  std::vector<uint32_t> dead_;
  bool again_ = false, wide_ = false;
};
} // namespace joist::loader
