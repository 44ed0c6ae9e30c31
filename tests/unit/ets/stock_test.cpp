// Long random sequences of table operations and random match specifications: answers, their order and errors are stock's.
#include "tests/unit/term/stock.h"

#include "bifs/bifs.h"
#include "runtime/ets/ets.h"
#include "runtime/sched/machine.h"
#include "runtime/term/compare.h"
#include "tests/unit/ets/support.h"

#include <map>

namespace joist::bifs {
namespace {
using runtime::testing::Row;

// Calls BIFs as an interpreter would: with yielding ones continued.
struct Caller {
  Process p;
  std::unique_ptr<Machine> machine = std::make_unique<Machine>();
  std::map<std::tuple<Word, Word, unsigned>, Bif> bifs;

  Caller() {
    runtime::ets::ground();
    if (!code_hooks.init_trampolines) code_hooks.init_trampolines = [](Export *) {};
    p.machine = machine.get();
    p.id = Term::local_pid(1);
#define JOIST_BIF(module, function, arity, symbol)                                                                     \
  if (Bif f = symbol) bifs[{atoms::module.raw(), atoms::function.raw(), arity}] = f;
#include "bifs/bif_table.def"
#undef JOIST_BIF
  }
  ~Caller() {
    p.reductions = 1000000;
    int64_t reductions = 0;
    while (!ets_process_exiting(&p, &reductions)) reductions = 1000000;
    off_heap_release(p.heap.off_heap); // a list through the fragments
    fragment_free(p.heap.fragments);
    progress::quiescent();
  }
  // {ok, V} or {error, Reason, Cause}, on h.
  Term call(Heap &h, Term module, Term function, std::vector<Term> args) {
    auto at = bifs.find({module.raw(), function.raw(), unsigned(args.size())});
    if (at == bifs.end()) return make_tuple(h, atoms::undef, function);
    Bif f = at->second;
    p.reductions = kReductions;
    Term r = f(&p, args.data());
    for (int slices = 0; r.is_none() && p.freason.reason == Reason::Trap && slices < 100000; slices++) {
      p.reductions = kReductions;
      Term x[8];
      std::copy(machine->x, machine->x + 8, x);
      r = p.trap_entry->bif(&p, x);
    }
    if (!r.is_none()) return make_tuple(h, atoms::ok, r);
    Term reason = p.freason.reason == Reason::SystemLimit ? atoms::system_limit : atoms::badarg;
    Term none = atoms::none;
    return make_tuple(h, atoms::error, reason, p.freason.ext_info ? p.fcause : none);
  }
};

struct Replay {
  Caller caller;
  FragmentHeap h;
  std::map<int64_t, Term> tables;
  size_t failures = 0, rows = 0;

  void expect(Term got, Term expected, const std::string &what) {
    rows++;
    if (eq(got, expected)) return;
    if (failures++ < 20)
      ADD_FAILURE() << what << "\n  got " << runtime::to_text(got).substr(0, 2000) << "\n  not "
                    << runtime::to_text(expected).substr(0, 2000);
  }
  Term ets(Term f, std::vector<Term> args) { return caller.call(h, atoms::ets, f, std::move(args)); }
  Term value(Term outcome) { return tuple_elements(outcome)[1]; }
  bool ok(Term outcome) { return tuple_elements(outcome)[0] == atoms::ok; }

  Term chunks(Term t, Term f, Term spec, Term size) {
    Term r = ets(f, {t, spec, size});
    std::vector<Term> lists;
    while (ok(r) && value(r) != atoms::end_of_table) {
      if (!is_tuple_of(value(r), 2)) return value(r);
      lists.push_back(tuple_elements(value(r))[0]);
      r = ets(f, {tuple_elements(value(r))[1]});
    }
    if (!ok(r)) return r;
    Term all = Term::nil();
    while (!lists.empty()) {
      all = make_cons(h, lists.back(), all);
      lists.pop_back();
    }
    return make_tuple(h, atoms::ok, all);
  }
  Term walk(Term t, Term first, Term next) {
    std::vector<Term> keys;
    Term r = ets(first, {t});
    while (ok(r) && value(r) != atoms::end_of_table) {
      keys.push_back(value(r));
      r = ets(next, {t, keys.back()});
    }
    if (!ok(r)) return r;
    Term all = Term::nil();
    while (!keys.empty()) {
      all = make_cons(h, keys.back(), all);
      keys.pop_back();
    }
    return make_tuple(h, atoms::ok, all);
  }
  std::string name(Row &r) {
    std::string s;
    for (Word i = 0; i + 1 < r.n; i++) s += runtime::to_text(r[i]).substr(0, 500) + " ";
    return s;
  }
  void row(Row r) {
    std::string_view kind = atom::text(r[0]);
    if (kind == "table") {
      Term options = r[2];
      tables[r[1].small_value()] = value(ets(atoms::new_, {atom::intern("t"), options}));
      return;
    }
    if (kind == "spec")
      return expect(caller.call(h, atoms::erlang, atoms::match_spec_test, {r[1], r[2], r[3]}), r[4], name(r));
    Term t = tables.at(r[1].small_value());
    if (kind == "op") {
      std::vector<Term> args{t};
      for (Term l = r[3]; l.is_cons(); l = l.tail()) args.push_back(l.head());
      expect(ets(r[2], std::move(args)), r[4], name(r));
    } else if (kind == "chunks") {
      expect(chunks(t, r[2], r[3], r[4]), r[5], name(r));
    } else if (kind == "walk") {
      expect(walk(t, r[2], r[3]), r[4], name(r));
    }
  }
  void run(const char *what) {
    Term all = runtime::testing::stock_rows(h, __FILE__, "stock_tables.escript", what);
    if (all.is_none()) GTEST_SKIP() << "no stock Erlang on PATH";
    for (; all.is_cons() && failures < 20; all = all.tail()) row(Row(all));
    EXPECT_GT(rows, 1000u);
  }
};

TEST(StockTables, AnswersAndOrder) { Replay().run("tables"); }
TEST(StockTables, MatchSpecifications) { Replay().run("specs"); }

} // namespace
} // namespace joist::bifs
