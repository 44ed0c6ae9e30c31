// What each instruction reads, writes and may go on to (the walk itself is in validate_walk.h), and FlowChecker, which
// walks functions.
#include "loader/validate_walk.h"

namespace joist::loader {
// Compilers leave any frame, or none, before calls that never return.
template <unsigned W> bool Walk<W>::tail_call_frame(const GenericOp &op, const Mfa &callee) {
  if (never_returns(callee)) return op.op != op_call_ext_last || number(arg(op, 2), kMaxY + 1);
  return op.op == op_call_ext_last ? leave_frame(arg(op, 2)) : no_frame();
}

template <unsigned W> bool Walk<W>::step(const GenericOp &op) {
  if (const char *sig = kSignatures[op.op])
    return by_signature(op, sig) && (kPhases[op.op] == Phase::None || phase(kPhases[op.op]));
  switch (op.op) {
  case op_move: {
    const Operand &from = arg(op, 0), &to = arg(op, 1);
    if (from.kind != OperandKind::X && from.kind != OperandKind::Y) return read(from) && write(to);
    return read_any(from) && write(to, context(from));
  }
  case op_swap: {
    const Operand &a = arg(op, 0), &b = arg(op, 1);
    if (!read_any(a) || !read_any(b)) return false;
    Context ca = context(a), cb = context(b);
    return write(a, cb) && write(b, ca);
  }
  case op_fmove: {
    const Operand &from = arg(op, 0), &to = arg(op, 1);
    if (!float_move_fits(from, to)) return fail("one operand should be a float register, the other a float");
    return from.kind == OperandKind::FloatReg ? write(to) : read(from);
  }
  case op_call: {
    const Operand &n = arg(op, 0), &to = arg(op, 1);
    if (to.kind != OperandKind::Label || n.value != shape_.label_arity[to.value])
      return fail("a call does not fit the function");
    return arguments(n.value, true) && call_returns();
  }
  case op_call_only:
  case op_call_last: {
    const Operand &n = arg(op, 0), &to = arg(op, 1);
    if (to.kind != OperandKind::Label || n.value != shape_.label_arity[to.value])
      return fail("a call does not fit the function");
    if (!arguments(n.value, true)) return false;
    return (op.op == op_call_last ? leave_frame(arg(op, 2)) : no_frame()) && end();
  }
  case op_call_ext:
  case op_call_ext_last:
  case op_call_ext_only: {
    const Operand &n = arg(op, 0), &import = arg(op, 1);
    if (import.kind != OperandKind::Unsigned || import.value >= file_.imports.size())
      return fail("an import is out of range");
    const Mfa &m = file_.imports[import.value].mfa;
    if (n.kind != OperandKind::Unsigned || m.arity != n.value) return fail("a call does not fit the import");
    if (!arguments(n.value, false)) return false;
    if (op.op == op_call_ext) return (never_returns(m) ? end() : call_returns());
    return tail_call_frame(op, m) && end();
  }
  case op_return: return arguments(1, false) && no_frame() && end();
  case op_deallocate:
    if (!leave_frame(arg(op, 0))) return false;
    cur_.frame = kNoFrame;
    cur_.y.clear();
    cur_.cy.clear();
    cur_.sy.clear();
    return true;
  case op_jump: return merge(arg(op, 0)) && end();
  default: return step_control(op);
  }
}

template <unsigned W> bool Walk<W>::step_control(const GenericOp &op) {
  switch (op.op) {
  case op_allocate:
  case op_allocate_zero:
  case op_allocate_heap:
  case op_allocate_heap_zero: {
    bool heap = op.op == op_allocate_heap || op.op == op_allocate_heap_zero;
    bool zero = op.op == op_allocate_zero || op.op == op_allocate_heap_zero;
    const Operand &n = arg(op, 0);
    if (!number(n, kMaxY + 1)) return false;
    if (cur_.frame != kNoFrame) return fail("a second frame is made");
    if (n.value > 64 * W) return too_wide();
    if ((heap && !words(arg(op, 1))) || !live(arg(op, heap ? 2 : 1))) return false;
    cur_.frame = int32_t(n.value);
    cur_.y.clear();
    cur_.cy.clear();
    cur_.sy.clear();
    if (zero) cur_.y.first(unsigned(n.value));
    return true;
  }
  case op_trim: {
    const Operand &n = arg(op, 0), &rest = arg(op, 1);
    if (!number(n, kMaxY + 1) || !number(rest, kMaxY + 1) || int64_t(n.value + rest.value) != cur_.frame)
      return fail("a frame of another size is trimmed");
    if (!cur_.tag.empty()) return fail("a frame is trimmed that has catch tags");
    cur_.frame = int32_t(rest.value);
    cur_.y.shift_down(unsigned(n.value));
    cur_.cy.shift_down(unsigned(n.value));
    cur_.sy.shift_down(unsigned(n.value));
    return true;
  }
  case op_init:
    return arg(op, 0).kind == OperandKind::Y ? write(arg(op, 0)) : fail("an operand should be a y register");
  case op_init_yregs: {
    const Operand &l = arg(op, 0), *y = list(l, 1);
    for (uint64_t i = 0; y && i < l.value; i++)
      if (y[i].kind != OperandKind::Y) return fail("an operand should be a y register");
      else if (!write(y[i])) return false;
    return y != nullptr;
  }
  case op_catch:
  case op_try: {
    const Operand &y = arg(op, 0), &l = arg(op, 1);
    if (y.kind != OperandKind::Y) return fail("an operand should be a y register");
    if (cur_.frame < 0 || !write(y)) return fail("a catch tag needs a frame");
    if (cur_.tag.lowest() < y.value) return fail("an inner catch tag lies above an outer one");
    if (l.kind != OperandKind::Label || l.value == 0 || l.value >= shape_.label_op.size() ||
        shape_.label_op[l.value] == kNoOp)
      return fail("a label is missing");
    uint32_t target = shape_.label_op[l.value];
    if (target < f_->body || target >= f_->end) return fail("a jump leaves the function");
    cur_.tag.add(unsigned(y.value));
    State<W> s = cur_;
    s.x.clear();
    s.cx.clear();
    s.sx.clear();
    s.caught = true;
    join(states_[shape_.label_slot[l.value]], s, target);
    return true;
  }
  case op_catch_end:
  case op_try_end:
  case op_try_case: {
    const Operand &y = arg(op, 0);
    if (y.kind != OperandKind::Y || cur_.frame < 0 || !y_index(y) || cur_.tag.lowest() != y.value)
      return fail("a catch tag is taken away that is not the innermost");
    cur_.tag.drop(unsigned(y.value));
    if (op.op == op_try_end) return true;
    // An exception leaves a mark in x0 that both look for. An ordinary way must bring something else: for catch_end the
    // value; for try_case anything (it stands behind calls of which the compiler knows that they do not return).
    if (!cur_.x.has(0) && !(cur_.caught && behind_label()))
      return fail("the end of a catch is reached without a value");
    cur_.x.first(op.op == op_try_case ? 3 : 1);
    no_contexts();
    return true;
  }
  case op_badmatch:
  case op_case_end:
  case op_try_case_end:
  case op_badrecord: return read(arg(op, 0)) && end();
  case op_if_end: return end();
  case op_raise: return read(arg(op, 0)) && read(arg(op, 1)) && end();
  case op_raw_raise: return arguments(3, false) && only_x0(); // goes on if the class is none
  case op_build_stacktrace: return arguments(1, false) && y_all_set() && only_x0();
  case op_bs_init_writable: return arguments(1, false) && call_returns();
  case op_send: return arguments(2, false) && call_returns();
  case op_apply: return number(arg(op, 0), 256) && arguments(arg(op, 0).value + 2, false) && call_returns();
  case op_apply_last:
    return number(arg(op, 0), 256) && arguments(arg(op, 0).value + 2, false) && leave_frame(arg(op, 1)) && end();
  case op_call_fun: return number(arg(op, 0), 256) && arguments(arg(op, 0).value + 1, false) && call_returns();
  case op_call_fun2: {
    const Operand &tag = arg(op, 0);
    if (tag.kind != OperandKind::Atom && tag.kind != OperandKind::Unsigned && tag.kind != OperandKind::Label)
      return fail("an operand should be an atom");
    return number(arg(op, 1), 256) && read(arg(op, 2)) && arguments(arg(op, 1).value, false) && call_returns();
  }
  case op_make_fun2: {
    const Operand &l = arg(op, 0);
    if (l.kind != OperandKind::Unsigned || l.value >= file_.lambdas.size()) return fail("a fun is out of range");
    return arguments(file_.lambdas[l.value].free_count, false) && y_all_set() && only_x0();
  }
  case op_loop_rec: {
    if (!y_all_set()) return false;
    cur_.x.clear();
    no_contexts();
    cur_.matching = false;
    if (!merge(arg(op, 0)) || !write(arg(op, 1))) return false;
    cur_.matching = true;
    return true;
  }
  case op_loop_rec_end:
  case op_wait:
  case op_wait_timeout: {
    if (op.op == op_loop_rec_end && !cur_.matching) return fail("there is no message to leave");
    cur_.matching = false;
    if (op.op == op_wait_timeout && !read(arg(op, 1))) return false;
    if (!y_all_set()) return false;
    cur_.x.clear();
    no_contexts();
    // Waiting on after a message that did not match: the time-out was set before and the operand is not read again.
    if (op.op == op_wait_timeout && waits_at(arg(op, 0))) return true;
    return merge(arg(op, 0)) && (op.op == op_wait_timeout || end());
  }
  case op_timeout:
  case op_remove_message:
    if (op.op == op_remove_message && !cur_.matching) return fail("there is no message to take");
    cur_.matching = false;
    return y_all_set();
  case op_func_info:
  case op_int_code_end: return fail("a function head stands within a function");
  default: return step_lists(op);
  }
}

template <unsigned W> bool Walk<W>::step_lists(const GenericOp &op) {
  switch (op.op) {
  case op_put_tuple2: {
    const Operand &l = arg(op, 1);
    return read_list(l) && (l.value <= 0xffff || fail("a tuple is too large")) && write(arg(op, 0));
  }
  case op_update_record: {
    const Operand &l = arg(op, 4), *items = list(l, 2);
    if (!items || !number(arg(op, 1), kMaxNumber) || !read(arg(op, 2))) return false;
    for (uint64_t i = 0; i < l.value; i += 2)
      if (!number(items[i], kMaxNumber) || items[i].value == 0 || items[i].value > arg(op, 1).value)
        return fail("a record field is out of range");
      else if (!read(items[i + 1])) return false;
    return l.value < 0xffff && write(arg(op, 3));
  }
  case op_make_fun3: {
    const Operand &l = arg(op, 0), &env = arg(op, 2);
    if (l.kind != OperandKind::Unsigned || l.value >= file_.lambdas.size()) return fail("a fun is out of range");
    if (env.kind != OperandKind::List || env.value != file_.lambdas[l.value].free_count)
      return fail("a fun has other free variables than the lambda table says");
    return read_list(env) && write(arg(op, 1));
  }
  case op_select_val:
  case op_select_tuple_arity: {
    const Operand &l = arg(op, 2), *items = list(l, 2);
    if (!items || !read(arg(op, 0)) || !merge(arg(op, 1))) return false;
    for (uint64_t i = 0; i < l.value; i += 2) {
      bool ok = op.op == op_select_val ? items[i].kind == OperandKind::Integer || items[i].kind == OperandKind::Atom ||
                                             items[i].kind == OperandKind::Nil || items[i].kind == OperandKind::Literal
                                       : items[i].kind == OperandKind::Unsigned && items[i].value < kMaxNumber;
      if (!ok) return fail("a case is no constant");
      if (!merge(items[i + 1])) return false;
    }
    return (l.value < 0x1fffe || fail("there are too many cases")) && end();
  }
  case op_put_map_assoc:
  case op_put_map_exact:
    return read(arg(op, 1)) && read_list(arg(op, 4), 2) && live(arg(op, 3)) && merge(arg(op, 0), true) &&
           write(arg(op, 2));
  case op_has_map_fields: return read(arg(op, 1)) && read_list(arg(op, 2)) && merge(arg(op, 0));
  case op_get_map_elements: {
    const Operand &l = arg(op, 2), *items = list(l, 2);
    if (!items || !read(arg(op, 1)) || !merge(arg(op, 0))) return false;
    // Elements that were found before one that was not are in their registers already: at the label they are unknown.
    for (uint64_t i = 0; i < l.value; i += 2)
      if (!read(items[i])) return false;
      else if (!write(items[i + 1])) return false;
      else if (l.value > 2 && !merge(arg(op, 0))) return false;
    return true;
  }
  case op_bs_start_match3:
  case op_bs_start_match4: {
    bool four = op.op == op_bs_start_match4;
    const Operand &f = arg(op, 0), &src = arg(op, four ? 2 : 1), &dst = arg(op, 3);
    bool sure = four && f.kind == OperandKind::Atom;
    if (src.kind == OperandKind::Literal ? !is_bitstring(src.term) && sure : !read_any(src))
      return fail("an operand should be a register");
    if (!live(arg(op, four ? 1 : 2))) return false;
    if (!sure && !merge(f)) return false;
    return write(dst, Surely);
  }
  case op_bs_match_string: {
    const Operand &bits = arg(op, 2), &offset = arg(op, 3);
    if (!read_any(arg(op, 1)) || context(arg(op, 1)) != Surely) return fail("an operand should be a match context");
    if (bits.kind != OperandKind::Unsigned || offset.kind != OperandKind::Unsigned)
      return fail("a number is out of range");
    return string_range(offset.value, (bits.value + 7) / 8) && merge(arg(op, 0));
  }
  case op_bs_put_string: {
    if (!phase(Phase::Write)) return false;
    const Operand &bytes = arg(op, 0), &offset = arg(op, 1);
    if (bytes.kind != OperandKind::Unsigned || offset.kind != OperandKind::Unsigned)
      return fail("a number is out of range");
    return string_range(offset.value, bytes.value);
  }
  case op_bs_create_bin: return create_bin(op);
  case op_bs_match: return match_commands(op);
  default: return fail("the instruction is unknown");
  }
}

template <unsigned W> bool Walk<W>::create_bin(const GenericOp &op) { // fail, words, live, unit, destination, segments
  const Operand &l = arg(op, 5), *items = list(l, 6);
  if (!items || l.value == 0 || l.value / 6 > 0xffff || !words(arg(op, 1)) || !number(arg(op, 3), 257))
    return fail("a binary's segments are malformed");
  for (uint64_t i = 0; i < l.value; i += 6) {
    const Operand &type = items[i], &unit = items[i + 2], &flags = items[i + 3], &value = items[i + 4],
                  &bits = items[i + 5];
    if (type.kind != OperandKind::Atom || items[i + 1].kind != OperandKind::Unsigned ||
        unit.kind != OperandKind::Unsigned)
      return fail("a binary's segments are malformed");
    if (flags.kind != OperandKind::Nil && flags.kind != OperandKind::Literal)
      return fail("a segment's flags are malformed");
    if (type.term == atoms::string) {
      auto n = [](const Operand &o) -> uint64_t {
        if (o.kind == OperandKind::Integer && o.term.is_small() && o.term.small_value() >= 0)
          return uint64_t(o.term.small_value());
        return o.kind == OperandKind::Unsigned ? o.value : ~uint64_t{0};
      };
      if (!string_range(n(value), n(bits))) return false;
      continue;
    }
    if (unit.value > 256 || !read(value)) return fail("a segment is malformed");
    bool utf = type.term != atoms::append && type.term != atoms::private_append && type.term != atoms::binary &&
               type.term != atoms::integer && type.term != atoms::float_;
    if (!utf && unit.value == 0) return fail("a unit of 0");
    if (!utf && !size(bits)) return false;
  }
  return live(arg(op, 2)) && merge(arg(op, 0), true) && write(arg(op, 4));
}

template <unsigned W> bool Walk<W>::match_commands(const GenericOp &op) {
  const Operand &l = arg(op, 2), *items = list(l, 1), &ctx = arg(op, 1);
  if (!items || !read_any(ctx) || context(ctx) != Surely) return fail("an operand should be a match context");
  if (!merge(arg(op, 0))) return false;
  static const Term at_least = atom::intern("ensure_at_least"), exactly = atom::intern("ensure_exactly"),
                    skip = atom::intern("skip"), get_tail = atom::intern("get_tail"), equal = atom::intern("=:=");
  for (uint64_t i = 0; i < l.value;) {
    if (items[i].kind != OperandKind::Atom) return fail("a match command is malformed");
    Term name = items[i].term;
    unsigned n = name == at_least                                  ? 2
                 : name == exactly || name == skip                 ? 1
                 : name == get_tail || name == equal               ? 3
                 : name == atoms::integer || name == atoms::binary ? 5
                                                                   : 0;
    if (n == 0 || i + n >= l.value) return fail("a match command is malformed");
    const Operand *o = &items[i + 1];
    i += n + 1;
    if (context(ctx) != Surely) return fail("an operand should be a match context");
    if (name == at_least || name == exactly || name == skip) {
      for (unsigned k = 0; k < n; k++)
        if (!number(o[k], k == 0 ? uint64_t{1} << 32 : 257)) return false;
    } else if (name == equal) {
      if (!number(o[1], 65) || o[2].kind != OperandKind::Integer) return fail("a match command is malformed");
    } else {
      bool tail = name == get_tail;
      if (!live(o[0]) || !number(o[tail ? 1 : 3], 257)) return false;
      if (!tail && !number(o[2], kMaxNumber)) return false;
      if (!tail && o[1].kind != OperandKind::Nil && o[1].kind != OperandKind::Literal &&
          o[1].kind != OperandKind::Unsigned)
        return fail("a segment's flags are malformed");
      if (!write(o[tail ? 2 : 4])) return false;
    }
    // A later command may fail after registers were written or given up.
    if (!merge(arg(op, 0))) return false;
  }
  return true;
}

struct FlowChecker::Impl {
  BeamFile &file;
  const CodeShape &shape;
  std::string *error;
  Walk<1> narrow;
  Walk<16> wide;
  std::vector<State<1>> narrow_states;
  std::vector<State<16>> wide_states;
  Impl(BeamFile &f, const CodeShape &s, std::string *e) : file(f), shape(s), error(e), narrow(f, s), wide(f, s) {}
};

FlowChecker::FlowChecker(BeamFile &file, const CodeShape &shape, std::string *error)
    : impl_(new Impl(file, shape, error)) {}
FlowChecker::~FlowChecker() { delete impl_; }

bool FlowChecker::check(const FunctionShape &f) {
  std::string why;
  Outcome o = impl_->narrow.run(f, impl_->narrow_states, &why);
  uint32_t at = impl_->narrow.at();
  const std::vector<uint32_t> *dead = &impl_->narrow.dead();
  if (o == Outcome::TooWide) {
    o = impl_->wide.run(f, impl_->wide_states, &why);
    at = impl_->wide.at();
    dead = &impl_->wide.dead();
  }
  if (o == Outcome::Ok) {
    for (uint32_t i : *dead) impl_->file.ops[i] = {op_if_end, 0, impl_->file.ops[i].first};
    return true;
  }
  const GenericOp &op = impl_->file.ops[std::min(at, f.end - 1)];
  *impl_->error = "function " + std::string(atom::text(f.name)) + "/" + std::to_string(f.arity) + ": " +
                  genop_info(op.op).name + ": " + (why.empty() ? "malformed operands" : why);
  return false;
}

} // namespace joist::loader
