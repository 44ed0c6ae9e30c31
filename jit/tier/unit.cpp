#include "jit/tier/unit.h"
#include "jit/tier/link.h"
#include "loader/decode.h"
#include "runtime/mem/alloc.h"
#include "vm/native.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <dlfcn.h>

namespace joist::jit {
bool Unit::sampled(const FuncInfo *f, unsigned threshold) {
  if (retired_ || ++samples_[f] != threshold) return false;
  want(f);
  return true;
}
void Unit::want(const FuncInfo *f) {
  if (!retired_ && wanted_.insert(f).second) pending_.push_back(f);
}
uint64_t Unit::layout() {
  if (!layout_) layout_ = loader::layout_digest(code_);
  return layout_;
}
std::vector<const FuncInfo *> Unit::take_pending(size_t most) {
  std::vector<const FuncInfo *> taken;
  size_t n = std::min(most, pending_.size());
  taken.assign(pending_.begin(), pending_.begin() + ptrdiff_t(n));
  pending_.erase(pending_.begin(), pending_.begin() + ptrdiff_t(n));
  return taken;
}

Word Unit::original_word(const Instr *at) const {
  auto *word = reinterpret_cast<const Word *>(at);
  auto found = originals_.find(uint32_t((word - code_->start) * 8));
  return found == originals_.end() ? *word : (*word & ~Word{0xffffffff}) | found->second;
}

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
    case 'h': *value = uint32_t(u->original_word(reinterpret_cast<const Instr *>(at))); return true;
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
  void *p = dlsym(RTLD_DEFAULT, std::string(name).c_str());
  *value = uint64_t(p);
  return p != nullptr;
}

bool Unit::is_entry(uint32_t at) const {
  auto *f = FuncInfo::of(reinterpret_cast<const Instr *>(reinterpret_cast<const char *>(code_->start) + at));
  return std::binary_search(code_->functions.begin(), code_->functions.end(), f);
}

void Unit::replace_handler(uint32_t at, uint32_t handler) {
  auto *word = reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(code_->start) + at);
  originals_.try_emplace(at, *word);
  __atomic_store_n(word, handler, __ATOMIC_RELEASE);
}

bool Unit::publish(const CompiledObject &object, std::string *error) {
  ObjectImage image;
  if (!image.parse(object.elf, error)) return false;
  for (auto *list : {&object.entries, &object.direct})
    for (const NativeEntry &e : *list)
      if (e.text >= image.text_size() || e.code < 8 || e.code % 8 || e.code + 8 > code_->code_size()) {
        *error = "an entry lies outside of the code";
        return false;
      }
  Placed p;
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
  placed_.push_back(p);
  last_text_ = p.block.run + image.text_at();
  auto code_at = [&](uint32_t text) { return p.block.run + image.text_at() + text; };
  for (const NativeEntry &e : object.entries) {
    bool entry = is_entry(e.code);
    char *at = reinterpret_cast<char *>(code_->start) + e.code;
    void **slot =
        entry ? &FuncInfo::of(reinterpret_cast<const Instr *>(at))->native : reinterpret_cast<void **>(at) - 1;
    __atomic_store_n(slot, static_cast<void *>(code_at(e.text)), __ATOMIC_RELEASE);
    entries_.push_back(e.code);
    replace_handler(e.code, uint32_t(uint64_t(entry ? &vm::native_enter : &vm::native_continue)));
    published_ += entry;
  }
  for (const NativeEntry &e : object.direct) replace_handler(e.code, uint32_t(uint64_t(code_at(e.text))));
  return true;
}

void Unit::retire() {
  retired_ = true;
  pending_.clear();
  for (auto [at, handler] : originals_)
    __atomic_store_n(reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(code_->start) + at), handler,
                     __ATOMIC_RELEASE);
  for (uint32_t at : entries_) {
    char *word = reinterpret_cast<char *>(code_->start) + at;
    bool entry = is_entry(at);
    void **slot =
        entry ? &FuncInfo::of(reinterpret_cast<const Instr *>(word))->native : reinterpret_cast<void **>(word) - 1;
    __atomic_store_n(slot, entry ? loader::interpret_entry_stub : loader::interpret_return_stub, __ATOMIC_RELEASE);
  }
}
} // namespace joist::jit
