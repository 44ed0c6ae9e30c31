// Loading, deleting and purging code: what code_server, init and erts_code_purger ask of the emulator.
#include "bifs/bifs.h"
#include "bifs/fail_as.h"
#include "runtime/code/install.h"
#include "runtime/code/literal_release.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/literal.h"
#include "runtime/mem/magic.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/system_task.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {

// What erlang:prepare_loading/2 answers: code that is complete but that nobody can call yet.
struct PreparedCode {
  std::atomic<ModuleCode *> code{nullptr}; // null when it has been loaded
  ~PreparedCode() { prepared_code_free(code); }
};

PreparedCode *prepared_of(Term t) {
  auto *m = magic_value<PreparedCode>(t);
  return m && m->code ? m : nullptr;
}

void report(Process *p, std::string_view format, Term module, std::string_view more) {
  Term text = make_string_utf8(p->heap, more.data(), more.size());
  error_log(p, format, make_list(p->heap, module, text));
}

Term result_list(Process *p, Term tag, const std::vector<Term> &modules) {
  Term l = Term::nil();
  for (size_t i = modules.size(); i-- > 0;) l = make_cons(p->heap, modules[i], l);
  return make_tuple(p->heap, tag, l);
}

} // namespace

// prepare_loading(Module, Code) -> magic ref | {error, badfile}.
Term erts_internal_prepare_loading_2(Process *p, const Term *args) {
  if (!args[0].is_atom() || !is_binary(args[1])) return badarg(p);
  ByteScratch scratch;
  Bytes bytes = bytes_of(args[1], scratch);
  std::string error;
  ModuleCode *code = prepare_code(bytes.data, bytes.size, args[0], &error);
  p->bump(int64_t(bytes.size / 256) + 1);
  if (!code) {
    report(p, "Error loading module ~p:~n  ~ts~n", args[0], error);
    return make_tuple(p->heap, atoms::error, atoms::badfile);
  }
  auto *m = magic_new<PreparedCode>();
  m->value.code = code;
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return ref;
}

Term erlang_has_prepared_code_on_load_1(Process *p, const Term *args) {
  PreparedCode *m = prepared_of(args[0]);
  if (!m) return badarg(p);
  return bool_term(m->code.load()->on_load != nullptr);
}

// finish_loading([Prepared]) -> ok | {not_purged | duplicated | on_load, [Module]}. All modules or none; {on_load, [Module]}
// means that it has been loaded and waits for its on_load function.
Term erlang_finish_loading_1(Process *p, const Term *args) {
  std::vector<PreparedCode *> prepared;
  Term l = args[0];
  for (; l.is_cons(); l = l.tail()) {
    PreparedCode *m = prepared_of(l.head());
    if (!m) return badarg(p);
    prepared.push_back(m);
  }
  if (!l.is_nil()) return badarg(p);
  std::vector<Term> duplicated, on_load, not_purged;
  std::vector<ModuleCode *> codes;
  for (PreparedCode *m : prepared) {
    ModuleCode *c = m->code;
    for (ModuleCode *before : codes)
      if (before->module == c->module) {
        duplicated.push_back(c->module);
        break;
      }
    if (c->on_load) on_load.push_back(c->module);
    codes.push_back(c);
  }
  if (codes.size() > 1 && !on_load.empty()) return system_limit(p);
  if (!duplicated.empty()) return result_list(p, atoms::duplicated, duplicated);
  if (!install_code(codes, &not_purged)) return result_list(p, atoms::not_purged, not_purged);
  for (PreparedCode *m : prepared) m->code = nullptr;
  p->bump(int64_t(codes.size()) * 50);
  return on_load.empty() ? atoms::ok : result_list(p, atoms::on_load, on_load);
}

// finish_after_on_load(Module, Keep) -> true.
Term erlang_finish_after_on_load_2(Process *p, const Term *args) {
  if (args[1] != atoms::true_ && args[1] != atoms::false_) return badarg(p);
  if (!args[0].is_atom() || !finish_on_load(args[0], args[1] == atoms::true_)) return badarg(p);
  return atoms::true_;
}

// Runs the on_load function of a module whose code waits for it.
Term erlang_call_on_load_function_1(Process *p, const Term *args) {
  Module *m = args[0].is_atom() ? module_find(args[0]) : nullptr;
  ModuleCode *code = m ? m->loading : nullptr;
  if (!code || !code->on_load) return badarg(p);
  m->on_load_export = export_of_entry(m->on_load_export, m->name, code->on_load);
  return trap(p, m->on_load_export, nullptr, 0);
}

Term erlang_check_old_code_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  Module *m = module_find(args[0]);
  return bool_term(m && m->old);
}

// As on stock, what is runnable meanwhile gets its turn first: a process just spawned that is to execute the module does.
namespace {
Term delete_now(Process *p, const Term *args);
}
Term erlang_delete_module_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  Module *m = module_find(args[0]);
  if (!m || !m->current || m->old) return delete_now(p, args);
  static const Export *k = bif_continuation("delete_module", 1, delete_now);
  return yield_to(p, k, args[0]);
}
namespace {
Term delete_now(Process *p, const Term *args) {
  switch (delete_code(args[0])) {
  case Deleted::Ok: return atoms::true_;
  case Deleted::NotLoaded: return atoms::undefined;
  case Deleted::HasOld: break;
  }
  error_log(p, "Module ~p must be purged before deleting~n", make_list(p->heap, args[0]));
  return fail_as(p, Reason::Badarg, atoms::delete_module, args[0]);
}
} // namespace

// purge_module(Module, prepare | prepare_on_load | abort | complete): only for erts_code_purger.
Term erts_internal_purge_module_2(Process *p, const Term *args) {
  if (p->registered != atoms::erts_code_purger) return notsup(p);
  if (!args[0].is_atom()) return badarg(p);
  if (args[1] == atoms::prepare || args[1] == atoms::prepare_on_load) {
    switch (purge_prepare(args[0], args[1] == atoms::prepare ? Prepare::Old : Prepare::OnLoad)) {
    case Prepared::Yes: return atoms::true_;
    case Prepared::NoCode: return atoms::false_;
    case Prepared::Busy: return badarg(p);
    }
  }
  if (args[1] == atoms::abort) return purge_abort(args[0]) ? atoms::false_ : badarg(p);
  bool purged;
  if (args[1] != atoms::complete || !purge_complete(args[0], &purged)) return badarg(p);
  return bool_term(purged);
}

Term erts_internal_check_process_code_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  return bool_term(process_uses_old_code(p, args[0]));
}

// check_dirty_process_code(Pid, Module): requests to a process inside a dirty native function are acted upon by a scheduler,
// so nobody asks this here.
Term erts_internal_check_dirty_process_code_2(Process *p, const Term *args) {
  if (!args[0].is_local_pid() || !args[1].is_atom()) return badarg(p);
  Process *other = process_lookup(args[0]);
  return other ? atoms::normal : atoms::false_;
}

// --- literal areas (runtime/code/literal_release.h)

namespace {
Term switched(Process *, const Term *) { return atoms::true_; }
} // namespace

// Frees the area that all processes have left, and goes on to the next: true if there is one.
Term erts_literal_area_collector_release_area_switch_0(Process *p, const Term *) {
  if (p->id != literal_collector) return notsup(p);
  static const Export *again =
      bif_continuation("release_area_switch", 0, erts_literal_area_collector_release_area_switch_0);
  static const Export *then = bif_continuation("release_area_switch", 0, switched);
  if (!literal_release_finish(p)) return yield_to(p, again);
  return literal_release_next(p) ? yield_to(p, then) : atoms::false_;
}

namespace {

struct CopyRequest : SystemTask {
  Term requester;
  FragmentHeap heap;
  Term id; // {AreaId, How, Pid}

  static void run_it(Process *p, SystemTask *self) {
    auto *r = static_cast<CopyRequest *>(self);
    if (p) literal_area_leave(p);
    message_send_pid(r->requester, make_tuple(r->heap, atoms::copy_literals, r->id, atoms::ok));
    delete r;
  }
};

} // namespace

// send_copy_request(Pid, AreaId, How) -> ok, and then the message {copy_literals, {AreaId, How, Pid}, ok}.
Term erts_literal_area_collector_send_copy_request_3(Process *p, const Term *args) {
  if (p->id != literal_collector) return notsup(p);
  if (!args[0].is_local_pid()) return badarg(p);
  auto *r = new CopyRequest;
  r->run = CopyRequest::run_it;
  r->requester = p->id;
  Term area = copy(args[1], r->heap, false);
  r->id = make_tuple(r->heap, area, args[2], args[0]);
  if (!system_task_send(args[0], r, p->priority())) CopyRequest::run_it(nullptr, r);
  return atoms::ok;
}

} // namespace joist::bifs
