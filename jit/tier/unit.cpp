#include "jit/tier/unit.h"
#include "jit/slow_ops.h"
#include "jit/tier/link.h"
#include "loader/decode.h"
#include "runtime/mem/alloc.h"
#include "runtime/trace/breakpoints.h"
#include "vm/native.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstring>
#include <dlfcn.h>

namespace joist::jit {
namespace {
constexpr uint32_t kManyExits = 20'000; // taken at one place
constexpr unsigned kMuchCooler = 8;     // so much less hot than the first one: not in one batch
constexpr size_t kMostAgain = 200;      // places of a module whose slow paths are compiled
} // namespace

Snapshot::~Snapshot() {
  if (code.start) low_free(code.start, code.code_size());
}

Unit::Unit(const ModuleCode *code) : code_(code) {
  static uint64_t last = 0;
  id_ = ++last;
}

// --- what is hot
bool Unit::sampled(const FuncInfo *f, unsigned reductions, unsigned threshold) {
  unsigned &n = samples_[f];
  n += reductions;
  if (n < threshold || wanted_.contains(f) || barred_.contains(f)) return false;
  want(f);
  return true;
}
bool Unit::sampled_module(unsigned reductions, unsigned threshold) {
  unsigned before = module_samples_;
  if (before >= threshold) return false;
  module_samples_ += reductions;
  return module_samples_ >= threshold;
}
unsigned Unit::seen(const FuncInfo *f) const {
  auto at = samples_.find(f);
  return at == samples_.end() ? 0 : at->second;
}
unsigned Unit::heat() const {
  if (!again_.empty()) return UINT_MAX;
  unsigned most = 0;
  for (const FuncInfo *f : pending_) most = std::max(most, seen(f));
  return most;
}
void Unit::want(const FuncInfo *f) {
  if (wanted_.insert(f).second) pending_.push_back(f);
}
std::vector<const FuncInfo *> Unit::take_pending(size_t most, bool *again) {
  std::vector<const FuncInfo *> taken;
  *again = !again_.empty();
  if (*again) {
    taken = std::move(again_.back());
    again_.pop_back();
  } else {
    auto hotter = [&](const FuncInfo *a, const FuncInfo *b) { return seen(a) > seen(b); };
    std::sort(pending_.begin(), pending_.end(), hotter);
    ptrdiff_t n = 0;
    for (const unsigned least = seen(pending_[0]) / kMuchCooler; n < ptrdiff_t(std::min(most, pending_.size())); n++)
      if (seen(pending_[size_t(n)]) < least) break;
    taken.assign(pending_.begin(), pending_.begin() + n);
    pending_.erase(pending_.begin(), pending_.begin() + n);
  }
  std::erase_if(taken, [&](const FuncInfo *f) {
    if (!barred_.contains(f)) return false;
    wanted_.erase(f); // it may become hot again later
    samples_.erase(f);
    return true;
  });
  return taken;
}

bool Unit::check_exits() {
  bool found = false;
  for (auto &o : objects_) {
    if (!o->on) continue;
    bool hot = false;
    for (size_t i = 0; i < o->exits.size() && slow_.size() < kMostAgain; i++) {
      if (__atomic_load_n(o->exit_counts + i, __ATOMIC_RELAXED) < kManyExits) continue;
      auto at = std::lower_bound(slow_.begin(), slow_.end(), o->exits[i]);
      if (at != slow_.end() && *at == o->exits[i]) continue; // there is no other way for it
      auto *pc = reinterpret_cast<const Instr *>(handler_at(o->exits[i]));
      loader::Decoded d;
      Word first = (*reinterpret_cast<const Word *>(pc) & ~Word{0xffffffff}) | original(o->exits[i]);
      if (!loader::decode(pc, first, &d) || !slow_in_place(d.op)) continue;
      slow_.insert(at, o->exits[i]);
      hot = true;
    }
    if (!hot) continue;
    std::vector<const FuncInfo *> functions;
    for (uint32_t at : o->functions) functions.push_back(function_at(at));
    again_.push_back(std::move(functions));
    found = true;
  }
  return found;
}

// --- the code as it was
uint32_t Unit::original(uint32_t at) const {
  auto found = std::lower_bound(originals_.begin(), originals_.end(), std::pair{at, uint32_t{0}});
  if (found != originals_.end() && found->first == at) return found->second;
  uint32_t handler = __atomic_load_n(handler_at(at), __ATOMIC_ACQUIRE);
  if (handler == trace::breakpoint_code.breakpoint && is_entry(at))
    if (const trace::Breakpoint *b = trace::breakpoint_of(function_at(at))) return b->original;
  return handler;
}
void Unit::remember(const Object &o) {
  std::vector<std::pair<uint32_t, uint32_t>> fresh;
  for (auto *list : {&o.entries, &o.direct})
    for (const NativeEntry &e : *list) fresh.emplace_back(e.code, original(e.code));
  std::sort(fresh.begin(), fresh.end());
  std::vector<std::pair<uint32_t, uint32_t>> all;
  all.reserve(originals_.size() + fresh.size());
  std::set_union(originals_.begin(), originals_.end(), fresh.begin(), fresh.end(), std::back_inserter(all));
  all.shrink_to_fit();
  originals_ = std::move(all);
}

uint64_t Unit::layout() {
  auto word = [](void *unit, const Instr *at) {
    auto *u = static_cast<const Unit *>(unit);
    auto *w = reinterpret_cast<const Word *>(at);
    return (*w & ~Word{0xffffffff}) | u->original(uint32_t((w - u->code_->start) * 8));
  };
  if (!layout_) layout_ = loader::layout_digest(code_, word, this);
  return layout_;
}

std::unique_ptr<Snapshot> Unit::snapshot(const std::vector<const FuncInfo *> &functions) const {
  auto s = std::make_unique<Snapshot>();
  size_t words = size_t(code_->end - code_->start);
  auto *copy = static_cast<Word *>(low_alloc(words * 8));
  memcpy(copy, code_->start, words * 8);
  s->code.start = copy;
  s->code.end = copy + words;
  s->code.module = code_->module;
  memcpy(s->code.md5, code_->md5, sizeof s->code.md5);
  for (auto [at, handler] : originals_) memcpy(reinterpret_cast<char *>(copy) + at, &handler, sizeof handler);
  int64_t delta = reinterpret_cast<char *>(copy) - reinterpret_cast<char *>(code_->start);
  for (const FuncInfo *f : functions) {
    auto next = std::upper_bound(code_->functions.begin(), code_->functions.end(), f);
    const Word *end = next == code_->functions.end() ? code_->end : reinterpret_cast<const Word *>(*next);
    auto *at = copy + (reinterpret_cast<const Word *>(f->entry()) - code_->start);
    loader::relocate(at, copy + (end - code_->start), delta);
    s->functions.push_back(FuncInfo::of(reinterpret_cast<const Instr *>(at)));
  }
  return s;
}

// --- placing
bool Unit::resolve(void *unit, std::string_view name, uint64_t *value) {
  auto *u = static_cast<const Unit *>(unit);
  if (name.size() > 1 && name[1] >= '0' && name[1] <= '9') {
    uint64_t offset = 0;
    auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), offset);
    if (error != std::errc() || end != name.data() + name.size() || offset + 8 > u->code_->code_size()) return false;
    auto *at = reinterpret_cast<const char *>(u->code_->start) + offset;
    uint32_t u32;
    int32_t i32;
    switch (name[0]) {
    case 'c': *value = uint64_t(at); return true;
    case 'h': *value = u->original(uint32_t(offset)); return true;
    case 'p':
      memcpy(&u32, at, 4);
      *value = u32;
      return true;
    case 'i':
      memcpy(&i32, at, 4);
      *value = uint64_t(int64_t{i32});
      return true;
    case 'w': memcpy(value, at, 8); return true;
    default: return false;
    }
  }
  static auto &known = *new std::unordered_map<std::string, uint64_t>; // under the tier's lock, as all of this
  auto [at, fresh] = known.try_emplace(std::string(name), 0);
  if (fresh) at->second = uint64_t(dlsym(RTLD_DEFAULT, at->first.c_str()));
  *value = at->second;
  return *value != 0;
}

bool Unit::is_entry(uint32_t at) const {
  return std::binary_search(code_->functions.begin(), code_->functions.end(), function_at(at));
}
void **Unit::slot_at(uint32_t at) const {
  char *word = reinterpret_cast<char *>(code_->start) + at;
  return is_entry(at) ? &FuncInfo::of(reinterpret_cast<const Instr *>(word))->native
                      : reinterpret_cast<void **>(word) - 1;
}

bool Unit::checked(const CompiledObject &object, size_t text_size, std::string *error) const {
  for (auto *list : {&object.entries, &object.direct})
    for (const NativeEntry &e : *list)
      if (e.text >= text_size || e.code < 8 || e.code % 8 || e.code + 8 > code_->code_size()) {
        *error = "an entry lies outside of the code";
        return false;
      }
  return true;
}

bool Unit::publish(const CompiledObject &object, std::string *error, std::vector<Placed> *gone) {
  ObjectImage image;
  if (!image.parse(object.elf, error) || !checked(object, image.text_size(), error)) return false;
  auto o = std::make_unique<Object>();
  Placed &p = o->placed;
  p.block = exec_alloc(image.code_size());
  if (!p.block.run) {
    *error = "no room for native code";
    return false;
  }
  constexpr size_t kAlign = ObjectImage::kAlignment;
  p.bss_size = image.bss_size() + kAlign;
  p.bss = low_alloc(p.bss_size);
  uint64_t bss = (uint64_t(p.bss) + kAlign - 1) & ~uint64_t{kAlign - 1};
  memset(reinterpret_cast<void *>(bss), 0, image.bss_size());
  if (!image.place(p.block.write, uint64_t(p.block.run), bss, resolve, this, error)) {
    exec_free(p.block);
    low_free(p.bss, p.bss_size);
    return false;
  }
  exec_publish();
  o->text = p.block.run + image.text_at();
  o->entries = object.entries;
  o->direct = object.direct;
  if (object.exit_counters + object.exits.size() * 4 <= image.bss_size()) {
    o->exit_counts = reinterpret_cast<const uint32_t *>(bss + object.exit_counters);
    o->exits = object.exits;
  }
  for (const NativeEntry &e : o->entries)
    if (is_entry(e.code)) {
      o->functions.push_back(e.code);
      wanted_.insert(function_at(e.code));
    }
  std::sort(o->functions.begin(), o->functions.end());
  std::erase_if(pending_, [&](const FuncInfo *f) { // found in the cache meanwhile
    return std::binary_search(o->functions.begin(), o->functions.end(), offset_of(f));
  });
  remember(*o);
  // What it replaces: first out of use, then gone by thread progress.
  std::erase_if(objects_, [&](std::unique_ptr<Object> &old) {
    if (!std::includes(o->functions.begin(), o->functions.end(), old->functions.begin(), old->functions.end()))
      return false;
    if (old->on) switch_off(*old);
    gone->push_back(old->placed);
    return true;
  });
  if (!is_barred(*o)) switch_on(*o);
  objects_.push_back(std::move(o));
  return true;
}

void Unit::switch_on(Object &o) {
  o.on = true;
  auto native = [&](uint32_t text) { return const_cast<uint8_t *>(o.text) + text; };
  for (const NativeEntry &e : o.entries) {
    __atomic_store_n(slot_at(e.code), static_cast<void *>(native(e.text)), __ATOMIC_RELEASE);
    auto handler = uint32_t(uint64_t(is_entry(e.code) ? &vm::native_enter : &vm::native_continue));
    __atomic_store_n(handler_at(e.code), handler, __ATOMIC_RELEASE);
  }
  for (const NativeEntry &e : o.direct)
    __atomic_store_n(handler_at(e.code), uint32_t(uint64_t(native(e.text))), __ATOMIC_RELEASE);
}

void Unit::switch_off(Object &o) {
  o.on = false;
  for (auto *list : {&o.entries, &o.direct})
    for (const NativeEntry &e : *list) __atomic_store_n(handler_at(e.code), original(e.code), __ATOMIC_RELEASE);
  for (const NativeEntry &e : o.entries)
    __atomic_store_n(slot_at(e.code), is_entry(e.code) ? loader::interpret_entry_stub : loader::interpret_return_stub,
                     __ATOMIC_RELEASE);
}

// --- what must be interpreted
bool Unit::is_barred(const Object &o) const {
  return std::any_of(barred_.begin(), barred_.end(), [&](const FuncInfo *f) {
    return std::binary_search(o.functions.begin(), o.functions.end(), offset_of(f));
  });
}
void Unit::bar(const FuncInfo *f, bool for_good) {
  barred_.insert(f);
  for (auto &o : objects_) {
    if (!std::binary_search(o->functions.begin(), o->functions.end(), offset_of(f))) continue;
    if (o->on) switch_off(*o);
    if (!for_good) continue;
    for (uint32_t at : o->functions) { // the others are compiled without it, when they are hot
      wanted_.erase(function_at(at));
      samples_.erase(function_at(at));
    }
  }
  if (for_good) never_.insert(f);
}
void Unit::unbar(const FuncInfo *f) {
  if (never_.contains(f) || !barred_.erase(f)) return;
  for (auto &o : objects_)
    if (!o->on && !is_barred(*o)) switch_on(*o);
}

std::vector<Placed> Unit::take_placed() {
  std::vector<Placed> all;
  for (auto &o : objects_) all.push_back(o->placed);
  objects_.clear();
  return all;
}
size_t Unit::functions() const {
  size_t n = 0;
  for (auto &o : objects_) n += o->on ? o->functions.size() : 0;
  return n;
}
} // namespace joist::jit
