// What the validator refuses, on functions put together by hand.
#include "loader/beam_file.h"
#include "loader/genop.h"
#include "loader/validate_ops.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/literal.h"

#include <cstring>
#include <gtest/gtest.h>

namespace joist::loader {
namespace {
using namespace genop;
using runtime::atom::intern;

Operand op(OperandKind k, uint64_t v) {
  Operand o;
  o.kind = k;
  o.value = v;
  return o;
}
Operand U(uint64_t v) { return op(OperandKind::Unsigned, v); }
Operand X(uint64_t v) { return op(OperandKind::X, v); }
Operand Y(uint64_t v) { return op(OperandKind::Y, v); }
Operand L(uint64_t v) { return op(OperandKind::Label, v); }
Operand I(int64_t v) {
  Operand o = op(OperandKind::Integer, 0);
  o.term = Term::small(v);
  return o;
}
Operand A(Term t) {
  Operand o = op(OperandKind::Atom, 1);
  o.term = t;
  return o;
}

// A module m with one function f/arity whose body starts after label 2; labels 3.. are free.
struct Code {
  BeamFile file;
  std::string error;
  explicit Code(unsigned arity) {
    file.module = intern("m");
    file.function_count = 1;
    file.label_count = 20;
    file.imports = {{{atoms::erlang, atoms::self, 0}},
                    {{atoms::erlang, atoms::op_plus, 2}},
                    {{atoms::erlang, atoms::error, 1}},
                    {{intern("m2"), intern("g"), 2}}};
    ins(op_label, {U(1)}).ins(op_func_info, {A(file.module), A(intern("f")), U(arity)}).ins(op_label, {U(2)});
  }
  Code &ins(unsigned o, std::initializer_list<Operand> args) {
    file.ops.push_back({uint16_t(o), uint8_t(args.size()), uint32_t(file.operands.size())});
    file.operands.insert(file.operands.end(), args);
    return *this;
  }
  Operand list(std::initializer_list<Operand> items) {
    Operand o = op(OperandKind::List, items.size());
    o.index = uint32_t(file.extended.size());
    file.extended.insert(file.extended.end(), items);
    return o;
  }
  std::string check() {
    ins(op_int_code_end, {});
    return beam_validate(file, &error) ? "" : error;
  }
};

class Validate : public testing::Test {
protected:
  static void SetUpTestSuite() {
    runtime::atom::init(4 << 20);
    literal_init();
  }
};
#define EXPECT_REFUSED(code, why) EXPECT_NE((code).check().find(why), std::string::npos) << (code).error

TEST_F(Validate, TakesSoundCode) {
  EXPECT_EQ(Code(1).ins(op_return, {}).check(), "");
  EXPECT_EQ(Code(1)
                .ins(op_allocate, {U(1), U(1)})
                .ins(op_move, {X(0), Y(0)})
                .ins(op_call, {U(1), L(2)})
                .ins(op_gc_bif2, {L(0), U(1), U(1), X(0), Y(0), X(0)})
                .ins(op_deallocate, {U(1)})
                .ins(op_return, {})
                .check(),
            "");
}

TEST_F(Validate, RegistersMustHoldSomething) {
  Code a(1);
  a.ins(op_move, {X(1), X(0)}).ins(op_return, {});
  EXPECT_REFUSED(a, "x register");
  Code b(1); // killed by the call
  b.ins(op_allocate, {U(0), U(1)})
      .ins(op_move, {I(1), X(3)})
      .ins(op_call, {U(1), L(2)})
      .ins(op_move, {X(3), X(0)})
      .ins(op_deallocate, {U(0)})
      .ins(op_return, {});
  EXPECT_REFUSED(b, "x register");
  Code c(1);
  c.ins(op_allocate, {U(1), U(1)}).ins(op_call, {U(1), L(2)}).ins(op_deallocate, {U(1)}).ins(op_return, {});
  EXPECT_REFUSED(c, "y register");
  Code d(2); // on one way only
  d.ins(op_is_nil, {L(3), X(0)})
      .ins(op_move, {I(1), X(5)})
      .ins(op_label, {U(3)})
      .ins(op_move, {X(5), X(0)})
      .ins(op_return, {});
  EXPECT_REFUSED(d, "x register");
  Code e(1);
  e.ins(op_test_heap, {U(2), U(2)}).ins(op_return, {});
  EXPECT_REFUSED(e, "live");
}

TEST_F(Validate, Frames) {
  Code a(1);
  a.ins(op_allocate, {U(1), U(1)}).ins(op_return, {});
  EXPECT_REFUSED(a, "frame");
  Code b(1);
  b.ins(op_allocate, {U(1), U(1)}).ins(op_deallocate, {U(2)}).ins(op_return, {});
  EXPECT_REFUSED(b, "frame");
  Code c(1);
  c.ins(op_move, {X(0), Y(0)}).ins(op_return, {});
  EXPECT_REFUSED(c, "frame");
  Code d(1);
  d.ins(op_allocate, {U(1), U(1)}).ins(op_move, {X(0), Y(1)}).ins(op_deallocate, {U(1)}).ins(op_return, {});
  EXPECT_REFUSED(d, "outside the frame");
  Code e(1);
  e.ins(op_allocate, {U(2), U(1)}).ins(op_allocate, {U(2), U(1)});
  EXPECT_REFUSED(e, "second frame");
  Code f(1);
  f.ins(op_call, {U(1), L(2)}).ins(op_return, {});
  EXPECT_REFUSED(f, "without a frame");
  Code g(1);
  g.ins(op_allocate_zero, {U(3), U(1)})
      .ins(op_move, {X(0), Y(2)})
      .ins(op_trim, {U(2), U(1)})
      .ins(op_move, {Y(0), X(0)})
      .ins(op_call_last, {U(1), L(2), U(1)});
  EXPECT_EQ(g.check(), "");
  Code h(1);
  h.ins(op_allocate_zero, {U(3), U(1)}).ins(op_trim, {U(2), U(2)});
  EXPECT_REFUSED(h, "trimmed");
  Code i(1);
  i.ins(op_allocate, {U(2000), U(1)});
  EXPECT_REFUSED(i, "range");
}

TEST_F(Validate, ControlStaysInside) {
  Code a(1);
  a.ins(op_move, {I(1), X(0)});
  EXPECT_REFUSED(a, "end of the function");
  Code b(1);
  b.ins(op_jump, {L(9)});
  EXPECT_REFUSED(b, "not defined");
  Code c(1);
  c.ins(op_jump, {L(0)});
  EXPECT_REFUSED(c, "missing");
  Code d(1);
  d.ins(op_call_only, {U(2), L(2)});
  EXPECT_REFUSED(d, "call");
  Code e(1);
  e.ins(op_call_only, {U(1), L(1)});
  EXPECT_REFUSED(e, "call");
  Code f(1);
  f.ins(op_call_ext_only, {U(1), U(3)});
  EXPECT_REFUSED(f, "import");
  Code g(1);
  g.ins(op_call_ext_only, {U(1), U(99)});
  EXPECT_REFUSED(g, "import");
  Code h(1);
  h.ins(op_label, {U(2)});
  EXPECT_REFUSED(h, "twice");
  Code i(0); // function_clause wants its arguments
  i.ins(op_jump, {L(1)});
  EXPECT_EQ(i.check(), "");
  Code j(1);
  j.file.function_count = 2;
  j.ins(op_return, {});
  EXPECT_REFUSED(j, "number of functions");
  Code k(1); // a jump into the next function
  k.file.function_count = 2;
  k.ins(op_jump, {L(5)})
      .ins(op_label, {U(3)})
      .ins(op_func_info, {A(k.file.module), A(intern("g")), U(0)})
      .ins(op_label, {U(4)})
      .ins(op_label, {U(5)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(k, "leaves the function");
}

TEST_F(Validate, CatchTags) {
  auto sound = [](Code &c) -> Code & {
    return c.ins(op_allocate_zero, {U(2), U(1)}).ins(op_try, {Y(1), L(3)}).ins(op_call, {U(1), L(2)});
  };
  Code a(1);
  sound(a)
      .ins(op_try_end, {Y(1)})
      .ins(op_deallocate, {U(2)})
      .ins(op_return, {})
      .ins(op_label, {U(3)})
      .ins(op_try_case, {Y(1)})
      .ins(op_move, {X(1), X(0)})
      .ins(op_deallocate, {U(2)})
      .ins(op_return, {});
  EXPECT_EQ(a.check(), "");
  Code b(1);
  sound(b)
      .ins(op_deallocate, {U(2)})
      .ins(op_return, {})
      .ins(op_label, {U(3)})
      .ins(op_try_case, {Y(1)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(b, "catch tags");
  Code c(1);
  sound(c)
      .ins(op_move, {I(1), Y(1)})
      .ins(op_if_end, {})
      .ins(op_label, {U(3)})
      .ins(op_try_case, {Y(1)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(c, "overwritten");
  Code d(1);
  sound(d)
      .ins(op_move, {Y(1), X(0)})
      .ins(op_if_end, {})
      .ins(op_label, {U(3)})
      .ins(op_try_case, {Y(1)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(d, "catch tag is read");
  Code e(1);
  sound(e).ins(op_try_end, {Y(0)}).ins(op_if_end, {}).ins(op_label, {U(3)}).ins(op_try_case, {Y(1)}).ins(op_if_end, {});
  EXPECT_REFUSED(e, "innermost");
  Code f(1);
  f.ins(op_allocate_zero, {U(2), U(1)})
      .ins(op_try, {Y(0), L(3)})
      .ins(op_try, {Y(1), L(3)})
      .ins(op_if_end, {})
      .ins(op_label, {U(3)})
      .ins(op_try_case, {Y(0)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(f, "inner catch tag");
  Code g(1); // registers do not survive an exception
  g.ins(op_allocate_zero, {U(1), U(1)})
      .ins(op_catch, {Y(0), L(3)})
      .ins(op_move, {I(1), X(4)})
      .ins(op_label, {U(3)})
      .ins(op_catch_end, {Y(0)})
      .ins(op_move, {X(4), X(0)})
      .ins(op_deallocate, {U(1)})
      .ins(op_return, {});
  EXPECT_REFUSED(g, "x register");
}

TEST_F(Validate, MatchContexts) {
  Code a(1);
  a.ins(op_bs_get_binary2, {L(3), X(0), U(1), A(atoms::all), U(8), U(0), X(0)})
      .ins(op_return, {})
      .ins(op_label, {U(3)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(a, "match context");
  Code b(1);
  b.ins(op_bs_start_match3, {L(3), X(0), U(1), X(1)})
      .ins(op_move, {X(1), X(0)})
      .ins(op_return, {})
      .ins(op_label, {U(3)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(b, "match context");
  Code c(1);
  c.ins(op_bs_start_match3, {L(3), X(0), U(1), X(1)})
      .ins(op_bs_get_binary2, {L(3), X(1), U(2), A(atoms::all), U(8), U(0), X(0)})
      .ins(op_return, {})
      .ins(op_label, {U(3)})
      .ins(op_if_end, {});
  EXPECT_EQ(c.check(), "");
  Code d(1);
  d.ins(op_bs_start_match3, {L(3), X(0), U(1), X(1)})
      .ins(op_bs_test_unit, {L(3), X(1), U(0)})
      .ins(op_if_end, {})
      .ins(op_label, {U(3)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(d, "unit");
  Code e(1);
  e.ins(op_bs_start_match3, {L(3), X(0), U(1), X(1)})
      .ins(op_bs_match_string, {L(3), X(1), U(64), U(0)})
      .ins(op_if_end, {})
      .ins(op_label, {U(3)})
      .ins(op_if_end, {});
  EXPECT_REFUSED(e, "string");
}

TEST_F(Validate, MessagesAreTakenWhereTheyAreLookedAt) {
  Code sound(0);
  sound.ins(op_allocate, {U(0), U(0)})
      .ins(op_label, {U(3)})
      .ins(op_loop_rec, {L(5), X(0)})
      .ins(op_is_atom, {L(4), X(0)})
      .ins(op_remove_message, {})
      .ins(op_deallocate, {U(0)})
      .ins(op_return, {})
      .ins(op_label, {U(4)})
      .ins(op_loop_rec_end, {L(3)})
      .ins(op_label, {U(5)})
      .ins(op_wait, {L(3)});
  EXPECT_EQ(sound.check(), "");
  Code none(1);
  none.ins(op_remove_message, {}).ins(op_return, {});
  EXPECT_REFUSED(none, "no message to take");
  Code twice(0);
  twice.ins(op_allocate, {U(0), U(0)})
      .ins(op_label, {U(3)})
      .ins(op_loop_rec, {L(5), X(0)})
      .ins(op_remove_message, {})
      .ins(op_remove_message, {})
      .ins(op_deallocate, {U(0)})
      .ins(op_return, {})
      .ins(op_label, {U(5)})
      .ins(op_wait, {L(3)});
  EXPECT_REFUSED(twice, "no message to take");
  Code left(0);
  left.ins(op_allocate, {U(0), U(0)}).ins(op_label, {U(3)}).ins(op_loop_rec_end, {L(3)});
  EXPECT_REFUSED(left, "no message to leave");
}

TEST_F(Validate, BinariesAreBegunBeforeTheyAreWritten) {
  Code sound(1);
  sound.ins(op_bs_init2, {L(0), U(4), U(0), U(1), U(0), X(1)})
      .ins(op_bs_put_integer, {L(0), I(32), U(1), U(0), X(0)})
      .ins(op_move, {X(1), X(0)})
      .ins(op_return, {});
  EXPECT_EQ(sound.check(), "");
  Code none(1);
  none.ins(op_bs_put_integer, {L(0), I(32), U(1), U(0), X(0)}).ins(op_return, {});
  EXPECT_REFUSED(none, "no binary has been begun");
  Code some_ways(1);
  some_ways.ins(op_is_nil, {L(3), X(0)})
      .ins(op_bs_init2, {L(0), U(4), U(0), U(1), U(0), X(1)})
      .ins(op_label, {U(3)})
      .ins(op_bs_put_integer, {L(0), I(32), U(1), U(0), X(0)})
      .ins(op_return, {});
  EXPECT_REFUSED(some_ways, "no binary has been begun");
}

TEST_F(Validate, Lists) {
  Code a(1);
  a.ins(op_select_val, {X(0), L(1), a.list({I(1), L(1), I(2)})});
  EXPECT_REFUSED(a, "list");
  Code b(1);
  b.ins(op_select_val, {X(0), L(1), b.list({I(1), L(1), X(0), L(1)})});
  EXPECT_REFUSED(b, "constant");
  Code c(1);
  c.ins(op_put_map_assoc, {L(0), X(0), X(0), U(1), c.list({A(atoms::ok), X(7)})}).ins(op_return, {});
  EXPECT_REFUSED(c, "x register");
  Code d(1);
  d.ins(op_get_map_elements, {L(1), X(0), d.list({A(atoms::ok), X(0)})}).ins(op_return, {});
  EXPECT_EQ(d.check(), "");
  Code e(1);
  e.ins(op_make_fun3, {U(0), X(0), e.list({})}).ins(op_return, {});
  EXPECT_REFUSED(e, "fun");
  Code f(1);
  f.ins(op_bif2, {L(0), U(3), X(0), X(0), X(0)}).ins(op_return, {});
  EXPECT_REFUSED(f, "guard BIF");
}

// Whether it is reached or not.
TEST_F(Validate, DestinationsAreXOrYRegisters) {
  auto refused = [](auto &&ins) {
    for (bool dead : {false, true}) {
      Code c(2);
      if (dead) c.ins(op_return, {});
      ins(c);
      c.ins(op_return, {});
      EXPECT_NE(c.check(), "") << dead;
    }
  };
  const Operand fr = op(OperandKind::FloatReg, 1);
  for (unsigned o = 1; o <= kMaxGenop; o++) {
    const char *s = kSignatures[o];
    for (unsigned at = 0; s && s[at]; at++) {
      if (s[at] != 'd' && s[at] != 'D') continue;
      refused([&](Code &c) {
        std::vector<Operand> args;
        for (unsigned k = 0; s[k]; k++) {
          char what = s[k];
          bool source = strchr("srcz", what), target = strchr("dD", what);
          args.push_back(k == at              ? fr
                         : source || target   ? X(0)
                         : strchr("FT", what) ? L(1)
                         : what == 'g'        ? U(0)
                         : what == 'n'        ? U(1)
                                              : U(0));
        }
        c.file.ops.push_back({uint16_t(o), uint8_t(args.size()), uint32_t(c.file.operands.size())});
        c.file.operands.insert(c.file.operands.end(), args.begin(), args.end());
      });
    }
  }
  refused([&](Code &c) { c.ins(op_move, {X(0), fr}); });
  refused([&](Code &c) { c.ins(op_swap, {X(0), fr}); });
  refused([&](Code &c) { c.ins(op_fmove, {X(0), X(1)}); });
  refused([&](Code &c) { c.ins(op_fmove, {fr, fr}); });
  refused([&](Code &c) { c.ins(op_fmove, {I(1), fr}); });
  refused([&](Code &c) { c.ins(op_put_tuple2, {fr, c.list({X(0)})}); });
  refused([&](Code &c) { c.ins(op_put_map_assoc, {L(0), X(0), fr, U(1), c.list({X(0), X(0)})}); });
  refused([&](Code &c) { c.ins(op_get_map_elements, {L(1), X(0), c.list({A(atoms::ok), fr})}); });
  refused([&](Code &c) { c.ins(op_loop_rec, {L(1), fr}); });
  refused([&](Code &c) { c.ins(op_bs_start_match3, {L(1), X(0), U(1), fr}); });
  refused([&](Code &c) { c.ins(op_catch, {X(0), L(1)}); });
  Code sound(1);
  sound.ins(op_fmove, {X(0), fr}).ins(op_fmove, {fr, X(0)}).ins(op_return, {});
  EXPECT_EQ(sound.check(), "");
}

TEST_F(Validate, ManyRegistersAndWays) {
  // More registers than one word of the sets.
  Code a(200);
  a.ins(op_move, {X(199), X(0)}).ins(op_return, {});
  EXPECT_EQ(a.check(), "");
  Code b(3);
  b.ins(op_allocate_zero, {U(300), U(3)})
      .ins(op_move, {X(0), Y(299)})
      .ins(op_trim, {U(250), U(50)})
      .ins(op_move, {Y(49), X(0)})
      .ins(op_deallocate, {U(50)})
      .ins(op_return, {});
  EXPECT_EQ(b.check(), "");
  // A loop that brings less each time round.
  Code c(0);
  for (unsigned i = 0; i < 15; i++) c.ins(op_move, {I(1), X(i)});
  for (unsigned i = 3; i < 18; i++) c.ins(op_label, {U(i)}).ins(op_is_nil, {L(i == 3 ? 3 : i - 1), X(i - 3)});
  c.ins(op_return, {});
  EXPECT_EQ(c.check(), "");
}

} // namespace
} // namespace joist::loader
