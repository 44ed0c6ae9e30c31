// Making prepared generations of modules current, deleting and purging them: the code server's part of the VM.
#pragma once
#include "runtime/code/registry.h"

#include <string>

namespace joist::runtime {

// .beam bytes -> a generation ready to be installed. Null: *error is one line. Set by loader/.
extern ModuleCode *(*prepare_code)(const uint8_t *data, size_t size, Term expected_module, std::string *error);
// Chunk `id` of .beam bytes, and their module MD5. False: none. Set by loader/.
extern bool (*beam_chunk)(std::string_view file, std::string_view id, std::string_view *chunk);
extern bool (*beam_md5)(std::string_view file, uint8_t md5[16]);
// Unloads what ModuleCode::nif is. Set by nif/; null: nothing to do.
extern void (*code_nif_unload)(void *nif);
// Modules loaded before the first process, the last one first.
std::vector<Term> &preloaded_modules();
void prepared_code_free(ModuleCode *); // one that was never installed

// All or nothing: makes the generations current at once. False and nothing done: some modules (added to *not_purged)
// have old code already. A module with an on_load function is only made loadable: it becomes current by finish_on_load.
bool install_code(const std::vector<ModuleCode *> &codes, std::vector<Term> *not_purged);
// After on_load: keep makes the pending generation current. Else it goes with purge_prepare(Prepare::OnLoad). False:
// nothing is pending.
bool finish_on_load(Term module, bool keep);
// Makes the current generation old; its exports undefined.
enum class Deleted : uint8_t { Ok, NotLoaded, HasOld };
Deleted delete_code(Term module);

// The purge of an old generation, in the steps of erts_code_purger, which does one at a time: prepare; then every process
// is asked whether it uses the code, and killed or waited for; then complete, or abort. In between funs of the
// generation cannot be called: callers go to purge_pending.
enum class Prepare : uint8_t { Old, OnLoad }; // OnLoad: the generation whose on_load function has failed
enum class Prepared : uint8_t { Yes, NoCode, Busy };
Prepared purge_prepare(Term module, Prepare what);
bool purge_abort(Term module);                  // false: not being purged
bool purge_complete(Term module, bool *purged); // likewise
// A call of a fun without code: is that only so while its module is being purged? Then the caller should yield and call
// erts_code_purger:pending_purge_lambda(Module, Fun, Args), which tries again.
bool purge_pending(Term module);
// Purges until now. Who sees a fun without code and no purge looks again if one has ended meanwhile.
uint64_t purges_ended();
// Does the process (not running, or running on the calling thread) refer to old code of the module?
bool process_uses_old_code(struct Process *p, Term module);

} // namespace joist::runtime
