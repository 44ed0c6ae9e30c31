// erl_ddll: drivers from libraries.
#include "runtime/driver/ddll.h"
#include "bifs/bifs.h"
#include "runtime/atom/literal.h"
#include "runtime/io/file_name.h"

namespace joist::bifs {
namespace {
// An atom or an iolist.
bool name_of(Term t, std::string *out) {
  if (t.is_atom()) {
    *out = atom::text(t);
    return !out->empty();
  }
  Word n;
  if (iolist_size(t, &n) != IoListError::Ok) return false;
  out->resize(n);
  iolist_write(t, reinterpret_cast<uint8_t *>(out->data()), n);
  return true;
}
bool wait_of(Term t, DdllWait *out) {
  if (t == named<"pending_driver">()) *out = DdllWait::PendingDriver;
  else if (t == named<"pending">()) *out = DdllWait::Pending;
  else return false;
  return true;
}
} // namespace

Term erl_ddll_try_load_3(Process *p, const Term *args) {
  bool kill_ports = false;
  DdllWait monitor = DdllWait::None, reload = DdllWait::None;
  Term l = args[2];
  for (; l.is_cons(); l = l.tail()) {
    if (!is_tuple_of(l.head(), 2)) return badarg(p);
    Term key = tuple_elements(l.head())[0], value = tuple_elements(l.head())[1];
    if (key == named<"driver_options">()) {
      for (; value.is_cons(); value = value.tail()) {
        if (value.head() != named<"kill_ports">()) return badarg(p);
        kill_ports = true;
      }
      if (!value.is_nil()) return badarg(p);
    } else if (key == named<"monitor">()) {
      if (!wait_of(value, &monitor)) return badarg(p);
    } else if (key == named<"reload">()) {
      if (!wait_of(value, &reload)) return badarg(p);
    } else {
      return badarg(p);
    }
  }
  std::string name, path;
  if (!l.is_nil() || !name_of(args[1], &name) || !file_name_to_native(args[0], &path)) return badarg(p);
  while (!path.empty() && (path.back() == '/' || path.back() == '\\')) path.pop_back();
  return ddll_try_load(p, path + "/" + name, name, kill_ports, monitor, reload);
}

Term erl_ddll_try_unload_2(Process *p, const Term *args) {
  bool kill_ports = false;
  DdllWait monitor = DdllWait::None;
  Term l = args[1];
  for (; l.is_cons(); l = l.tail()) {
    if (l.head() == named<"kill_ports">()) kill_ports = true;
    else if (!is_tuple_of(l.head(), 2) || tuple_elements(l.head())[0] != named<"monitor">() ||
             !wait_of(tuple_elements(l.head())[1], &monitor))
      return badarg(p);
  }
  std::string name;
  if (!l.is_nil() || !name_of(args[0], &name)) return badarg(p);
  return ddll_try_unload(p, name, kill_ports, monitor);
}

Term erl_ddll_loaded_drivers_0(Process *p, const Term *) { return ddll_loaded_drivers(p); }

Term erl_ddll_info_2(Process *p, const Term *args) {
  std::string name;
  if (!name_of(args[0], &name) || !args[1].is_atom()) return badarg(p);
  Term r = ddll_info(p, name, args[1]);
  return r.is_none() ? badarg(p) : r;
}

Term erl_ddll_monitor_2(Process *p, const Term *args) {
  std::string name;
  if (args[0] != named<"driver">() || !is_tuple_of(args[1], 2) || !name_of(tuple_elements(args[1])[0], &name))
    return badarg(p);
  Term what = tuple_elements(args[1])[1];
  DdllEvent event;
  if (what == named<"loaded">()) event = DdllEvent::Loaded;
  else if (what == named<"unloaded">()) event = DdllEvent::Unloaded;
  else if (what == named<"unloaded_only">()) event = DdllEvent::UnloadedOnly;
  else return badarg(p);
  return ddll_monitor(p, tuple_elements(args[1])[0], name, event);
}

Term erl_ddll_demonitor_1(Process *p, const Term *args) {
  if (!is_local_ref(args[0])) return badarg(p);
  ddll_demonitor(p, args[0]);
  return atoms::true_;
}

Term erl_ddll_format_error_int_1(Process *p, const Term *args) {
  constexpr std::pair<const char *, const char *> kTexts[] = {
      {"inconsistent", "Driver name and/or driver options are inconsistent with currently loaded driver"},
      {"linked_in_driver", "Driver is statically linked and cannot be loaded/unloaded"},
      {"permanent", "DDLL driver is permanent an cannot be unloaded/loaded"}, // sic
      {"not_loaded", "DDLL driver is not loaded"},
      {"not_loaded_by_this_process", "DDLL driver was not loaded by this process"},
      {"not_pending", "DDLL load not pending for this driver name"},
      {"already_loaded", "DDLL driver is already loaded successfully"},
      {"pending_reload", "Driver reloading is already pending"},
      {"pending_process", "Driver is loaded by others when attempting option {reload, pending_driver}"},
  };
  std::string text;
  for (auto &[atom, t] : kTexts)
    if (args[0] == named(atom)) text = t;
  if (text.empty() && !ddll_error_text(args[0], &text)) return badarg(p);
  return make_string(p->heap, text.data(), text.size());
}
} // namespace joist::bifs
