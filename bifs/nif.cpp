// erlang:load_nif/2 for the native modules that are linked into the VM.
#include "bifs/bifs.h"
#include "runtime/code/install.h"
#include "runtime/nif/static_nif.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {

Term error_of(Process *p, Term tag, const std::string &text) {
  return make_tuple(p->heap, atoms::error, make_tuple(p->heap, tag, make_string_utf8(p->heap, text.data(), text.size())));
}

} // namespace

// load_nif(Path, LoadInfo) -> ok | {error, {Tag, Text}}. A static module is named by the last part of Path.
Term erlang_load_nif_2(Process *p, const Term *args) {
  std::string path;
  Term l = args[0];
  for (; l.is_cons(); l = l.tail()) {
    if (!l.head().is_small() || l.head().small_value() <= 0 || l.head().small_value() > 255) return badarg(p);
    path += char(l.head().small_value());
  }
  if (!l.is_nil() || path.empty()) return badarg(p);
  Term name = atom::find(path.substr(path.rfind('/') + 1));
  const StaticNifModule *lib = name.is_none() ? nullptr : static_nif_find(name);
  if (!lib) return error_of(p, atoms::load_failed, "Failed to load NIF library: '" + path + ".so: cannot open shared object file: No such file or directory'");
  name = atom::intern(lib->module);
  Module *m = module_find(name);
  ModuleCode *code = m ? m->loading ? m->loading : m->current : nullptr;
  if (!code) return error_of(p, atoms::not_loaded, "The module of the NIF library is not loaded.");
  if (code->nif) return error_of(p, atoms::reload, "NIF library already loaded (reload disallowed since OTP 20).");
  std::vector<std::pair<FuncInfo *, const StaticNif *>> bodies;
  for (size_t i = 0; i < lib->count; i++) {
    const StaticNif &n = lib->functions[i];
    Term f = atom::intern(n.name);
    FuncInfo *found = nullptr;
    for (auto *info : code->functions)
      if (info->mfa.function == f && info->mfa.arity == n.arity) found = info;
    if (!found)
      return error_of(p, atoms::bad_lib, "Function not found " + std::string(lib->module) + ":" + n.name + "/" + std::to_string(n.arity));
    bodies.push_back({found, &n});
  }
  if (lib->load)
    if (int status = lib->load(args[1])) return error_of(p, atoms::load, "Library load-call unsuccessful (" + std::to_string(status) + ").");
  for (auto &[info, nif] : bodies) code_hooks.install_native_body(info, nif);
  code->nif = const_cast<StaticNifModule *>(lib);
  return atoms::ok;
}

} // namespace joist::bifs
