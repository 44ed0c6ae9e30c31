// Making prepared generations of modules current, deleting and purging them: the code server's part of the VM.
#pragma once
#include "runtime/code/registry.h"

#include <string>

namespace joist::runtime {

// .beam bytes -> a generation ready to be installed. Null: *error is one line. Set by loader/.
extern ModuleCode *(*prepare_code)(const uint8_t *data, size_t size, Term expected_module, std::string *error);
// Chunk `id` of .beam bytes (storage is used if they are packed), and their module MD5. False: none. Set by loader/.
extern bool (*beam_chunk)(std::string_view file, std::string_view id, std::string *storage, std::string_view *chunk);
extern bool (*beam_md5)(std::string_view file, uint8_t md5[16]);
// Modules loaded before the first process, the last one first.
std::vector<Term> &preloaded_modules();
void prepared_code_free(ModuleCode *); // one that was never installed

// All or nothing: makes the generations current at once. False and nothing done: some module (added to *not_purged)
// has old code already. A module with an on_load function is only made loadable: it becomes current by finish_on_load.
bool install_code(const std::vector<ModuleCode *> &codes, std::vector<Term> *not_purged);
// After on_load: keep makes the pending generation current, else it is dropped. False: nothing is pending.
bool finish_on_load(Term module, bool keep);
// Makes the current generation old; its exports undefined. False: no such module is loaded. *has_old: refused.
bool delete_code(Term module, bool *has_old);
// The old generation's purge, in the steps of erts_code_purger. prepare: false if there is none.
bool purge_prepare(Term module, bool on_load);
void purge_abort(Term module);
bool purge_complete(Term module);
// Does the process (not running, or running on the calling thread, with registers x) refer to old code of the module?
bool process_uses_old_code(struct Process *p, Term module, const Term *x, unsigned live);

// Literal areas of purged modules and erased persistent terms wait here until no process refers to them.
void literal_area_retire(LiteralArea *area);
// erts_literal_area_collector: frees the area that was handled last and answers whether there is a next one.
bool literal_area_switch();
const LiteralArea *literal_area_being_released();
extern void (*literal_area_notify)(); // wakes the collector process; set at start

} // namespace joist::runtime
