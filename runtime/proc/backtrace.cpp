#include "runtime/proc/backtrace.h"
#include "runtime/atom/atom.h"
#include "runtime/proc/info.h"
#include "runtime/sched/machine.h"
#include "runtime/term/print.h"

namespace joist::runtime {
namespace {
const Instr *return_address(Word w) {
  if (!is_header(w) || w == Term::none().raw()) return nullptr;
  return reinterpret_cast<const Instr *>(w - Word(Tag::Header));
}

Term file_string(Heap &h, Term file) {
  BitView v = bit_view(file);
  return make_string_utf8(h, reinterpret_cast<const char *>(v.bytes), v.byte_size());
}

std::string function_text(const FuncInfo *f, const Instr *pc) {
  std::string s = atom_quoted(f->mfa.module) + ":" + atom_quoted(f->mfa.function) + "/" + std::to_string(f->mfa.arity);
  return s + " + " + std::to_string(reinterpret_cast<const char *>(pc) - reinterpret_cast<const char *>(f));
}

std::string hex(Word w) {
  char b[24];
  snprintf(b, sizeof b, "0x%016llx", static_cast<unsigned long long>(w));
  return b;
}
} // namespace

bool process_not_started(const Process *p) { return p->pc == exec_hooks.apply_entry; }

bool process_pc_is_return(const Process *p) {
  return p->stack_top < p->heap_end && *p->stack_top == (Word(p->pc) | Word(Tag::Header));
}

Term backtrace_item(Heap &h, const Mfa &mfa, const CodeLocation &l) {
  Term where = Term::nil();
  if (l.line && !l.file.is_none()) {
    Term file = make_tuple(h, atoms::file, file_string(h, l.file));
    Term line = make_tuple(h, atoms::line, Term::small(l.line));
    where = make_list(h, file, line);
  }
  return make_tuple(h, mfa.module, mfa.function, Term::small(int64_t(mfa.arity)), where);
}

Term process_stacktrace(const Process *p, Heap &h, unsigned max, bool skip_current) {
  std::vector<Term> items;
  // Within native code that was called like a function, pc is the return address: the walk below finds it.
  if (!skip_current && max > 0 && !process_pc_is_return(p)) {
    CodeLocation l = code_lookup(p->pc, false);
    if (process_not_started(p)) items.push_back(backtrace_item(h, p->initial_call, {}));
    else if (l.function) items.push_back(backtrace_item(h, l.function->mfa, l));
  }
  for (const Word *e = p->stack_top; e < p->heap_end && items.size() < max; e++) {
    const Instr *pc = return_address(*e);
    if (!pc) continue;
    CodeLocation l = code_lookup(pc, true);
    if (l.function) items.push_back(backtrace_item(h, l.function->mfa, l));
  }
  Term list = Term::nil();
  for (size_t i = items.size(); i-- > 0;) list = make_cons(h, items[i], list);
  return list;
}

std::string backtrace_text(const Process *p) {
  std::string out = "Program counter: " + hex(Word(p->pc)) + " (";
  CodeLocation l = code_lookup(p->pc, false);
  out += l.function ? function_text(l.function, p->pc) : "unknown function";
  out += ")\n";
  int y = -1;
  for (const Word *e = p->stack_top; e < p->heap_end; e++) {
    if (const Instr *pc = return_address(*e)) {
      out += "\n" + hex(Word(e)) + " Return addr " + hex(Word(pc)) + " (";
      CodeLocation r = code_lookup(pc, true);
      if (pc == exec_hooks.normal_exit) out += "<terminate process normally>";
      else out += r.function ? function_text(r.function, pc) : "unknown function";
      out += ")\n";
      y = 0;
      continue;
    }
    Term t{*e};
    std::string name = "y(" + std::to_string(y < 0 ? int(e - p->stack_top) : y) + ")";
    if (y >= 0) y++;
    name.resize(std::max<size_t>(name.size() + 1, 9), ' ');
    out += name;
    if (t.is_catch()) {
      out += "Catch " + hex(t.imm_payload());
      CodeLocation c = code_lookup(reinterpret_cast<const Instr *>(t.imm_payload()), false);
      if (c.function) out += " (" + function_text(c.function, reinterpret_cast<const Instr *>(t.imm_payload())) + ")";
    } else {
      print_term(out, t, 100'000);
    }
    out += "\n";
  }
  return out;
}
} // namespace joist::runtime
