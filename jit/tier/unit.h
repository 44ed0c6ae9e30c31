// A generation of a module as the tier knows it: samples, replaced handlers, placed code.
#pragma once
#include "jit/object.h"
#include "jit/tier/exec_memory.h"

#include <cstddef>
#include <unordered_map>
#include <unordered_set>

namespace joist::jit {
struct Placed {
  ExecBlock block;
  void *bss = nullptr;
  size_t bss_size = 0;
};

class Unit {
public:
  explicit Unit(const ModuleCode *code) : code_(code) {}
  const ModuleCode *code() const { return code_; }

  // One more sample of f. True: it has just become hot.
  bool sampled(const FuncInfo *f, unsigned threshold);
  std::vector<const FuncInfo *> take_pending(size_t most);
  // It is compiled already, e.g. by an earlier run.
  void have(const FuncInfo *f) { wanted_.insert(f); }
  // The digest of the code's layout (loader/decode.h); to be asked first before anything is published.
  uint64_t layout();
  void want(const FuncInfo *f); // queues it, unless it was queued before
  bool pending() const { return !pending_.empty(); }

  // Places and publishes an object. False: *error; nothing has changed.
  bool publish(const CompiledObject &object, std::string *error);
  // Everything is interpreted again from the next call or return on, and stays so.
  void retire();
  bool retired() const { return retired_; }
  // Moves what must be freed when nobody executes it any more.
  std::vector<Placed> take_placed() { return std::move(placed_); }

  // The first word of the instruction as the loader wrote it.
  Word original_word(const Instr *at) const;
  size_t functions() const { return published_; }
  const uint8_t *last_text() const { return last_text_; } // of the object published last

private:
  static bool resolve(void *unit, std::string_view name, uint64_t *value);
  void replace_handler(uint32_t at, uint32_t handler);
  bool is_entry(uint32_t at) const;

  const ModuleCode *code_;
  std::unordered_map<const FuncInfo *, unsigned> samples_;
  std::unordered_set<const FuncInfo *> wanted_;
  std::vector<const FuncInfo *> pending_;
  std::unordered_map<uint32_t, uint32_t> originals_; // handlers by offset
  std::vector<uint32_t> entries_;                    // offsets whose native entries are set
  std::vector<Placed> placed_;
  size_t published_ = 0;
  const uint8_t *last_text_ = nullptr;
  bool retired_ = false;
  uint64_t layout_ = 0;
};
} // namespace joist::jit
