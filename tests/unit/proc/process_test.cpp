#include "runtime/proc/inbox.h"
#include "runtime/sched/stats.h"
#include "tests/unit/proc/fake_vm.h"

namespace {
using namespace joist::runtime;
using namespace joist::runtime::test;

class Processes : public ::testing::Test {
protected:
  void SetUp() override {
    start_vm();
    ASSERT_TRUE(eventually([] { return process_count() == 0; }));
  }
};

TEST_F(Processes, ManySpawnAndEnd) {
  static std::atomic<int> ended{0};
  ended = 0;
  Term b = body([](Process *p) {
    ended++;
    return process_exit(p, atoms::normal);
  });
  for (int i = 0; i < 20000; i++) ASSERT_FALSE(spawn(b).is_none());
  EXPECT_TRUE(eventually([] { return ended == 20000 && process_count() == 0; }));
}

TEST_F(Processes, RingPassesEveryMessage) {
  constexpr int kSize = 50, kRounds = 400;
  static std::vector<Term> ring;
  static std::atomic<int> done{0};
  ring.assign(kSize, Term::none());
  done = 0;
  static std::atomic<bool> ready{false};
  ready = false;
  for (int i = 0; i < kSize; i++)
    ring[size_t(i)] = spawn(body([i](Process *p) {
      if (!ready) return RunResult::Yielded;
      for (;;) {
        Term t = receive(p);
        if (p->must_exit()) return RunResult::Yielded;
        if (t.is_none()) return RunResult::Waiting;
        int64_t n = tuple_elements(t)[1].small_value();
        if (n == 0) {
          done++;
          continue;
        }
        message_send_pid(ring[size_t(i + 1) % kSize], make_tuple(p->heap, atoms::ok, Term::small(n - 1)));
      }
    }));
  ready = true;
  FragmentHeap h(16);
  for (int i = 0; i < 10; i++)
    message_send_pid(ring[size_t(i)], make_tuple(h, atoms::ok, Term::small(kSize * kRounds)));
  EXPECT_TRUE(eventually([] { return done == 10; }));
  for (Term pid : ring) exit_signal_send(nullptr, pid, atoms::kill);
  EXPECT_TRUE(eventually([] { return process_count() == 0; }));
}

// Messages of one sender arrive in order, whatever else arrives.
TEST_F(Processes, OrderIsKept) {
  constexpr int kSenders = 6, kMessages = 5000;
  static std::atomic<int> wrong{0}, seen{0};
  static std::vector<int64_t> last;
  wrong = seen = 0;
  last.assign(kSenders, -1);
  Term to = spawn(body([](Process *p) {
    for (;;) {
      Term t = receive(p);
      if (t.is_none()) return seen == kSenders * kMessages ? process_exit(p, atoms::normal) : RunResult::Waiting;
      size_t who = size_t(tuple_elements(t)[0].small_value());
      int64_t n = tuple_elements(t)[1].small_value();
      if (n != last[who] + 1) wrong++;
      last[who] = n;
      seen++;
    }
  }));
  for (int s = 0; s < kSenders; s++)
    spawn(body([s, to, n = 0](Process *p) mutable {
      for (int k = 0; k < 100; k++) {
        if (n == kMessages) return process_exit(p, atoms::normal);
        message_send_pid(to, make_tuple(p->heap, Term::small(s), Term::small(n++)));
      }
      p->reductions = 0;
      return RunResult::Yielded;
    }));
  EXPECT_TRUE(eventually([] { return seen == kSenders * kMessages; }));
  EXPECT_EQ(wrong, 0);
}

// What others ask of a process waits there, too: it is no message.
TEST_F(Processes, MessagesInTheInbox) {
  Inbox in;
  for (SignalKind kind :
       {SignalKind::Message, SignalKind::Link, SignalKind::Rpc, SignalKind::Message, SignalKind::Unlink}) {
    Signal *s = signal_new(kind);
    *in.last = s;
    in.last = &s->next;
    in.length++;
  }
  EXPECT_EQ(messages_in(in), 2u);
  while (Signal *s = in.first) {
    in.first = s->next;
    signal_free(s);
  }
}

TEST_F(Processes, LinksAndTrapExit) {
  static std::atomic<int> exits{0}, wrong{0};
  exits = wrong = 0;
  constexpr int kChildren = 500;
  Term child = body([](Process *p) { return process_exit(p, make_tuple(p->heap, atoms::error, atoms::badarg)); });
  spawn(body([child, spawned = 0](Process *p) mutable {
    p->state.fetch_or(pstate::TrapExit);
    while (spawned < kChildren) {
      SpawnOptions o;
      o.link = true;
      spawn(child, p, o);
      spawned++;
    }
    for (;;) {
      Term t = receive(p);
      if (t.is_none()) return exits == kChildren ? process_exit(p, atoms::normal) : RunResult::Waiting;
      if (!is_tuple_of(t, 3) || tuple_elements(t)[0] != atoms::EXIT || !is_tuple_of(tuple_elements(t)[2], 2)) wrong++;
      exits++;
    }
  }));
  EXPECT_TRUE(eventually([] { return exits == kChildren && process_count() == 0; }));
  EXPECT_EQ(wrong, 0);
}

TEST_F(Processes, LinkedProcessesDieTogether) {
  Term waiter = body([](Process *) { return RunResult::Waiting; });
  static std::atomic<bool> go{false};
  go = false;
  spawn(body([waiter, spawned = false](Process *p) mutable {
    if (!spawned) {
      for (int i = 0; i < 300; i++) {
        SpawnOptions o;
        o.link = true;
        spawn(waiter, p, o);
      }
      spawned = true;
    }
    return go ? process_exit(p, atoms::badarg) : RunResult::Yielded;
  }));
  ASSERT_TRUE(eventually([] { return process_count() == 301; }));
  go = true;
  EXPECT_TRUE(eventually([] { return process_count() == 0; }));
}

TEST_F(Processes, MonitorsTell) {
  static std::atomic<int> downs{0}, noproc{0};
  downs = noproc = 0;
  constexpr int kWatched = 300;
  Term quick = body([](Process *p) { return process_exit(p, atoms::shutdown); });
  Term dead = spawn(quick);
  ASSERT_TRUE(eventually([] { return process_count() == 0; }));
  spawn(body([=, started = false](Process *p) mutable {
    if (!started) {
      started = true;
      for (int i = 0; i < kWatched; i++) {
        SpawnOptions o;
        o.monitor = true;
        Term ref;
        spawn(quick, p, o, &ref);
      }
      Monitor m;
      Term ref = make_ref(p->heap);
      m.ref = KeptRef(ref);
      m.target = KeptTerm(dead);
      relations_of(p).monitor_add(std::move(m));
      if (!monitor_send(p->id, dead, ref, Term::none())) down_send(dead, p->id, ref, atoms::noproc);
    }
    for (;;) {
      Term t = receive(p);
      if (t.is_none()) return downs == kWatched + 1 ? process_exit(p, atoms::normal) : RunResult::Waiting;
      if (is_tuple_of(t, 5) && tuple_elements(t)[0] == atoms::DOWN && tuple_elements(t)[2] == atoms::process) downs++;
      if (tuple_elements(t)[4] == atoms::noproc) noproc++;
    }
  }));
  EXPECT_TRUE(eventually([] { return downs == kWatched + 1 && process_count() == 0; }));
  EXPECT_EQ(noproc, 1);
}

TEST_F(Processes, ReceiveTimersFireOnce) {
  static std::atomic<int> fired{0};
  fired = 0;
  constexpr int kTimers = 2000;
  for (int i = 0; i < kTimers; i++)
    spawn(body([i](Process *p) {
      signals_fetch(p);
      switch (receive_timer_state(p)) {
      case ReceiveTimer::None: receive_timer_start(p, Term::small(1 + i % 40)); return RunResult::Waiting;
      case ReceiveTimer::Armed: return RunResult::Waiting;
      case ReceiveTimer::Fired:
        receive_timer_cancel(p);
        fired++;
        return process_exit(p, atoms::normal);
      }
      return RunResult::Waiting;
    }));
  EXPECT_TRUE(eventually([] { return process_count() == 0; }));
  EXPECT_EQ(fired, kTimers);
}

// A kill, an exit of a link and messages from all sides at once: everybody ends, nothing is lost or freed twice.
TEST_F(Processes, KillStorm) {
  for (int round = 0; round < 20; round++) {
    static std::vector<Term> pids;
    pids.clear();
    Term chatter = body([](Process *p) {
      while (!receive(p).is_none()) {}
      if (p->must_exit()) return RunResult::Yielded;
      return RunResult::Waiting;
    });
    for (int i = 0; i < 100; i++) pids.push_back(spawn(chatter));
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; t++)
      threads.emplace_back([t] {
        for (int k = 0; k < 2000; k++) message_send_pid(pids[size_t(k * 7 + t) % 100], Term::small(k));
        for (Term pid : pids) exit_signal_send(nullptr, pid, t ? atoms::kill : atoms::badarg);
      });
    for (auto &t : threads) t.join();
    ASSERT_TRUE(eventually([] { return process_count() == 0; }));
  }
}

TEST_F(Processes, WorkRunsOnSchedulers) {
  static std::atomic<int> ran{0};
  ran = 0;
  for (int i = 0; i < 5000; i++) schedule_work([](void *) { ran += this_scheduler() != nullptr; }, nullptr);
  EXPECT_TRUE(eventually([] { return ran == 5000; }));
}

TEST_F(Processes, BlockStopsAllOthers) {
  static std::atomic<bool> stop{false};
  static std::atomic<uint64_t> slices{0};
  stop = false;
  for (int i = 0; i < 8; i++)
    spawn(body([](Process *p) {
      slices++;
      return stop ? process_exit(p, atoms::normal) : RunResult::Yielded;
    }));
  for (int i = 0; i < 50; i++) {
    schedulers_block();
    uint64_t n = slices;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    EXPECT_EQ(slices, n);
    schedulers_unblock();
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  stop = true;
  EXPECT_TRUE(eventually([] { return process_count() == 0; }));
}

TEST_F(Processes, NumbersAscendAndAreReused) {
  Term b = body([](Process *p) { return process_exit(p, atoms::normal); });
  Term first = spawn(b);
  Term second = spawn(b);
  EXPECT_EQ(second.imm_payload(), first.imm_payload() + 1);
}

TEST_F(Processes, AliveOnlyOnAllSchedulers) {
  auto stats = scheduler_stats(SchedulerType::Normal);
  EXPECT_EQ(stats.size(), schedulers_count());
  EXPECT_GT(total_context_switches(), 0u);
}
} // namespace
