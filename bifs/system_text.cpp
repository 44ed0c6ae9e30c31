// erlang:system_info(info | loaded | procs | dist): binaries in the words of the crash dump.
#include "bifs/system_info.h"

#include "runtime/sys/crash_dump.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
Term system_text_info(Process *p) {
  std::string s;
  crash_dump_memory(s);
  crash_dump_modules(s);
  return make_binary_from(p->heap, s);
}

Term system_text_loaded(Process *p) {
  std::string s;
  crash_dump_modules(s);
  return make_binary_from(p->heap, s);
}

Term system_text_procs(Process *p) {
  std::string s;
  crash_dump_processes(s, p);
  return make_binary_from(p->heap, s);
}

Term system_text_dist(Process *p) {
  std::string s;
  crash_dump_distribution(s);
  return make_binary_from(p->heap, s);
}
} // namespace joist::bifs
