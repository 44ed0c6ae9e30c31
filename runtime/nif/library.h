// Native libraries of modules (erlang:load_nif/2) and the functions in them.
//
// Protocol: loading and unloading are done by the holder of the code-write permission. A library stays mapped while its
// module generation is loaded, and longer while resource types with callbacks in it have resources; the last
// reference calls the unload callback and closes it.
#pragma once
#include "runtime/code/code.h"
#include "runtime/dist/slice.h"
#include "runtime/nif/env.h"
#include "runtime/nif/resource.h"
#include "runtime/nif/static_nif.h"

#include <deque>

namespace joist::runtime {
struct LibraryNif : StaticNif { // fn is null: function is called, with an environment
  NifFn function = nullptr;
  NifLibrary *library = nullptr;
};

struct NifLibrary {
  Term module = Term::none();
  void *handle = nullptr; // of dlopen; null: linked into the VM
  void *priv = nullptr;
  NifEntry entry{};
  std::vector<NifFunc> funcs; // a modern copy
  std::deque<LibraryNif> nifs;
  std::vector<Mfa> bound;       // functions of the module whose bodies are native
  std::atomic<int64_t> refs{1}; // of the module's code; of resource types with callbacks; of callbacks under way
  std::vector<ResourceType *> types;
  struct Opening {
    ResourceType *type;
    ResourceTypeInit callbacks;
    bool fresh;
  };
  std::vector<Opening> opening; // during load and upgrade
  // Of a tracer module (erl_tracer): [0]: enabled, [1]: trace, each with what there is for single families.
  NifFn tracer[2][9] = {};
};
void nif_tracer_functions(NifLibrary *lib); // fills `tracer` from funcs
void nif_tracer_init();                     // hooks
void nif_library_ref(NifLibrary *lib);
void nif_library_unref(NifLibrary *lib);

// Loads the library at `path` (without ".so") for the module whose code `pc` lies in, as load_nif/2 does: `ok` or
// {error, {Tag, Text}}, built on p's heap. For static modules too. p's current function calls; no collection.
Term nif_load(Process *p, const std::string &path, Term load_info, const Instr *pc);

// Calls a function of a library for p: its result, or none: raised (freason set), or another native function has been
// scheduled (freason Trap): then p->dirty says which, or its `next` where p executes a dirty call; the caller keeps its arguments alive from then on.
inline Term nif_call(Process *p, const LibraryNif *nif, unsigned argc, const Term *args);
Term nif_call_unusual(Process *p, NifEnv &env); // it raised or scheduled

// What enif_schedule_nif asked for.
struct ScheduledNif : LibraryNif {
  std::vector<Term> args; // good until the function that scheduled it has returned
};

// system_info(taints), in order of loading: modules that have called load_nif/2 for a file, and names of loaded drivers.
std::vector<Term> taints();
void taint(Term name);
void nif_init(); // hooks; once at start

inline Term nif_call(Process *p, const LibraryNif *nif, unsigned argc, const Term *args) {
  dist_slice.flush();
  NifEnv env{.heap = &p->heap, .p = p, .library = nif->library};
  Term r = nif->function(&env, int(argc), args);
  if (env.temps) [[unlikely]]
    nif_temps_free(&env);
  if (env.raised || env.scheduled || (r.raw() & kTagMask) == Word(Tag::Header)) [[unlikely]]
    return nif_call_unusual(p, env);
  return r;
}
} // namespace joist::runtime
