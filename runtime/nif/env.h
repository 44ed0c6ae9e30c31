// Environments of native functions: where terms are made, and for whom.
//
// Kinds
//  * Of a call: lives on the C stack during one call of a native function, on a scheduler or a dirty scheduler. Terms
//  go to
//    the caller's heap.
//  * Of a callback (load, destructors, ...): as above, or without a process; then its terms live as long as the
//  callback.
//  * Process independent (enif_alloc_env): has its own heap, until cleared or sent. One thread at a time.
// Temporary copies (unaligned binaries, vectors) live as long as the call, or until the environment is cleared.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/nif/abi.h"
#include "runtime/proc/process.h"

namespace joist::runtime {
struct NifLibrary;
struct ScheduledNif;

struct NifTemp { // followed by its bytes, at a multiple of 16
  NifTemp *next;
  void (*release)(void *bytes); // before it is freed; may be null
  void *bytes() { return reinterpret_cast<char *>(this) + sizeof(NifTemp); }
};
static_assert(sizeof(NifTemp) == 16);

struct NifEnv { // ErlNifEnv
  Heap *heap;
  Process *p;          // of whom the call is; null: of nobody
  NifLibrary *library; // whose code runs; null: none (enif_alloc_env)
  NifTemp *temps = nullptr;
  ScheduledNif *scheduled = nullptr; // enif_schedule_nif was called
  bool raised = false;
  bool independent = false;
  Term reason = Term::none(); // of the exception
};

// With a heap of its own.
struct OwnedEnv : NifEnv {
  FragmentHeap fragments;
  explicit OwnedEnv(NifLibrary *lib = nullptr) : NifEnv{.heap = &fragments, .p = nullptr, .library = lib} {}
  ~OwnedEnv();
  void clear();
};

inline constexpr size_t kNifAllocMax = size_t{1} << 44;

// What enif_schedule_nif answers; no exception.
inline constexpr Term kNifScheduled = Term(Word(Tag::Header) | 2 << 8);

void *nif_temp_alloc(NifEnv *env, size_t bytes, void (*release)(void *) = nullptr);
void nif_temps_free(NifEnv *env);
// Marks the exception; answers what the function should return.
Term nif_raise(NifEnv *env, Term reason);
inline Term nif_badarg(NifEnv *env) { return nif_raise(env, atoms::badarg); }

// A thread that the VM did not start looks up processes: makes sure that it is no longer registered when it ends.
void nif_foreign_thread();
} // namespace joist::runtime
