#include "runtime/nif/library.h"

#include "runtime/code/install.h"
#include "runtime/io/file_name.h"
#include "runtime/proc/backtrace.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"

#include <dlfcn.h>

namespace joist::runtime {
namespace {
// What goes wrong on the way.
struct Refusal {
  Term tag = Term::none();
  std::string text;
  explicit operator bool() const { return !tag.is_none(); }
};
std::string text_of(Term atom) { return std::string(atom::text(atom)); }

void discard(NifLibrary *lib) {
  resource_types_rollback(lib);
  if (lib->handle) dlclose(lib->handle);
  delete lib;
}

std::mutex tainted_lock;
std::vector<Term> tainted;

// Opens the file and checks what it says of itself; fills lib->entry.
Refusal open_library(NifLibrary *lib, const std::string &path) {
  std::string file = path + ".so";
  lib->handle = dlopen(file.c_str(), RTLD_NOW);
  if (!lib->handle) {
    std::string why = dlerror();
    bool named = why.find(path) != std::string::npos;
    return {atoms::load_failed,
            "Failed to load NIF library" + (named ? std::string() : " " + path) + ": '" + why + "'"};
  }
  void *init = dlsym(lib->handle, "nif_init");
  if (!init) init = dlsym(lib->handle, "_nif_init");
  if (!init) {
    const char *why = dlerror();
    return {atoms::bad_lib, "Failed to find library init function: '" + std::string(why ? why : "") + "'"};
  }
  taint(lib->module);
  auto *e = reinterpret_cast<const NifEntry *(*)()>(init)();
  if (!e) return {atoms::bad_lib, "Library init-call unsuccessful"};
  // Fields that its version does not have are not there to read.
  NifEntry &to = lib->entry;
  memcpy(&to, e, offsetof(NifEntry, variant));
  to.variant = to.at_least(2, 1) ? e->variant : kNifVariant;
  to.options = to.at_least(2, 7) ? e->options : 0;
  to.resource_init_size = to.at_least(2, 12) ? e->resource_init_size : 0;
  to.min_erts = to.at_least(2, 14) ? e->min_erts : "erts-?";
  if (to.at_least(kNifMajor, kNifMinor + 1))
    return {atoms::bad_lib, "That '" + text_of(lib->module) + "' NIF library needs " + to.min_erts +
                                " or newer. Either try to recompile the NIF lib or use a newer erts runtime."};
  if (to.major < 2 || (to.major == 2 && to.minor == 5))
    return {atoms::bad_lib, "That old NIF library (" + std::to_string(to.major) + "." + std::to_string(to.minor) +
                                ") is not compatible with this erts runtime (" + std::to_string(kNifMajor) + "." +
                                std::to_string(kNifMinor) + "). Try recompile the NIF lib."};
  if (strcmp(to.variant, kNifVariant) != 0)
    return {atoms::bad_lib,
            "Library (" + std::string(to.variant) + ") not compiled for this vm variant (" + kNifVariant + ")."};
  if (atom::find_latin1(to.name) != lib->module)
    return {atoms::bad_lib, "Library module name '" + std::string(to.name) + "' does not match calling module '" +
                                text_of(lib->module) + "'"};
  for (int i = 0; i < to.count; i++) {
    if (to.at_least(2, 7)) {
      lib->funcs.push_back(to.funcs[i]);
    } else {
      auto &old = reinterpret_cast<const NifFuncV1 *>(to.funcs)[i];
      lib->funcs.push_back({old.name, old.arity, old.fn, 0});
    }
  }
  return {};
}

using Bodies = std::vector<std::pair<FuncInfo *, const StaticNif *>>;

FuncInfo *function_of(ModuleCode *code, const char *name, unsigned arity) {
  Term f = atom::find_latin1(name);
  if (f.is_none()) return nullptr;
  for (auto *info : code->functions)
    if (info->mfa.function == f && info->mfa.arity == arity) return info;
  return nullptr;
}

Refusal bind_functions(NifLibrary *lib, ModuleCode *code, Bodies *bodies) {
  std::string in = " " + text_of(lib->module) + ":";
  for (const NifFunc &f : lib->funcs) {
    std::string name = in + f.name + "/" + std::to_string(f.arity);
    FuncInfo *info = function_of(code, f.name, f.arity);
    if (!info) return {atoms::bad_lib, "Function not found" + name};
    if (const auto &declared = code->declared_nifs;
        !declared.empty() && std::find(declared.begin(), declared.end(), info) == declared.end())
      return {atoms::bad_lib, "Function not declared as nif" + name};
    if (f.flags != 0 && f.flags != kNifDirtyCpu && f.flags != kNifDirtyIo)
      return {atoms::bad_lib, "Illegal flags field value " + std::to_string(int(f.flags)) + " for NIF" + name};
    for (auto &b : *bodies)
      if (b.first == info) return {atoms::bad_lib, "Duplicate NIF entry for" + name};
    LibraryNif &n = lib->nifs.emplace_back();
    n.name = f.name;
    n.arity = uint8_t(f.arity);
    n.fn = nullptr;
    n.kind = f.flags == kNifDirtyCpu ? NifKind::DirtyCpu : f.flags == kNifDirtyIo ? NifKind::DirtyIo : NifKind::Normal;
    n.function = f.fn;
    n.library = lib;
    bodies->push_back({info, &n});
  }
  nif_tracer_functions(lib);
  return {};
}

Refusal bind_static(const StaticNifModule *m, ModuleCode *code, Bodies *bodies) {
  for (size_t i = 0; i < m->count; i++) {
    const StaticNif &n = m->functions[i];
    FuncInfo *info = function_of(code, n.name, n.arity);
    if (!info)
      return {atoms::bad_lib,
              "Function not found " + std::string(m->module) + ":" + n.name + "/" + std::to_string(n.arity)};
    bodies->push_back({info, &n});
  }
  return {};
}

Refusal call_load(Process *p, NifLibrary *lib, NifLibrary *previous, Term info) {
  NifEnv env{.heap = &p->heap, .p = p, .library = lib};
  NifEntry &e = lib->entry;
  int status = 0;
  if (previous) {
    if (!e.upgrade) return {atom::intern("upgrade"), "Upgrade not supported by this NIF library."};
    void *old = previous->priv;
    status = e.upgrade(&env, &lib->priv, &previous->priv, info);
    if (status) previous->priv = old;
  } else if (e.load) {
    status = e.load(&env, &lib->priv, info);
  }
  nif_temps_free(&env);
  delete env.scheduled;
  if (!status) return {};
  std::string code = " (" + std::to_string(status) + ").";
  return previous ? Refusal{atom::intern("upgrade"), "Library upgrade-call unsuccessful" + code}
                  : Refusal{atoms::load, "Library load-call unsuccessful" + code};
}

Refusal load(Process *p, const std::string &path, Term info, Module *m, ModuleCode *code) {
  CodeWriter writer;
  if (code == m->old)
    return {atom::intern("old_code"), "Calling load_nif from old module '" + text_of(m->name) + "' not allowed"};
  if (code->nif) return {atoms::reload, "NIF library already loaded (reload disallowed since OTP 20)."};
  ModuleCode *before = code == m->loading ? (m->current ? m->current : m->old) : static_cast<ModuleCode *>(m->old);
  auto *previous = before ? static_cast<NifLibrary *>(before->nif) : nullptr;

  auto *lib = new NifLibrary;
  lib->module = m->name;
  Bodies bodies;
  Term base = atom::find(path.substr(path.rfind('/') + 1));
  const StaticNifModule *built_in = base.is_none() ? nullptr : static_nif_find(base);
  Refusal no;
  if (built_in && atom::find(built_in->module) == m->name) {
    no = bind_static(built_in, code, &bodies);
    if (!no && built_in->load)
      if (int status = built_in->load(info))
        no = {atoms::load, "Library load-call unsuccessful (" + std::to_string(status) + ")."};
  } else {
    no = open_library(lib, path);
    if (!no) no = bind_functions(lib, code, &bodies);
    if (!no) no = call_load(p, lib, previous, info);
  }
  if (no) {
    discard(lib);
    return no;
  }
  resource_types_commit(lib);
  for (auto &[f, nif] : bodies) lib->bound.push_back(f->mfa);
  code->nif = lib;
  for (auto &[f, nif] : bodies) code_hooks.install_native_body(f, nif);
  return {};
}

void unload(void *arg) {
  auto *lib = static_cast<NifLibrary *>(arg);
  resource_types_release(lib);
  nif_library_unref(lib);
}
} // namespace

void nif_library_ref(NifLibrary *lib) { lib->refs.fetch_add(1, std::memory_order_relaxed); }

void nif_library_unref(NifLibrary *lib) {
  if (lib->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (lib->entry.unload) {
    OwnedEnv env(lib);
    lib->entry.unload(&env, lib->priv);
  }
  if (lib->handle) dlclose(lib->handle);
  progress::later([](void *l) { delete static_cast<NifLibrary *>(l); }, lib);
}

Term nif_load(Process *p, const std::string &path, Term info, const Instr *pc) {
  auto *code = const_cast<ModuleCode *>(pc ? code_module(pc) : nullptr);
  Module *m = code ? module_find(code->module) : nullptr;
  Refusal no;
  if (!m || process_pc_is_return(p)) {
    no = {atoms::bad_lib,
          "load_nif/2 must be explicitly called from the NIF module. It cannot be called through apply/3."};
  } else {
    // An upgrade callback runs while no other process does.
    ModuleCode *before = code == m->loading && m->current ? m->current : m->old;
    bool alone = before && before->nif && before != code;
    if (alone) schedulers_block();
    no = load(p, path, info, m, code);
    if (alone) schedulers_unblock();
  }
  if (!no) return atoms::ok;
  return make_tuple(p->heap, atoms::error,
                    make_tuple(p->heap, no.tag, make_string(p->heap, no.text.data(), no.text.size())));
}

void taint(Term name) {
  std::lock_guard g(tainted_lock);
  if (std::find(tainted.begin(), tainted.end(), name) == tainted.end()) tainted.push_back(name);
}
std::vector<Term> taints() {
  std::lock_guard g(tainted_lock);
  return tainted;
}

void nif_init() {
  code_nif_unload = unload;
  nif_tracer_init();
}
} // namespace joist::runtime
