// Counters and times of traced functions (call_count, call_time). One per function name, made when first asked for, never
// freed: trace frames on stacks refer to them.
#pragma once
#include "runtime/term/mfa.h"
#include "runtime/term/term.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace joist::runtime::trace {
struct CallTime {
  struct Entry {
    int64_t calls = 0, ns = 0;
  };
  std::mutex lock;
  std::unordered_map<Word, Entry> by_process; // by pid
};
struct CallStats {
  std::atomic<int64_t> calls{0};
  CallTime time;
};
CallStats *call_stats(const Mfa &f);
void call_time_clear(CallStats *s);
struct CallTimeRow {
  Term pid;
  int64_t calls, ns;
};
std::vector<CallTimeRow> call_time_rows(CallStats *s);
} // namespace joist::runtime::trace
