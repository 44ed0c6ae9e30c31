// Loading and unloading of drivers: erl_ddll. All functions take the lock of ddll.cpp themselves.
#pragma once
#include "runtime/driver/host.h"

namespace joist::runtime {
// A port of the driver is about to be opened: false if the driver is going. It counts as open until ddll_port_closed.
bool ddll_port_opened(LoadedDriver *d);
void ddll_port_closed(LoadedDriver *d);
bool ddll_lock_driver(LoadedDriver *d); // driver_lock_driver: it becomes permanent

// What the functions of erl_ddll answer, built on p's heap. The arguments have been checked.
enum class DdllWait : uint8_t { None, PendingDriver, Pending };
Term ddll_try_load(Process *p, const std::string &path, const std::string &name, bool kill_ports, DdllWait monitor,
                   DdllWait reload);
Term ddll_try_unload(Process *p, const std::string &name, bool kill_ports, DdllWait monitor);
Term ddll_loaded_drivers(Process *p);
Term ddll_info(Process *p, const std::string &name, Term item); // none: badarg
enum class DdllEvent : uint8_t { Loaded, Unloaded, UnloadedOnly };
Term ddll_monitor(Process *p, Term name_term, const std::string &name, DdllEvent event);
void ddll_demonitor(Process *p, Term ref);
bool ddll_error_text(Term error, std::string *out); // false: no such error
} // namespace joist::runtime
