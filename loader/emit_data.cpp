// Moves, lists, tuples, frames; tests and selects.
#include "loader/emitter.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/gc.h"
#include "runtime/term/boxed.h"

#include <algorithm>

namespace joist::loader {
using namespace genop;

void Emitter::heap_need(Word words, Word live) {
  ins(gc_stress ? Op::test_heap_stress : Op::test_heap, {Arg::num(live), Arg::num(words)});
}

void Emitter::tuple(const Arg &to, const std::vector<Arg> &e) {
  bool rest_regs = std::all_of(e.begin() + (e.empty() ? 0 : 1), e.end(), [](const Arg &a) { return a.is_reg(); });
  if (e.size() >= 2 && e.size() <= 4 && rest_regs) {
    bool c = e[0].is_lit() && fits_c(e[0].term());
    if (c || e[0].is_reg()) {
      if (e.size() == 2) ins(c ? Op::put_tuple2_c : Op::put_tuple2_, {e[0], e[1], to});
      else if (e.size() == 3) ins(c ? Op::put_tuple3_c : Op::put_tuple3, {e[0], e[1], e[2], to});
      else ins(c ? Op::put_tuple4_c : Op::put_tuple4, {e[0], e[1], e[2], e[3], to});
      return;
    }
  }
  if (e.size() <= 0xffff) {
    size_t at = ins(Op::put_tuple, {to, Arg::num(e.size())});
    if (a_.any_list(at, e)) return;
    // Too many literals: they are set one by one in what was built with [] in their place.
    a_.words().resize(at);
    std::vector<Arg> few;
    for (size_t i = 0; i < e.size(); i++) few.push_back(e[i].is_lit() ? Arg::x(kScratchX) : e[i]);
    ins(Op::move, {Arg::lit(Term::nil()), Arg::x(kScratchX)});
    at = ins(Op::put_tuple, {to, Arg::num(e.size())});
    a_.any_list(at, few);
    for (size_t i = 0; i < e.size(); i++)
      if (e[i].is_lit()) ins(Op::set_tuple_element, {e[i], to, Arg::num((i + 1) * 8)});
  }
}

// allocate followed by moves of x registers into the frame.
bool Emitter::allocate_and_move(const GenericOp &op) {
  Arg frame = Arg::num(num(op, 0) * 8), live = Arg::num(num(op, 1));
  std::vector<Arg> m;
  for (size_t k = 1; k <= 3; k++) {
    auto *o = next_is(k, op_move);
    if (!o || src(*o, 0).kind != OpKind::X || dst(*o, 1).kind != OpKind::Y) break;
    m.push_back(src(*o, 0));
    m.push_back(dst(*o, 1));
  }
  switch (m.size() / 2) {
  case 0: return false;
  case 1: ins(Op::allocate_move, {frame, live, m[0], m[1]}); break;
  case 2: ins(Op::allocate_move2, {frame, live, m[0], m[1], m[2], m[3]}); break;
  default: ins(Op::allocate_move3, {frame, live, m[0], m[1], m[2], m[3], m[4], m[5]});
  }
  i_ += m.size() / 2;
  return true;
}

Emitter::Done Emitter::data(const GenericOp &op) {
  switch (op.op) {
  case op_move: {
    Arg s = src(op, 0), d = dst(op, 1);
    if (s == d) break;
    if (d == Arg::x(0)) {
      if (next_is(1, op_return)) {
        ins(Op::move_return, {s});
        i_++;
        break;
      }
      auto *dealloc = next_is(1, op_deallocate);
      if (dealloc && next_is(2, op_return)) {
        ins(Op::move_deallocate_return, {s, Arg::num(num(*dealloc, 0) * 8)});
        i_ += 2;
        break;
      }
      size_t k = next_is(1, op_line) ? 2 : 1;
      if (auto *c = next_is(k, op_call)) {
        if (k == 2) line(num(f_.ops[i_ + 1], 0));
        ins(Op::move_call, {s, lab(*c, 1), Arg::native()});
        i_ += k;
        break;
      }
      if (auto *c = next_is(1, op_call_only)) {
        ins(Op::move_call_only, {s, lab(*c, 1)});
        i_++;
        break;
      }
      if (auto *c = next_is(1, op_call_last)) {
        ins(Op::move_call_last, {s, lab(*c, 1), Arg::num(num(*c, 2) * 8)});
        i_++;
        break;
      }
    }
    // Runs of independent register moves.
    auto *m2 = next_is(1, op_move);
    if (s.is_reg() && m2 && src(*m2, 0).is_reg() && !(src(*m2, 0) == d)) {
      Arg s2 = src(*m2, 0), d2 = dst(*m2, 1);
      auto *m3 = next_is(2, op_move);
      if (m3 && src(*m3, 0).is_reg() && !(src(*m3, 0) == d) && !(src(*m3, 0) == d2) && !(dst(*m3, 1) == Arg::x(0))) {
        ins(Op::move3, {s, d, s2, d2, src(*m3, 0), dst(*m3, 1)});
        i_ += 2;
        break;
      }
      if (!(d2 == Arg::x(0))) { // else it may go into a call or return
        ins(Op::move2, {s, d, s2, d2});
        i_++;
        break;
      }
    }
    if (s == Arg::x(0) && d.kind == OpKind::Y && m2 && dst(*m2, 1) == Arg::x(0) && !(src(*m2, 0) == d)) {
      bool followed =
          next_is(2, op_return) || next_is(2, op_call) || next_is(2, op_call_only) || next_is(2, op_call_last);
      if (!followed) {
        ins(Op::move_x0_y_x0, {d, src(*m2, 0)});
        i_++;
        break;
      }
    }
    ins(Op::move, {s, d});
    break;
  }
  case op_swap: ins(Op::swap, {dst(op, 0), dst(op, 1)}); break;
  case op_init: ins(Op::init_y1, {dst(op, 0)}); break;
  case op_init_yregs: {
    auto y = sources(arg(op, 0));
    size_t i = 0;
    for (; i + 3 <= y.size(); i += 3) ins(Op::init_y3, {y[i], y[i + 1], y[i + 2]});
    if (y.size() - i == 2) ins(Op::init_y2, {y[i], y[i + 1]});
    else if (y.size() - i == 1) ins(Op::init_y1, {y[i]});
    break;
  }
  case op_get_list: ins(Op::get_list, {reg(op, 0), dst(op, 1), dst(op, 2)}); break;
  case op_get_hd: ins(Op::get_hd, {reg(op, 0), dst(op, 1)}); break;
  case op_get_tl: ins(Op::get_tl, {reg(op, 0), dst(op, 1)}); break;
  case op_put_list: ins(Op::put_list, {src(op, 0), src(op, 1), dst(op, 2)}); break;
  case op_put_tuple2: tuple(dst(op, 0), sources(arg(op, 1))); break;
  case op_get_tuple_element: {
    Arg s = reg(op, 0), d = dst(op, 2);
    Word index = num(op, 1);
    auto follows = [&](size_t k) -> const GenericOp * {
      auto *o = next_is(k, op_get_tuple_element);
      return o && src(*o, 0) == s && num(*o, 1) == index + k ? o : nullptr;
    };
    auto *second = d == s ? nullptr : follows(1);
    auto *third = second && !(dst(*second, 2) == s) ? follows(2) : nullptr;
    Arg offset = Arg::num((index + 1) * 8);
    if (third) {
      ins(Op::get_tuple_element3, {s, offset, d, dst(*second, 2), dst(*third, 2)});
      i_ += 2;
    } else if (second) {
      ins(Op::get_tuple_element2, {s, offset, d, dst(*second, 2)});
      i_++;
    } else {
      ins(Op::get_tuple_element, {s, offset, d});
    }
    break;
  }
  case op_set_tuple_element:
    ins(Op::set_tuple_element, {src(op, 0), reg(op, 1), Arg::num((num(op, 2) + 1) * 8)});
    break;
  case op_update_record: { // hint, size, source, destination, [index, value ..]
    const Operand &list = arg(op, 4);
    Word n = list.value / 2, literals = 0;
    for (Word i = 0; i < n; i++) literals += src(item(list, 2 * i + 1)).is_lit();
    Arg s = reg(op, 2);
    size_t at = ins(Op::update_record, {s, dst(op, 3), Arg::num(num(op, 1)), Arg::num(literals), Arg::num(n)});
    size_t fixed = a_.here() - at;
    std::vector<Word> values;
    for (Word i = 0; i < n; i++)
      a_.word(Word(item(list, 2 * i).value) | Word(a_.any(src(item(list, 2 * i + 1)), values, fixed + n)) << 32);
    for (Word w : values) a_.word(w);
    if ((fixed + n + literals) * 8 > 0xffff) return fail("record update with too many fields");
    break;
  }
  case op_allocate:
  case op_allocate_zero:
    if (gc_stress) ins(Op::allocate_stress, {Arg::num(num(op, 0) * 8), Arg::num(num(op, 1)), Arg::num(0)});
    else if (op.op == op_allocate && allocate_and_move(op)) break;
    else ins(Op::allocate, {Arg::num(num(op, 0) * 8), Arg::num(num(op, 1))});
    if (op.op == op_allocate_zero)
      for (Word i = 0; i < num(op, 0); i++) ins(Op::init_y1, {Arg::y(i)});
    break;
  case op_allocate_heap:
  case op_allocate_heap_zero:
    ins(gc_stress ? Op::allocate_stress : Op::allocate_heap,
        {Arg::num(num(op, 0) * 8), Arg::num(num(op, 2)), Arg::num(num(op, 1))});
    if (op.op == op_allocate_heap_zero)
      for (Word i = 0; i < num(op, 0); i++) ins(Op::init_y1, {Arg::y(i)});
    break;
  case op_test_heap: {
    auto *cell = next_is(1, op_put_list);
    if (cell && num(op, 0) == 2 && !gc_stress) {
      ins(Op::test_heap_put_list, {Arg::num(num(op, 1)), src(*cell, 0), src(*cell, 1), dst(*cell, 2)});
      i_++;
    } else {
      heap_need(num(op, 0), num(op, 1));
    }
    break;
  }
  case op_make_fun2: {
    const LambdaInfo &l = f_.lambdas[num(op, 0)];
    heap_need(3 + l.free_count, l.free_count);
    size_t at = ins(Op::make_fun, {Arg::x(0), Arg::ptr(l.entry), Arg::num(l.free_count)});
    std::vector<Arg> env;
    for (Word i = 0; i < l.free_count; i++) env.push_back(Arg::x(i));
    if (!a_.any_list(at, env)) return fail("too many free variables");
    break;
  }
  case op_make_fun3: {
    const LambdaInfo &l = f_.lambdas[num(op, 0)];
    auto env = sources(arg(op, 2));
    size_t at = ins(Op::make_fun, {dst(op, 1), Arg::ptr(l.entry), Arg::num(env.size())});
    if (!a_.any_list(at, env)) return fail("too many free variables");
    break;
  }
  default: return Done::NotMine;
  }
  return Done::Ok;
}

// --- tests
namespace {
bool float_zero(Term t) { return t.is_immediate_float() && t.immediate_float() == 0.0; }
// Compares by word alone.
bool exact_imm(const Arg &a) { return a.is_lit() && fits_c(a.term()) && !float_zero(a.term()); }
bool small_c(const Arg &a) { return a.is_lit() && a.term().is_small() && fits_c(a.term()); }
Op type_test(unsigned op) {
  switch (op) {
  case op_is_integer: return Op::is_integer;
  case op_is_float: return Op::is_float;
  case op_is_number: return Op::is_number;
  case op_is_atom: return Op::is_atom;
  case op_is_pid: return Op::is_pid;
  case op_is_reference: return Op::is_reference;
  case op_is_port: return Op::is_port;
  case op_is_nil: return Op::is_nil;
  case op_is_binary: return Op::is_binary;
  case op_is_bitstr: return Op::is_bitstr;
  case op_is_list: return Op::is_list;
  case op_is_map: return Op::is_map;
  case op_is_boolean: return Op::is_boolean;
  case op_is_function: return Op::is_function;
  default: return Op::Count;
  }
}
} // namespace

void Emitter::compare(Op general, Op rc, Op cr, const GenericOp &op) {
  Arg l = lab(op, 0), a = src(op, 1), b = src(op, 2);
  if (a.is_reg() && small_c(b)) ins(rc, {l, a, b});
  else if (small_c(a) && b.is_reg()) ins(cr, {l, a, b});
  else ins(general, {l, a, b});
}

void Emitter::equal_exact(bool want, const Arg &label, Arg a, Arg b) {
  if (a.is_lit() && b.is_reg()) std::swap(a, b);
  if (a.is_reg() && exact_imm(b)) ins(want ? Op::is_eq_imm : Op::is_ne_imm, {label, a, b});
  else ins(want ? Op::is_eq_exact : Op::is_ne_exact, {label, a, b});
}

void Emitter::select(const Arg &value, const Arg &fail, const std::vector<std::pair<Term, Word>> &cases) {
  size_t n = cases.size();
  bool smalls = n > 0, c = true, exact = true;
  for (auto &[t, l] : cases) {
    smalls = smalls && t.is_small();
    c = c && fits_c(t);
    exact = exact && t.is_immediate() && !float_zero(t);
  }
  if (!exact) { // compare one after the other
    for (auto &[t, l] : cases) ins(Op::is_ne_exact, {Arg::label(l), value, Arg::lit(t)});
    ins(Op::jump, {fail});
    return;
  }
  auto entry_targets = [&](size_t at_words, const std::vector<Word> &labels) {
    for (size_t i = 0; i < labels.size(); i++) a_.target32(at_words * 8 + i * 4, labels[i]);
  };
  if (smalls && n > 3) {
    auto [lo, hi] = std::minmax_element(cases.begin(), cases.end(),
                                        [](auto &x, auto &y) { return x.first.small_value() < y.first.small_value(); });
    Word span = Word(hi->first.small_value()) - Word(lo->first.small_value()) + 1;
    if (span <= n * 4 + 8 && fits_c(lo->first)) {
      ins(Op::select_dense, {fail, value, Arg::lit(lo->first), Arg::num(span)});
      std::vector<Word> table(span, fail.value);
      for (auto it = cases.rbegin(); it != cases.rend(); ++it)
        table[size_t(it->first.small_value() - lo->first.small_value())] = it->second;
      size_t at = a_.here();
      for (size_t i = 0; i < (span + 1) / 2; i++) a_.word(0);
      entry_targets(at, table);
      return;
    }
  }
  if (c && n == 1) {
    ins(Op::is_ne_imm, {Arg::label(cases[0].second), value, Arg::lit(cases[0].first)});
    ins(Op::jump, {fail});
    return;
  }
  if (c && n == 2) {
    ins(Op::select2, {fail, value, Arg::lit(cases[0].first), Arg::lit(cases[1].first), Arg::label(cases[0].second),
                      Arg::label(cases[1].second)});
    return;
  }
  auto entries = [&] {
    for (auto &[t, l] : cases) {
      size_t at = a_.here() * 8;
      if (c) {
        a_.word(Word(uint32_t(t.raw())));
        a_.target32(at + 4, l);
      } else {
        a_.word(t.raw());
        a_.word(0);
        a_.target32(at + 8, l);
      }
    }
  };
  auto distinct = [&] {
    std::vector<Word> values;
    for (auto &x : cases) values.push_back(x.first.raw());
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end()) == values.end();
  };
  if (c && n > 4 && n < 256 && distinct()) { // a hash without collisions
    const unsigned shift = select_hash_shift(n);
    std::vector<uint8_t> slots(size_t{1} << (32 - shift));
    uint32_t multiplier = 0x9E3779B1u;
    for (int attempt = 0; attempt < 20'000; attempt++, multiplier = multiplier * 1664525u + 1013904223u) {
      uint32_t mul = multiplier | 1;
      std::vector<bool> taken(slots.size());
      std::fill(slots.begin(), slots.end(), uint8_t{0});
      bool good = true;
      for (size_t i = 0; i < n && good; i++) {
        size_t s = (uint32_t(cases[i].first.raw()) * mul) >> shift;
        good = !taken[s];
        taken[s] = true;
        slots[s] = uint8_t(i);
      }
      if (!good) continue;
      ins(Op::select_hash, {fail, value, Arg::num(mul), Arg::num(n << 8 | shift)});
      entries();
      size_t at = a_.here();
      for (size_t i = 0; i < slots.size() / 8; i++) a_.word(0);
      memcpy(a_.bytes() + at * 8, slots.data(), slots.size());
      return;
    }
  }
  ins(c ? Op::select_linear : Op::select_linear64, {fail, value, Arg::num(n)});
  entries();
}

Emitter::Done Emitter::test(const GenericOp &op) {
  if (Op t = type_test(op.op); t != Op::Count) {
    ins(t, {lab(op, 0), reg(op, 1)});
    return Done::Ok;
  }
  switch (op.op) {
  case op_is_nonempty_list: {
    Arg s = reg(op, 1);
    if (auto *g = next_is(1, op_get_list); g && src(*g, 0) == s) {
      ins(Op::is_nonempty_list_get_list, {lab(op, 0), s, dst(*g, 1), dst(*g, 2)});
      i_++;
    } else if (auto *hd = next_is(1, op_get_hd); hd && src(*hd, 0) == s) {
      ins(Op::is_nonempty_list_get_hd, {lab(op, 0), s, dst(*hd, 1)});
      i_++;
    } else if (auto *tl = next_is(1, op_get_tl); tl && src(*tl, 0) == s) {
      ins(Op::is_nonempty_list_get_tl, {lab(op, 0), s, dst(*tl, 1)});
      i_++;
    } else {
      ins(Op::is_nonempty_list, {lab(op, 0), s});
    }
    break;
  }
  case op_is_tuple: {
    Arg s = reg(op, 1);
    auto *t = next_is(1, op_test_arity);
    if (auto *select = next_is(1, op_select_tuple_arity);
        select && src(*select, 0) == s && num(*select, 1) == num(op, 0))
      break; // it asks that itself
    if (t && src(*t, 1) == s && num(*t, 0) == num(op, 0)) {
      ins(Op::is_tuple_of, {lab(op, 0), s, Arg::num(header(Kind::Tuple, num(*t, 2)))});
      i_++;
    } else {
      ins(Op::is_tuple, {lab(op, 0), s});
    }
    break;
  }
  case op_test_arity: ins(Op::test_arity, {lab(op, 0), reg(op, 1), Arg::num(header(Kind::Tuple, num(op, 2)))}); break;
  case op_is_tagged_tuple: {
    Arg tag = src(op, 3), s = reg(op, 1), hdr = Arg::num(header(Kind::Tuple, num(op, 2)));
    if (tag.is_lit() && fits_c(tag.term())) {
      ins(Op::is_tagged_tuple, {lab(op, 0), s, hdr, tag});
    } else {
      ins(Op::is_tuple_of, {lab(op, 0), s, hdr});
      ins(Op::get_tuple_element, {s, Arg::num(8), Arg::x(kScratchX + 1)});
      equal_exact(true, lab(op, 0), Arg::x(kScratchX + 1), tag);
    }
    break;
  }
  case op_is_function2: ins(Op::is_function2, {lab(op, 0), src(op, 1), src(op, 2)}); break;
  case op_is_lt: compare(Op::is_lt, Op::is_lt_rc, Op::is_lt_cr, op); break;
  case op_is_ge: {
    Arg r = src(op, 1), low = src(op, 2);
    auto *n = next_is(1, op_is_ge); // low =< r =< high
    if (n && r.is_reg() && small_c(low) && small_c(src(*n, 1)) && src(*n, 2) == r) {
      ins(Op::is_in_range, {lab(op, 0), lab(*n, 0), r, low, src(*n, 1)});
      i_++;
    } else {
      compare(Op::is_ge, Op::is_ge_rc, Op::is_ge_cr, op);
    }
    break;
  }
  case op_is_eq: ins(Op::is_eq, {lab(op, 0), src(op, 1), src(op, 2)}); break;
  case op_is_ne: ins(Op::is_ne, {lab(op, 0), src(op, 1), src(op, 2)}); break;
  case op_is_eq_exact: equal_exact(true, lab(op, 0), src(op, 1), src(op, 2)); break;
  case op_is_ne_exact: equal_exact(false, lab(op, 0), src(op, 1), src(op, 2)); break;
  case op_jump: ins(Op::jump, {lab(op, 0)}); break;
  case op_select_val: {
    const Operand &list = arg(op, 2);
    std::vector<std::pair<Term, Word>> cases;
    for (size_t i = 0; i + 1 < list.value; i += 2)
      cases.push_back({src(item(list, i)).term(), item(list, i + 1).value});
    select(reg(op, 0), lab(op, 1), cases);
    break;
  }
  case op_select_tuple_arity: {
    const Operand &list = arg(op, 2);
    ins(Op::select_arity, {lab(op, 1), reg(op, 0), Arg::num(list.value / 2)});
    for (size_t i = 0; i + 1 < list.value; i += 2) {
      size_t at = a_.here() * 8;
      a_.word(Word(uint32_t(header(Kind::Tuple, item(list, i).value))));
      a_.target32(at + 4, item(list, i + 1).value);
    }
    break;
  }
  default: return Done::NotMine;
  }
  return Done::Ok;
}
} // namespace joist::loader
