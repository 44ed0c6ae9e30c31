#include "vm/exceptions.h"
#include "runtime/dist/node.h"
#include "runtime/proc/error_log.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/settings.h"
#include "runtime/term/map.h"
#include "vm/call_trace.h"
#include "vm/vm.h"

#include <memory>

namespace joist::vm {
namespace {
// Lies in the heap under a bignum's header.
struct RawTrace {
  Word hdr;
  Word flags;                   // class | kGiven, kMfaOnTop, kFunctionClause
  Word module, function, arity; // kMfaOnTop: the BIF that failed
  Word pc;                      // where it happened, 0 unknown; tagged like a return address where it is one
  Word depth;
  Word at[1]; // return addresses, tagged
};
constexpr Word kClassMask = 3, kGiven = 4, kMfaOnTop = 8, kFunctionClause = 16;
constexpr Word kFixedWords = offsetof(RawTrace, at) / 8;

Term class_atom(ExcClass c) {
  return c == ExcClass::Error ? atoms::error : c == ExcClass::Exit ? atoms::exit : atoms::throw_;
}

RawTrace *raw_of(Term trace) {
  if (!trace.is_cons() || !trace.tail().is_cons()) return nullptr;
  Term data = trace.tail().tail();
  return is_kind(data, Kind::PosBig) ? reinterpret_cast<RawTrace *>(data.box()) : nullptr;
}
Term pack(Process *p, Term args, Term info, RawTrace *data) {
  return make_cons(p->heap, args, make_cons(p->heap, info, Term::boxed(&data->hdr)));
}
RawTrace *new_raw(Process *p, Word addresses) {
  Word n = kFixedWords + addresses;
  auto *t = reinterpret_cast<RawTrace *>(p->heap.alloc(n));
  t->hdr = header(Kind::PosBig, n - 1);
  t->flags = t->module = t->function = t->arity = t->pc = t->depth = 0;
  return t;
}

// Which module can explain the errors of a module's BIFs (erl_erts_errors:format_error/2 and friends).
Term explaining_module(Term m) {
  if (m == atoms::erlang || m == atoms::atomics || m == atoms::counters || m == atoms::erts_internal ||
      m == atoms::persistent_term)
    return atoms::erl_erts_errors;
  if (m == atoms::os) return atoms::erl_kernel_errors;
  if (m == atoms::binary || m == atoms::ets || m == atoms::lists || m == atoms::maps || m == atoms::math ||
      m == atoms::re || m == atoms::unicode)
    return atoms::erl_stdlib_errors;
  return Term::none();
}
// BIFs whose caller stands on top of the trace.
bool raises_by_trade(const Mfa &f) {
  if (f.module != atoms::erlang) return false;
  if (f.function == atoms::error) return f.arity <= 3;
  return f.arity == 1 && (f.function == atoms::exit || f.function == atoms::throw_);
}

Term list_of(Process *p, const Term *items, Word n) {
  Term l = Term::nil();
  while (n-- > 0) l = make_cons(p->heap, items[n], l);
  return l;
}

Term save_trace(Process *p, ExcClass cls, const Instr *pc, bool pc_is_return, const Mfa *bif, const Term *args) {
  const Freason f = p->freason;
  Word depth = Word(std::max<int64_t>(0, system_settings.backtrace_depth.load(std::memory_order_relaxed)));
  Term arg_list = Term::small(0), info = Term::small(0);
  Word pc_word = pc ? (pc_is_return ? return_word(pc) : Word(pc)) : 0;
  if (f.has_args) arg_list = p->fargs;
  if (bif && (bif->module.is_none() || raises_by_trade(*bif))) bif = nullptr;
  bool instead = f.has_args && p->current; // a continuation that fails in the name of its BIF
  if (instead) bif = p->current;
  if (bif) {
    if (!instead) arg_list = list_of(p, args, bif->arity);
    Term by = explaining_module(bif->module);
    if (!by.is_none()) {
      Term pairs[] = {atoms::module, by, atoms::cause, p->fcause};
      info = map_from_pairs(p->heap, pairs, f.ext_info ? 2 : 1);
    }
  } else if (f.ext_info && is_map(p->fcause)) {
    info = p->fcause;
  }
  if (f.user_info) info = p->fcause;
  bool function_clause = !bif && f.reason == Reason::FunctionClause && pc;
  if (function_clause) arg_list = list_of(p, p->machine->x, reinterpret_cast<const FuncInfo *>(pc)->mfa.arity);

  constexpr Word kFew = 32;
  Word few[kFew], n = 0;
  std::unique_ptr<Word[]> many;
  Word *at = few;
  if (depth > kFew) {
    many.reset(new Word[depth]);
    at = many.get();
  }
  if (depth > 0) depth--; // there is always a current function
  Word previous = pc_word;
  if (bif && depth > 0 && pc_word) at[n++] = pc_word;
  for (const Word *s = p->stack_top; s < p->heap_end && n < depth; s++)
    if (is_return_word(*s) && *s != previous && !is_trace_return(*s)) at[n++] = previous = *s;
  RawTrace *t = new_raw(p, n);
  t->flags = Word(cls) | (bif ? kMfaOnTop : 0) | (function_clause ? kFunctionClause : 0);
  if (bif) {
    t->module = bif->module.raw();
    t->function = bif->function.raw();
    t->arity = bif->arity;
  } else {
    t->pc = pc_word;
  }
  t->depth = n;
  for (Word i = 0; i < n; i++) t->at[i] = at[i];
  return pack(p, arg_list, info, t);
}

Term wrap_given(Process *p, ExcClass cls, Term list) {
  if (RawTrace *t = raw_of(list)) {
    t->flags = (t->flags & ~kClassMask) | Word(cls);
    return list;
  }
  RawTrace *t = new_raw(p, 0);
  t->flags = Word(cls) | kGiven;
  return pack(p, list, Term::small(0), t);
}

Term reason_atom(Reason r) {
  switch (r) {
  case Reason::Badarg: return atoms::badarg;
  case Reason::Badarith: return atoms::badarith;
  case Reason::FunctionClause: return atoms::function_clause;
  case Reason::IfClause: return atoms::if_clause;
  case Reason::SystemLimit: return atoms::system_limit;
  case Reason::Undef: return atoms::undef;
  case Reason::Noproc: return atoms::noproc;
  case Reason::Notalive: return atoms::notalive;
  case Reason::Notsup: return atoms::notsup;
  case Reason::TimeoutValue: return atoms::timeout_value;
  case Reason::Badmatch: return atoms::badmatch;
  case Reason::CaseClause: return atoms::case_clause;
  case Reason::TryClause: return atoms::try_clause;
  case Reason::Badfun: return atoms::badfun;
  case Reason::Badarity:
  case Reason::Badarity_: return atoms::badarity;
  case Reason::Badmap: return atoms::badmap;
  case Reason::Badkey: return atoms::badkey;
  case Reason::Badrecord: return atoms::badrecord;
  default: return atoms::internal_error;
  }
}
Term error_value(Process *p, Reason r) {
  if (r == Reason::Value) return p->fvalue;
  if (r >= Reason::Badmatch && r <= Reason::Badrecord) return make_tuple(p->heap, reason_atom(r), p->fvalue);
  return reason_atom(r);
}

// Unwinds to the innermost active catch: its frame becomes the current one. Null if there is none.
const Instr *find_handler(Process *p, Term cls, Term value) {
  Word *frame = p->stack_top;
  bool return_to = false;
  for (Word *s = p->stack_top; s < p->heap_end; s++) {
    if (is_return_word(*s)) {
      frame = s + 1;
      return_to = return_to || return_target(*s) == fixed.trace_return_to;
    } else if (Term(*s).is_catch()) {
      if (rt::trace::flags_of(p) & rt::trace::flag::Frames) trace_unwinding(p, frame, cls, value);
      p->stack_top = frame;
      p->sync_limit();
      auto *handler = reinterpret_cast<const Instr *>(Term(*s).imm_payload());
      if (return_to) rt::trace::return_to_event(p, handler);
      return handler;
    }
  }
  return nullptr;
}

const Instr *end_process(Machine *m, Term reason) {
  Process *p = m->p;
  p->live_x = 0;
  p->pc = exec_hooks.continue_exit;
  p->ftrace = p->fvalue = Term::nil();
  p->fargs = p->fcause = Term::none();
  m->matching = false;
  m->result = uint8_t(process_exit(p, reason));
  return nullptr;
}

const Instr *uncaught(Machine *m, ExcClass cls, Term value) {
  Process *p = m->p;
  if (cls == ExcClass::Error) {
    value = make_tuple(p->heap, value, build_stacktrace(p, p->ftrace));
    bool alive = node_name(this_node()) != atom::intern("nonode@nohost");
    Term args = make_list(p->heap, value);
    if (alive) args = make_cons(p->heap, node_name(this_node()), args);
    args = make_cons(p->heap, p->id, args);
    const bool ends_vm = p->state.load(std::memory_order_relaxed) & pstate::System; // the slogan says it then
    if (!ends_vm)
      error_log(p,
                alive ? "Error in process ~p on node ~p with exit value:~n~p~n"
                      : "Error in process ~p with exit value:~n~p~n",
                args);
  }
  return end_process(m, value);
}

Term file_string(Process *p, Term file) {
  if (!is_bitstring(file)) return file;
  BitView v = bit_view(file);
  return make_string_utf8(p->heap, reinterpret_cast<const char *>(v.bytes), v.byte_size());
}
Term frame_item(Process *p, const Mfa &f, Term args, Term info, const CodeLocation *where) {
  Heap &h = p->heap;
  Term loc = Term::nil();
  if (!info.is_small()) loc = make_list(h, make_tuple(h, atoms::error_info, info));
  if (where && where->line) {
    loc = make_cons(h, make_tuple(h, atoms::line, Term::small(where->line)), loc);
    loc = make_cons(h, make_tuple(h, atoms::file, file_string(p, where->file)), loc);
  }
  return make_tuple(h, f.module, f.function, args.is_small() ? Term::small(int64_t(f.arity)) : args, loc);
}
CodeLocation locate(Word pc) {
  return is_return_word(pc) ? code_lookup(return_target(pc), true)
                            : code_lookup(reinterpret_cast<const Instr *>(pc), false);
}
} // namespace

Term build_stacktrace(Process *p, Term trace) {
  RawTrace *t = raw_of(trace);
  if (!t) return trace.is_list() ? trace : Term::nil();
  Term args = trace.head(), info = trace.tail().head();
  if (t->flags & kGiven) return args;
  if (args.is_small() || !args.is_list()) args = Term::small(0);
  Term l = Term::nil();
  for (Word i = t->depth; i-- > 0;) {
    CodeLocation c = locate(t->at[i]);
    if (c.function) l = make_cons(p->heap, frame_item(p, c.function->mfa, Term::small(0), Term::small(0), &c), l);
  }
  if (t->flags & kMfaOnTop) {
    Mfa f{Term(t->module), Term(t->function), t->arity};
    return make_cons(p->heap, frame_item(p, f, args, info, nullptr), l);
  }
  CodeLocation c = t->pc ? locate(t->pc) : CodeLocation{};
  if (c.function) return make_cons(p->heap, frame_item(p, c.function->mfa, args, info, &c), l);
  if (t->depth == 0) return make_cons(p->heap, frame_item(p, p->initial_call, Term::small(0), info, nullptr), l);
  return l;
}

Term catch_value(Process *p, Term cls, Term value, Term trace) {
  if (cls == atoms::throw_) return value;
  if (cls == atoms::error) value = make_tuple(p->heap, value, build_stacktrace(p, trace));
  return make_tuple(p->heap, atoms::EXIT, value);
}

void reraise(Process *p, Term trace, Term value) {
  RawTrace *t = raw_of(trace);
  p->freason = Freason{
      .reason = Reason::Value, .cls = t ? ExcClass(t->flags & kClassMask) : ExcClass::Error, .save_trace = false};
  p->fvalue = value;
  p->ftrace = t ? trace : Term::nil();
}

bool raise_raw(Process *p, Term cls, Term value, Term trace) {
  ExcClass c;
  if (cls == atoms::error) c = ExcClass::Error;
  else if (cls == atoms::exit) c = ExcClass::Exit;
  else if (cls == atoms::throw_) c = ExcClass::Throw;
  else return false;
  p->freason = Freason{.reason = Reason::Value, .cls = c, .save_trace = false};
  p->fvalue = value;
  p->ftrace = trace;
  return true;
}

const Instr *raise_at(Machine *m, const Instr *pc, const Mfa *bif, const Term *args, bool pc_is_return) {
  Process *p = m->p;
  const Freason f = p->freason;
  if (m->matching && *p->mailbox.save && message_moved(*p->mailbox.save)) disown_message(m);
  m->matching = false;
  if (f.reason == Reason::ExitNow) return end_process(m, p->fvalue);
  ExcClass cls = f.reason == Reason::Value ? f.cls : ExcClass::Error;
  Term value = error_value(p, f.reason);
  if (f.save_trace) p->ftrace = save_trace(p, cls, pc, pc_is_return, bif, args);
  else p->ftrace = wrap_given(p, cls, p->ftrace);
  if (cls == ExcClass::Throw && p->catches <= 0) {
    value = make_tuple(p->heap, atoms::nocatch, value);
    cls = ExcClass::Error;
  }
  p->fvalue = Term::nil();
  p->fargs = p->fcause = Term::none();
  p->current = nullptr;
  bool tells = rt::trace::flags_of(p) & rt::trace::flag::Frames;
  const Instr *handler = p->catches > 0 ? find_handler(p, class_atom(cls), value) : nullptr;
  if (!handler && tells) trace_unwinding(p, nullptr, class_atom(cls), value);
  if (!handler) return uncaught(m, cls, value);
  m->x[0] = Term::none();
  m->x[1] = class_atom(cls);
  m->x[2] = value;
  m->x[3] = p->ftrace;
  p->ftrace = Term::nil();
  return handler;
}
} // namespace joist::vm
