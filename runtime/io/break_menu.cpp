// The BREAK menu (^C).
#include "runtime/atom/atom.h"
#include "runtime/code/code.h"
#include "runtime/ets/ets.h"
#include "runtime/io/port_core.h"
#include "runtime/io/signals.h"
#include "runtime/io/terminal.h"
#include "runtime/proc/table.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/sys/flags.h"
#include "runtime/term/print.h"

#include <poll.h>
#include <unistd.h>

namespace joist::runtime {
namespace {
constexpr char kHelp[] = "BREAK: (a)bort (A)bort with dump (c)ontinue (p)roc info (i)nfo\n"
                         "       (l)oaded (v)ersion (k)ill (D)b-tables (d)istribution\n";

[[noreturn]] void leave() {
  terminal_restore();
  vm_exit_now(0);
}

void put(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(1, text.data(), text.size());
    if (n > 0) text.remove_prefix(size_t(n));
    else if (errno == EAGAIN || errno == EINTR) usleep(1000);
    else return;
  }
}

void print(std::string_view plain) { put(with_carriage_returns(plain)); }

// First character of what is typed. End of input ends the VM.
char ask() {
  for (;;) {
    struct pollfd p{0, POLLIN, 0};
    if (::poll(&p, 1, -1) < 0) continue;
    char buffer[64];
    ssize_t n = ::read(0, buffer, sizeof(buffer));
    if (n > 0) return buffer[0];
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    leave();
  }
}

std::string ports_text() {
  std::string out;
  for (Term id : ports_all()) {
    Port *p = port_lookup(id);
    if (!p) continue;
    out += "=port:" + port_to_text(id) + "\n";
    out += "Slot: " + std::to_string(p->number * 8) + "\n";
    out += "Connected: " + to_text(Term(p->owner.load())) + "\n";
    if (!p->links.empty()) {
      out += "Links: ";
      for (size_t i = 0; i < p->links.size(); i++) out += (i ? ", " : "") + to_text(p->links[i]);
      out += "\n";
    }
    if (Term name(p->registered.load()); !name.is_none()) out += "Registered as: " + to_text(name) + "\n";
    if (p->driver == builtin_drivers.spawn) out += "Port controls external process: " + p->name + "\n";
    else if (p->driver == builtin_drivers.fd) out += "Port is UNIX fd not opened by emulator: " + p->name + "\n";
    else out += "Port controls linked-in driver: " + p->name + "\n";
    out += "Input: " + std::to_string(p->input) + "\nOutput: " + std::to_string(p->output) + "\n";
    out += "Queue: " + std::to_string(p->queue.size()) + "\n";
  }
  return out;
}

std::string loaded_text() {
  size_t current = 0, old = 0;
  std::string lines;
  for (Term name : modules_loaded()) {
    Module *m = module_find(name);
    if (!m || !m->current) continue;
    current += m->current->code_size();
    lines += to_text(name) + " " + std::to_string(m->current->code_size());
    if (m->old) {
      old += m->old->code_size();
      lines += " (" + std::to_string(m->old->code_size()) + " old)";
    }
    lines += "\n";
  }
  return "Current code: " + std::to_string(current) + "\nOld code: " + std::to_string(old) + "\n" + lines;
}

// Goes through the processes, newest first, and asks for each.
void killer() {
  print("\n\nProcess Information\n\n--------------------------------------------------\n");
  std::vector<Term> pids = process_pids();
  for (size_t i = pids.size(); i-- > 0;) {
    Process *p = process_lookup(pids[i]);
    if (!p) continue;
    std::string text = "=proc:" + pid_to_text(pids[i]) + "\n";
    if (!p->registered.is_none()) text += "Name: " + to_text(p->registered) + "\n";
    text += "Spawned as: " + to_text(p->initial_call.module) + ":" + to_text(p->initial_call.function) + "/" +
            std::to_string(p->initial_call.arity) + "\nMessage queue length: " + std::to_string(p->mailbox.length) +
            "\n";
    print(text + "(k)ill (n)ext (r)eturn:\n");
    switch (ask()) {
    case 'k': exit_signal_send(nullptr, pids[i], atoms::kill); break;
    case 'n': break;
    default: return;
    }
  }
}

std::string tables_text() {
  std::string out;
  ets_each_table(
      [](const EtsTableSummary &t, void *arg) {
        *static_cast<std::string *>(arg) += "=ets:" + to_text(t.owner) + "\nTable: " + to_text(t.name) +
                                            "\nObjects: " + std::to_string(t.objects) +
                                            "\nWords: " + std::to_string(t.words) + "\n";
      },
      &out);
  return out;
}

// True: leave the menu.
bool act(char choice) {
  std::string text;
  switch (choice) {
  case 'q':
  case 'a':
  case '*': leave();
  case 'A': terminal_restore(); vm_crash("Crash dump requested by user");
  case 'c':
  case 'm': return true;
  case 'p':
    crash_dump_processes(text);
    text += ports_text();
    break;
  case 'o': text = ports_text(); break;
  case 'i':
    crash_dump_memory(text);
    crash_dump_atoms(text);
    break;
  case 'l': text = loaded_text(); break;
  case 'v': text = "Erlang (BEAM) emulator version " + vm_flags.erts_version + "\n"; break;
  case 'd': crash_dump_distribution(text); break;
  case 'D': text = tables_text(); break;
  case 'k': killer(); return true;
  case '\n': return false;
  default:
    print(std::string("Invalid option '") + choice + "'. Please enter one of the following:\n" + kHelp);
    return false;
  }
  print(text);
  return true;
}
} // namespace

void break_menu() {
  schedulers_block();
  bool raw = terminal_is_raw();
  terminal_restore(); // choices are typed as lines
  {
    progress::OnlineScope online;
    print(std::string("\n") + kHelp);
    while (!act(ask())) {}
  }
  if (raw) terminal_raw_again();
  schedulers_unblock();
}
} // namespace joist::runtime
