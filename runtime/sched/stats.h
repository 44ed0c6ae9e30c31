// Counters of the schedulers, for erlang:statistics/1, system_info/1 and process_info. Any thread may ask.
#pragma once
#include <cstdint>
#include <vector>

namespace joist::runtime {
struct SchedulerStats {
  unsigned number;         // from 1; dirty CPU after the normal ones, then dirty I/O
  uint64_t run_queue = 0;  // processes and port tasks waiting
  uint64_t running = 0;    // 1 while it executes something
  uint64_t reductions = 0; // executed since start, without the slice in progress
  uint64_t context_switches = 0;
  uint64_t active_ns = 0, total_ns = 0; // since scheduler_wall_time was enabled
};
enum class SchedulerType : uint8_t { Normal, DirtyCpu, DirtyIo };
// One entry per scheduler of the type. Dirty CPU schedulers share a run queue: it is counted in the first entry; same for I/O.
std::vector<SchedulerStats> scheduler_stats(SchedulerType type);
uint64_t total_reductions(); // normal schedulers, up to the last slice each has finished
uint64_t total_context_switches();
// While on, only the first scheduler executes processes (multi_scheduling is blocked).
void schedulers_single(bool on);
// Collections since start, and words that they freed (mem/gc.cpp).
uint64_t gc_total_collections();
uint64_t gc_total_words_reclaimed();
// Bytes that ports have read and written (io/port_deliver.cpp).
uint64_t io_total_input();
uint64_t io_total_output();
// erlang:system_flag(scheduler_wall_time, Bool): previous setting.
bool scheduler_wall_time_enable(bool on);
bool scheduler_wall_time_enabled();
// Threads.
unsigned dirty_cpu_schedulers();
unsigned dirty_cpu_schedulers_online();
void dirty_cpu_schedulers_set_online(unsigned n);
unsigned dirty_io_schedulers();
SchedulerType dirty_scheduler_type(); // of the calling thread; Normal: it is no dirty scheduler
} // namespace joist::runtime
