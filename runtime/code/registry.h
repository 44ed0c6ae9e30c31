// Changing what code there is. All functions here are for the one writer that holds CodeWriter; readers use code.h.
#pragma once
#include "runtime/code/code.h"

#include <mutex>

namespace joist::runtime {

// Code-write permission, held for the duration of one change (loading, deleting, purging: microseconds to a few
// milliseconds, never while waiting for other threads).
class CodeWriter {
public:
  CodeWriter();
  ~CodeWriter();
  CodeWriter(const CodeWriter &) = delete;
};

Module *module_get_or_put(Term name);
// All modules that were ever named in a load, by f.
void modules_each(void (*f)(Module *, void *), void *arg);

// Staging: between begin and commit, entries set by stage_export are seen by nobody; commit makes all of them
// visible at once.
void staging_begin();
void stage_export(Export *e, const Instr *entry);
void stage_no_code(Export *e); // back to the trampoline
void staging_commit();

// An entry that has no name to call it by, as something to trap to. Answers `e` with that entry, or a new one.
Export *export_of_entry(Export *e, Term module, const Instr *entry);

// The order of exports is visible (module_info(exports)): that of their creation, except that what a module exports and
// imports is ordered when it is installed, not when it is prepared. export_unordered is export_get_or_put for then.
Export *export_unordered(Term m, Term f, Word arity);
void export_order(Export *e);
// f(Export *) for all exports in order, also those without code.
void exports_each(void (*f)(Export *, void *), void *arg);
void fun_entries_each(void (*f)(FunEntry *, void *), void *arg);
size_t export_count();

// The generation that holds the address, null if none.
const ModuleCode *code_module(const Instr *pc);
// Frees code memory and the generation itself after all threads have made progress. The literal area is not touched.
void module_code_free(ModuleCode *);

} // namespace joist::runtime
