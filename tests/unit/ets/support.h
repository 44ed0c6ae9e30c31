// A running VM's ground for tests of tables: atoms, literals, thread progress.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/ets/table.h"
#include "runtime/mem/literal.h"
#include "runtime/sched/progress.h"
#include "runtime/term/print.h"

#include <gtest/gtest.h>
#include <thread>

namespace joist::runtime::ets {
inline void ground() {
  static bool once = [] {
    atom::init(100000);
    literal_init();
    return true;
  }();
  (void)once;
  if (!progress::is_registered()) progress::register_thread();
}
struct EtsTest : ::testing::Test {
  FragmentHeap h;
  void SetUp() override { ground(); }
  void TearDown() override { progress::quiescent(); }
  template <class... T> Term tuple(T... e) { return make_tuple(h, Term(e)...); }
  static Term n(int64_t v) { return Term::small(v); }
  static Term a(const char *name) { return atom::intern(name); }
  std::string text(Term t) { return to_text(t); }
};
} // namespace joist::runtime::ets
