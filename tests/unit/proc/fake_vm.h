// Processes whose code is a C++ function: an interpreter replacement for tests of scheduling and signals. A body is called
// for every slice of its process, with signals handled; what it returns is what exec_hooks.run returns.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/ets/ets.h"
#include "runtime/mem/gc.h"
#include "runtime/mem/literal.h"
#include "runtime/proc/process.h"
#include "runtime/proc/receive.h"
#include "runtime/proc/relations.h"
#include "runtime/sched/machine.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace joist::runtime::test {
using Body = std::function<RunResult(Process *)>;

inline RunResult run_body(Machine *, Process *p) {
  Body *b = reinterpret_cast<Body *>(p->saved_x()[1].small_value());
  RunResult r = (*b)(p);
  if (r != RunResult::Exited && p->must_exit()) return process_exit(p, p->fvalue);
  return r;
}

// Schedulers run until the program ends, as in a VM: it ends without destroying anything under them.
struct EndAtOnce : ::testing::EmptyTestEventListener {
  void OnTestProgramEnd(const ::testing::UnitTest &t) override {
    fflush(nullptr);
    _exit(t.Passed() ? 0 : 1);
  }
};

// The whole runtime, with two or more schedulers; once per program.
inline void start_vm(unsigned schedulers = 4) {
  static bool started = [schedulers] {
    ::testing::UnitTest::GetInstance()->listeners().Append(new EndAtOnce);
    atom::init(1 << 20);
    literal_init();
    time_init(WarpMode::NoTimeWarp, true);
    process_table_init(1 << 18);
    ets_init(8192);
    exec_hooks.run = run_body;
    SchedulerConfig c;
    c.schedulers = schedulers;
    schedulers_init(c);
    schedulers_start();
    return true;
  }();
  (void)started;
}

// Bodies live for ever: processes refer to them.
inline Term body(Body f) { return Term::small(int64_t(new Body(std::move(f)))); }

inline Term spawn(Term body, Process *parent = nullptr, SpawnOptions o = {}, Term *ref = nullptr) {
  progress::OnlineScope scope;
  Process *p = process_spawn(parent, atoms::ok, body, Term::nil(), o, ref);
  return p ? p->id : Term::none();
}

// Next message of a mailbox, its fragments adopted by p; none if there is none. May collect, unless the caller holds terms.
inline Term receive(Process *p, bool may_collect = true) {
  if (may_collect && gc_wanted(p)) gc_collect(p, 0, p->saved_x(), p->live_x);
  signals_fetch(p);
  if (p->must_exit() || !p->mailbox.first) return Term::none();
  Signal *s = mailbox_remove(p->mailbox, &p->mailbox.first);
  p->heap.adopt(s->fragments);
  s->fragments = nullptr;
  Term t = s->term;
  signal_free(s);
  return t;
}

inline bool eventually(const std::function<bool()> &f, int ms = 20'000) {
  for (int i = 0; i < ms; i++) {
    if (f()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return f();
}
} // namespace joist::runtime::test
