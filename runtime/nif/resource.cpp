#include "runtime/nif/resource.h"

#include "runtime/mem/alloc.h"
#include "runtime/mem/magic.h"
#include "runtime/nif/library.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/binary.h"
#include "runtime/term/ref.h"

namespace joist::runtime {
namespace {
std::vector<ResourceType *> &types() { // CodeWriter
  static std::vector<ResourceType *> list;
  return list;
}
void type_unref(ResourceType *t) {
  if (t->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (t->owner && t->has_callbacks()) nif_library_unref(t->owner);
  delete t;
}

void monitors_unref(ResourceMonitors *m) {
  if (m->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete m;
}
void monitor_unref(ResourceMonitor *w) {
  if (w->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  monitors_unref(w->of);
  delete w;
}
// w was taken out of the list.
void monitor_drop(ResourceMonitor *w) {
  if (process_unwatch(w)) monitor_unref(w); // else it fires, or has
  monitor_unref(w);
}
// The resource is going: nobody is told any more.
void monitors_drop(ResourceMonitors *m) {
  std::vector<ResourceMonitor *> list;
  {
    std::lock_guard g(m->lock);
    m->resource = nullptr;
    list.swap(m->list);
  }
  for (ResourceMonitor *w : list) monitor_drop(w);
  monitors_unref(m);
}

std::atomic<int64_t> destructors_waiting{0};

void finish(void *arg) {
  auto *r = static_cast<Resource *>(arg);
  if (r->monitors) monitors_drop(r->monitors);
  {
    ResourceCall call(r->type);
    if (call.callbacks.dtor) {
      OwnedEnv env(call.library);
      call.callbacks.dtor(&env, r->object());
    }
  }
  type_unref(r->type);
  mem_free(MemKind::Binary, static_cast<BinData *>(r));
  destructors_waiting.fetch_sub(1);
}

bool add_reference_unless_dead(Resource *r) {
  int64_t n = r->refs.load(std::memory_order_acquire);
  while (n > 0)
    if (r->refs.compare_exchange_weak(n, n + 1, std::memory_order_acq_rel)) return true;
  return false;
}

// With the watch's slot locked.
Term shown(Watch *watch, Heap &h) {
  ResourceMonitors *m = static_cast<ResourceMonitor *>(watch)->of;
  std::lock_guard g(m->lock);
  if (!m->resource || !add_reference_unless_dead(m->resource)) return Term::none();
  Term t = make_resource_term(h, m->resource);
  bin_unref(m->resource);
  return t;
}

void fired(Watch *watch) {
  auto *w = static_cast<ResourceMonitor *>(watch);
  ResourceMonitors *m = w->of;
  Resource *r = nullptr;
  bool listed = false;
  {
    std::lock_guard g(m->lock);
    auto at = std::find(m->list.begin(), m->list.end(), w);
    if (at != m->list.end()) {
      m->list.erase(at);
      listed = true;
      if (m->resource && add_reference_unless_dead(m->resource)) r = m->resource;
    }
  }
  if (r) {
    {
      ResourceCall call(r->type);
      NifPid pid{w->pid};
      NifMonitor id{};
      memcpy(id.data, w->numbers, sizeof w->numbers);
      OwnedEnv env(call.library);
      if (call.callbacks.down) call.callbacks.down(&env, r->object(), &pid, &id);
    }
    bin_unref(r);
  }
  if (listed) monitor_unref(w);
  monitor_unref(w);
}
} // namespace

bool resource_destructors_pending() { return destructors_waiting.load() > 0; }

ResourceCall::ResourceCall(ResourceType *type) {
  std::lock_guard g(type->lock);
  callbacks = type->callbacks;
  library = type->has_callbacks() ? type->owner : nullptr;
  if (library) nif_library_ref(library);
}
ResourceCall::~ResourceCall() {
  if (library) nif_library_unref(library);
}

void resource_unreferenced(BinData *b) {
  auto *r = static_cast<Resource *>(b);
  destructors_waiting.fetch_add(1);
  schedule_work(finish, r);
}

Resource *resource_of(Term t) {
  BinData *d = is_magic_ref(t) ? magic_data(t) : nullptr;
  if (is_kind(t, Kind::RefcBin)) d = reinterpret_cast<RefcBinObj *>(t.box())->data;
  return d && d->destroy == resource_unreferenced ? static_cast<Resource *>(d) : nullptr;
}

Term make_resource_term(Heap &h, Resource *r) { return make_magic_ref(h, r, r->numbers); }

// --- types
void resource_types_commit(NifLibrary *lib) {
  for (auto &o : lib->opening) {
    NifLibrary *before = nullptr;
    {
      std::lock_guard g(o.type->lock);
      if (o.type->owner && o.type->has_callbacks()) before = o.type->owner;
      if (o.type->owner) std::erase(o.type->owner->types, o.type);
      o.type->callbacks = o.callbacks;
      o.type->owner = lib;
      if (o.type->has_callbacks()) nif_library_ref(lib);
    }
    lib->types.push_back(o.type);
    if (o.fresh) types().push_back(o.type);
    if (before) nif_library_unref(before);
  }
  lib->opening.clear();
}
void resource_types_rollback(NifLibrary *lib) {
  for (auto &o : lib->opening)
    if (o.fresh) delete o.type;
  lib->opening.clear();
}
void resource_types_release(NifLibrary *lib) {
  for (ResourceType *t : lib->types) {
    std::erase(types(), t);
    type_unref(t);
  }
  lib->types.clear();
}

namespace {
ResourceType *open_type(NifEnv *env, const char *name, const ResourceTypeInit *init, int members, int flags,
                        int *tried) {
  NifLibrary *lib = env->library;
  Term atom = atom::intern_latin1(name);
  ResourceType *type = nullptr;
  bool fresh = false;
  int op = flags;
  for (ResourceType *t : types())
    if (t->module == lib->module && t->name == atom) type = t;
  if (!type) {
    if (flags & kResourceCreate) {
      type = new ResourceType;
      type->module = lib->module;
      type->name = atom;
      fresh = true;
      op = kResourceCreate;
    }
  } else if (flags & kResourceTakeover) {
    op = kResourceTakeover;
  } else {
    type = nullptr;
  }
  if (type) {
    ResourceTypeInit c{};
    if (members >= 1) c.dtor = init->dtor;
    if (members >= 2) c.stop = init->stop;
    if (members >= 3) c.down = init->down;
    if (members >= 4) c.dyncall = init->dyncall;
    lib->opening.push_back({type, c, fresh});
  }
  if (tried) *tried = op;
  return type;
}
} // namespace

// --- the interface
JOIST_ABI ResourceType *enif_open_resource_type(NifEnv *env, const char *, const char *name, ResourceDtor dtor,
                                                int flags, int *tried) {
  ResourceTypeInit init{};
  init.dtor = dtor;
  return open_type(env, name, &init, 1, flags, tried);
}
JOIST_ABI ResourceType *enif_open_resource_type_x(NifEnv *env, const char *name, const ResourceTypeInit *init,
                                                  int flags, int *tried) {
  return open_type(env, name, init, 3, flags, tried);
}
JOIST_ABI ResourceType *enif_init_resource_type(NifEnv *env, const char *name, const ResourceTypeInit *init, int flags,
                                                int *tried) {
  return open_type(env, name, init, init->members, flags, tried);
}

JOIST_ABI void *enif_alloc_resource(ResourceType *type, size_t size) {
  auto *r = static_cast<Resource *>(magic_alloc(sizeof(Resource) + size, resource_unreferenced));
  type->refs.fetch_add(1, std::memory_order_relaxed);
  r->type = type;
  r->monitors = nullptr;
  ref_fresh_magic_numbers(r->numbers);
  r->select_count = 0;
  r->size = size;
  return r->object();
}
JOIST_ABI void enif_release_resource(void *object) { bin_unref(Resource::of(object)); }
JOIST_ABI void enif_keep_resource(void *object) { bin_ref(Resource::of(object)); }
JOIST_ABI size_t enif_sizeof_resource(void *object) { return Resource::of(object)->size; }
JOIST_ABI Term enif_make_resource(NifEnv *env, void *object) {
  return make_resource_term(*env->heap, Resource::of(object));
}
JOIST_ABI Term enif_make_resource_binary(NifEnv *env, void *object, const void *data, size_t size) {
  Resource *r = Resource::of(object);
  bin_ref(r);
  return make_refc_binary(*env->heap, r, static_cast<uint8_t *>(const_cast<void *>(data)), size);
}
JOIST_ABI int enif_get_resource(NifEnv *, Term t, ResourceType *type, void **object) {
  Resource *r = resource_of(t);
  if (!r || r->type != type) return 0;
  *object = r->object();
  return 1;
}
JOIST_ABI int enif_dynamic_resource_call(NifEnv *env, Term module, Term name, Term t, void *data) {
  Resource *r = is_magic_ref(t) ? resource_of(t) : nullptr;
  if (!r || r->type->module != module || r->type->name != name) return 1;
  ResourceCall call(r->type);
  if (!call.callbacks.dyncall) return 1;
  call.callbacks.dyncall(env, r->object(), data);
  return 0;
}

// --- monitors
JOIST_ABI int enif_monitor_process(NifEnv *, void *object, const NifPid *pid, NifMonitor *out) {
  Resource *r = Resource::of(object);
  {
    std::lock_guard g(r->type->lock);
    if (!r->type->callbacks.down) return -1;
  }
  if (!pid->pid.is_local_pid()) return 1;
  static SmallLock first;
  {
    std::lock_guard g(first);
    if (!r->monitors) {
      auto *m = new ResourceMonitors;
      m->resource = r;
      r->monitors = m;
    }
  }
  ResourceMonitors *m = r->monitors;
  auto *w = new ResourceMonitor;
  w->gone = fired;
  w->shown = shown;
  w->of = m;
  ref_fresh_numbers(w->numbers);
  NifMonitor id{};
  memcpy(id.data, w->numbers, sizeof w->numbers);
  m->refs.fetch_add(1, std::memory_order_relaxed);
  {
    std::lock_guard g(m->lock);
    m->list.push_back(w);
  }
  bool watching;
  {
    nif_foreign_thread();
    progress::OnlineScope online;
    watching = process_lookup(pid->pid) && process_watch(pid->pid, w); // may be fired before this returns
  }
  if (!watching) {
    {
      std::lock_guard g(m->lock);
      std::erase(m->list, w);
    }
    for (int ref = 0; ref < 3; ref++) monitor_unref(w);
    return 1;
  }
  monitor_unref(w);
  if (out) *out = id;
  return 0;
}

JOIST_ABI int enif_demonitor_process(NifEnv *, void *object, const NifMonitor *id) {
  ResourceMonitors *m = Resource::of(object)->monitors;
  if (!m) return 1;
  ResourceMonitor *w = nullptr;
  {
    std::lock_guard g(m->lock);
    for (size_t i = 0; i < m->list.size(); i++) {
      if (memcmp(m->list[i]->numbers, id->data, sizeof w->numbers) != 0) continue;
      w = m->list[i];
      m->list.erase(m->list.begin() + long(i));
      break;
    }
  }
  if (!w) return 1;
  monitor_drop(w);
  return 0;
}

JOIST_ABI int enif_compare_monitors(const NifMonitor *a, const NifMonitor *b) { return memcmp(a->data, b->data, 12); }
JOIST_ABI Term enif_make_monitor_term(NifEnv *env, const NifMonitor *id) {
  uint32_t n[3];
  memcpy(n, id->data, sizeof n);
  return make_ref_of_numbers(*env->heap, n);
}
} // namespace joist::runtime
