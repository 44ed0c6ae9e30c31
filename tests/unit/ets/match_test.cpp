// Match specifications: compiler, machine, what is known about keys.
#include "runtime/dist/etf.h"
#include "runtime/ets/key_pattern.h"
#include "runtime/ets/match_program.h"
#include "tests/unit/ets/support.h"

namespace joist::runtime::ets {
namespace {

struct Match : EtsTest {
  Term v(int i) { return atom::intern("$" + std::to_string(i)); }
  template <class... T> Term list(T... e) { return make_list(h, Term(e)...); }
  template <class... T> Term call(const char *f, T... e) { return make_tuple(h, a(f), Term(e)...); }
  Term spec(Term head, Term guards, Term body) { return list(tuple(head, guards, body)); }

  std::string run(Term object, Term s) {
    MatchProgram m;
    MatchLint lint;
    if (match_compile_spec(s, kTableUse, &m, &lint) != CompileResult::Ok) {
      std::string all = "error:";
      for (auto &l : lint) all += " " + l;
      return all;
    }
    MatchRun r;
    r.result = &h;
    r.copy = true;
    Term t = match_run(m, object, r);
    return t.is_none() ? "no match" : text(t);
  }
};

TEST_F(Match, HeadsBindAndCompare) {
  Term o = tuple(n(1), list(n(2), n(3)), tuple(n(1), a("x")));
  EXPECT_EQ(run(o, spec(a("_"), Term::nil(), list(a("$_")))), "{1,[2,3],{1,x}}");
  EXPECT_EQ(run(o, spec(tuple(v(1), list(v(2), v(3)), tuple(v(1), v(4))), Term::nil(), list(a("$$")))), "[1,2,3,x]");
  EXPECT_EQ(run(o, spec(tuple(v(1), make_cons(h, v(2), v(3)), a("_")), Term::nil(), list(v(3)))), "[3]");
  EXPECT_EQ(run(o, spec(tuple(v(1), v(1), a("_")), Term::nil(), list(v(1)))), "no match");
  EXPECT_EQ(run(o, spec(tuple(v(1), v(2)), Term::nil(), list(v(1)))), "no match");
  EXPECT_EQ(run(o, spec(v(100), Term::nil(), list(v(100)))), "{1,[2,3],{1,x}}");
}

TEST_F(Match, GuardsSelect) {
  Term o = tuple(n(5), n(7));
  Term head = tuple(v(1), v(2));
  EXPECT_EQ(run(o, spec(head, list(call("<", v(1), v(2))), list(a("yes")))), "yes");
  EXPECT_EQ(run(o, spec(head, list(call(">", v(1), v(2))), list(a("yes")))), "no match");
  EXPECT_EQ(run(o, spec(head, list(call("==", call("+", v(1), n(2)), v(2))), list(a("yes")))), "yes");
  EXPECT_EQ(run(o, spec(head, list(call("hd", v(1))), list(a("yes")))), "no match");
  EXPECT_EQ(run(o, spec(head, list(call("or", call("is_atom", v(1)), call("is_integer", v(1)))), list(a("yes")))),
            "yes");
  EXPECT_EQ(run(o, spec(head, list(call("andalso", a("false"), call("hd", v(1)))), list(a("yes")))), "no match");
  EXPECT_EQ(run(o, spec(head, list(call("orelse", a("true"), call("hd", v(1)))), list(a("yes")))), "yes");
}

TEST_F(Match, BodiesBuild) {
  Term o = tuple(n(1), n(2));
  Term head = tuple(v(1), v(2));
  Term built = tuple(tuple(v(2), call("const", tuple(v(1))), tuple(tuple()), list(a("a"), v(1), a("b"))));
  EXPECT_EQ(run(o, spec(head, Term::nil(), list(built))), "{2,{'$1'},{},[a,1,b]}");
  EXPECT_EQ(run(o, spec(head, Term::nil(), list(call("element", n(3), a("$_"))))), "'EXIT'");
  EXPECT_EQ(run(o, spec(head, Term::nil(), list(n(9), v(2)))), "2");
  // A variable that a skipped operand mentions first must be copied all the same.
  EXPECT_EQ(run(o, spec(head, Term::nil(), list(tuple(tuple(v(1), call("andalso", a("false"), v(1))))))), "{1,false}");
}

TEST_F(Match, ClausesAreTriedInOrder) {
  Term s =
      make_list(h, tuple(tuple(n(2)), Term::nil(), list(a("two"))), tuple(tuple(v(1)), Term::nil(), list(a("any"))));
  EXPECT_EQ(run(tuple(n(2)), s), "two");
  EXPECT_EQ(run(tuple(n(3)), s), "any");
}

TEST_F(Match, LintSpeaksAsStock) {
  Term head = tuple(v(1));
  EXPECT_EQ(run(head, Term::nil()), "error: Match programs are not in a list.");
  EXPECT_EQ(run(head, list(a("a"))), "error: Match program part is not a tuple of arity 3.");
  EXPECT_EQ(run(head, spec(head, Term::nil(), list(v(2)))), "error: Variable $2 is unbound.");
  EXPECT_EQ(run(head, spec(head, list(call("foo", v(1))), list(tuple(n(1))))),
            "error: Function foo/1 does_not_exist. {1} is neither a function call, nor a tuple (tuples are written {{ "
            "... }}).");
  EXPECT_EQ(run(head, spec(head, Term::nil(), Term::nil())), "error: Body clause does not return anything.");
  EXPECT_EQ(run(head, spec(head, Term::nil(), list(call("return_trace")))),
            "error: Special form 'return_trace' used in wrong dialect.");
}

TEST_F(Match, DeepNestingIsRefused) {
  Term deep = n(1);
  for (int i = 0; i < 100000; i++) deep = call("not", deep);
  MatchProgram m;
  EXPECT_EQ(match_compile_spec(spec(a("_"), Term::nil(), list(deep)), kTableUse, &m), CompileResult::SystemLimit);
  Term long_list = Term::nil();
  for (int i = 0; i < 100000; i++) long_list = make_cons(h, v(1), long_list);
  MatchProgram m2;
  EXPECT_EQ(match_compile_spec(spec(v(1), Term::nil(), list(long_list)), kTableUse, &m2), CompileResult::Ok);
  Term nested = v(1);
  for (int i = 0; i < 100000; i++) nested = tuple(nested, n(1));
  MatchProgram m3;
  EXPECT_EQ(match_compile_spec(spec(nested, Term::nil(), list(v(1))), kTableUse, &m3), CompileResult::Ok);
  MatchRun r;
  EXPECT_TRUE(match_run(m3, tuple(n(1), n(1)), r).is_none());
}

TEST_F(Match, TraceArguments) {
  Term args[] = {n(1), n(2)};
  auto trace = [&](Term head, Term body) {
    MatchProgram m;
    if (match_compile_spec(spec(head, Term::nil(), body), kCallTraceUse, &m) != CompileResult::Ok)
      return std::string("error");
    MatchRun r;
    r.result = &h;
    r.copy = true;
    Term t = match_run_arguments(m, args, 2, r);
    return (t.is_none() ? "no match" : text(t)) + (r.return_trace ? " return" : "");
  };
  EXPECT_EQ(trace(a("_"), Term::nil()), "true");
  EXPECT_EQ(trace(list(v(1), a("_")), list(call("return_trace"), call("message", tuple(tuple(v(1), call("caller")))))),
            "{1,undefined} return");
  EXPECT_EQ(trace(v(3), list(call("message", a("$$")))), "[[1,2]]");
  EXPECT_EQ(trace(list(v(1)), Term::nil()), "no match");
  EXPECT_EQ(trace(a("x"), Term::nil()), "error");
}

TEST_F(Match, PartlyBoundKeys) {
  Term pattern = tuple(a("a"), v(1));
  EXPECT_LT(compare_partly_bound(pattern, tuple(a("b"), n(1))), 0);
  EXPECT_EQ(compare_partly_bound(pattern, tuple(a("a"), n(99))), 0);
  EXPECT_GT(compare_partly_bound(pattern, tuple(n(1), n(99))), 0);
  EXPECT_LT(compare_partly_bound(pattern, tuple(a("a"), n(1), n(1))), 0);
  EXPECT_TRUE(can_match_beyond(tuple(a("a"), v(1)), tuple(a("a"), n(3)), -1));
  EXPECT_FALSE(can_match_beyond(tuple(a("a"), n(3)), tuple(a("a"), v(1)), -1));
  Term key;
  EXPECT_EQ(key_bound(tuple(n(1), v(1)), 1, true, &key), KeyBound::Bound);
  EXPECT_EQ(key_bound(tuple(tuple(n(1), v(1)), v(2)), 1, true, &key), KeyBound::Partial);
  EXPECT_EQ(key_bound(tuple(tuple(n(1), v(1)), v(2)), 1, false, &key), KeyBound::Unbound);
  EXPECT_EQ(key_bound(tuple(v(1), v(2)), 1, true, &key), KeyBound::Unbound);
  EXPECT_EQ(key_bound(a("x"), 1, true, &key), KeyBound::Impossible);
}

TEST_F(Match, ReplacementsMustKeepTheKey) {
  EXPECT_TRUE(keeps_key(1, tuple(v(1), v(2)), list(a("$_"))));
  EXPECT_TRUE(keeps_key(1, tuple(v(1), v(2)), list(tuple(tuple(v(1), n(3))))));
  EXPECT_FALSE(keeps_key(1, tuple(v(1), v(2)), list(tuple(tuple(v(2), n(3))))));
  EXPECT_TRUE(keeps_key(1, tuple(n(1), v(2)), list(call("const", tuple(n(1), n(3))))));
  EXPECT_TRUE(keeps_key(1, tuple(v(1)), list(tuple(tuple(call("element", n(1), a("$_")), n(3))))));
}

} // namespace
} // namespace joist::runtime::ets
