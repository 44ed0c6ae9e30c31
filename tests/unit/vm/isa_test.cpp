// Instructions as they lie in memory, and fast paths against slow ones.
#include "loader/assembler.h"
#include "runtime/atom/atom.h"
#include "runtime/layout.h"
#include "runtime/term/compare.h"
#include "runtime/term/number.h"
#include "vm/disasm.h"
#include "vm/sem/arith.h"
#include "vm/sem/bits.h"
#include "vm/sem/compare.h"
#include "vm/sem/data.h"
#include "vm/sem/types.h"
#include "vm/vm.h"

#include <gtest/gtest.h>

using namespace joist;
using namespace joist::runtime;
using namespace joist::loader;
namespace sem = joist::vm::sem;

namespace {
void start() {
  static bool once = [] {
    atom::init(100000);
    vm::init();
    return true;
  }();
  (void)once;
}

// Every variant of every row: operands are aligned, do not overlap, and fit the instruction.
TEST(Isa, LayoutsAreSound) {
  for (size_t i = 0; i < size_t(Op::Count); i++) {
    const OpRow &row = op_rows[i];
    for (int v = 0; v < op_variant_count(Op(i)); v++) {
      OpKind kinds[kMaxOperandsPerInstr];
      int rest = v;
      for (int k = 0; k < row.operands; k++) {
        kinds[k] = spec_kind(row.specs[k], rest % spec_radix(row.specs[k]));
        rest /= spec_radix(row.specs[k]);
      }
      Layout l = layout_of(kinds, row.operands);
      bool used[128] = {true, true, true, true};
      for (int k = 0; k < row.operands; k++) {
        int size = kind_size(kinds[k]);
        EXPECT_EQ(l.offset[k] % size, 0) << row.name;
        for (int b = 0; b < size; b++) {
          EXPECT_LT(l.offset[k] + b, l.words * 8) << row.name;
          EXPECT_FALSE(used[l.offset[k] + b]) << row.name;
          used[l.offset[k] + b] = true;
        }
        if (kinds[k] == OpKind::N)
          EXPECT_EQ(l.offset[k], (l.words - 1) * 8) << row.name << ": the native entry stands before the return point";
      }
    }
  }
}

TEST(Isa, EveryVariantHasAHandlerInLowMemory) {
  start();
  for (size_t i = 0; i < size_t(Op::Count); i++) {
    ASSERT_NE(op_variants[i], nullptr) << op_rows[i].name;
    for (int v = 0; v < op_variant_count(Op(i)); v++) {
      Word a = reinterpret_cast<Word>(op_variants[i][v]);
      EXPECT_TRUE(a && a < (Word{1} << 32)) << op_rows[i].name;
    }
  }
}

TEST(Isa, AssembledInstructionsReadBack) {
  start();
  Assembler a;
  size_t at = a.ins(Op::put_list, {Arg::y(2), Arg::lit(atoms::ok), Arg::x(7)});
  size_t tuple = a.ins(Op::put_tuple, {Arg::x(1), Arg::num(3)});
  ASSERT_TRUE(a.any_list(tuple, {Arg::x(0), Arg::lit(Term::small(5)), Arg::y(1)}));
  size_t n;
  auto *code = reinterpret_cast<const Instr *>(a.words().data() + at);
  EXPECT_EQ(vm::disassemble(code, &n), "put_list y2 ok x7");
  EXPECT_EQ(n, tuple - at);
  vm::disassemble(reinterpret_cast<const Instr *>(a.words().data() + tuple), &n);
  EXPECT_EQ(n, a.here() - tuple);
}

TEST(Isa, TooManyLiteralsAreRefused) {
  start();
  Assembler a;
  size_t at = a.ins(Op::put_tuple, {Arg::x(1), Arg::num(20000)});
  EXPECT_FALSE(a.any_list(at, std::vector<Arg>(20000, Arg::lit(atoms::ok))));
}

const std::vector<Term> &numbers() {
  static const std::vector<Term> all = [] {
    std::vector<Term> v;
    for (int64_t i : {int64_t(0), int64_t(1), int64_t(-1), int64_t(2), int64_t(7), int64_t(-8), int64_t(59),
                      int64_t(60), int64_t(61), int64_t(1) << 30, -(int64_t(1) << 31), int64_t(1) << 58, kMaxSmall,
                      kMinSmall, kMaxSmall - 1, kMinSmall + 1})
      v.push_back(Term::small(i));
    for (double d : {0.0, -0.0, 1.0, -1.5, 1e10, 1e-70, 1e76, -3e76}) v.push_back(Term::encode_float(d));
    return v;
  }();
  return all;
}

// Wherever a fast path claims a result it is the slow path's.
template <class F> void agree(ArithOp op, F fast) {
  for (Term a : numbers())
    for (Term b : numbers()) {
      Term r = Term::none();
      if (!fast(a, b, r)) continue;
      FragmentHeap h;
      Term s = arith(h, op, a, b);
      EXPECT_EQ(r.raw(), s.raw()) << int(op) << " " << std::hex << a.raw() << " " << b.raw();
    }
}
TEST(Sem, ArithmeticAgreesWithTheSlowPath) {
  start();
  agree(ArithOp::Add, sem::arith<ArithOp::Add>);
  agree(ArithOp::Sub, sem::arith<ArithOp::Sub>);
  agree(ArithOp::Mul, sem::arith<ArithOp::Mul>);
  agree(ArithOp::Band, sem::bitwise<ArithOp::Band>);
  agree(ArithOp::Bor, sem::bitwise<ArithOp::Bor>);
  agree(ArithOp::Bxor, sem::bitwise<ArithOp::Bxor>);
  agree(ArithOp::IntDiv, sem::int_div);
  agree(ArithOp::Rem, sem::rem);
  agree(ArithOp::Div, sem::float_divide);
  agree(ArithOp::Bsl, sem::bsl);
  agree(ArithOp::Bsr, sem::bsr);
  for (Term a : numbers()) {
    FragmentHeap h;
    Term r;
    if (sem::negate(a, r)) EXPECT_EQ(r, arith_neg(h, a));
    if (sem::bnot(a, r)) EXPECT_EQ(r, arith_bnot(h, a));
    if (sem::absolute(a, r)) EXPECT_EQ(r, arith_abs(h, a));
  }
}
TEST(Sem, ComparisonsAgreeWithTheSlowPath) {
  start();
  std::vector<Term> all = numbers();
  for (Term t : {Term::nil(), atoms::ok, atoms::error, Term::local_pid(3)}) all.push_back(t);
  FragmentHeap h;
  all.push_back(make_cons(h, Term::small(1), Term::nil()));
  all.push_back(make_cons(h, Term::small(1), Term::nil()));
  all.push_back(make_tuple(h, atoms::ok, Term::small(1)));
  all.push_back(make_float(h, 1e300));
  for (Term a : all)
    for (Term b : all) {
      bool r;
      if (sem::is_lt(a, b, r)) EXPECT_EQ(r, compare_slow(a, b) < 0);
      if (sem::is_eq_exact(a, b, r)) EXPECT_EQ(r, a == b || eq_slow(a, b));
      if (sem::is_eq(a, b, r)) EXPECT_EQ(r, compare_slow(a, b) == 0);
    }
}

TEST(Sem, BitFieldsAtEveryPosition) {
  uint8_t data[24];
  for (unsigned i = 0; i < sizeof data; i++) data[i] = uint8_t(i * 37 + 11);
  auto reference = [&](Word from, Word bits) {
    uint64_t v = 0;
    for (Word i = from; i < from + bits; i++) v = v << 1 | ((data[i / 8] >> (7 - i % 8)) & 1);
    return v;
  };
  for (Word from = 0; from < 64; from++)
    for (Word bits = 1; bits <= 56; bits++) {
      MatchCtxObj c{header(Kind::MatchCtx, 4), 0, data, from, sizeof data * 8};
      Term r;
      if (sem::get_small_bits(&c, bits, false, r)) {
        EXPECT_EQ(r, Term::small(int64_t(reference(from, bits))));
        EXPECT_EQ(c.position, from + bits);
      }
      c.position = from;
      if (sem::get_small_bits(&c, bits, true, r)) {
        uint64_t v = reference(from, bits);
        EXPECT_EQ(r, Term::small(int64_t(v << (64 - bits)) >> (64 - bits)));
      }
    }
  for (Word unit : {1u, 2u, 3u, 8u, 12u, 256u}) {
    MatchCtxObj c{header(Kind::MatchCtx, 4), 0, data, 0, 0};
    for (Word left = 0; left < 300; left++) {
      c.end = left;
      EXPECT_EQ(sem::rest_fits(&c, unit), left % unit == 0);
    }
  }
}
} // namespace
