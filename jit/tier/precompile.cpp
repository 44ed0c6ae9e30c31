#include "jit/tier/precompile.h"

#include "jit/tier/cache.h"
#include "jit/tier/compiler.h"
#include "loader/decode.h"
#include "runtime/atom/atom.h"

#include <algorithm>
#include <ctime>

namespace joist::jit {
namespace {
constexpr size_t kBatch = 32; // calls between functions compiled together are direct

const Word *end_of(const ModuleCode *code, size_t function) {
  return function + 1 < code->functions.size() ? reinterpret_cast<const Word *>(code->functions[function + 1])
                                               : code->end;
}
bool is_stand_in(const ModuleCode *code, size_t function) {
  auto *at = reinterpret_cast<const Word *>(code->functions[function]->entry());
  const Word *end = end_of(code, function);
  static const Term nif_error = atom::intern("nif_error");
  loader::Decoded d;
  for (; at < end && loader::decode(reinterpret_cast<const Instr *>(at), &d); at += d.words) {
    using loader::Op;
    switch (d.op) {
    case Op::call_ext:
    case Op::call_ext_only:
    case Op::call_ext_last:
    case Op::call_bif:
    case Op::call_bif_only:
    case Op::call_bif_last: {
      const Mfa &mfa = reinterpret_cast<const Export *>(d.values[0])->mfa();
      if (mfa.module == atoms::erlang && mfa.function == nif_error) return true;
      break;
    }
    case Op::int_code_end: return false;
    default: break;
    }
  }
  return false;
}
uint64_t thread_microseconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return uint64_t(t.tv_sec) * 1'000'000 + uint64_t(t.tv_nsec) / 1000;
}
} // namespace

bool precompile(const ModuleCode *code, Precompiled *done, std::string *error) {
  const CompilerApi *api = compiler(error);
  if (!api) return false;
  uint64_t began = thread_microseconds();
  std::vector<const FuncInfo *> functions;
  for (size_t i = 0; i < code->functions.size(); i++)
    if (!is_stand_in(code, i)) functions.push_back(code->functions[i]);
  const CacheKey key = cache_key(code->md5, loader::layout_digest(code));
  std::vector<uint32_t> have;
  for (const CompiledObject &o : cache_load(key))
    for (const NativeEntry &e : o.entries) have.push_back(e.code);
  std::sort(have.begin(), have.end());
  done->was_there = std::all_of(functions.begin(), functions.end(), [&](const FuncInfo *f) {
    auto at = reinterpret_cast<const char *>(f->entry()) - reinterpret_cast<const char *>(code->start);
    return std::binary_search(have.begin(), have.end(), uint32_t(at));
  });
  if (done->was_there) return true;
  std::vector<CompiledObject> objects;
  for (size_t at = 0; at < functions.size(); at += kBatch) {
    CompileInput in;
    in.code = code;
    auto first = functions.begin() + ptrdiff_t(at);
    in.functions.assign(first, first + ptrdiff_t(std::min(kBatch, functions.size() - at)));
    CompiledObject object;
    if (!api->compile(in, &object, error)) return false;
    done->functions += in.functions.size();
    done->code_bytes += object.text_size;
    objects.push_back(std::move(object));
  }
  done->microseconds = thread_microseconds() - began;
  if (cache_replace(key, objects)) return true;
  *error = "the cache cannot be written, or the module is too large for it";
  return false;
}
} // namespace joist::jit
