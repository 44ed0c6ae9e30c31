#include "jit/tier/tier.h"
#include "jit/tier/cache.h"
#include "jit/tier/compiler.h"
#include "jit/tier/unit.h"
#include "runtime/atom/atom.h"
#include "runtime/code/hot.h"
#include "runtime/code/install.h"
#include "runtime/mem/alloc.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"
#include "runtime/trace/breakpoints.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

namespace joist::jit {
TierSettings tier_settings;

namespace {
constexpr unsigned kSamples = 8; // about 30,000 calls, or a millisecond
constexpr size_t kBatch = 24;    // functions compiled together

struct Tier {
  std::mutex lock;
  std::condition_variable work;
  std::unordered_map<const ModuleCode *, std::unique_ptr<Unit>> units;
  std::deque<const ModuleCode *> queue;                      // with pending functions
  size_t functions = 0, modules = 0, failed = 0, cached = 0; // cached: objects from the disk
  uint64_t microseconds = 0;
  bool threads_started = false, dead = false; // dead: there is no compiler
  FILE *perf = nullptr;
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
      exec_free(p.block);
      low_free(p.bss, p.bss_size);
    }
  };
  if (progress::is_registered()) progress::later(drop, all);
  else drop(all);
}

void write_perf_map(const CompiledObject &o, const uint8_t *text) {
  if (!tier_settings.perf_map) return;
  if (!tier.perf) tier.perf = fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "we");
  if (!tier.perf) return;
  for (const NativeName &n : o.names)
    fprintf(tier.perf, "%lx %x %s\n", reinterpret_cast<unsigned long>(text + n.text), n.size, n.name.c_str());
  fflush(tier.perf);
}

// Compiles `functions` of `code` and publishes them. The caller is online, so that code stays; no locks are held.
bool compile(const ModuleCode *code, std::vector<const FuncInfo *> functions, std::string *error) {
  const CompilerApi *api = compiler(error);
  if (!api) return false;
  CompileInput in;
  in.code = code;
  in.functions = std::move(functions);
  in.context = const_cast<ModuleCode *>(code);
  in.original_word = [](void *context, const Instr *at) {
    std::lock_guard g(tier.lock);
    auto u = tier.units.find(static_cast<const ModuleCode *>(context));
    return u == tier.units.end() ? *reinterpret_cast<const Word *>(at) : u->second->original_word(at);
  };
  uint64_t layout = 0;
  if (tier_settings.mode == TierMode::Hot) {
    std::lock_guard g(tier.lock);
    if (auto u = tier.units.find(code); u != tier.units.end()) layout = u->second->layout();
  }
  CompiledObject object;
  uint64_t began = thread_microseconds();
  bool ok = api->compile(in, &object, error);
  uint64_t took = thread_microseconds() - began;
  if (ok && layout) cache_store(code, layout, object);
  std::lock_guard g(tier.lock);
  tier.microseconds += took;
  auto u = tier.units.find(code);
  if (u == tier.units.end() || u->second->retired()) return true; // released, or has native functions now
  if (!ok || !u->second->publish(object, error)) {
    tier.failed += in.functions.size();
    return false;
  }
  write_perf_map(object, u->second->last_text());
  tier.functions += in.functions.size();
  return true;
}

Unit &unit_of(const ModuleCode *code) {
  auto &u = tier.units[code];
  if (!u) {
    u = std::make_unique<Unit>(code);
    tier.modules++;
  }
  return *u;
}

void compiler_thread() {
  pthread_setname_np(pthread_self(), "compiler");
  setpriority(PRIO_PROCESS, id_t(gettid()), 5); // schedulers come first
  progress::register_thread();
  progress::offline();
  std::unique_lock g(tier.lock);
  for (;;) {
    tier.work.wait(g, [] { return !tier.queue.empty(); });
    progress::OnlineScope online;
    const ModuleCode *code = tier.queue.front();
    auto u = tier.units.find(code);
    std::vector<const FuncInfo *> functions;
    if (u != tier.units.end()) functions = u->second->take_pending(kBatch);
    if (u == tier.units.end() || !u->second->pending()) tier.queue.pop_front();
    if (functions.empty()) continue;
    g.unlock();
    std::string error;
    if (!compile(code, std::move(functions), &error) && !compiler(nullptr)) {
      std::lock_guard g2(tier.lock);
      tier.dead = true;
      tier.queue.clear();
    }
    g.lock();
  }
}

void enqueue(Unit &u) { // under lock
  if (std::find(tier.queue.begin(), tier.queue.end(), u.code()) == tier.queue.end()) tier.queue.push_back(u.code());
  if (!tier.threads_started) {
    tier.threads_started = true;
    for (unsigned i = 0; i < tier_settings.threads; i++) std::thread(compiler_thread).detach();
  }
  tier.work.notify_one();
}

// The current generation that f belongs to; null if it is an old one, or none.
const ModuleCode *generation_of(const FuncInfo *f) {
  Module *m = module_find(f->mfa.module);
  const ModuleCode *code = m ? m->current : nullptr;
  auto *at = reinterpret_cast<const Word *>(f);
  return code && at >= code->start && at < code->end ? code : nullptr;
}
void sample_function(const FuncInfo *f) {
  const ModuleCode *code = generation_of(f);
  if (!code) return;
  Unit &u = unit_of(code);
  if (u.sampled(f, kSamples)) enqueue(u);
}
void sampled(const Instr *entry, const Word *stack) {
  if (!tier.lock.try_lock()) return; // a sample is not worth waiting
  std::lock_guard g(tier.lock, std::adopt_lock);
  if (tier.dead) return;
  sample_function(FuncInfo::of(entry));
  if ((*stack & kTagMask) != Word(Tag::Header)) return;
  if (const FuncInfo *caller = code_lookup(reinterpret_cast<const Instr *>(*stack - Word(Tag::Header)), true).function)
    sample_function(caller);
}

void released(const ModuleCode *code) {
  std::lock_guard g(tier.lock);
  auto u = tier.units.find(code);
  if (u == tier.units.end()) return;
  free_placed(u->second->take_placed());
  tier.units.erase(u);
  std::erase(tier.queue, code);
}

void (*body_without_tier)(FuncInfo *f, const StaticNif *nif);
// The first instruction of f is about to be replaced: takes the generation f belongs to back to the interpreter, for good.
void interpret_module_of(const FuncInfo *f) {
  std::lock_guard g(tier.lock);
  auto *at = reinterpret_cast<const Word *>(f);
  bool known = false;
  for (auto &[code, u] : tier.units)
    if (at >= code->start && at < code->end) {
      if (!u->retired()) u->retire();
      known = true;
    }
  if (known) return;
  if (const ModuleCode *code = generation_of(f)) unit_of(code).retire(); // nor will it be compiled later
}
void install_body(FuncInfo *f, const StaticNif *nif) {
  interpret_module_of(f);
  body_without_tier(f, nif);
}
void breakpoint_added(FuncInfo *f) { interpret_module_of(f); }

bool is_forced(std::string_view module) {
  const std::string &all = tier_settings.forced;
  if (all.empty()) return true;
  for (size_t at = 0; at <= all.size();) {
    size_t end = std::min(all.find(',', at), all.size());
    if (std::string_view(all).substr(at, end - at) == module) return true;
    at = end + 1;
  }
  return false;
}

ModuleCode *(*prepare_without_tier)(const uint8_t *, size_t, Term, std::string *);
ModuleCode *prepare_from_cache(const uint8_t *data, size_t size, Term module, std::string *error) {
  ModuleCode *code = prepare_without_tier(data, size, module, error);
  if (!code || !cache_has(code)) return code;
  std::lock_guard g(tier.lock);
  Unit &u = unit_of(code);
  for (const CompiledObject &object : cache_load(code, u.layout())) {
    std::string why;
    if (!u.publish(object, &why)) continue;
    tier.cached++;
    write_perf_map(object, u.last_text());
    for (const FuncInfo *f : code->functions) {
      auto at = uint32_t(reinterpret_cast<const char *>(f->entry()) - reinterpret_cast<const char *>(code->start));
      if (std::any_of(object.entries.begin(), object.entries.end(),
                      [at](const NativeEntry &e) { return e.code == at; }))
        u.have(f);
    }
  }
  return code;
}
ModuleCode *prepare_and_compile(const uint8_t *data, size_t size, Term module, std::string *error) {
  ModuleCode *code = prepare_without_tier(data, size, module, error);
  if (!code || !is_forced(atom::text(code->module))) return code;
  {
    std::lock_guard g(tier.lock);
    unit_of(code);
  }
  std::string why;
  std::vector<const FuncInfo *> all(code->functions.begin(), code->functions.end());
  if (!all.empty() && !compile(code, std::move(all), &why))
    fprintf(stderr, "joist: %.*s is not compiled: %s\n", int(atom::text(code->module).size()),
            atom::text(code->module).data(), why.c_str());
  return code;
}
} // namespace

bool tier_start(std::string *error) {
  if (tier_settings.mode == TierMode::Off) return true;
  if (!exec_memory_init()) {
    *error = "no executable memory below 2 GB";
    tier_settings.mode = TierMode::Off;
    return false;
  }
  if (tier_settings.mode == TierMode::Force) {
    if (!compiler(error)) return false;
    prepare_without_tier = prepare_code;
    prepare_code = prepare_and_compile;
  } else {
    code_sampled = sampled;
    std::string why;
    if (tier_settings.cache != "false" && cache_open(tier_settings.cache, tier_settings.cache_limit, &why)) {
      prepare_without_tier = prepare_code;
      prepare_code = prepare_from_cache;
    } else if (!tier_settings.cache.empty() && tier_settings.cache != "false") {
      *error = why;
      return false;
    }
  }
  code_released = released;
  body_without_tier = code_hooks.install_native_body;
  code_hooks.install_native_body = install_body;
  trace::breakpoint_added = breakpoint_added;
  return true;
}

TierStatistics tier_statistics() {
  std::lock_guard g(tier.lock);
  size_t queued = 0;
  return {tier.functions, tier.modules,     exec_memory_used(), tier.failed, queued + tier.queue.size(),
          tier.cached,    tier.microseconds};
}
} // namespace joist::jit
