// Keeps Erlang system time near OS system time: compares them once a minute.
#include "runtime/sched/timer.h"
#include "runtime/sys/time.h"

namespace joist::runtime {
namespace {
constexpr int64_t kInterval = 60'000'000'000;
Timer check;
void fire(Timer *t) {
  time_adjust();
  timer_start(t, monotonic_time() + kInterval, fire);
}
} // namespace
void time_service_start() { timer_start(&check, monotonic_time() + kInterval, fire); }
} // namespace joist::runtime
