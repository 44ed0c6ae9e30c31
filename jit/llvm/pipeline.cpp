#include "jit/llvm/pipeline.h"
#include "jit/llvm/flonum.h"

#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/Transforms/IPO/AlwaysInliner.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/GVN.h"
#include "llvm/Transforms/Scalar/JumpThreading.h"
#include "llvm/Transforms/Scalar/LowerExpectIntrinsic.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"
#include "llvm/Transforms/Scalar/TailRecursionElimination.h"

extern "C" const char joist_semantics_start[], joist_semantics_end[];

namespace joist::jit {
using namespace llvm;
namespace {
struct Target {
  std::string cpu, features;
  Target() {
    // Loop strength reduction and the machine schedulers cost a third of code generation and gain nothing here. They
    // have no other switches.
    const char *options[] = {"joist", "-disable-lsr", "-enable-misched=false", "-post-RA-scheduler=false",
                             "-pre-RA-sched=source"};
    cl::ParseCommandLineOptions(int(std::size(options)), options);
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    cpu = sys::getHostCPUName().str();
    std::vector<std::string> all;
    for (auto &[name, on] : sys::getHostCPUFeatures()) all.push_back((on ? "+" : "-") + name.str());
    std::sort(all.begin(), all.end());
    for (auto &f : all) features += (features.empty() ? "" : ",") + f;
  }
};
const Target &target() {
  static const Target t;
  return t;
}
} // namespace

const std::string &target_text() {
  static const std::string text = target().cpu + " " + target().features;
  return text;
}

TargetMachine &target_machine() {
  thread_local std::unique_ptr<TargetMachine> machine = [] {
    std::string triple = sys::getProcessTriple(), error;
    auto *t = TargetRegistry::lookupTarget(triple, error);
    if (!t) report_fatal_error(Twine(error));
    TargetOptions options;
    options.FunctionSections = options.DataSections = false;
    return std::unique_ptr<TargetMachine>(t->createTargetMachine(
        triple, target().cpu, target().features, options, Reloc::Static, CodeModel::Small, CodeGenOptLevel::Default));
  }();
  return *machine;
}

std::unique_ptr<llvm::Module> semantics_module(LLVMContext &context) {
  StringRef bytes(joist_semantics_start, size_t(joist_semantics_end - joist_semantics_start));
  auto m = cantFail(getLazyBitcodeModule(MemoryBufferRef(bytes, "semantics"), context));
  m->setDataLayout(target_machine().createDataLayout());
  return m;
}

void tidy(llvm::Module &m) {
  // Bodies of what semantics call, until nothing new is referred to.
  for (bool more = true; more;) {
    more = false;
    for (auto &f : m)
      if (f.isMaterializable() && !f.use_empty()) {
        cantFail(f.materialize());
        more = true;
      }
  }
  for (auto &f : make_early_inc_range(m)) {
    if (f.isMaterializable()) {
      f.deleteBody();
      if (f.use_empty()) f.eraseFromParent();
      continue;
    }
    for (const char *a : {"target-cpu", "target-features", "tune-cpu"}) f.removeFnAttr(a);
    f.setDSOLocal(true);
    if (f.isDeclaration()) continue;
    f.setComdat(nullptr);
    f.addFnAttr("target-cpu", target().cpu);
    f.addFnAttr("target-features", target().features);
    f.setDoesNotThrow();
    if (!f.hasExternalLinkage() || f.hasFnAttribute(Attribute::AlwaysInline))
      f.setLinkage(GlobalValue::InternalLinkage);
  }
  cantFail(m.materializeAll());
  for (auto &g : make_early_inc_range(m.globals())) {
    g.setDSOLocal(true);
    // Variables of the VM (inline ones have a copy here): there is only one.
    if (!g.isDeclaration() && !g.isConstant() && !g.hasLocalLinkage() && g.getName() != "exit_counters") {
      g.setComdat(nullptr);
      g.setInitializer(nullptr);
      g.setLinkage(GlobalValue::ExternalLinkage);
    } else if (!g.isDeclaration() && g.isConstant() && !g.hasLocalLinkage()) {
      g.setComdat(nullptr);
      g.setLinkage(GlobalValue::InternalLinkage);
    }
  }
  if (auto *ids = m.getNamedMetadata("llvm.ident")) ids->eraseFromParent();
}

void optimise(llvm::Module &m) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder(&target_machine());
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  passes.addPass(AlwaysInlinerPass(/*InsertLifetime=*/false));
  passes.addPass(GlobalDCEPass());
  FunctionPassManager f;
  f.addPass(SROAPass(SROAOptions::ModifyCFG));
  f.addPass(LowerExpectIntrinsicPass());
  f.addPass(EarlyCSEPass());
  f.addPass(JumpThreadingPass()); // before SimplifyCFG turns phis of answers into selects
  f.addPass(SimplifyCFGPass());
  f.addPass(InstCombinePass());
  f.addPass(TailCallElimPass());
  f.addPass(GVNPass());
  f.addPass(JumpThreadingPass());
  f.addPass(FlonumPass());
  f.addPass(InstCombinePass());
  f.addPass(SimplifyCFGPass(
      SimplifyCFGOptions().convertSwitchRangeToICmp(true).hoistCommonInsts(true).sinkCommonInsts(true)));
  passes.addPass(createModuleToFunctionPassAdaptor(std::move(f)));
  passes.run(m, modules);
}

SmallVector<char, 0> object_code(llvm::Module &m) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream os(bytes);
  legacy::PassManager passes;
  MCContext *context;
  if (target_machine().addPassesToEmitMC(passes, context, os, true)) report_fatal_error("joist: no code generation");
  passes.run(m);
  return bytes;
}

void dump(const char *prefix, const char *extension, llvm::Module &m) {
  if (!prefix) return;
  std::error_code error;
  raw_fd_ostream os(std::string(prefix) + extension, error);
  m.print(os, nullptr);
  if (verifyModule(m, &errs())) report_fatal_error("joist: bad IR");
}
void dump(const char *prefix, const char *extension, ArrayRef<char> bytes) {
  if (!prefix) return;
  std::error_code error;
  raw_fd_ostream os(std::string(prefix) + extension, error);
  os.write(bytes.data(), bytes.size());
}

bool describe(const std::map<std::string, Lowering::Entry> &entries, CompiledObject *out, std::string *error) {
  auto file = object::ObjectFile::createObjectFile(MemoryBufferRef(out->elf, "object"));
  if (!file) {
    *error = toString(file.takeError());
    return false;
  }
  for (auto &section : (*file)->sections())
    if (auto name = section.getName(); name && *name == ".text") out->text_size = uint32_t(section.getSize());
  for (auto &symbol : (*file)->symbols()) {
    auto name = symbol.getName();
    auto at = symbol.getValue();
    if (!name || !at) continue;
    if (*name == "exit_counters") out->exit_counters = uint32_t(*at);
    auto it = entries.find(name->str());
    if (it == entries.end()) continue;
    (name->front() == 'd' ? out->direct : out->entries).push_back({it->second.code, uint32_t(*at)});
    out->names.push_back({uint32_t(*at), uint32_t(object::ELFSymbolRef(symbol).getSize()), it->second.name});
  }
  return true;
}
} // namespace joist::jit
