// Native functions of modules that stock OTP expects to be linked into its emulator (prim_file, zlib, ...). They are
// written like BIFs; a dirty one runs on a dirty scheduler and may block. erlang:load_nif/2 finds the module here.
#pragma once
#include "runtime/proc/bif.h"
namespace joist::runtime {
enum class NifKind : uint8_t { Normal, DirtyCpu, DirtyIo };
struct StaticNif {
  const char *name;
  uint8_t arity;
  Bif fn;
  NifKind kind = NifKind::Normal;
  bool brief = false; // dirty I/O that as a rule takes microseconds: sched/loan.h
};
struct StaticNifModule {
  const char *module;
  const StaticNif *functions;
  size_t count;
  int (*load)(Term load_info);   // 0 = fine; may be null
  const char *library = nullptr; // what load_nif is given as path, where that is not the module's name
};
void static_nif_register(const StaticNifModule *m);   // at start, before loading code
const StaticNifModule *static_nif_find(Term library); // by the path given to load_nif; null if there is none
} // namespace joist::runtime
