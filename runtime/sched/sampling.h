// Seeing what is executed: every so many reductions of a scheduler, whatever processes spend them and however short their
// slices are, a process is stopped at the entry of a function for a look at it (code_sampled). Nothing is counted by
// instructions: the reductions left, which every call looks at anyhow, are those until the next sample, and the rest of the
// slice is withheld meanwhile (Process::withheld). A scheduler without work takes no samples.
//
// Invariant while a process executes: either nothing is withheld, or Scheduler::sample_in is 0 and Process::reductions are
// those left until the sample.
//
// Built-in functions take the reductions left for what they may do before they yield, and come to no entry of a function
// then. So a sample that was missed at the end of a slice is not made up for at once: that would leave each of their
// slices a single reduction.
#pragma once
#include "runtime/code/hot.h"
#include "runtime/sched/run_queue.h"

#include <algorithm>

namespace joist::runtime {
// A slice begins: p->reductions are those of the whole slice.
inline void sampling_begin(Scheduler &s, Process *p) {
  p->withheld = 0;
  if (!code_sampled) return;
  int now = s.sample_in > 0 ? std::min<int>(p->reductions, s.sample_in) : p->reductions;
  p->withheld = int16_t(p->reductions - now);
  p->reductions = now;
  s.sample_in = std::max(s.sample_in - now, 0);
}
// It has ended.
inline void sampling_end(Scheduler &s, Process *p) {
  if (!code_sampled) return;
  if (p->reductions > 0) s.sample_in += p->reductions;
  p->withheld = 0;
}
// p is at the entry of a function and has no reductions left. True: only until a sample, which was taken, and it has
// some again. False: the slice is over. `stack` is its stack.
inline bool sampling_continue(Scheduler *s, Process *p, const Instr *entry, const Word *stack) {
  if (!code_sampled || !s || s->sample_in > 0) return false;
  s->sample_in = code_sampled(entry, stack);
  if (p->withheld <= 0) return false;
  int more = std::min<int>(p->withheld, s->sample_in);
  p->withheld = int16_t(p->withheld - more);
  p->reductions = more;
  s->sample_in -= more;
  return true;
}
} // namespace joist::runtime
