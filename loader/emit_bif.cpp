// Arithmetic, guard functions, floats.
#include "loader/emitter.h"
#include "runtime/proc/bif.h"

namespace joist::loader {
using namespace genop;

namespace {
struct Named {
  Term name;
  Op op;
};
const Named kBinary[] = {
    {atoms::op_plus, Op::add}, {atoms::op_minus, Op::sub}, {atoms::op_times, Op::mul},   {atoms::div, Op::int_div},
    {atoms::rem, Op::rem},     {atoms::band, Op::band},    {atoms::bor, Op::bor},        {atoms::bxor, Op::bxor},
    {atoms::bsl, Op::bsl},     {atoms::bsr, Op::bsr},      {atoms::op_div, Op::fdivide},
};
const Named kUnary[] = {
    {atoms::hd, Op::hd},
    {atoms::tl, Op::tl},
    {atoms::tuple_size, Op::tuple_size},
    {atoms::map_size, Op::map_size},
    {atoms::byte_size, Op::byte_size},
    {atoms::bit_size, Op::bit_size},
    {atoms::length, Op::length},
    {atoms::not_, Op::bool_not},
};
const Named kPair[] = {
    {atoms::map_get, Op::map_get},
    {atoms::is_map_key, Op::is_map_key},
    {atoms::and_, Op::bool_and},
    {atoms::or_, Op::bool_or},
};
struct Comparison {
  Term name;
  Op op;
  bool swap;
};
const Comparison kComparisons[] = {
    {atoms::op_eq_exact, Op::cmp_eq_exact, false},
    {atoms::op_ne_exact, Op::cmp_ne_exact, false},
    {atoms::op_eq, Op::cmp_eq, false},
    {atoms::op_ne, Op::cmp_ne, false},
    {atoms::op_lt, Op::cmp_lt, false},
    {atoms::op_gt, Op::cmp_lt, true},
    {atoms::op_ge, Op::cmp_ge, false},
    {atoms::op_le, Op::cmp_ge, true},
};
template <size_t N> Op find(const Named (&table)[N], Term name) {
  for (auto &n : table)
    if (n.name == name) return n.op;
  return Op::Count;
}
bool small_c(const Arg &a) { return a.is_lit() && a.term().is_small() && fits_c(a.term()); }
// Which additions and subtractions stock takes for increments by a constant: a badarith there does not name the operator.
bool increments(const Arg &a, bool subtracts) {
  if (!a.is_lit() || !a.term().is_small()) return false;
  constexpr int64_t kStockSmall = int64_t{1} << 59;
  int64_t n = a.term().small_value();
  return n >= (subtracts ? 0 : -kStockSmall) && n < kStockSmall;
}
} // namespace

Emitter::Done Emitter::one_bif(const Mfa &mfa, const Arg &fail, Word live, const std::vector<Arg> &in, const Arg &out) {
  // Instructions that may collect need to know what lives: gc_bif tells, bif does not.
  bool knows_live = live < kMaxX;
  if (mfa.module == atoms::erlang && in.size() == 2) {
    if (Op op = find(kBinary, mfa.function); op != Op::Count && knows_live) {
      bool body = fail.value == 0;
      const bool turned = op == Op::add && in[0].is_lit();
      const Arg &a = in[turned], &b = in[!turned];
      if (body && a.is_reg() && (op == Op::add || op == Op::sub) && increments(b, op == Op::sub)) {
        const bool adds = op == Op::add;
        ins(fits_c(b.term()) ? (adds ? Op::add_c : Op::sub_c) : (adds ? Op::add_l : Op::sub_l),
            {Arg::num(live), a, b, out});
        return Done::Ok;
      }
      if (body && op == Op::band && in[0].is_reg() && small_c(in[1])) {
        ins(Op::band_c, {Arg::num(live), in[0], in[1], out});
        return Done::Ok;
      }
      ins(op, {fail, Arg::num(live), in[0], in[1], out});
      return Done::Ok;
    }
    if (Op op = find(kPair, mfa.function); op != Op::Count) {
      ins(op, {fail, in[0], in[1], out});
      return Done::Ok;
    }
    for (auto &c : kComparisons)
      if (c.name == mfa.function) {
        ins(c.op, {c.swap ? in[1] : in[0], c.swap ? in[0] : in[1], out});
        return Done::Ok;
      }
    if (mfa.function == atoms::element) {
      if (small_c(in[0]) && in[0].term().small_value() > 0)
        ins(Op::element_c, {fail, Arg::num(Word(in[0].term().small_value()) * 8), in[1], out});
      else ins(Op::element, {fail, in[0], in[1], out});
      return Done::Ok;
    }
  }
  if (mfa.module == atoms::erlang && in.size() == 1) {
    if (mfa.function == atoms::op_plus && knows_live) // as on stock
      return one_bif({atoms::erlang, atoms::op_plus, 2}, fail, live, {in[0], Arg::lit(Term::small(0))}, out);
    if ((mfa.function == atoms::op_minus || mfa.function == atoms::bnot || mfa.function == atoms::abs) && knows_live) {
      ins(mfa.function == atoms::bnot  ? Op::bnot
          : mfa.function == atoms::abs ? Op::abs
                                       : Op::negate,
          {fail, Arg::num(live), in[0], out});
      return Done::Ok;
    }
    if (Op op = find(kUnary, mfa.function); op != Op::Count) {
      ins(op, {fail, in[0], out});
      return Done::Ok;
    }
  }
  if (mfa.module == atoms::erlang && in.empty()) {
    if (mfa.function == atoms::self || mfa.function == atoms::node) {
      ins(mfa.function == atoms::self ? Op::self : Op::node, {out});
      return Done::Ok;
    }
  }
  Export *x = export_get_or_put(mfa.module, mfa.function, mfa.arity);
  switch (in.size()) {
  case 0: ins(Op::bif0, {Arg::ptr(x), out}); break;
  case 1: ins(Op::bif1, {fail, Arg::ptr(x), in[0], out}); break;
  case 2: ins(Op::bif2, {fail, Arg::ptr(x), in[0], in[1], out}); break;
  case 3: {
    // Literals lie behind the instruction, in three words kept for them.
    const Arg dummy = Arg::x(0);
    const Arg args[] = {fail, Arg::ptr(x), dummy, dummy, dummy, out};
    OpKind kinds[] = {OpKind::F, OpKind::P, OpKind::V, OpKind::V, OpKind::V, out.kind};
    Layout l = layout_of(kinds, 6);
    size_t at = a_.ins(Op::bif3, args, 6);
    std::vector<Word> literals;
    for (unsigned i = 0; i < 3; i++) a_.poke(at * 8 + l.offset[2 + i], a_.any(in[i], literals, l.words));
    literals.resize(3);
    for (Word w : literals) a_.word(w);
    break;
  }
  default: return this->fail("bad number of arguments");
  }
  return Done::Ok;
}

Emitter::Done Emitter::bif(const GenericOp &op) {
  auto mfa = [&](unsigned i) -> const Mfa & { return f_.imports[num(op, i)].mfa; };
  switch (op.op) {
  case op_bif0: return one_bif(mfa(0), Arg::label(0), 0, {}, dst(op, 1));
  case op_bif1: return one_bif(mfa(1), lab(op, 0), kMaxX, {src(op, 2)}, dst(op, 3));
  case op_bif2: return one_bif(mfa(1), lab(op, 0), kMaxX, {src(op, 2), src(op, 3)}, dst(op, 4));
  case op_bif3: return one_bif(mfa(1), lab(op, 0), kMaxX, {src(op, 2), src(op, 3), src(op, 4)}, dst(op, 5));
  case op_gc_bif1: return one_bif(mfa(2), lab(op, 0), num(op, 1), {src(op, 3)}, dst(op, 4));
  case op_gc_bif2: return one_bif(mfa(2), lab(op, 0), num(op, 1), {src(op, 3), src(op, 4)}, dst(op, 5));
  case op_gc_bif3: return one_bif(mfa(2), lab(op, 0), num(op, 1), {src(op, 3), src(op, 4), src(op, 5)}, dst(op, 6));
  case op_fmove:
    if (arg(op, 0).kind == OperandKind::FloatReg) {
      if (arg(op, 1).kind == OperandKind::FloatReg) ins(Op::fmove, {src(op, 0), src(op, 1)});
      else ins(Op::fstore, {src(op, 0), dst(op, 1)});
    } else {
      ins(Op::fload, {src(op, 0), src(op, 1)});
    }
    return Done::Ok;
  case op_fconv: ins(Op::fconv, {src(op, 0), src(op, 1)}); return Done::Ok;
  case op_fadd: ins(Op::fadd, {src(op, 1), src(op, 2), src(op, 3)}); return Done::Ok;
  case op_fsub: ins(Op::fsub, {src(op, 1), src(op, 2), src(op, 3)}); return Done::Ok;
  case op_fmul: ins(Op::fmul, {src(op, 1), src(op, 2), src(op, 3)}); return Done::Ok;
  case op_fdiv: ins(Op::fdiv, {src(op, 1), src(op, 2), src(op, 3)}); return Done::Ok;
  case op_fnegate: ins(Op::fnegate, {src(op, 1), src(op, 2)}); return Done::Ok;
  default: return Done::NotMine;
  }
}
} // namespace joist::loader
