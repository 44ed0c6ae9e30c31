#include "runtime/proc/error_log.h"
#include "runtime/atom/atom.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/registry.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

#include <cstdio>

namespace joist::runtime {
void error_log(Process *p, std::string_view format, Term args) {
  Term to = system_logger();
  Process *logger = to == atoms::logger ? registry_process(atoms::logger)
                    : to.is_local_pid() ? process_lookup(to)
                                        : nullptr;
  if (!logger) {
    if (to == atoms::undefined) return;
    std::string text = "=ERROR REPORT==== " + std::string(format) + " ";
    print_term(text, args);
    text += "\n";
    fwrite(text.data(), 1, text.size(), stderr);
    return;
  }
  FragmentHeap h(256);
  Term legacy[] = {atoms::emulator, atoms::true_, atom::intern("tag"), atoms::error};
  Term meta[] = {atoms::pid,          p->id,
                 atom::intern("gl"),  copy(p->group_leader, h),
                 atoms::time,         make_int(h, os_system_time() / 1000),
                 atoms::error_logger, map_from_pairs(h, legacy, 2)};
  Term message = make_tuple(h, atoms::log, atoms::error, make_string(h, format.data(), format.size()), copy(args, h),
                            map_from_pairs(h, meta, 4));
  message_send_built(logger, message, h.take());
}
} // namespace joist::runtime
