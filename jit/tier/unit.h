// A generation of a module as the tier knows it: what is hot in it, what is compiled, and which words of its code are
// replaced. Everything under the tier's lock.
//
// An object is *on* while its native code is reachable: the entries before return points and FuncInfo::native lead to it,
// and the handlers at its entries are replaced. Functions of one object call each other directly. So where a function
// must be interpreted (*barred*: it has a breakpoint, or its body is a native function) all objects that contain it are
// off; those of other functions call it through FuncInfo::native. Who is executing the code of an object that goes off
// leaves it at the next return from outside, or when the slice ends at the latest.
#pragma once
#include "jit/object.h"
#include "jit/tier/exec_memory.h"

#include <cstddef>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace joist::jit {
struct Placed {
  ExecBlock block;
  void *bss = nullptr;
  size_t bss_size = 0;
};

// The module's code as the loader wrote it, at a place of its own: for the compiler, which reads it without a lock while
// the original is patched, or released.
struct Snapshot {
  ModuleCode code;
  std::vector<const FuncInfo *> functions; // those asked for
  Snapshot() = default;
  Snapshot(const Snapshot &) = delete;
  ~Snapshot();
};

class Unit {
public:
  explicit Unit(const ModuleCode *code);
  const ModuleCode *code() const { return code_; }
  uint64_t id() const { return id_; } // of this generation; never used again

  // So many more reductions were seen to end in f. True: it has just become hot, and is pending.
  bool sampled(const FuncInfo *f, unsigned reductions, unsigned threshold);
  // The same for the whole module. True: it is time to look for what earlier runs have compiled.
  bool sampled_module(unsigned reductions, unsigned threshold);
  bool seen_for(unsigned reductions) const { return module_samples_ >= reductions; } // by sampled_module
  void want(const FuncInfo *f);                                                      // pending, unless it was before
  bool pending() const { return !pending_.empty() || !again_.empty(); }
  bool lookup_pending = false; // in the cache
  unsigned heat() const;       // reductions of the hottest pending function
  // What to compile next, together, the hottest first. *again: it is compiled already, but too many exits were taken.
  std::vector<const FuncInfo *> take_pending(size_t most, bool *again);
  std::unique_ptr<Snapshot> snapshot(const std::vector<const FuncInfo *> &functions) const;
  // Instructions of which the slow path is to be compiled, too.
  const std::vector<uint32_t> &slow() const { return slow_; }
  // Looks for exits that are taken too often; true: their objects are pending again.
  bool check_exits();

  // The digest of the code's layout (loader/decode.h).
  uint64_t layout();

  // Places and publishes an object. Functions of older objects that it contains whole are replaced, and those objects
  // go to *gone. False: *error; nothing has changed.
  bool publish(const CompiledObject &object, std::string *error, std::vector<Placed> *gone);
  const uint8_t *last_text() const { return objects_.back()->text; } // of the object published last
  // f must be interpreted from now on. The handler in its first word is the loader's afterwards.
  void bar(const FuncInfo *f, bool for_good);
  void unbar(const FuncInfo *f);
  // Moves what must be freed when nobody executes it any more.
  std::vector<Placed> take_placed();
  size_t functions() const; // that have native code, on

private:
  struct Object {
    Placed placed;
    const uint8_t *text = nullptr;
    const uint32_t *exit_counts = nullptr;
    std::vector<NativeEntry> entries, direct;
    std::vector<uint32_t> functions; // entries that are functions', ascending
    std::vector<uint32_t> exits;
    bool on = false;
  };
  static bool resolve(void *unit, std::string_view name, uint64_t *value);
  bool checked(const CompiledObject &object, size_t text_size, std::string *error) const;
  uint32_t *handler_at(uint32_t at) const {
    return reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(code_->start) + at);
  }
  void **slot_at(uint32_t at) const; // of the native entry for a function or return point
  // The handler as the loader wrote it.
  uint32_t original(uint32_t at) const;
  unsigned seen(const FuncInfo *f) const; // for so many reductions
  void remember(const Object &o);
  void switch_on(Object &o);
  void switch_off(Object &o);
  bool is_entry(uint32_t at) const;
  bool is_barred(const Object &o) const;
  uint32_t offset_of(const FuncInfo *f) const {
    return uint32_t(reinterpret_cast<const char *>(f->entry()) - reinterpret_cast<const char *>(code_->start));
  }
  const FuncInfo *function_at(uint32_t entry) const {
    return FuncInfo::of(reinterpret_cast<const Instr *>(reinterpret_cast<const char *>(code_->start) + entry));
  }

  const ModuleCode *code_;
  uint64_t id_;
  std::unordered_map<const FuncInfo *, unsigned> samples_;
  unsigned module_samples_ = 0;
  std::unordered_set<const FuncInfo *> wanted_, barred_, never_; // never: barred for good
  std::vector<const FuncInfo *> pending_;
  std::vector<std::vector<const FuncInfo *>> again_;
  std::vector<std::pair<uint32_t, uint32_t>> originals_; // offset and handler, by offset; of all that was ever replaced
  std::vector<std::unique_ptr<Object>> objects_;
  std::vector<uint32_t> slow_; // ascending
  uint64_t layout_ = 0;
};
} // namespace joist::jit
