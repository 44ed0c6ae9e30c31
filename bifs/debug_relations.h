// {link_list, Of} and {monitor_list, Of} of erts_debug:get_internal_state/1: the relations of a process, or of a connection
// to another node, as OTP's own tests ask for them.
#pragma once
#include "runtime/proc/process.h"

namespace joist::bifs {
// Lists of {erl_link, Kind, Other, State, Id} and {erl_monitor, Kind, Direction, Ref, Other, NameOrCount}. `of`: a local pid
// or a node's name; undefined where there is no such thing. May trap.
runtime::Term debug_links(runtime::Process *p, runtime::Term of);
runtime::Term debug_monitors(runtime::Process *p, runtime::Term of);
} // namespace joist::bifs
