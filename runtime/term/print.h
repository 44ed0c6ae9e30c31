// Printing of terms by the VM itself: erlang:display, crash dumps, logger messages of the emulator. Shape as stock's
// `%T`: atoms quoted where needed, strings as "..." lists where printable, <<...>>, #Fun<m.i.uniq>, #Ref<...>.
#pragma once
#include "runtime/term/boxed.h"
#include <string>
namespace joist::runtime {
void print_term(std::string &out, Term t, long max_items = 1'000'000);
std::string to_text(Term t);
std::string atom_quoted(Term atom);
std::string pid_to_text(Term pid); // "<0.12.0>"
std::string port_to_text(Term port);
std::string ref_to_text(Term ref);
std::string fun_to_text(Term fun);
} // namespace joist::runtime
