// What the compiler (jit/llvm, in libjoist_jit.so) takes and gives, and what the tier (jit/tier, in the VM) places in
// memory. No LLVM here.
//
// The compiler translates functions of one loaded module generation as they lie in memory (loader/isa.h) into one
// relocatable ELF x86-64 object. The object is *independent of this run of the VM*, so it can be kept on disk for the
// same module (MD5), VM build and CPU: whatever differs between runs is an undefined symbol whose name says what it is.
// OFF is a decimal byte offset from ModuleCode::start.
//
//   cOFF   address of the instruction word at OFF                          value < 2^31
//   hOFF   address of the *original* handler of the instruction at OFF,    value < 2^31
//          also where a breakpoint or native entry is patched over it now
//   pOFF   the u32 stored at OFF, zero-extended (Export*, FunEntry*)       value < 2^31
//   iOFF   the i32 stored at OFF, sign-extended (an atom)                  0 <= value < 2^31
//   wOFF   the u64 stored at OFF (an atom)                                 value < 2^31
//          (other literals are loaded from the code word, as the interpreter does)
//   joist_NAME, _ZN5joist..., _ZNK5joist..., memcpy, memmove, memset, memcmp
//          functions and variables of the executable, found by dlsym
//
// A cached object is only good for the same layout of the module's code: loader::layout_digest. The code given to the
// compiler is a copy; literals that its words refer to may be gone, so what they are is not to be looked at.
//
// Relocations are those of the static model with small code: R_X86_64_64, _32, _32S, _PC32, _PLT32, _PC64. Therefore
// .text, .rodata* and .bss of an object lie in the low 2 GB, as code words and the executable do. A value that does not
// fit its relocation makes the object unusable in this run; it must be checked.
//
// Calling convention of native code (vm/native.h): preserve_none, pc, machine, heap top, stack pointer, reductions,
// x0..x5; x6.. lie in the Machine. Callers have charged the reduction. Native code starts at
//   * a function's entry: reached through FuncInfo::native, by native callers directly, and from the interpreter where
//   the
//     tier has replaced the handler in the function's first word by native_enter;
//   * a return point: reached through the word before it, and from the interpreter by native_continue as its handler.
//     Only x0 is live there.
// Native code leaves by jumping to other native code through those pointers, or to hOFF with pc = cOFF and all live x
// registers in the Machine (a side exit), which first adds one to its counter in `exit_counters`.
#pragma once
#include "runtime/code/code.h"

#include <string>
#include <vector>

namespace joist::jit {
using namespace joist::runtime;

struct CompileInput {
  const ModuleCode *code = nullptr;
  std::vector<const FuncInfo *> functions; // compiled together: calls between them are direct jumps
  // The first word of the instruction at `at` as the loader wrote it (breakpoints and native entries replace it).
  Word (*original_word)(void *context, const Instr *at) = nullptr; // null: nothing is patched
  void *context = nullptr;
  // Offsets of instructions, ascending: what is slow in them happens so often here that it is to be done in place, if
  // there is a way, instead of by a side exit.
  std::vector<uint32_t> slow;
  const char *dump = nullptr; // path prefix: writes .ll, .opt.ll and .o there (debugging)
};

struct NativeEntry {
  uint32_t code; // OFF of a function's first instruction, or of a return point
  uint32_t text; // offset in .text
};
struct NativeName { // for perf, gdb and jit_info
  uint32_t text, size;
  std::string name; // module:function/arity, with +N for a return point
};
struct CompiledObject {
  std::string elf;
  std::vector<NativeEntry> entries;
  // Where the interpreter may go on natively in the middle of a function (handlers of exceptions, heads of receives): the
  // native code's address may replace the handler of the instruction; it takes all registers from the Machine.
  std::vector<NativeEntry> direct;
  std::vector<NativeName> names;
  // Side exit i belongs to the instruction at exits[i]; its count is the u32 at `exit_counters` + 4 * i (symbol in
  // .bss).
  std::vector<uint32_t> exits;
  uint32_t exit_counters = 0; // offset in .bss
  uint32_t text_size = 0;
  uint32_t interpreted = 0; // instructions without native code: plain side exits
};

// libjoist_jit.so exports joist_jit_api(). `version` must be kApiVersion. compile() may be called on any number of
// threads at once; each thread keeps its own LLVM context. False: *error says why (nothing to do but to stay
// interpreted).
inline constexpr uint32_t kApiVersion = 2;
struct CompilerApi {
  uint32_t version;
  const char *target; // CPU name and features objects are made for: part of a cache key
  bool (*compile)(const CompileInput &in, CompiledObject *out, std::string *error);
};
using CompilerEntry = const CompilerApi *(*)();
} // namespace joist::jit
