// erlang:system_info(info | loaded | procs | dist): binaries in the words of the crash dump.
#include "bifs/system_info.h"

#include "runtime/sched/scheduler.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/term/binary.h"
#include "runtime/term/print.h"

namespace joist::bifs {
Term system_text_info(Process *p) {
  std::string s;
  crash_dump_memory(s);
  crash_dump_modules(s);
  return make_binary_from(p->heap, s);
}

// Sizes of code, one module per line.
Term system_text_loaded(Process *p) {
  std::string lines;
  size_t current = 0, old = 0;
  for (Term name : modules_loaded()) {
    Module *m = module_find(name);
    if (!m) continue;
    size_t now = m->current ? m->current->code_size() : 0, before = m->old ? m->old->code_size() : 0;
    current += now, old += before;
    lines += atom_quoted(name) + " " + std::to_string(now);
    if (m->old) lines += " (" + std::to_string(before) + " old)";
    lines += "\n";
  }
  return make_binary_from(p->heap, "Current code: " + std::to_string(current) + "\nOld code: " + std::to_string(old) +
                                       "\n" + lines);
}

Term system_text_procs(Process *p) {
  std::string s;
  schedulers_block();
  crash_dump_processes(s);
  schedulers_unblock();
  return make_binary_from(p->heap, s);
}

Term system_text_dist(Process *p) {
  std::string s;
  crash_dump_distribution(s);
  return make_binary_from(p->heap, s);
}
} // namespace joist::bifs
