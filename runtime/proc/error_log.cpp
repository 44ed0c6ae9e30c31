#include "runtime/proc/error_log.h"
#include "runtime/atom/atom.h"
#include "runtime/dist/node.h"
#include "runtime/mem/copy.h"
#include "runtime/proc/inbox.h"
#include "runtime/proc/info.h"
#include "runtime/proc/registry.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

#include <cstdio>
#include <vector>

namespace joist::runtime {
void error_log(Process *p, std::string_view format, Term args, LogLeader leader) {
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
  std::vector<Term> meta{atoms::pid,          p->id,
                         atoms::time,         make_int(h, os_system_time() / 1000),
                         atoms::error_logger, map_from_pairs(h, legacy, 2)};
  if (leader == LogLeader::Own) meta.insert(meta.end(), {atom::intern("gl"), copy(p->group_leader, h)});
  Term message = make_tuple(h, atoms::log, atoms::error, make_string(h, format.data(), format.size()), copy(args, h),
                            map_from_pairs(h, meta.data(), meta.size() / 2));
  message_send_built(logger, message, h.take());
}

void error_log_max_heap(Process *p, Word words) {
  static const Term nonode = atom::intern("nonode@nohost");
  FragmentHeap h;
  const bool alive = node_name(this_node()) != nonode;
  Term info = tuple_elements(process_info_item(p, atoms::garbage_collection_info, h, true, false))[1];
  Term args = make_list(h, info);
  size_t arrived;
  {
    std::lock_guard g(p->inbox.lock);
    arrived = messages_in(p->inbox);
  }
  for (Term t : {make_uint(h, arrived), atoms::true_, bool_term(p->max_heap_kill), make_uint(h, words),
                 make_uint(h, p->max_heap_size)})
    args = make_cons(h, t, args);
  if (alive) args = make_cons(h, node_name(this_node()), args);
  args = make_cons(h, p->id, args);
  std::string format = "     Process:            ~p ";
  if (alive) format += "on node ~p";
  format += "~n     Context:            maximum heap size reached~n"
            "     Max Heap Size:      ~p~n"
            "     Total Heap Size:    ~p~n"
            "     Kill:               ~p~n"
            "     Error Logger:       ~p~n"
            "     Message Queue Len:  ~p~n"
            "     GC Info:            ~p~n";
  error_log(p, format, args);
}
} // namespace joist::runtime
