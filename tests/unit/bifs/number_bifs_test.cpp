// Built-in functions on numbers, atoms, lists, tuples and types: thousands of calls, with the results and the errors
// that stock Erlang gives.
#include "bifs/bifs.h"
#include "runtime/term/compare.h"
#include "runtime/term/print.h"
#include "tests/unit/term/stock.h"

#include <map>
#include <tuple>

namespace joist::bifs {
namespace {
using runtime::testing::Row;

using Key = std::tuple<Word, Word, int>;
std::map<Key, Bif> all_bifs() {
  std::map<Key, Bif> m;
#define JOIST_BIF(module, function, arity, symbol)                                                                     \
  if (Bif f = symbol) m[{atoms::module.raw(), atoms::function.raw(), arity}] = f;
#include "bifs/bif_table.def"
#undef JOIST_BIF
  return m;
}

Term reason_atom(Reason r) {
  switch (r) {
  case Reason::Badarg: return atoms::badarg;
  case Reason::Badarith: return atoms::badarith;
  case Reason::SystemLimit: return atoms::system_limit;
  default: return atoms::undefined;
  }
}

TEST(StockBifs, ResultsAndErrors) {
  FragmentHeap h;
  Term rows = runtime::testing::stock_rows(h, __FILE__, "../term/stock_numbers.escript", "bifs");
  if (rows.is_none()) GTEST_SKIP() << "no stock Erlang on PATH";
  auto bifs = all_bifs();
  size_t n = 0, failures = 0;
  for (; rows.is_cons() && failures < 40; rows = rows.tail(), n++) {
    Row r(rows);
    Term args[4];
    int arity = 0;
    for (Term l = r[2]; l.is_cons(); l = l.tail()) args[arity++] = l.head();
    std::string what =
        std::string(atom::text(r[0])) + ":" + std::string(atom::text(r[1])) + " " + runtime::to_text(r[2]);
    auto at = bifs.find({r[0].raw(), r[1].raw(), arity});
    if (at == bifs.end()) {
      ADD_FAILURE() << "missing " << what;
      failures++;
      continue;
    }
    Process p;
    p.reductions = 1'000'000;
    Term got = at->second(&p, args);
    bool ok = tuple_elements(r[3])[0] == atoms::ok;
    Term expected = tuple_elements(r[3])[1];
    if (ok) {
      if (got.is_none() || !eq(got, expected)) {
        failures++;
        ADD_FAILURE() << what << "\n  got " << (got.is_none() ? "an error" : runtime::to_text(got)) << "\n  not "
                      << runtime::to_text(expected);
      }
    } else if (!got.is_none() || reason_atom(p.freason.reason) != expected) {
      failures++;
      ADD_FAILURE() << what << "\n  got " << runtime::to_text(got.is_none() ? reason_atom(p.freason.reason) : got)
                    << "\n  not error " << runtime::to_text(expected);
    }
    fragment_free(p.heap.fragments);
    p.heap.fragments = nullptr;
  }
  EXPECT_GT(n, 15000u);
}

} // namespace
} // namespace joist::bifs
