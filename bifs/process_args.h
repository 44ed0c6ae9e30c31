// What the BIFs about processes share.
#pragma once
#include "bifs/bifs.h"
#include "runtime/dist/node.h"
#include "runtime/sched/scheduler.h"

namespace joist::runtime {
struct DistSpawn;
}
namespace joist::bifs {
// External pid, port or reference of an earlier incarnation of this node.
inline bool of_this_node(Term external) { return external_node(external)->name == this_node()->name; }
// Of a monitored or linked one elsewhere: its identifier, or the node that a name was looked for on.
inline Term node_of(Term other) { return other.is_atom() ? other : external_node(other)->name; }
// The BIF goes on when the process has handled its signals: it was sent one that ends it.
Term await_exit(Process *p);
// erts_internal:await_result(Ref), searching only messages that come from now on.
Term await_result(Process *p, Term ref);
// {max_heap_size, V}: words or a map. False: malformed.
bool parse_max_heap(Term v, Word *words, bool *kill, bool *log);
bool parse_priority(Term v, Priority *out);
bool spawn_for_node(DistSpawn *s); // dist_spawn_hook (dist/control.h)
} // namespace joist::bifs
