#include "jit/tier/tier.h"

#include "jit/tier/cache.h"
#include "jit/tier/compiler.h"
#include "jit/tier/symbols.h"
#include "jit/tier/unit.h"
#include "loader/assembler.h"
#include "runtime/atom/atom.h"
#include "runtime/code/hot.h"
#include "runtime/code/install.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/progress.h"
#include "runtime/sys/flags.h"
#include "runtime/trace/breakpoints.h"

#include <algorithm>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <unordered_map>

namespace joist::jit {
TierSettings tier_settings;

namespace {
constexpr int32_t kSampleEvery = 2000;      // reductions, on average, where something is interpreted
constexpr int32_t kSampleCompiled = 10'000; // where all that was seen is compiled
constexpr uint64_t kShortRun =
    250'000; // reductions of a VM before anything is looked up or compiled: to start takes 170,000
constexpr unsigned kHotReductions = 32'000;  // a function's before it is compiled: about a millisecond
constexpr unsigned kWarmReductions = 8000;   // ... where no other one waits for the compiler
constexpr unsigned kLookUpReductions = 6000; // a module's before it is looked up in the cache
constexpr unsigned kExitChecks = 64;         // every so many samples of compiled code
constexpr size_t kBatch = 24;                // functions compiled together
constexpr size_t kCompilerStack = size_t{16} << 20, kReaderStack = size_t{1} << 20;

struct Tier {
  std::mutex lock;
  std::condition_variable work, look;
  std::unordered_map<const ModuleCode *, std::unique_ptr<Unit>> units;
  std::deque<const ModuleCode *> queue;   // with pending functions
  std::deque<const ModuleCode *> lookups; // to be looked for in the cache
  TierReport report;                      // what is counted
  uint64_t seen = 0;                      // reductions, by samples
  bool threads_started = false, reader_started = false;
  bool caches = false; // there is a cache, or may be: the default one is opened when it is needed
  bool dead = false;   // there is no compiler, or no more room for code
};
Tier &tier = *new Tier; // compiler threads outlive the end of main

uint64_t thread_microseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return uint64_t(t.tv_sec) * 1'000'000 + uint64_t(t.tv_nsec) / 1000;
}

void free_placed(std::vector<Placed> placed) {
  if (placed.empty()) return;
  auto *all = new std::vector<Placed>(std::move(placed));
  auto drop = [](void *arg) {
    std::unique_ptr<std::vector<Placed>> gone(static_cast<std::vector<Placed> *>(arg));
    for (Placed &p : *gone) {
      symbols_removed(p.block.run, p.block.run + p.block.size);
      exec_free(p.block);
      low_free(p.bss, p.bss_size);
    }
  };
  if (progress::is_registered()) progress::later(drop, all);
  else drop(all);
}

Unit *find_unit(const ModuleCode *code, uint64_t id = 0) {
  auto u = tier.units.find(code);
  if (u == tier.units.end() || (id && u->second->id() != id)) return nullptr;
  return u->second.get();
}
Unit &unit_of(const ModuleCode *code) {
  auto &u = tier.units[code];
  if (!u) u = std::make_unique<Unit>(code);
  return *u;
}

// Under lock.
bool publish(Unit &u, const CompiledObject &object, std::string *error) {
  std::vector<Placed> gone;
  bool ok = u.publish(object, error, &gone);
  free_placed(std::move(gone));
  if (ok) symbols_added(object, u.last_text());
  return ok;
}

// Compiles functions of `code` and publishes them; called and left with `g` locked. The caller is online where it is
// registered for thread progress.
bool compile(std::unique_lock<std::mutex> &g, Unit &unit, const std::vector<const FuncInfo *> &functions, bool again,
             std::string *error) {
  const ModuleCode *code = unit.code();
  const uint64_t id = unit.id();
  std::unique_ptr<Snapshot> snapshot = unit.snapshot(functions);
  CompileInput in;
  in.code = &snapshot->code;
  in.functions = snapshot->functions;
  in.slow = unit.slow();
  const bool keep = tier_settings.mode == TierMode::Hot;
  const uint64_t layout = keep ? unit.layout() : 0;
  g.unlock();
  CompiledObject object;
  bool ok = false;
  uint64_t took = 0;
  if (const CompilerApi *api = compiler(error)) {
    uint64_t began = thread_microseconds();
    ok = api->compile(in, &object, error);
    took = thread_microseconds() - began;
    if (ok && keep) cache_store(cache_key(snapshot->code.md5, layout), object, again);
  }
  g.lock();
  tier.report.compile_microseconds += took;
  tier.report.batches++;
  tier.report.recompiled += again;
  tier.report.longest_microseconds = std::max(tier.report.longest_microseconds, took);
  Unit *u = find_unit(code, id); // null: released meanwhile
  if (!ok || (u && !publish(*u, object, error))) {
    tier.report.failed += functions.size();
    return false;
  }
  if (u && !again) tier.report.compiled += functions.size();
  return true;
}

void enqueue(Unit &u);
void look_up(std::unique_lock<std::mutex> &g, Unit &unit) {
  const ModuleCode *code = unit.code();
  const uint64_t id = unit.id();
  const CacheKey key = cache_key(code->md5, unit.layout());
  g.unlock();
  std::vector<CompiledObject> objects = cache_load(key);
  g.lock();
  Unit *u = find_unit(code, id);
  if (!u) return;
  u->lookup_pending = false;
  for (const CompiledObject &object : objects) {
    std::string why;
    if (publish(*u, object, &why)) tier.report.cached++;
  }
  if (u->pending()) enqueue(*u); // what it did not hold
}

void work(std::unique_lock<std::mutex> &g) {
  std::erase_if(tier.queue, [](const ModuleCode *code) {
    Unit *u = find_unit(code);
    return !u || !u->pending() || u->lookup_pending; // that one comes back when it has been looked up
  });
  if (tier.queue.empty()) return;
  // The hottest first: where much is waiting, what is compiled late gains little.
  Unit *u = nullptr;
  unsigned most = 0;
  for (const ModuleCode *code : tier.queue)
    if (Unit *v = find_unit(code); !u || v->heat() > most) u = v, most = v->heat();
  bool again = false;
  std::vector<const FuncInfo *> functions = u->take_pending(kBatch, &again);
  if (functions.empty() || tier.dead) return;
  std::string error;
  if (!compile(g, *u, functions, again, &error) && !compiler(nullptr)) tier.dead = true;
  if (exec_memory_used() > tier_settings.code_limit) tier.dead = true;
}

void begin_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
  progress::register_thread();
  progress::offline();
}
// Blocks that were replaced are freed by whoever makes progress; these threads hold nothing between two jobs.
void between_jobs() {
  progress::online();
  progress::offline();
}
void *compiler_thread(void *) {
  begin_thread("compiler");
  setpriority(PRIO_PROCESS, id_t(gettid()), 5); // schedulers come first
  sigset_t too_large;                           // a file of the cache, for the user's limits: then it is not written
  sigemptyset(&too_large);
  sigaddset(&too_large, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &too_large, nullptr);
  std::unique_lock g(tier.lock);
  for (;;) {
    tier.work.wait(g, [] { return !tier.queue.empty(); });
    work(g);
    between_jobs();
  }
}
void *reader_thread(void *) {
  begin_thread("code_cache");
  std::unique_lock g(tier.lock);
  if (std::string none; !cache_is_open()) tier.caches = cache_open("", tier_settings.cache_limit, &none);
  for (;;) {
    tier.look.wait(g, [] { return !tier.lookups.empty(); });
    Unit *u = find_unit(tier.lookups.front());
    tier.lookups.pop_front();
    if (u) look_up(g, *u);
    between_jobs();
  }
}

// LLVM recurses deeply, whatever the user's limit for stacks is. False: there may be no more threads.
bool start_thread(void *(*run)(void *), size_t stack) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, stack);
  const bool ok = pthread_create(&thread, &attributes, run, nullptr) == 0;
  pthread_attr_destroy(&attributes);
  return ok;
}

// Under lock, as the next.
void enqueue(Unit &u) {
  if (u.lookup_pending) return; // comes when that is done
  if (std::find(tier.queue.begin(), tier.queue.end(), u.code()) == tier.queue.end()) tier.queue.push_back(u.code());
  if (!tier.threads_started) {
    tier.threads_started = true;
    unsigned started = 0;
    while (started < tier_settings.threads && start_thread(compiler_thread, kCompilerStack)) started++;
    if (!started) tier.dead = true;
  }
  tier.work.notify_one();
}
void enqueue_look_up(Unit &u) {
  if (!tier.reader_started) {
    tier.reader_started = true;
    if (!start_thread(reader_thread, kReaderStack)) tier.caches = false;
  }
  if (!tier.caches) return;
  u.lookup_pending = true;
  tier.lookups.push_back(u.code());
  tier.look.notify_one();
}

bool contains(const ModuleCode *code, const FuncInfo *f) {
  auto *at = reinterpret_cast<const Word *>(f);
  return code && at >= code->start && at < code->end;
}
// The current generation that f belongs to; null if it is an old one, or none.
const ModuleCode *current_of(const FuncInfo *f) {
  Module *m = module_find(f->mfa.module);
  const ModuleCode *code = m ? m->current : nullptr;
  return contains(code, f) ? code : nullptr;
}

bool is_native(const FuncInfo *f) {
  return __atomic_load_n(&f->native, __ATOMIC_RELAXED) != loader::interpret_entry_stub;
}
void sample_function(const FuncInfo *f) {
  const ModuleCode *code = current_of(f);
  if (!code) return;
  Unit &u = unit_of(code);
  const bool short_run = tier.seen < kShortRun;
  if (!short_run && tier.caches && u.sampled_module(kSampleEvery, kLookUpReductions)) enqueue_look_up(u);
  // Nothing is compiled before it was looked up.
  const bool early = short_run || (tier.caches && !u.seen_for(kLookUpReductions));
  const unsigned hot = tier.queue.empty() ? kWarmReductions : kHotReductions;
  if (!tier.dead && !is_native(f) && u.sampled(f, kSampleEvery, early ? UINT_MAX : hot)) enqueue(u);
}
void check_exits_of(const FuncInfo *f) {
  const ModuleCode *code = current_of(f);
  Unit *u = code ? find_unit(code) : nullptr;
  if (u && !tier.dead && u->check_exits()) enqueue(*u);
}

// Somewhere around the mean, so as not to march in step with what is looked at.
int32_t around(int32_t mean) {
  thread_local uint32_t state = uint32_t(gettid()) * 2654435761u;
  state = state * 1664525u + 1013904223u;
  return mean / 2 + int32_t((uint64_t(state) * uint64_t(mean)) >> 32);
}
int32_t sampled(const Instr *entry, const Word *stack) {
  const FuncInfo *f = FuncInfo::of(entry), *caller = nullptr;
  if ((*stack & kTagMask) == Word(Tag::Header))
    caller = code_lookup(reinterpret_cast<const Instr *>(*stack - Word(Tag::Header)), true).function;
  thread_local unsigned compiled = 0;
  const bool all = is_native(f) && (!caller || is_native(caller));
  if (all && ++compiled % kExitChecks != 0) return around(kSampleCompiled);
  if (!tier.lock.try_lock()) return around(kSampleEvery); // a sample is not worth waiting
  std::lock_guard g(tier.lock, std::adopt_lock);
  if (all) {
    check_exits_of(f);
    return around(kSampleCompiled);
  }
  tier.seen += uint64_t{kSampleEvery};
  sample_function(f);
  if (caller) sample_function(caller);
  return around(kSampleEvery);
}

void released(const ModuleCode *code) {
  std::lock_guard g(tier.lock);
  auto u = tier.units.find(code);
  if (u == tier.units.end()) return;
  free_placed(u->second->take_placed());
  tier.units.erase(u);
  std::erase(tier.queue, code);
  std::erase(tier.lookups, code);
}

// The generation that f belongs to, current or not; null if f is no function of a module.
const ModuleCode *generation_of(const FuncInfo *f) {
  Module *m = module_find(f->mfa.module);
  if (!m) return nullptr;
  for (const ModuleCode *code : {static_cast<ModuleCode *>(m->current), static_cast<ModuleCode *>(m->old),
                                 static_cast<ModuleCode *>(m->loading)})
    if (contains(code, f)) return code;
  return nullptr;
}

void (*body_without_tier)(FuncInfo *f, const StaticNif *nif);
void install_body(FuncInfo *f, const StaticNif *nif) {
  {
    std::lock_guard g(tier.lock);
    if (const ModuleCode *code = generation_of(f)) {
      Unit &u = unit_of(code);
      if (tier_settings.mode == TierMode::Hot) u.layout(); // while the instruction is there
      u.bar(f, true);
    }
  }
  body_without_tier(f, nif);
}
void breakpoint_added(FuncInfo *f) {
  std::lock_guard g(tier.lock);
  if (const ModuleCode *code = generation_of(f)) unit_of(code).bar(f, false);
}
void breakpoint_removed(FuncInfo *f) {
  std::lock_guard g(tier.lock);
  const ModuleCode *code = generation_of(f);
  if (Unit *u = code ? find_unit(code) : nullptr) u->unbar(f);
}

bool is_forced(std::string_view module) {
  const std::string &all = tier_settings.forced;
  if (all.empty()) return true;
  for (size_t at = 0; at <= all.size();) {
    size_t end = std::min(all.find(',', at), all.size());
    std::string_view one = std::string_view(all).substr(at, end - at);
    if (one == module) return true;
    if (one.ends_with('*') && module.starts_with(one.substr(0, one.size() - 1))) return true;
    at = end + 1;
  }
  return false;
}

ModuleCode *(*prepare_without_tier)(const uint8_t *, size_t, Term, std::string *);
ModuleCode *prepare_and_compile(const uint8_t *data, size_t size, Term module, std::string *error) {
  ModuleCode *code = prepare_without_tier(data, size, module, error);
  if (!code || !is_forced(atom::text(code->module))) return code;
  std::string why;
  std::vector<const FuncInfo *> all(code->functions.begin(), code->functions.end());
  std::unique_lock g(tier.lock);
  if (!all.empty() && !compile(g, unit_of(code), all, false, &why))
    fprintf(stderr, "joist: %.*s is not compiled: %s\n", int(atom::text(code->module).size()),
            atom::text(code->module).data(), why.c_str());
  return code;
}

void report(TierReport *r) {
  std::lock_guard g(tier.lock);
  *r = tier.report;
  r->mode = tier_settings.mode == TierMode::Hot ? "hot" : "force";
  r->queued = tier.queue.size() + tier.lookups.size();
  r->code_bytes = exec_memory_used();
  r->code_limit = tier_settings.code_limit;
  r->threads = tier_settings.threads;
  for (auto &[code, u] : tier.units)
    if (size_t n = u->functions()) {
      r->modules++;
      r->functions += n;
    }
  r->cache = cache_directory();
}
} // namespace

bool tier_start(std::string *error) {
  // Without the library all would be interpreted anyhow.
  const bool none = tier_settings.mode == TierMode::Hot && access(compiler_path().c_str(), R_OK) != 0;
  if (vm_flags.emu_only || none) tier_settings.mode = TierMode::Off;
  if (tier_settings.mode == TierMode::Off) return true;
  if (!exec_memory_init(symbol_settings.gdb)) {
    *error = "no executable memory below 2 GB";
    tier_settings.mode = TierMode::Off;
    return !tier_settings.asked_for;
  }
  if (tier_settings.mode == TierMode::Force) {
    if (!compiler(error)) return false;
    prepare_without_tier = prepare_code;
    prepare_code = prepare_and_compile;
  } else {
    code_sampled = sampled;
    tier.caches = tier_settings.cache != "false";
    if (tier.caches && !tier_settings.cache.empty() &&
        !cache_open(tier_settings.cache, tier_settings.cache_limit, error))
      return false;
  }
  tier_report = report;
  code_released = released;
  body_without_tier = code_hooks.install_native_body;
  code_hooks.install_native_body = install_body;
  trace::breakpoint_added = breakpoint_added;
  trace::breakpoint_removed = breakpoint_removed;
  return true;
}
} // namespace joist::jit
