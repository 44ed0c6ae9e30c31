// libjoist_jit.so's only entry.
#include "jit/llvm/pipeline.h"

#include "llvm/Support/Error.h"

namespace joist::jit {
namespace {
bool compile(const CompileInput &in, CompiledObject *out, std::string *error) {
  llvm::LLVMContext context;
  auto module = semantics_module(context);
  Lowering lowering(in, *module, out);
  if (!lowering.read(error)) return false;
  lowering.build();
  tidy(*module);
  dump(in.dump, ".ll", *module);
  optimise(*module);
  dump(in.dump, ".opt.ll", *module);
  auto bytes = object_code(*module);
  dump(in.dump, ".o", bytes);
  out->elf.assign(bytes.data(), bytes.size());
  return describe(lowering.entries, out, error);
}
} // namespace
} // namespace joist::jit

extern "C" __attribute__((visibility("default"))) const joist::jit::CompilerApi *joist_jit_api() {
  static const joist::jit::CompilerApi api{joist::jit::kApiVersion, joist::jit::target_text().c_str(),
                                           joist::jit::compile};
  return &api;
}
