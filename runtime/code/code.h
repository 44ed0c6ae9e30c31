// Code as the runtime sees it: functions, exports, funs, modules and program-counter ranges. What an instruction
// means is known above this folder.
//
// Protocol
//  * An Export is created once per M:F/A and never freed. It holds an entry per code index.
//  * Code indices are three: the active one (read with every call by running code), and at most one staging index. A
//    writer (one at a time, see registry.h) stages changes in the next index and commits by making it the active one:
//    so several modules change at once.
//  * Module code has two generations: current and old. Old code is freed by purge after no process refers to it, and by
//    thread progress, so a generation that a registered thread has got from a CodePtr stays until its quiescent point.
//  * PC ranges (address -> function) are read without a lock by any thread: readers use an immutable sorted array,
//    swapped by the writer and freed by thread progress.
#pragma once
#include "runtime/term/boxed.h"
#include "runtime/term/mfa.h"

#include <atomic>
#include <vector>

namespace joist::runtime {

struct Process;
struct LiteralArea;
struct Instr;                                       // one 8-byte word of interpreter code; its meaning belongs to vm/
using Bif = Term (*)(Process *p, const Term *args); // see proc/bif.h

inline constexpr int kCodeIndices = 3;
inline std::atomic<uint32_t> active_code_index{0};

// Stands directly before the first instruction of every function, and within every Export as a trampoline.
// A function's address is &FuncInfo + 1. Executing `op` raises function_clause for mfa.
struct FuncInfo {
  Word op;          // the func_info instruction
  void *native;     // compiled code of this function, or a stub that interprets
  void *breakpoint; // tracing data, null if none
  Mfa mfa;
  const Instr *entry() const { return reinterpret_cast<const Instr *>(this + 1); }
  static FuncInfo *of(const Instr *entry) {
    return const_cast<FuncInfo *>(reinterpret_cast<const FuncInfo *>(entry) - 1);
  }
};
static_assert(sizeof(FuncInfo) == 48);

struct Export {
  std::atomic<const Instr *> entry[kCodeIndices]; // never null: trampoline when there is no code
  Bif bif = nullptr;                              // built-in: entry is the trampoline, which calls it
  uint32_t bif_index = 0;                         // row in the BIF table
  std::atomic<bool> bif_traced{false}; // calls are to go by the entry; set and read without order (breakpoints.h)
  bool is_bif_traced() const { return bif_traced.load(std::memory_order_relaxed); }
  FuncInfo info;      // of the trampoline
  Word trampoline[4]; // code words: call_error_handler, or call_bif, or breakpoint; set by vm's hooks
  const Mfa &mfa() const { return info.mfa; }
  const Instr *trampoline_entry() const { return reinterpret_cast<const Instr *>(trampoline); }
};
static_assert(offsetof(Export, trampoline) == offsetof(Export, info) + sizeof(FuncInfo));

// One per fun expression; interned by (module, old_uniq, index, unique md5). Never freed.
struct FunEntry {
  Term module;
  uint32_t index;    // position in the module's lambda table
  uint32_t old_uniq; // as in the FunT chunk
  uint8_t uniq[16];  // MD5 of the module's code
  uint32_t arity;    // of the fun, without free variables
  uint32_t free_count;
  Term function;                    // name of the lifted function, '-f/1-fun-0-'
  std::atomic<const Instr *> entry; // current code, or the "module not loaded" trampoline
};

struct LineEntry {
  uint32_t offset;
  uint32_t line;
  uint32_t file;
}; // offset in code words from ModuleCode::start

struct ExportedFunction {
  Export *e;
  const Instr *entry;
};
struct LambdaCode {
  FunEntry *f;
  const Instr *entry;
};

// One loaded generation of a module.
struct ModuleCode {
  Term module;
  std::vector<ExportedFunction> exports;
  std::vector<Export *> imports;         // until it is installed
  Word *start = nullptr, *end = nullptr; // instruction words (low memory)
  std::vector<FuncInfo *> functions;     // ascending; labels of each function lie behind it
  std::vector<uint32_t> lines_offset;    // code word offsets, ascending
  std::vector<uint32_t> lines_location;  // file << 24 | line; 0 = none
  std::vector<Term> line_files;          // strings as binaries in literals; index 0 is "<module>.erl"
  LiteralArea *literals = nullptr;
  uint8_t md5[16] = {};
  Term attributes_bin, compile_info_bin; // external term format kept as literals, or none
  const Instr *on_load = nullptr;        // entry of on_load function
  std::vector<LambdaCode> lambdas;       // entries are published when the generation becomes current
  std::vector<FuncInfo *> declared_nifs; // -nifs() of the source; empty: any function may be one
  void *nif = nullptr;                   // loaded NIF library
  size_t code_size() const { return size_t(end - start) * 8; }
};

// A generation as readers on any thread see it.
class CodePtr {
public:
  operator ModuleCode *() const { return p_.load(std::memory_order_acquire); }
  ModuleCode *operator->() const { return *this; }
  CodePtr &operator=(ModuleCode *p) {
    p_.store(p, std::memory_order_release);
    return *this;
  }
  CodePtr &operator=(const CodePtr &o) { return *this = static_cast<ModuleCode *>(o); }

private:
  std::atomic<ModuleCode *> p_{nullptr};
};

struct Module { // never freed; changed by the writer only
  Term name;
  CodePtr current, old;
  CodePtr loading;                  // its on_load function has not finished: only reachable by call_on_load_function/1
  Export *on_load_export = nullptr; // what call_on_load_function/1 calls
};

// --- exports
Export *export_get_or_put(Term m, Term f, Word arity); // any thread
Export *export_find(Term m, Term f, Word arity);       // null if there never was one
bool export_has_code(const Export *e);                 // loaded or built-in (function_exported/3)
inline const Instr *export_entry(const Export *e) {
  return e->entry[active_code_index.load(std::memory_order_acquire)].load(std::memory_order_acquire);
}
// --- funs
FunEntry *fun_entry_get_or_put(Term module, uint32_t old_uniq, uint32_t index, const uint8_t uniq[16], uint32_t arity,
                               uint32_t free_count);
// --- modules
Module *module_find(Term name); // active index; null if never loaded
std::vector<Term> modules_loaded();
// --- pc ranges
struct CodeLocation {
  const FuncInfo *function = nullptr; // null: not in any code
  Term file = Term::none();           // string literal as binary, none if unknown
  uint32_t line = 0;
};
// pc may be a return address (it is looked up as the instruction before it if `return_address`).
CodeLocation code_lookup(const Instr *pc, bool return_address);
const FuncInfo *code_function(const Instr *pc);
void code_ranges_add(ModuleCode *);    // writer only
void code_ranges_remove(ModuleCode *); // writer only; the memory is freed by thread progress afterwards

// Entry points and code words that vm/ provides before any code is loaded.
struct StaticNif; // nif/static_nif.h
struct CodeHooks {
  void (*init_trampolines)(Export *e);      // fills info.op and trampoline[] from e->bif
  const Instr *lambda_not_loaded = nullptr; // initial FunEntry::entry
  // Makes a native function the body of a loaded function (erlang:load_nif/2).
  void (*install_native_body)(FuncInfo *f, const StaticNif *nif) = nullptr;
};
extern CodeHooks code_hooks;

} // namespace joist::runtime
