// Terms on the standard output of the VM itself, and as the text the VM gives them. What the VM itself writes has a
// carriage return before every line feed, whether a terminal shows it or not, as stock's.
#include "bifs/bifs.h"
#include "runtime/io/terminal.h"
#include "runtime/mem/magic_recall.h"
#include "runtime/term/print.h"
#include "runtime/term/utf.h"

#include <climits>
#include <cstdio>

namespace joist::bifs {
namespace {
std::string line(Term t) {
  std::string s;
  print_term(s, t, INT_MAX);
  return s + "\n";
}
void write(FILE *f, std::string_view s) {
  const std::string text = with_carriage_returns(s);
  fwrite(text.data(), 1, text.size(), f);
  fflush(f);
}
Term text_list(Process *p, const std::string &s) { return make_string_utf8(p->heap, s.data(), s.size()); }
} // namespace

Term erlang_display_1(Process *, const Term *args) {
  write(stdout, line(args[0]));
  return atoms::true_;
}
// The text goes to the caller too, byte by byte.
Term erts_debug_display_1(Process *p, const Term *args) {
  std::string s = line(args[0]);
  write(stdout, s);
  return make_string(p->heap, s.data(), s.size());
}
Term erlang_display_nl_0(Process *, const Term *) {
  write(stderr, "\n");
  return atoms::true_;
}
Term erlang_display_string_1(Process *p, const Term *args) {
  std::string s;
  Term l = args[0];
  for (; l.is_cons(); l = l.tail()) {
    if (!l.head().is_small() || !valid_code_point(uint64_t(l.head().small_value()))) return badarg(p);
    uint8_t bytes[4];
    Word n = put_utf8(bytes, Word(l.head().small_value()));
    s.append(reinterpret_cast<char *>(bytes), n);
  }
  if (!l.is_nil()) return badarg(p);
  write(stderr, s);
  return atoms::true_;
}

Term erlang_pid_to_list_1(Process *p, const Term *args) {
  return is_pid(args[0]) ? text_list(p, pid_to_text(args[0])) : badarg(p);
}
Term erlang_port_to_list_1(Process *p, const Term *args) {
  return is_port(args[0]) ? text_list(p, port_to_text(args[0])) : badarg(p);
}
Term erlang_ref_to_list_1(Process *p, const Term *args) {
  if (is_magic_ref(args[0])) magic_remember(args[0]);
  return is_ref(args[0]) ? text_list(p, ref_to_text(args[0])) : badarg(p);
}
Term erlang_fun_to_list_1(Process *p, const Term *args) {
  if (!is_fun(args[0])) return badarg(p);
  std::string s = fun_to_text(args[0]);
  return make_string(p->heap, s.data(), s.size());
}

} // namespace joist::bifs
