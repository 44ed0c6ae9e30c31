// The modules that must be there before the first process runs. They are files: stock keeps them inside its emulator.
#pragma once

namespace joist {
// In the order stock loads them.
inline constexpr const char *kPreloaded[] = {
    "erts_code_purger",
    "erl_init",
    "init",
    "prim_buffer",
    "prim_eval",
    "prim_inet",
    "prim_file",
    "zlib",
    "socket_registry",
    "prim_socket",
    "prim_net",
    "prim_zip",
    "erl_prim_loader",
    "erlang",
    "erts_internal",
    "erl_tracer",
    "erts_literal_area_collector",
    "erts_dirty_process_signal_handler",
    "atomics",
    "counters",
    "persistent_term",
};
// Beside the executable, in a release that has no lib/erts-VSN/ebin (tools/joist/release.h).
inline constexpr char kPreloadedDirectory[] = "preloaded";
} // namespace joist
