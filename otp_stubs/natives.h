// The tables of native modules, one per module of OTP.
#pragma once
#include "runtime/nif/static_nif.h"
namespace joist::stubs {
extern const runtime::StaticNifModule prim_buffer_natives, prim_file_natives, erl_tracer_natives, prim_net_natives,
    prim_socket_natives, zlib_natives;
} // namespace joist::stubs
