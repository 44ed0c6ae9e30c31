// Tells tools what native code is called (module:function/arity, with +N for a return point).
//  * perf: /tmp/perf-PID.map, read by `perf report` while the program's samples are looked at; or, with the code
//    itself, jit-PID.dump in the current directory, for `perf inject --jit` (perf's JIT dump, version 1).
//  * gdb: an ELF file in memory for each object, announced through its JIT interface.
// Each is off unless asked for: it costs a write or a copy per object. Calls come under the tier's lock but for
// symbols_removed, which has its own.
#pragma once
#include "jit/object.h"

namespace joist::jit {
enum class PerfOutput : uint8_t { None, Map, Dump };
struct SymbolSettings {
  PerfOutput perf = PerfOutput::None;
  bool gdb = false;
};
extern SymbolSettings symbol_settings;

// The object's .text lies at `text` from now on.
void symbols_added(const CompiledObject &object, const uint8_t *text);
// What lay in [from, to) is gone.
void symbols_removed(const uint8_t *from, const uint8_t *to);
} // namespace joist::jit
