// Settings of this VM, from the command line (tools/joist fills them before anything starts).
#pragma once
#include <string>
#include <vector>
namespace joist::runtime {
struct VmFlags {
  std::string otp_root, bindir, progname, home, otp_release, erts_version; // erts_version: of the OTP root, "13.1.5"
  std::vector<std::string> init_args; // what init:boot/1 gets, in order (without emulator flags)
  std::string boot_module = "init";
  size_t process_limit = 262144, port_limit = 65536, atom_limit = 1048576, ets_limit = 8192;
  unsigned async_threads = 1;
  bool break_ignored = false, break_disabled = false, break_interrupts_shell = false; // +Bi, +Bd, +Bc
  bool no_crash_dump = false;                                                         // +d
  char warning_map = 'w';
  bool printable_unicode = false; // +pc unicode
  bool emu_only = false;          // -emu_flavor emu
  uint32_t min_heap_words = 233, min_vheap_words = 46422;
  uint64_t max_heap_words = 0;
  bool max_heap_kill = true, max_heap_log = true;
  uint32_t fullsweep_after = 65535;
  bool off_heap_messages = false;
  int native_name_encoding = 'u'; // l, u, a
  bool native_name_warn = true;
  unsigned sched_busy_limit = 0;
};
extern VmFlags vm_flags;
// The largest max_heap_size: stock's largest small integer.
inline constexpr uint64_t kMostMaxHeapWords = (uint64_t(1) << 59) - 1;
} // namespace joist::runtime
