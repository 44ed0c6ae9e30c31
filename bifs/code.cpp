// Loading, deleting and purging code: what code_server, init and erts_code_purger ask of the emulator.
#include "bifs/bifs.h"
#include "runtime/code/install.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/copy.h"
#include "runtime/mem/gc.h"
#include "runtime/mem/literal.h"
#include "runtime/mem/magic.h"
#include "runtime/proc/error_log.h"
#include "runtime/proc/system_task.h"
#include "runtime/sched/machine.h"
#include "runtime/term/binary.h"

#include <new>

namespace joist::bifs {
namespace {

// What erlang:prepare_loading/2 answers: code that is complete but that nobody can call yet.
struct Prepared {
  ModuleCode *code = nullptr;
  std::mutex lock;
  ~Prepared() { prepared_code_free(code); }
};

// An entry that has no name to call it by, as something to trap to.
const Export *export_of_entry(const Instr *entry) {
  auto *e = new (low_alloc(sizeof(Export))) Export;
  e->info.mfa = {atoms::erlang, atoms::call_on_load_function, 0};
  for (auto &slot : e->entry) slot.store(entry, std::memory_order_release);
  return e;
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
  auto *m = magic_new<Prepared>();
  m->value.code = code;
  Term ref = make_magic_ref(p->heap, m);
  bin_unref(m);
  return ref;
}

Term erlang_has_prepared_code_on_load_1(Process *p, const Term *args) {
  auto *m = magic_value<Prepared>(args[0]);
  if (!m || !m->code) return badarg(p);
  return bool_term(m->code->on_load != nullptr);
}

// finish_loading([Prepared]) -> ok | {not_purged | duplicated | on_load, [Module]}.
Term erlang_finish_loading_1(Process *p, const Term *args) {
  std::vector<Prepared *> prepared;
  Term l = args[0];
  for (; l.is_cons(); l = l.tail()) {
    auto *m = magic_value<Prepared>(l.head());
    if (!m || !m->code) return badarg(p);
    prepared.push_back(m);
  }
  if (!l.is_nil()) return badarg(p);
  if (prepared.empty()) return atoms::ok;
  std::vector<Term> duplicated, on_load, not_purged;
  std::vector<ModuleCode *> codes;
  for (size_t i = 0; i < prepared.size(); i++) {
    ModuleCode *c = prepared[i]->code;
    for (size_t k = 0; k < i; k++)
      if (prepared[k]->code->module == c->module) duplicated.push_back(c->module);
    if (c->on_load && prepared.size() > 1) on_load.push_back(c->module);
    codes.push_back(c);
  }
  if (!duplicated.empty()) return result_list(p, atoms::duplicated, duplicated);
  if (!on_load.empty()) return result_list(p, atoms::on_load, on_load);
  if (!install_code(codes, &not_purged)) return result_list(p, atoms::not_purged, not_purged);
  for (auto *m : prepared) m->code = nullptr; // used up
  p->bump(int64_t(codes.size()) * 50);
  return atoms::ok;
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
  if (!m || !m->loading) return badarg(p);
  return trap(p, export_of_entry(m->loading->on_load), nullptr, 0);
}

Term erlang_check_old_code_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  Module *m = module_find(args[0]);
  return bool_term(m && m->old);
}

Term erlang_delete_module_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  bool has_old;
  if (delete_code(args[0], &has_old)) return atoms::true_;
  if (!has_old) return atoms::undefined;
  report(p, "Module ~p must be purged before deleting~n~ts", args[0], "");
  return badarg(p);
}

Term erts_internal_purge_module_2(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  if (args[1] == atoms::prepare) return bool_term(purge_prepare(args[0], false));
  if (args[1] == atoms::prepare_on_load) return bool_term(purge_prepare(args[0], true));
  if (args[1] == atoms::abort) {
    purge_abort(args[0]);
    return atoms::false_;
  }
  if (args[1] == atoms::complete) return bool_term(purge_complete(args[0]));
  return badarg(p);
}

Term erts_internal_check_process_code_1(Process *p, const Term *args) {
  if (!args[0].is_atom()) return badarg(p);
  return bool_term(process_uses_old_code(p, args[0], args, 1));
}

// check_dirty_process_code(Pid, Module): a process inside a dirty native function can not be in old Erlang code that it
// returns to without it being on its stack, which its own system task looks at.
Term erts_internal_check_dirty_process_code_2(Process *p, const Term *args) {
  if (!args[0].is_local_pid() || !args[1].is_atom()) return badarg(p);
  return atoms::false_;
}

// --- literal areas (erts_literal_area_collector.erl tells the protocol)

Term erts_literal_area_collector_release_area_switch_0(Process *, const Term *) { return bool_term(literal_area_switch()); }

namespace {

struct CopyRequest : SystemTask {
  Term requester;
  FragmentHeap heap;
  Term id; // {AreaId, How, Pid}

  static void run_it(Process *p, SystemTask *self) {
    auto *r = static_cast<CopyRequest *>(self);
    if (p)
      if (const LiteralArea *area = literal_area_being_released()) gc_leave_literals(p, *area, p->saved_x, p->live_x);
    message_send_pid(r->requester, make_tuple(r->heap, atoms::copy_literals, r->id, atoms::ok));
    delete r;
  }
};

} // namespace

Term erts_literal_area_collector_send_copy_request_3(Process *p, const Term *args) {
  if (!args[0].is_local_pid()) return badarg(p);
  auto *r = new CopyRequest;
  r->run = CopyRequest::run_it;
  r->requester = p->id;
  Term id[3] = {args[1], args[2], args[0]};
  r->id = copy(make_tuple(p->heap, id[0], id[1], id[2]), r->heap);
  if (!system_task_send(args[0], r)) CopyRequest::run_it(nullptr, r);
  return atoms::ok;
}

} // namespace joist::bifs
