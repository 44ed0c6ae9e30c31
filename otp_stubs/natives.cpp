#include "otp_stubs/natives.h"
#include "otp_stubs/stubs.h"

namespace joist::stubs {
void register_natives() {
  for (auto *m : {&prim_buffer_natives, &prim_file_natives, &erl_tracer_natives, &prim_net_natives,
                  &prim_socket_natives, &zlib_natives})
    runtime::static_nif_register(m);
}
} // namespace joist::stubs
