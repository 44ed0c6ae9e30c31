#include "runtime/sched/run_queue.h"

#include <gtest/gtest.h>
#include <vector>

namespace {
using namespace joist::runtime;

struct Procs {
  std::vector<std::unique_ptr<Process>> all;
  Process *make(Priority prio, uint32_t bits = 0) {
    all.push_back(std::make_unique<Process>());
    all.back()->state = bits | uint32_t(prio) << pstate::PrioShift;
    return all.back().get();
  }
};

TEST(RunQueue, PriorityOrder) {
  Procs procs;
  RunQueue q;
  Process *n1 = procs.make(Priority::Normal), *n2 = procs.make(Priority::Normal), *h = procs.make(Priority::High),
          *m = procs.make(Priority::Max);
  for (Process *p : {n1, n2, h, m}) q.push(p);
  EXPECT_EQ(q.length(), 4u);
  EXPECT_EQ(q.pop(), m);
  EXPECT_EQ(q.pop(), h);
  EXPECT_EQ(q.pop(), n1);
  EXPECT_EQ(q.pop(), n2);
  EXPECT_EQ(q.pop(), nullptr);
}

TEST(RunQueue, LowRunsOnceInEightTurns) {
  Procs procs;
  RunQueue q;
  for (int i = 0; i < 32; i++) q.push(procs.make(Priority::Normal));
  for (int i = 0; i < 4; i++) q.push(procs.make(Priority::Low));
  int low = 0;
  for (int i = 0; i < 32; i++) low += q.pop()->priority() == Priority::Low;
  EXPECT_EQ(low, 4);
}

TEST(RunQueue, BoundProcessesAreNotStolen) {
  Procs procs;
  RunQueue q;
  Process *b1 = procs.make(Priority::Normal, pstate::Bound), *f = procs.make(Priority::Normal),
          *b2 = procs.make(Priority::Normal, pstate::Bound);
  for (Process *p : {b1, f, b2}) q.push(p);
  EXPECT_EQ(q.steal(), f);
  EXPECT_EQ(q.steal(), nullptr);
  EXPECT_EQ(q.pop(), b1);
  EXPECT_EQ(q.pop(), b2);
}
} // namespace
