// The libuv loop of the poll thread, for code that runs on it (jobs given to poll_run).
#pragma once
#include <uv.h>
namespace joist::runtime {
uv_loop_t *poll_loop();
} // namespace joist::runtime
