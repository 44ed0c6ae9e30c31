// A descriptor that a port waits for.
#pragma once
#include "runtime/io/poll.h"

#include <atomic>

namespace joist::runtime {
struct Port;
// Kept by the port while it is interested; a queued task keeps it too.
class PortDescriptor final : public PollClient {
public:
  PortDescriptor(Port *port, int fd);
  void ready(bool in, bool out) override; // any thread: queues a task
  void want(bool in, bool out);           // owner: sets interest and arms
  void close();                           // owner: no more interest, ever
  void release();
  void run(Port &port); // the task: calls back and arms again
  int fd() const { return fd_; }
  bool reads() const { return pending_.load(std::memory_order_relaxed) & 1; }

private:
  ~PortDescriptor() = default;
  void arm();
  Port *port_;
  PollItem *item_;
  int fd_;
  bool in_ = false, out_ = false, closed_ = false;
  bool armed_in_ = false, armed_out_ = false; // the poller has been asked, and no event has been run since
  bool stands_ = false;                       // asked by poll_stand: armed_in_ holds until nobody wants input
  uint8_t once_ = 0;                          // how many times it is not asked so
  std::atomic<uint32_t> pending_{0};          // 1 in, 2 out, 4 task queued
  std::atomic<int32_t> refs_{1};
};
} // namespace joist::runtime
