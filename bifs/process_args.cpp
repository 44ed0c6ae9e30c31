#include "bifs/process_args.h"
#include "runtime/sys/flags.h"
#include "runtime/term/map.h"

namespace joist::bifs {
namespace {
Term await_exit_k(Process *p, const Term *) { return await_exit(p); }
} // namespace

Term await_exit(Process *p) {
  static const Export *k = bif_continuation("await_exit", 0, await_exit_k);
  signals_fetch(p);
  return yield_to(p, k);
}

Term await_result(Process *p, Term ref) {
  static const Export *to = export_get_or_put(atoms::erts_internal, atoms::await_result, 1);
  p->mailbox.save = p->mailbox.last;
  return trap_to(p, to, ref);
}

bool parse_max_heap(Term v, Word *words, bool *kill, bool *log) {
  *kill = vm_flags.max_heap_kill;
  *log = vm_flags.max_heap_log;
  if (is_map(v)) {
    const Term *size = map_find(v, atoms::size), *k = map_find(v, atoms::kill), *l = map_find(v, atoms::error_logger);
    if (!size) return false;
    for (auto [given, to] : {std::pair{k, kill}, std::pair{l, log}}) {
      if (!given) continue;
      if (*given != atoms::true_ && *given != atoms::false_) return false;
      *to = *given == atoms::true_;
    }
    v = *size;
  }
  if (!v.is_small() || v.small_value() < 0 || uint64_t(v.small_value()) > kMostMaxHeapWords) return false;
  *words = Word(v.small_value());
  return true;
}

bool parse_priority(Term v, Priority *out) {
  if (v == atoms::max) *out = Priority::Max;
  else if (v == atoms::high) *out = Priority::High;
  else if (v == atoms::normal) *out = Priority::Normal;
  else if (v == atoms::low) *out = Priority::Low;
  else return false;
  return true;
}
} // namespace joist::bifs
