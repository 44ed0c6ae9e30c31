// The binary interface of native libraries: what erl_nif.h (version 2.16) and erl_drv_nif.h of OTP 25 lay down, in our
// own words. Functions of this interface are defined throughout runtime/nif with C linkage under their public names,
// and are exported from the executable, where dlopen'ed libraries find them.
//
// A term travels as one word, which libraries treat as opaque. Contracts of all functions: ERTS reference manual,
// erl_nif. None of them collects or moves terms.
#pragma once
#include "runtime/term/term.h"

#include <cstdarg>
#include <cstddef>
#include <sys/uio.h>

#define JOIST_ABI extern "C" __attribute__((visibility("default"), used))

namespace joist::runtime {
struct BinData;
struct NifEnv;       // ErlNifEnv: env.h
struct ResourceType; // ErlNifResourceType: resource.h

inline constexpr int kNifMajor = 2, kNifMinor = 16, kDriverMajor = 3, kDriverMinor = 3;
inline constexpr char kNifVariant[] = "beam.vanilla";

using NifFn = Term (*)(NifEnv *env, int argc, const Term *argv);
struct NifFunc { // ErlNifFunc; before 2.7 without flags
  const char *name;
  unsigned arity;
  NifFn fn;
  unsigned flags; // 0, or a NifDirty
};
struct NifFuncV1 {
  const char *name;
  unsigned arity;
  NifFn fn;
};
enum NifDirty : unsigned { kNifDirtyCpu = 1, kNifDirtyIo = 2 };

struct NifEntry { // ErlNifEntry
  int major, minor;
  const char *name;
  int count;
  NifFunc *funcs;
  int (*load)(NifEnv *, void **priv, Term info);
  int (*reload)(NifEnv *, void **priv, Term info);
  int (*upgrade)(NifEnv *, void **priv, void **old_priv, Term info);
  void (*unload)(NifEnv *, void *priv);
  const char *variant;       // since 2.1
  unsigned options;          // since 2.7
  size_t resource_init_size; // since 2.12
  const char *min_erts;      // since 2.14
  bool at_least(int ma, int mi) const { return major > ma || (major == ma && minor >= mi); }
};

struct NifBinary { // ErlNifBinary
  size_t size;
  uint8_t *data;
  BinData *ref; // owned until it becomes a term; null: the bytes belong to a term or to the environment
  void *spare[2];
};
struct NifPid {
  Term pid;
};
struct NifPort {
  Term port;
};
struct NifMonitor {
  uint8_t data[32];
}; // ErlDrvMonitor: the numbers of a reference

using ResourceDtor = void (*)(NifEnv *, void *);
using ResourceStop = void (*)(NifEnv *, void *, int event, int is_direct_call);
using ResourceDown = void (*)(NifEnv *, void *, NifPid *, NifMonitor *);
using ResourceDynCall = void (*)(NifEnv *, void *, void *);
struct ResourceTypeInit { // ErlNifResourceTypeInit
  ResourceDtor dtor;
  ResourceStop stop;
  ResourceDown down;
  int members;
  ResourceDynCall dyncall;
};
enum ResourceFlags : int { kResourceCreate = 1, kResourceTakeover = 2 };
enum NifEncoding : int { kNifLatin1 = 1 };

struct NifSysInfo { // ErlDrvSysInfo
  int driver_major, driver_minor;
  const char *erts_version, *otp_release;
  int threads, smp, async_threads, schedulers, nif_major, nif_minor, dirty;
};
struct ThreadOpts {
  int stack_kilowords;
}; // suggested_stack_size

struct NifMapIterator { // ErlNifMapIterator; all but the size is ours to define
  Term map;
  Word size;
  Word index;  // 0: before the first pair; size + 1: behind the last
  Term *pairs; // k, v, ... of a hash map in order; owned. Null: a flat map
  void *unused[3];
};

inline constexpr int kNifIoVecSize = 16;
struct NifIoVec { // ErlNifIOVec
  int count;
  size_t size;
  struct iovec *iov;
  BinData **refs; // null entries: bytes on a heap
  int flags;
  struct iovec small_iov[kNifIoVecSize];
  BinData *small_refs[kNifIoVecSize];
};
enum NifIoVecFlags : int { kIoVecAllocated = 1, kIoVecKept = 2 };
} // namespace joist::runtime
