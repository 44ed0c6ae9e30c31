#include "runtime/sched/progress.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace {
using namespace joist::runtime;

TEST(Progress, CallbackWaitsForOnlineReaders) {
  progress::register_thread();
  std::atomic<int> stage{0};
  std::atomic<bool> called{false};
  std::thread reader([&] {
    progress::register_thread();
    stage = 1;
    while (stage != 2) std::this_thread::yield();
    progress::quiescent();
    stage = 3;
    while (stage != 4) std::this_thread::yield();
    progress::unregister_thread();
  });
  while (stage != 1) std::this_thread::yield();
  progress::later([](void *p) { *static_cast<std::atomic<bool> *>(p) = true; }, &called);
  for (int i = 0; i < 1000; i++) progress::quiescent();
  EXPECT_FALSE(called);
  stage = 2;
  while (stage != 3) std::this_thread::yield();
  for (int i = 0; i < 1000 && !called; i++) progress::quiescent();
  EXPECT_TRUE(called);
  stage = 4;
  reader.join();
  progress::unregister_thread();
}

TEST(Progress, OfflineThreadsHoldNothingUp) {
  std::atomic<bool> called{false};
  progress::register_thread();
  std::atomic<bool> done{false};
  std::thread sleeper([&] {
    progress::register_thread();
    progress::offline();
    while (!done) std::this_thread::yield();
    progress::unregister_thread();
  });
  progress::later([](void *p) { *static_cast<std::atomic<bool> *>(p) = true; }, &called);
  progress::offline(); // the last one: everything is due
  EXPECT_TRUE(called);
  done = true;
  sleeper.join();
  progress::unregister_thread();
}

// Readers follow a pointer that a writer keeps replacing; what is freed is poisoned first.
TEST(Progress, NothingIsFreedUnderAReader) {
  struct Node {
    std::atomic<uint64_t> value;
  };
  static std::atomic<Node *> shared{new Node{42}};
  static std::atomic<int> freed{0};
  std::atomic<bool> stop{false};
  std::atomic<int> bad{0};
  std::vector<std::thread> threads;
  for (int r = 0; r < 3; r++)
    threads.emplace_back([&, r] {
      progress::register_thread();
      for (int i = 0; !stop; i++) {
        Node *n = shared.load(std::memory_order_acquire);
        for (int k = 0; k < 20; k++)
          if (n->value.load(std::memory_order_relaxed) != 42) bad++;
        if (r == 2 && i % 64 == 0) {
          progress::offline();
          progress::online();
        } else if (r == 1) {
          progress::OnlineScope scope;
        }
        progress::quiescent();
      }
      progress::unregister_thread();
    });
  for (int w = 0; w < 2; w++)
    threads.emplace_back([&] {
      progress::register_thread();
      for (int i = 0; i < 20000; i++) {
        Node *old = shared.exchange(new Node{42}, std::memory_order_acq_rel);
        progress::later(
            [](void *p) {
              auto *n = static_cast<Node *>(p);
              n->value.store(7, std::memory_order_relaxed);
              delete n;
              freed++;
            },
            old);
        progress::quiescent();
      }
      progress::unregister_thread();
    });
  threads[3].join();
  threads[4].join();
  stop = true;
  for (int i = 0; i < 3; i++) threads[size_t(i)].join();
  EXPECT_EQ(bad, 0);
  progress::register_thread();
  for (int i = 0; i < 100; i++) progress::quiescent();
  progress::unregister_thread();
  EXPECT_EQ(freed, 40000);
}
} // namespace
