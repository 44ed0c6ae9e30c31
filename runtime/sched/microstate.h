// Microstate accounting (erlang:statistics(microstate_accounting), msacc(3)): how long each thread was in which state.
//
// Protocol: a thread that is accounted for registers and then tells of each change of its state by a MicroScope. While
// accounting is off that is a store to memory of its own; while it is on, the clock is read too. Counters are only
// written by their thread, except when accounting is switched: who does that adds what has run until then.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

namespace joist::runtime {
enum class Micro : uint8_t { Aux, CheckIo, Emulator, Gc, Other, Port, Sleep };
inline constexpr size_t kMicroStates = 7;
enum class MicroThread : uint8_t { Scheduler, Async, DirtyCpu, DirtyIo, Poll, Aux }; // as stock starts them

struct MicroTimes {
  MicroThread type = MicroThread::Scheduler;
  unsigned id = 0;
  std::atomic<int64_t> ns[kMicroStates] = {};
  std::atomic<Micro> state{Micro::Other};
  std::atomic<int64_t> since{0}; // os_monotonic_time; while accounting is on
};
namespace microstate {
extern thread_local MicroTimes *mine; // null: not accounted for
extern std::atomic<bool> on;
void start(MicroThread type, unsigned id, Micro state); // the calling thread is accounted for from now on
void declare(MicroThread type, unsigned id);            // there is such a thread, which has not started (yet)
Micro change_timed(MicroTimes *t, Micro to);
inline Micro change(MicroTimes *t, Micro to) {
  if (on.load(std::memory_order_relaxed)) [[unlikely]]
    return change_timed(t, to);
  Micro old = t->state.load(std::memory_order_relaxed);
  t->state.store(to, std::memory_order_relaxed);
  return old;
}
bool enable(bool on); // the setting before
void reset();
struct Row {
  MicroThread type;
  unsigned id;
  int64_t ns[kMicroStates];
};
std::vector<Row> rows(); // by type and id
} // namespace microstate

class MicroScope {
public:
  explicit MicroScope(Micro state) : t_(microstate::mine), old_(t_ ? microstate::change(t_, state) : state) {}
  ~MicroScope() {
    if (t_ && t_ == microstate::mine) microstate::change(t_, old_); // else another thread is what this one was
  }
  MicroScope(const MicroScope &) = delete;

private:
  MicroTimes *t_;
  Micro old_;
};
} // namespace joist::runtime
