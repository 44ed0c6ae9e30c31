#include "runtime/sys/crash_dump_terms.h"

#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/dist/etf.h"
#include "runtime/proc/dictionary.h"
#include "runtime/proc/relations.h"
#include "runtime/sched/erlang_timer.h"
#include "runtime/sys/base64.h"
#include "runtime/sys/persistent.h"
#include "runtime/term/print.h"

#include <cinttypes>
#include <cstdio>

namespace joist::runtime {
namespace {
// Each term that is no immediate is one object of the dump's heap, in external format: the viewer shows it whole. Larger
// ones are left out, which it shows as an incomplete heap.
constexpr Word kLargestTerm = 64 * 1024;
constexpr unsigned kMostMessages = 1000;

std::string format(const char *f, auto... args) {
  char b[128];
  snprintf(b, sizeof b, f, args...);
  return b;
}

struct Terms {
  std::string heap;
  uint64_t next = 8;

  std::string text(Term t) {
    if (t.is_nil()) return "N";
    if (t.is_small()) return format("I%" PRId64, int64_t(t.small_value()));
    if (t.is_atom()) {
      std::string_view s = atom::text(t);
      return format("A%zX:", s.size()) + std::string(s);
    }
    uint64_t id = next;
    next += 8;
    if (etf_size(t) <= kLargestTerm) {
      std::vector<uint8_t> bytes = etf_encode(t);
      heap += format("%" PRIX64 ":E%zX:", id, bytes.size()) +
              base64({reinterpret_cast<const char *>(bytes.data()), bytes.size()}) + "\n";
    }
    return format("H%" PRIX64, id);
  }
};

bool is_term(Term t) {
  return t.is_nil() || t.is_small() || t.is_atom() || t.is_local_pid() || t.is_local_port() || t.is_immediate_float() ||
         t.is_pointer();
}

void stack(std::string &out, Terms &terms, Process *p) {
  unsigned y = 0;
  for (const Word *e = p->stack_top; e < p->heap_end; e++) {
    if (is_header(*e) && !Term(*e).is_none()) {
      auto *pc = reinterpret_cast<const Instr *>(*e - Word(Tag::Header));
      const FuncInfo *f = code_function(pc);
      std::string name =
          f ? atom_quoted(f->mfa.module) + ":" + atom_quoted(f->mfa.function) + "/" + std::to_string(f->mfa.arity)
            : "<terminate process normally>";
      out += format("0x%016" PRIx64 ":SReturn addr 0x%" PRIX64 " (", uint64_t(reinterpret_cast<Word>(e)),
                    uint64_t(reinterpret_cast<Word>(pc)));
      out += name + ")\n";
      y = 0;
      continue;
    }
    out += format("y%u:", y++) + (is_term(Term(*e)) ? terms.text(Term(*e)) : "SCatch") + "\n";
  }
}

std::string id_text(Term t) {
  return t.is_local_pid()    ? pid_to_text(t)
         : t.is_local_port() ? port_to_text(t)
         : t.is_atom()       ? atom_quoted(t)
                             : to_text(t);
}
} // namespace

void crash_dump_terms(std::string &out, Process *p) {
  Terms terms;
  std::string pid = pid_to_text(p->id);
  FragmentHeap h;
  Term pairs = dictionary_all(p, h);
  if (pairs.is_cons()) {
    out += "=proc_dictionary:" + pid + "\n";
    for (; pairs.is_cons(); pairs = pairs.tail()) out += terms.text(pairs.head()) + "\n";
  }
  if (p->mailbox.first) {
    out += "=proc_messages:" + pid + "\n";
    unsigned n = 0;
    for (Signal *s = p->mailbox.first; s && n < kMostMessages; s = s->next, n++)
      out += terms.text(s->term) + ":" + terms.text(s->token) + "\n";
  }
  if (p->stack_top) {
    out += "=proc_stack:" + pid + "\n";
    stack(out, terms, p);
  }
  out += "=proc_heap:" + pid + "\n" + terms.heap;
}

void crash_dump_links(std::string &out, Process *p) {
  if (!p->relations) return;
  std::string list;
  auto add = [&](const std::string &s) { list += (list.empty() ? "" : ", ") + s; };
  for (Link *l : p->relations->links.all()) add(id_text(l->other.get()));
  for (Monitor *m : p->relations->monitors.all())
    if (m->kind == MonitorKind::Process || m->kind == MonitorKind::Port)
      add("{to," + id_text(m->target.get()) + "," + to_text(m->ref.get()) + "}");
  for (Target *t : p->relations->targets.all())
    add("{from," + id_text(t->watcher.get()) + "," + to_text(t->ref.get()) + "}");
  if (!list.empty()) out += "Link list: [" + list + "]\n";
}

void crash_dump_persistent(std::string &out) {
  Terms terms;
  terms.next = uint64_t{1} << 40; // apart from those of the processes' heaps, which refer to literals too
  out += "=persistent_terms\n";
  for (Term pair : persistent_all()) {
    const Term *e = tuple_elements(pair);
    out += terms.text(e[0]) + "|" + terms.text(e[1]) + "\n";
  }
  out += "=literals\n" + terms.heap;
}

void crash_dump_timers(std::string &out) {
  erlang_timers_each(
      [](Term receiver, Term message, int64_t left, void *arg) {
        *static_cast<std::string *>(arg) += "=timer:" + id_text(receiver) + "\nMessage: " + to_text(message) +
                                            "\nTime left: " + std::to_string(left) + "\n";
      },
      &out);
}
} // namespace joist::runtime
