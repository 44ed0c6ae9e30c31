// Resources: native objects behind magic references.
//
// Protocol
//  * A Resource is a BinData, so that references to it and binaries within it (enif_make_resource_binary) are counted
//  as
//    everything off-heap is. When the last one goes (on any thread, perhaps in a collection) the destructor is called
//    soon, by a scheduler; after it the memory is freed.
//  * A type's callbacks and its owner change together when an upgraded library takes the type over; `lock` guards them.
//    A callback runs with a reference to the library it lies in.
//  * Monitors (ResourceMonitors) outlive their resource while a watch is being fired. `resource` is null once the
//    destructor has begun; all is guarded by the lock.
//  * The list of types belongs to whoever loads or purges code (CodeWriter).
#pragma once
#include "runtime/nif/env.h"
#include "runtime/nif/watch.h"
#include "runtime/sched/lock.h"

namespace joist::runtime {
struct NifLibrary;

struct ResourceType { // ErlNifResourceType
  Term module, name;
  SmallLock lock;
  NifLibrary *owner = nullptr;
  ResourceTypeInit callbacks{};
  std::atomic<int64_t> refs{1}; // one of the list, one per resource
  bool has_callbacks() const { return callbacks.dtor || callbacks.stop || callbacks.down || callbacks.dyncall; }
};

struct Resource;
// Held by the list below while it is in there, by the watched process' slot until it has fired or was taken back, and by
// whoever sets it up: who takes it out of the list may be late for the slot, and the other way round.
struct ResourceMonitor : Watch {
  struct ResourceMonitors *of;
  uint32_t numbers[3];
  std::atomic<int> refs{3};
};
struct ResourceMonitors {
  SmallLock lock;
  Resource *resource;
  std::vector<ResourceMonitor *> list;
  std::atomic<int64_t> refs{1};
};

struct Resource : BinData {
  ResourceType *type;
  ResourceMonitors *monitors; // null until the first
  uint32_t numbers[3];        // of its references: all references to it are equal
  uint32_t select_count;
  size_t size;
  void *object() { return this + 1; }
  static Resource *of(void *object) { return static_cast<Resource *>(object) - 1; }
};
static_assert(sizeof(Resource) % 16 == 0);

// The resource behind a magic reference, or behind a binary made of its memory; else null.
Resource *resource_of(Term t);
Term make_resource_term(Heap &h, Resource *r);
bool resource_destructors_pending(); // some have been scheduled and not yet returned
// BinData::destroy of resources; bin_unref leaves the memory to it.
void resource_unreferenced(BinData *b);
// Types opened while a library is being loaded: kept, or forgotten.
void resource_types_commit(NifLibrary *lib);
void resource_types_rollback(NifLibrary *lib);
// The library's module is purged: its types can no longer be found.
void resource_types_release(NifLibrary *lib);

// A callback of the type about to be called: holds the library meanwhile.
class ResourceCall {
public:
  explicit ResourceCall(ResourceType *type);
  ~ResourceCall();
  ResourceCall(const ResourceCall &) = delete;
  ResourceTypeInit callbacks;
  NifLibrary *library;
};
} // namespace joist::runtime
