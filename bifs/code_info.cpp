// Questions about loaded code: modules, exports, funs, and the chunks of .beam binaries.
#include "bifs/bifs.h"
#include "runtime/code/install.h"
#include "runtime/dist/etf.h"
#include "runtime/nif/library.h"
#include "runtime/term/binary.h"

#include <openssl/evp.h>

namespace joist::bifs {
namespace {

Term exports_of(Process *p, const ModuleCode *c) {
  struct Walk {
    Process *p;
    Term module, list;
  } walk{p, c->module, Term::nil()};
  exports_each(
      [](Export *e, void *arg) {
        auto *w = static_cast<Walk *>(arg);
        const Mfa &f = e->mfa();
        if (f.module != w->module || !export_has_code(e)) return;
        w->list = make_cons(w->p->heap, make_tuple(w->p->heap, f.function, Term::small(int64_t(f.arity))), w->list);
      },
      &walk);
  p->bump(int64_t(export_count() / 50));
  return walk.list;
}

Term functions_of(Process *p, const ModuleCode *c) {
  Term l = Term::nil();
  for (size_t i = c->functions.size(); i-- > 0;) {
    auto &mfa = c->functions[i]->mfa;
    l = make_cons(p->heap, make_tuple(p->heap, mfa.function, Term::small(int64_t(mfa.arity))), l);
  }
  return l;
}

Term natives_of(Process *p, const ModuleCode *c) {
  Term l = Term::nil();
  if (auto *library = static_cast<const NifLibrary *>(c->nif))
    for (const Mfa &f : library->bound)
      l = make_cons(p->heap, make_tuple(p->heap, f.function, Term::small(int64_t(f.arity))), l);
  return l;
}

// Attributes and compile information are kept as the bytes of the chunk.
Term decoded(Process *p, Term bytes) {
  if (bytes.is_none()) return Term::nil();
  ByteScratch scratch;
  Bytes b = bytes_of(bytes, scratch);
  Word used;
  Term t = etf_decode(p->heap, b.data, b.size, false, &used);
  return t.is_none() ? Term::nil() : t;
}

Term info_item(Process *p, const Module *m, Term item) {
  const ModuleCode *c = m->current;
  if (item == atoms::module) return m->name;
  if (item == atoms::exports) return exports_of(p, c);
  if (item == atoms::functions) return functions_of(p, c);
  if (item == atoms::nifs) return natives_of(p, c);
  if (item == atoms::attributes) return decoded(p, c->attributes_bin);
  if (item == atoms::compile) return decoded(p, c->compile_info_bin);
  if (item == atoms::md5) return make_binary_from(p->heap, c->md5, sizeof c->md5);
  if (item == atoms::native) return atoms::false_;
  if (item == atoms::native_addresses) return Term::nil();
  return Term::none();
}

Module *loaded(Term name) {
  Module *m = name.is_atom() ? module_find(name) : nullptr;
  return m && m->current ? m : nullptr;
}

// Its code tells the name: a fun without has none.
Term name_of(const FunEntry *f) {
  if (f->entry.load(std::memory_order_acquire) == code_hooks.lambda_not_loaded) return Term::nil();
  return f->function.is_none() ? Term::nil() : f->function;
}

} // namespace

Term erlang_get_module_info_1(Process *p, const Term *args) {
  Module *m = loaded(args[0]);
  if (!m) return badarg(p);
  Term l = Term::nil();
  for (Term item : {atoms::md5, atoms::compile, atoms::attributes, atoms::exports, atoms::module}) {
    Term value = info_item(p, m, item);
    l = make_cons(p->heap, make_tuple(p->heap, item, value), l);
  }
  return l;
}

Term erlang_get_module_info_2(Process *p, const Term *args) {
  Module *m = loaded(args[0]);
  if (!m || !args[1].is_atom()) return badarg(p);
  Term value = info_item(p, m, args[1]);
  return value.is_none() ? badarg(p) : value;
}

Term erlang_module_loaded_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  return bool_term(loaded(args[0]) != nullptr);
}

Term erlang_loaded_0(Process *p, const Term *) {
  Term l = Term::nil();
  for (Term name : modules_loaded()) l = make_cons(p->heap, name, l);
  return l;
}

Term erlang_pre_loaded_0(Process *p, const Term *) {
  Term l = Term::nil();
  auto &names = preloaded_modules();
  for (size_t i = names.size(); i-- > 0;) l = make_cons(p->heap, names[i], l);
  return l;
}

Term erlang_function_exported_3(Process *p, const Term *args) {
  if (!args[0].is_atom() || !args[1].is_atom() || !args[2].is_small()) return badarg(p);
  Export *e = export_find(args[0], args[1], Word(args[2].small_value()));
  return bool_term(e && export_has_code(e));
}

Term erlang_is_builtin_3(Process *p, const Term *args) {
  if (!args[0].is_atom() || !args[1].is_atom() || !args[2].is_small()) return badarg(p);
  return bool_term(is_bif(args[0], args[1], Word(args[2].small_value())));
}

Term erlang_make_fun_3(Process *p, const Term *args) {
  if (!args[0].is_atom() || !args[1].is_atom() || !args[2].is_small()) return badarg(p);
  int64_t arity = args[2].small_value();
  if (arity < 0 || arity > 255) return badarg(p);
  Word *b = p->heap.alloc(2);
  b[0] = header(Kind::ExportFun, 1);
  b[1] = reinterpret_cast<Word>(export_get_or_put(args[0], args[1], Word(arity)));
  return Term::boxed(b);
}

Term erlang_fun_info_2(Process *p, const Term *args) {
  Term fun = args[0], item = args[1];
  if (!is_fun(fun)) return badarg(p);
  bool local = is_local_fun(fun);
  const FunEntry *f = local ? fun_entry(fun) : nullptr;
  const Export *x = local ? nullptr : fun_export(fun);
  Term v;
  if (item == atoms::type) v = local ? atoms::local : atoms::external;
  else if (item == atoms::module) v = local ? f->module : x->mfa().module;
  else if (item == atoms::name) v = local ? name_of(f) : x->mfa().function;
  else if (item == atoms::arity) v = Term::small(local ? int64_t(f->arity) : int64_t(x->mfa().arity));
  else if (item == atoms::env) {
    v = Term::nil();
    for (Word i = local ? fun_free_count(fun) : 0; i-- > 0;) v = make_cons(p->heap, fun_free(fun)[i], v);
  } else if (item == atoms::pid) v = local ? fun_creator(fun) : atoms::undefined;
  else if (item == atoms::index || item == atoms::new_index) v = local ? Term::small(f->index) : atoms::undefined;
  else if (item == atoms::uniq) v = local ? Term::small(f->old_uniq) : atoms::undefined;
  else if (item == atoms::new_uniq) v = local ? make_binary_from(p->heap, f->uniq, sizeof f->uniq) : atoms::undefined;
  else if (item == atoms::refc) v = local ? Term::small(2) : atoms::undefined;
  else return badarg(p);
  return make_tuple(p->heap, item, v);
}

Term erlang_fun_info_mfa_1(Process *p, const Term *args) {
  if (!is_fun(args[0])) return badarg(p);
  if (is_local_fun(args[0])) {
    const FunEntry *f = fun_entry(args[0]);
    return make_tuple(p->heap, f->module, name_of(f), Term::small(f->arity));
  }
  auto &mfa = fun_export(args[0])->mfa();
  return make_tuple(p->heap, mfa.module, mfa.function, Term::small(int64_t(mfa.arity)));
}

// beamfile_chunk(Binary, "Meta") -> binary() | undefined.
Term erts_internal_beamfile_chunk_2(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  std::string id;
  Term l = args[1];
  for (; l.is_cons() && id.size() < 5; l = l.tail()) {
    if (!l.head().is_small() || l.head().small_value() < 0 || l.head().small_value() > 255) return badarg(p);
    id += char(l.head().small_value());
  }
  if (!l.is_nil() || id.size() != 4) return badarg(p);
  ByteScratch scratch;
  Bytes bytes = bytes_of(args[0], scratch);
  std::string_view chunk;
  if (!beam_chunk || !beam_chunk(bytes.view(), id, &chunk) || chunk.empty()) return atoms::undefined;
  if (BitView v = bit_view(args[0]); v.aligned())
    return make_sub_binary(p->heap, args[0], Word(reinterpret_cast<const uint8_t *>(chunk.data()) - v.bytes) * 8,
                           chunk.size() * 8);
  return make_binary_from(p->heap, chunk);
}

Term erts_internal_beamfile_module_md5_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  Bytes bytes = bytes_of(args[0], scratch);
  uint8_t md5[16];
  if (!beam_md5 || !beam_md5(bytes.view(), md5)) return atoms::undefined;
  return make_binary_from(p->heap, md5, sizeof md5);
}

} // namespace joist::bifs
