// Program counter -> module, function and line. Readers see one immutable sorted array.
#include "runtime/code/registry.h"
#include "runtime/mem/alloc.h"
#include "runtime/sched/progress.h"

namespace joist::runtime {
namespace {

struct Range {
  const Word *start, *end;
  ModuleCode *code;
};
using Ranges = std::vector<Range>;
std::atomic<const Ranges *> current{new Ranges};

void publish(Ranges *next) {
  const Ranges *before = current.exchange(next, std::memory_order_acq_rel);
  auto drop = [](void *p) { delete static_cast<const Ranges *>(p); };
  if (progress::is_registered()) progress::later(drop, const_cast<Ranges *>(before));
  else drop(const_cast<Ranges *>(before)); // before there are other threads
}

const Range *find(const Ranges &all, const Word *at) {
  auto it = std::upper_bound(all.begin(), all.end(), at, [](const Word *a, const Range &r) { return a < r.start; });
  if (it == all.begin()) return nullptr;
  --it;
  return at < it->end ? &*it : nullptr;
}

const FuncInfo *function_in(const ModuleCode *code, const Word *at) {
  auto &f = code->functions;
  auto it = std::upper_bound(f.begin(), f.end(), at,
                             [](const Word *a, const FuncInfo *i) { return a < reinterpret_cast<const Word *>(i); });
  return it == f.begin() ? nullptr : *--it;
}

} // namespace

void code_ranges_add(ModuleCode *code) {
  auto *next = new Ranges(*current.load(std::memory_order_acquire));
  Range r{code->start, code->end, code};
  next->insert(
      std::upper_bound(next->begin(), next->end(), r, [](const Range &a, const Range &b) { return a.start < b.start; }),
      r);
  publish(next);
}

void code_ranges_remove(ModuleCode *code) {
  auto *next = new Ranges(*current.load(std::memory_order_acquire));
  std::erase_if(*next, [code](const Range &r) { return r.code == code; });
  publish(next);
}

const ModuleCode *code_module(const Instr *pc) {
  const Range *r = find(*current.load(std::memory_order_acquire), reinterpret_cast<const Word *>(pc));
  return r ? r->code : nullptr;
}

const FuncInfo *code_function(const Instr *pc) {
  const ModuleCode *m = code_module(pc);
  return m ? function_in(m, reinterpret_cast<const Word *>(pc)) : nullptr;
}

CodeLocation code_lookup(const Instr *pc, bool return_address) {
  const Word *at = reinterpret_cast<const Word *>(pc) - (return_address ? 1 : 0);
  CodeLocation out;
  const ModuleCode *m = code_module(reinterpret_cast<const Instr *>(at));
  if (!m) return out;
  out.function = function_in(m, at);
  if (!out.function) return out;
  auto &offsets = m->lines_offset;
  uint32_t offset = uint32_t(at - m->start);
  auto it = std::upper_bound(offsets.begin(), offsets.end(), offset);
  if (it == offsets.begin()) return out;
  --it;
  if (*it < uint32_t(reinterpret_cast<const Word *>(out.function) - m->start)) return out;
  uint32_t location = m->lines_location[size_t(it - offsets.begin())];
  if (!location) return out;
  out.line = location & 0xffffff;
  if (uint32_t file = location >> 24; file < m->line_files.size()) out.file = m->line_files[file];
  return out;
}

void module_code_free(ModuleCode *code) {
  auto drop = [](void *p) {
    auto *c = static_cast<ModuleCode *>(p);
    low_free(c->start, c->code_size());
    delete c;
  };
  if (progress::is_registered()) progress::later(drop, code);
  else drop(code);
}

} // namespace joist::runtime
