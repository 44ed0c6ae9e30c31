// os:set_signal/2.
#include "bifs/bifs.h"
#include "runtime/io/signals.h"

namespace joist::bifs {
Term os_set_signal_2(Process *p, const Term *args) {
  SignalAction action = args[1] == atoms::ignore     ? SignalAction::Ignore
                        : args[1] == atoms::handle   ? SignalAction::Handle
                        : args[1] == atoms::default_ ? SignalAction::Default
                                                     : SignalAction(255);
  if (action == SignalAction(255)) return badarg(p, atoms::badopt);
  if (!args[0].is_atom() || !signal_set(args[0], action)) return badarg(p);
  return atoms::ok;
}
} // namespace joist::bifs
