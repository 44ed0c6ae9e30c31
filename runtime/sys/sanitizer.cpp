// Options and suppressions of the sanitizers, all of them: they are part of the program, so that every way to start it
// has them. Options in ASAN_OPTIONS, UBSAN_OPTIONS, LSAN_OPTIONS and TSAN_OPTIONS come on top.
//
// A suppression here names a library that is not compiled with the sanitizer, or memory that is held for the life of the
// process in a way that the leak search cannot see; with the reason beside it.
#include "runtime/sys/sanitizer.h"

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

extern "C" const char *__asan_default_options() {
  // Leaks are searched for when the VM halts (sanitizer_check_leaks): threads go on to the end, so no other moment is right.
  // Refusing to allocate what no machine has is an answer the VM has words for.
  return "leak_check_at_exit=0:allocator_may_return_null=1:detect_stack_use_after_return=0:handle_abort=0";
}
extern "C" const char *__ubsan_default_options() { return "print_stacktrace=1"; }
extern "C" const char *__lsan_default_options() { return "report_objects=0:print_suppressions=0"; }
extern "C" const char *__lsan_default_suppressions() {
  return "leak:bitcask.so\n"; // copies the name of a store that it closes, also where its table has that name already
}

namespace joist::runtime {
namespace {
struct Root {
  const void *from;
  size_t (*extent)(const void *);
  const void *owner;
};
Root roots[16];
unsigned root_count = 0; // set up while there is one thread
} // namespace

void sanitizer_root(const void *from, size_t (*extent)(const void *), const void *owner) {
  if (root_count < sizeof roots / sizeof *roots) roots[root_count++] = {from, extent, owner};
}

void sanitizer_check_leaks() {
  for (unsigned i = 0; i < root_count; i++)
    if (size_t bytes = roots[i].extent(roots[i].owner)) // nothing may be in use, which is no region
      __lsan_register_root_region(roots[i].from, bytes);
  __lsan_do_leak_check();
}

void sanitizer_poison(const void *p, size_t bytes) { __asan_poison_memory_region(p, bytes); }
void sanitizer_unpoison(const void *p, size_t bytes) { __asan_unpoison_memory_region(p, bytes); }
} // namespace joist::runtime
#endif

#if __has_feature(thread_sanitizer)
extern "C" const char *__tsan_default_options() {
  // By default a halting program would stay for another second, connections and all: other nodes and ports would notice late.
  return "history_size=4:second_deadlock_stack=1:atexit_sleep_ms=0:allocator_may_return_null=1";
}
extern "C" const char *__tsan_default_suppressions() {
  return "race:c_library_mktime\n"; // reads the zone anew each time, under a lock of the C library's that is not seen
}
#endif
