#include "runtime/driver/ddll.h"
#include "runtime/nif/library.h"

#include "runtime/io/posix.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/ref.h"

#include <dlfcn.h>

namespace joist::runtime {
enum class Status : uint8_t { Ok, Unload, ForceUnload, Reload, ForceReload, Permanent };
enum class UseKind : uint8_t { Loaded, AwaitLoad, AwaitUnload, AwaitUnloadOnly };

// A driver loaded from a file, and who uses it or waits for something.
struct DdllState {
  LoadedDriver *driver = nullptr;
  std::string name, path, reload_path, reload_name;
  void *handle = nullptr;
  Status status = Status::Ok;
  bool kill_ports = false, reload_kill_ports = false;
  int64_t refs = 0; // uses of kind Loaded that are counted, open ports, and operations under way
  int64_t ports = 0;
  int jobs = 0; // scheduled looks at refs
  struct Use {
    Term pid;
    UseKind kind;
    bool counted;
    KeptRef ref;
  };
  std::vector<Use> uses; // the newest first
  bool reloading() const { return status == Status::Reload || status == Status::ForceReload; }
};

namespace {
std::mutex lock; // everything here
std::vector<DdllState *> &states() {
  static std::vector<DdllState *> list;
  return list;
}
// Watches of processes that use or monitor drivers.
struct UserWatch : Watch {};
std::unordered_map<Word, UserWatch *> &watches() {
  static std::unordered_map<Word, UserWatch *> m;
  return m;
}

const Term &tag(const char *text) {
  static std::unordered_map<std::string_view, Term> known;
  auto at = known.find(text);
  if (at == known.end()) at = known.emplace(text, atom::intern(text)).first;
  return at->second;
}

// --- errors of loading: stock's numbers
enum LoadError : int {
  kNoError = 0,
  kNoInit = -1,
  kInitFailed = -2,
  kBadName = -3,
  kWrongVersion = -5,
  kUnspecified = -7,
  kDynamic = -10
};
struct ErrorName {
  const char *atom;
  int code;
  const char *text;
};
constexpr ErrorName kErrors[] = {
    {"no_error", 0, "No error"},
    {"no_driver_init", kNoInit, "No driver init in dynamic library"},
    {"driver_init_failed", kInitFailed, "Driver init failed"},
    {"bad_driver_name", kBadName, "Bad driver name"},
    {"driver_name_to_long", -4, "Driver name to long"},
    {"driver_incorrect_version", kWrongVersion, "Driver compiled with incorrect version of erl_driver.h"},
    {"no_ddll_available", -6, "DDLL functionality not available on this platform"},
    {"unspecified_error", kUnspecified, "Unspecified dynamic library error"},
    {"symbol_not_found", -8, "Symbol not found in dynamic library"},
};
std::vector<std::string> &dl_errors() { // texts of dlerror, by the numbers that stand for them
  static std::vector<std::string> list;
  return list;
}
int dl_error_code(const std::string &file) {
  const char *text = dlerror();
  if (!text) return kUnspecified;
  std::string_view why = text;
  if (why.starts_with(file)) { // the same text, and number, whatever the file
    size_t behind = why.find_first_not_of(": ", file.size());
    if (behind != why.npos) why.remove_prefix(behind);
  }
  auto &all = dl_errors();
  auto at = std::find(all.begin(), all.end(), why);
  if (at == all.end()) at = all.emplace(all.end(), why);
  return kDynamic - int(at - all.begin());
}
Term error_term(Heap &h, int code) {
  for (auto &e : kErrors)
    if (e.code == code) return tag(e.atom);
  return make_tuple(h, tag("open_error"), Term::small(code));
}

// --- telling those who wait
// given: the name as the process has given it, where that was a string; else it is an atom.
void notify(Term pid, Term ref, Term driver_name, const char *type, Term what, int error = 0,
            const std::string *given = nullptr) {
  FragmentHeap h;
  if (given) driver_name = make_string(h, given->data(), given->size());
  uint32_t n[3];
  memcpy(n, ref_numbers(ref), sizeof n);
  if (error) what = make_tuple(h, what, error_term(h, error));
  Term m = make_tuple(h, tag(type), make_ref_of_numbers(h, n), tag("driver"), driver_name, what);
  message_send_pid_built(pid, m, h.take());
}
void notify_all(DdllState *s, UseKind kind, const char *type, const char *what) {
  for (size_t i = 0; i < s->uses.size();) {
    auto &u = s->uses[i];
    if (u.kind != kind) {
      i++;
      continue;
    }
    notify(u.pid, u.ref.get(), atom::intern_latin1(s->name), type, tag(what));
    s->uses.erase(s->uses.begin() + long(i));
  }
}

// --- references
int load_file(DdllState *s, const std::string &path, const std::string &name);
void look(void *arg);
void unreference(DdllState *s) {
  if (--s->refs > 0) return;
  s->jobs++;
  schedule_work(look, s);
}
size_t count(DdllState *s, UseKind kind) {
  return size_t(std::count_if(s->uses.begin(), s->uses.end(), [&](auto &u) { return u.kind == kind; }));
}
DdllState::Use *find_use(DdllState *s, Term pid, UseKind kind) {
  for (auto &u : s->uses)
    if (u.pid == pid && u.kind == kind) return &u;
  return nullptr;
}
void remove_use(DdllState *s, DdllState::Use *u) { s->uses.erase(s->uses.begin() + (u - s->uses.data())); }
void add_use(DdllState *s, Term pid, UseKind kind, bool counted, Term ref = Term::none()) {
  DdllState::Use u{pid, kind, counted, {}};
  if (!ref.is_none()) u.ref = KeptRef(ref);
  s->uses.insert(s->uses.begin(), std::move(u));
}
Term add_monitor(Process *p, DdllState *s, UseKind kind) {
  Term ref = make_ref(p->heap);
  add_use(s, p->id, kind, false, ref);
  return ref;
}
DdllState *find_state(const std::string &name) {
  for (DdllState *s : states())
    if (s->name == name && s->driver) return s;
  return nullptr;
}

void close_file(DdllState *s) {
  LoadedDriver *d = s->driver;
  driver_unregister(d);
  if (d->entry->finish) d->entry->finish();
  s->driver = nullptr;
  dlclose(s->handle);
  s->handle = nullptr;
  progress::later([](void *x) { delete static_cast<LoadedDriver *>(x); }, d);
}

// A job on a scheduler: nobody uses the driver any more, unless someone has come meanwhile.
void look(void *arg) {
  auto *s = static_cast<DdllState *>(arg);
  std::lock_guard g(lock);
  if (--s->jobs > 0 || s->refs > 0) return;
  Term name = atom::intern_latin1(s->name);
  close_file(s);
  for (size_t i = 0; i < s->uses.size();) {
    auto &u = s->uses[i];
    if (u.kind != UseKind::AwaitUnload && u.kind != UseKind::AwaitUnloadOnly) {
      i++;
      continue;
    }
    notify(u.pid, u.ref.get(), name, "DOWN", tag("unloaded"));
    s->uses.erase(s->uses.begin() + long(i));
  }
  if (!s->reloading()) {
    std::erase(states(), s);
    delete s;
    return;
  }
  int error = load_file(s, s->reload_path, s->reload_name);
  s->reload_path.clear();
  if (!error) s->kill_ports = s->reload_kill_ports;
  for (size_t i = 0; i < s->uses.size();) {
    auto &u = s->uses[i];
    if (u.kind == UseKind::AwaitLoad) {
      if (error) notify(u.pid, u.ref.get(), name, "DOWN", tag("load_failure"), error);
      else notify(u.pid, u.ref.get(), name, "UP", tag("loaded"));
      s->uses.erase(s->uses.begin() + long(i));
    } else if (error) {
      s->uses.erase(s->uses.begin() + long(i));
    } else {
      if (u.kind == UseKind::Loaded) u.counted = true, s->refs++;
      i++;
    }
  }
  if (error) {
    std::erase(states(), s);
    delete s;
  }
}

int load_file(DdllState *s, const std::string &path, const std::string &name) {
  const std::string file = path + ".so";
  void *handle = dlopen(file.c_str(), RTLD_NOW);
  if (!handle) return dl_error_code(file);
  auto refuse = [&](int code) {
    dlclose(handle);
    return code;
  };
  void *init = dlsym(handle, "driver_init");
  if (!init) init = dlsym(handle, "_driver_init");
  if (!init) return refuse(kNoInit);
  auto *e = reinterpret_cast<DriverEntry *(*)()>(init)();
  if (!e) return refuse(kInitFailed);
  if (e->marker != kDriverMarker || e->major < kDriverOldestMajor || e->major > kDriverMajor ||
      (e->major == kDriverMajor && e->minor > kDriverMinor))
    return refuse(kWrongVersion);
  if (name != e->name) return refuse(kBadName);
  if (e->init && e->init() != 0) return refuse(kInitFailed);
  LoadedDriver *d = loaded_driver_new(e);
  d->ddll = s;
  s->driver = d;
  s->handle = handle;
  s->name = name;
  s->path = path;
  s->status = Status::Ok;
  driver_register(d);
  taint(atom::intern(name));
  return kNoError;
}

// --- ports that are to go
struct KillTask final : PortTask {
  const Driver *driver;
  explicit KillTask(const Driver *d) : driver(d) {}
  void run(Port &port) override {
    if (!port.gone() && port.driver == driver) port_fail(port, atom::intern("driver_unloaded"));
  }
};
// Without the lock.
void kill_ports_of(const Driver *d) {
  progress::OnlineScope online;
  for (Term id : ports_all()) {
    Port *port = port_lookup(id);
    if (!port || port->driver != d) continue;
    auto *t = new KillTask(d);
    if (!port_begin(port)) {
      port_enqueue(port, t);
      continue;
    }
    t->run(*port);
    delete t;
    port_settle(*port);
    port_end(port);
    port_unref(port);
  }
}

// --- processes that go
void cancel_reload(DdllState *s) {
  notify_all(s, UseKind::AwaitLoad, "DOWN", "load_cancelled");
  s->reload_path.clear();
}
void process_gone(Term pid) {
  std::vector<DdllState *> kill;
  {
    std::lock_guard g(lock);
    if (auto at = watches().find(pid.raw()); at != watches().end()) {
      delete at->second;
      watches().erase(at);
    }
    for (DdllState *s : states()) {
      if (s->status == Status::Permanent) continue;
      bool used = false;
      for (size_t i = 0; i < s->uses.size();) {
        auto &u = s->uses[i];
        if (u.pid != pid) {
          i++;
          continue;
        }
        bool dereference = u.counted && u.kind == UseKind::Loaded;
        used = used || u.kind == UseKind::Loaded;
        s->uses.erase(s->uses.begin() + long(i));
        if (dereference) unreference(s);
      }
      if (!used || count(s, UseKind::Loaded) > 0) continue;
      if (s->reloading()) cancel_reload(s);
      s->status = Status::Unload;
      if (s->ports > 0 && s->kill_ports) {
        s->status = Status::ForceUnload;
        s->refs++;
        kill.push_back(s);
      }
    }
  }
  for (DdllState *s : kill) {
    kill_ports_of(s->driver);
    std::lock_guard g(lock);
    unreference(s);
  }
}
// With the lock.
void watch_user(Process *p) {
  UserWatch *&w = watches()[p->id.raw()];
  if (w) return;
  w = new UserWatch;
  w->gone = [](Watch *x) { process_gone(x->pid); };
  process_watch(p->id, w);
}

Term ok(Process *p, const char *what, Term ref) {
  Heap &h = p->heap;
  return ref.is_none() ? make_tuple(h, atoms::ok, tag(what)) : make_tuple(h, atoms::ok, tag(what), ref);
}
Term refused(Process *p, const char *what) { return make_tuple(p->heap, atoms::error, tag(what)); }
} // namespace

// --- ports
bool ddll_port_opened(LoadedDriver *d) {
  if (!d->ddll) return true;
  std::lock_guard g(lock);
  DdllState *s = d->ddll;
  if (std::find(states().begin(), states().end(), s) == states().end() || s->driver != d)
    return false; // gone meanwhile
  if (s->status == Status::ForceUnload || s->status == Status::ForceReload) return false;
  s->refs++;
  s->ports++;
  return true;
}
void ddll_port_closed(LoadedDriver *d) {
  if (!d->ddll) return;
  std::lock_guard g(lock);
  d->ddll->ports--;
  unreference(d->ddll);
}
bool ddll_lock_driver(LoadedDriver *d) {
  if (!d->ddll) return false;
  std::lock_guard g(lock);
  DdllState *s = d->ddll;
  if (s->status == Status::Permanent) return true;
  for (UseKind k : {UseKind::AwaitLoad, UseKind::AwaitUnload, UseKind::AwaitUnloadOnly})
    notify_all(s, k, "UP", "permanent");
  s->uses.clear();
  s->refs++;
  s->status = Status::Permanent;
  return true;
}

// --- erl_ddll
Term ddll_try_load(Process *p, const std::string &path, const std::string &name, bool kill_ports, DdllWait monitor,
                   DdllWait reload) {
  std::unique_lock g(lock);
  watch_user(p);
  DdllState *s = find_state(name);
  bool wants_monitor = false, kill = false;
  const char *answer;
  if (!s) {
    if (driver_find(name)) return refused(p, "linked_in_driver");
    if (reload != DdllWait::None) return refused(p, "not_loaded");
    s = new DdllState;
    if (int error = load_file(s, path, name)) {
      delete s;
      return make_tuple(p->heap, atoms::error, error_term(p->heap, error));
    }
    states().push_back(s);
    s->kill_ports = kill_ports;
    add_use(s, p->id, UseKind::Loaded, true);
    s->refs = 1;
    answer = "loaded";
  } else if (s->status == Status::Ok && reload != DdllWait::None) {
    bool last = count(s, UseKind::Loaded) == 1 && find_use(s, p->id, UseKind::Loaded);
    if (reload == DdllWait::PendingDriver && !last) return refused(p, "pending_process");
    if (s->kill_ports != kill_ports) return refused(p, "inconsistent");
    DdllState::Use *mine = find_use(s, p->id, UseKind::Loaded);
    if (!mine) return refused(p, "not_loaded_by_this_process");
    s->refs++; // until all is done
    remove_use(s, mine);
    unreference(s);
    for (auto &u : s->uses)
      if (u.kind == UseKind::Loaded && u.counted) u.counted = false, unreference(s);
    add_use(s, p->id, UseKind::Loaded, false);
    s->reload_path = path;
    s->reload_name = name;
    s->reload_kill_ports = kill_ports;
    kill = s->kill_ports;
    s->status = kill ? Status::ForceReload : Status::Reload;
    const Driver *d = s->driver;
    if (kill) {
      g.unlock();
      kill_ports_of(d);
      g.lock();
    }
    wants_monitor = monitor != DdllWait::None;
    answer = reload == DdllWait::PendingDriver ? "pending_driver" : "pending_process";
    Term ref = wants_monitor ? add_monitor(p, s, UseKind::AwaitLoad) : Term::none();
    unreference(s);
    return ok(p, answer, ref);
  } else if (s->status == Status::Ok) {
    if (s->path != path || s->kill_ports != kill_ports) return refused(p, "inconsistent");
    add_use(s, p->id, UseKind::Loaded, true);
    s->refs++;
    answer = "already_loaded";
  } else if (s->status == Status::Unload || s->status == Status::ForceUnload) {
    if (reload != DdllWait::None) return refused(p, "not_loaded_by_this_process");
    if (s->path != path || s->kill_ports != kill_ports) return refused(p, "inconsistent");
    s->status = Status::Ok;
    notify_all(s, UseKind::AwaitUnload, "UP", "unload_cancelled");
    add_use(s, p->id, UseKind::Loaded, true);
    s->refs++;
    answer = "already_loaded";
  } else if (s->reloading()) {
    if (reload != DdllWait::None) return refused(p, "pending_reload");
    if (s->reload_path != path || s->reload_kill_ports != kill_ports) return refused(p, "inconsistent");
    add_use(s, p->id, UseKind::Loaded, false);
    wants_monitor = true;
    answer = "pending_driver";
  } else {
    return refused(p, "permanent");
  }
  return ok(p, answer, wants_monitor ? add_monitor(p, s, UseKind::AwaitLoad) : Term::none());
}

Term ddll_try_unload(Process *p, const std::string &name, bool kill_ports, DdllWait monitor) {
  std::unique_lock g(lock);
  DdllState *s = find_state(name);
  if (!s) return refused(p, driver_find(name) ? "linked_in_driver" : "not_loaded");
  if (s->status == Status::Permanent) return refused(p, "permanent");
  watch_user(p);
  kill_ports = kill_ports || s->kill_ports;
  s->refs++; // until all is done
  if (DdllState::Use *mine = find_use(s, p->id, UseKind::Loaded)) {
    bool counted = mine->counted;
    remove_use(s, mine);
    if (counted) unreference(s);
  } else if (count(s, UseKind::Loaded) > 0) {
    unreference(s);
    return refused(p, "not_loaded_by_this_process");
  }
  bool wants_monitor = monitor != DdllWait::None;
  const char *answer = "pending_driver";
  if (count(s, UseKind::Loaded) > 0) {
    answer = "pending_process";
    wants_monitor = monitor == DdllWait::Pending;
  } else {
    if (s->reloading()) cancel_reload(s);
    s->status = Status::Unload;
    if (kill_ports && s->ports > 0) {
      s->status = Status::ForceUnload;
      const Driver *d = s->driver;
      g.unlock();
      kill_ports_of(d);
      g.lock();
    }
  }
  Term ref = wants_monitor ? add_monitor(p, s, UseKind::AwaitUnload) : Term::none();
  unreference(s);
  return ok(p, answer, ref);
}

Term ddll_loaded_drivers(Process *p) {
  Heap &h = p->heap;
  Term l = Term::nil();
  for (const Driver *d : drivers_all()) l = make_cons(h, make_string(h, d->name, strlen(d->name)), l);
  return make_tuple(h, atoms::ok, l);
}

Term ddll_info(Process *p, const std::string &name, Term item) {
  std::lock_guard g(lock);
  Heap &h = p->heap;
  DdllState *s = find_state(name);
  if (!s && !driver_find(name)) return Term::none();
  bool linked = !s, permanent = s && s->status == Status::Permanent;
  if (item == tag("linked_in_driver")) return bool_term(linked);
  if (item == tag("permanent")) return bool_term(permanent);
  if (item == tag("driver_options"))
    return linked ? tag("linked_in_driver") : s->kill_ports ? make_list(h, tag("kill_ports")) : Term::nil();
  UseKind kind = UseKind::Loaded;
  bool ports = item == tag("port_count");
  if (item == tag("processes")) kind = UseKind::Loaded;
  else if (item == tag("awaiting_load")) kind = UseKind::AwaitLoad;
  else if (item == tag("awaiting_unload")) kind = UseKind::AwaitUnload;
  else if (!ports) return Term::none();
  if (linked) return tag("linked_in_driver");
  if (permanent) return tag("permanent");
  if (ports) return Term::small(s->ports);
  std::vector<std::pair<Term, int64_t>> by_pid;
  for (auto &u : s->uses) {
    if (u.kind != kind) continue;
    auto at = std::find_if(by_pid.begin(), by_pid.end(), [&](auto &e) { return e.first == u.pid; });
    if (at == by_pid.end()) by_pid.emplace_back(u.pid, 1);
    else at->second++;
  }
  Term l = Term::nil();
  for (auto &[pid, n] : by_pid) l = make_cons(h, make_tuple(h, pid, Term::small(n)), l);
  return l;
}

Term ddll_monitor(Process *p, Term name_term, const std::string &name, DdllEvent event) {
  std::lock_guard g(lock);
  DdllState *s = find_state(name);
  auto at_once = [&](const char *type, const char *what) {
    Term ref = make_ref(p->heap);
    notify(p->id, ref, atom::intern_latin1(name), type, tag(what), 0, name_term.is_atom() ? nullptr : &name);
    return ref;
  };
  if (!s && !driver_find(name)) return at_once("DOWN", "unloaded");
  if (!s || s->status == Status::Permanent) return at_once("UP", "permanent");
  UseKind kind = event == DdllEvent::Loaded     ? UseKind::AwaitLoad
                 : event == DdllEvent::Unloaded ? UseKind::AwaitUnload
                                                : UseKind::AwaitUnloadOnly;
  if (event == DdllEvent::Loaded) {
    if (s->status == Status::Ok) return at_once("UP", "loaded");
    if (!s->reloading()) return at_once("DOWN", "load_cancelled");
  }
  watch_user(p);
  return add_monitor(p, s, kind);
}

void ddll_demonitor(Process *p, Term ref) {
  std::lock_guard g(lock);
  for (DdllState *s : states())
    for (auto &u : s->uses)
      if (u.pid == p->id && u.kind != UseKind::Loaded && ref_id(u.ref.get()) == ref_id(ref)) return remove_use(s, &u);
}

bool ddll_error_text(Term error, std::string *out) {
  std::lock_guard g(lock);
  if (error.is_atom()) {
    for (auto &e : kErrors)
      if (tag(e.atom) == error) return *out = e.text, true;
    return false;
  }
  if (!is_tuple_of(error, 2) || tuple_elements(error)[0] != tag("open_error") || !tuple_elements(error)[1].is_small())
    return false;
  int64_t code = tuple_elements(error)[1].small_value();
  for (auto &e : kErrors)
    if (e.code == code) return *out = e.text, true;
  auto index = kDynamic - code;
  *out = index < 0                              ? "Unspecified error"
         : index >= int64_t(dl_errors().size()) ? "Unknown dlload error"
                                                : dl_errors()[size_t(index)];
  return true;
}
} // namespace joist::runtime
