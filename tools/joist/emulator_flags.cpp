#include "tools/joist/emulator_flags.h"

#include "jit/tier/symbols.h"
#include "jit/tier/tier.h"
#include "runtime/io/file_name.h"
#include "runtime/mem/gc.h"
#include "runtime/sys/settings.h"
#include "tools/joist/command_line.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace joist {
namespace {
using namespace joist::runtime;

// What stock's emulator says, then where help is.
[[noreturn]] void refuse(const std::string &line) {
  fprintf(stderr,
          "%s\r\nusage: erl [flags]; the emulator flags are listed by joist --help and in the manual page erl(1)\r\n",
          line.c_str());
  exit(1);
}

[[noreturn]] void bad(const std::string &what, const std::string &value) { refuse("bad " + what + " " + value); }

bool number(const std::string &s, long long low, long long high, long long *out) {
  char *end;
  errno = 0;
  *out = strtoll(s.c_str(), &end, 10);
  return !s.empty() && !*end && !errno && *out >= low && *out <= high;
}

long long ranged(const std::string &s, long long low, long long high, const char *what) {
  long long v;
  if (!number(s, low, high, &v)) bad(what, s);
  return v;
}

bool boolean(const std::string &s, const char *what) {
  if (s == "true") return true;
  if (s == "false") return false;
  bad(what, s);
}

unsigned cores() {
  unsigned n = std::thread::hardware_concurrency();
  return n ? n : 1;
}

// "n1:n2", "n1", ":n2". A value <= 0 is relative to `base`.
void pair(const std::string &s, unsigned base, unsigned *total, unsigned *online, const char *what, bool percent) {
  const std::string amount = "amount of ";
  size_t colon = s.find(':');
  std::string first = s.substr(0, colon), second = colon == std::string::npos ? "" : s.substr(colon + 1);
  auto get = [&](const std::string &part, long long most) -> unsigned {
    long long v;
    if (percent) {
      if (!number(part, 0, 102400, &v)) bad(std::string(what) + " percentage specifier", s);
      return unsigned(std::max<long long>(1, std::min<long long>(1024, base * v / 100)));
    }
    if (!number(part, -1024, most, &v)) bad(amount + what, part);
    if (v <= 0) v += base;
    if (v < 1) bad(amount + what, part);
    return unsigned(v);
  };
  if (first.empty() && second.empty()) bad(amount + what, s);
  if (!first.empty()) *total = get(first, 1024);
  if (!second.empty()) *online = get(second, 1 << 30); // more than there are is refused below
  else *online = std::min(*online ? *online : *total, *total);
  if (!*total) *total = std::clamp(*online, base, std::max(base, 1024u));
  if (*online > *total)
    bad(amount + what + " online",
        std::to_string(*online) + " (total amount of " + what + " " + std::to_string(*total) + ")");
}

struct Flags {
  const std::vector<std::string> &args;
  size_t at = 0;
  EmulatorSettings *out;

  // The value of flag `name`: attached to it, or the next argument.
  std::string value(const std::string &flag, size_t name_length) {
    if (flag.size() > name_length) return flag.substr(name_length);
    if (at + 1 >= args.size()) refuse("No value given for -" + flag);
    return args[++at];
  }

  void scheduler_flag(const std::string &f) {
    auto is = [&f](const char *name) { return f.compare(0, strlen(name), name) == 0; };
    auto &s = out->schedulers;
    if (is("SDPcpu")) pair(value(f, 6), cores(), &s.dirty_cpu, &s.dirty_cpu_online, "dirty CPU schedulers", true);
    else if (is("SDcpu")) pair(value(f, 5), cores(), &s.dirty_cpu, &s.dirty_cpu_online, "dirty CPU schedulers", false);
    else if (is("SDio")) s.dirty_io = unsigned(ranged(value(f, 4), 1, 1024, "number of dirty I/O schedulers"));
    else if (is("SP")) pair(value(f, 2), cores(), &s.schedulers, &s.schedulers_online, "schedulers", true);
    else pair(value(f, 1), cores(), &s.schedulers, &s.schedulers_online, "schedulers", false);
  }

  void heap_flag(const std::string &f) {
    auto &v = vm_flags;
    auto is = [&f](const char *name) { return f.compare(0, strlen(name), name) == 0; };
    if (is("hmaxel")) v.max_heap_log = boolean(value(f, 6), "max heap error logger");
    else if (is("hmaxk")) v.max_heap_kill = boolean(value(f, 5), "max heap kill");
    else if (is("hmax")) {
      v.max_heap_words = uint64_t(ranged(value(f, 4), 0, int64_t(kMostMaxHeapWords), "max heap size"));
      if (v.max_heap_words && v.max_heap_words < v.min_heap_words)
        bad("max heap size", std::to_string(v.max_heap_words));
    } else if (is("hmbs"))
      v.min_vheap_words = uint32_t(gc_next_size(Word(ranged(value(f, 4), 0, 1ll << 31, "heap size"))));
    else if (is("hmqd")) {
      std::string q = value(f, 4);
      if (q != "off_heap" && q != "on_heap") refuse("Invalid message_queue_data flag: " + q);
      v.off_heap_messages = q == "off_heap";
    } else if (is("hms"))
      v.min_heap_words = uint32_t(gc_next_size(Word(ranged(value(f, 3), 0, 1ll << 31, "heap size"))));
    else if (is("hpds")) ranged(value(f, 4), 1, 1 << 30, "initial process dictionary size");
    else v.min_heap_words = uint32_t(gc_next_size(Word(ranged(value(f, 1), 0, 1ll << 31, "heap size"))));
  }

  // +J flags: of the tier that compiles hot functions. Stock's +JP and +JD flags of other names are accepted.
  void jit_flag(const std::string &f) {
    auto &t = jit::tier_settings;
    std::string v = at + 1 < args.size() ? args[++at] : "";
    if (f == "JPtier") {
      t.asked_for = boolean(v, "tier flag");
      t.mode = t.asked_for ? jit::TierMode::Hot : jit::TierMode::Off;
    } else if (f == "JPforce") {
      if (v == "false") return;
      t.asked_for = true;
      t.mode = jit::TierMode::Force;
      if (v != "true") t.forced = v;
    } else if (f == "JPthreads") t.threads = unsigned(ranged(v, 1, 64, "number of compiler threads"));
    else if (f == "JPcache") t.cache = v;
    else if (f == "JPlimit") t.cache_limit = size_t(ranged(v, 1, 1 << 20, "size of the cache of compiled code")) << 20;
    else if (f == "JPcode") t.code_limit = size_t(ranged(v, 1, 256, "size of compiled code")) << 20;
    else if (f == "JPgdb") jit::symbol_settings.gdb = boolean(v, "flag for gdb");
    else if (f == "JPperf")
      jit::symbol_settings.perf = v == "true" || v == "map" ? jit::PerfOutput::Map
                                  : v == "dump"             ? jit::PerfOutput::Dump
                                                            : jit::PerfOutput::None;
  }

  // +s flags that tune scheduling: their values are checked; Joist's scheduler has no such settings.
  void tuning_flag(const std::string &f) {
    static const char *thresholds[] = {"none", "very_short", "short", "medium", "long", "very_long", nullptr};
    static const char *levels[] = {"very_low", "low", "medium", "high", "very_high", nullptr};
    static const char *cleanups[] = {"very_lazy", "lazy", "medium", "eager", "very_eager", nullptr};
    static const char *binds[] = {"u", "ns", "ts", "ps", "s", "nnts", "nnps", "tnnps", "db", nullptr};
    static const char *strategies[] = {"default", "legacy", nullptr};
    static const char *bools[] = {"true", "false", nullptr};
    static const struct {
      const char *name;
      const char **values;
      const char *what;
    } rows[] = {
        {"sbwtdcpu", thresholds, "bad dirty CPU scheduler busy wait threshold: "},
        {"sbwtdio", thresholds, "bad dirty IO scheduler busy wait threshold: "},
        {"sbwt", thresholds, "bad scheduler busy wait threshold: "},
        {"swtdcpu", levels, "dirty CPU scheduler wakeup threshold: "},
        {"swtdio", levels, "dirty IO scheduler wakeup threshold: "},
        {"swct", cleanups, "scheduler wake cleanup threshold: "},
        {"swt", levels, "scheduler wakeup threshold: "},
        {"sws", strategies, "scheduler wakeup strategy: "},
        {"sbt", binds, "setting scheduler bind type '"},
        {"stbt", binds, "setting scheduler bind type '"},
        {"scl", bools, "bad scheduler compact load value '"},
        {"spp", bools, "bad port parallelism scheduling hint "},
        {"sub", bools, "bad scheduler utilization balancing  value '"},
        {"secio", bools, "bad eager check I/O setting "},
        {"sct", nullptr, ""},
        {"sfwi", nullptr, ""},
        {"ssrct", nullptr, ""},
    };
    if (f == "ssrct") return;
    for (const char *stack : {"sssdcpu", "sssdio", "sss"})
      if (f.compare(0, strlen(stack), stack) == 0) {
        const char *of = !strcmp(stack, "sss") ? "" : !strcmp(stack, "sssdio") ? "dirty IO " : "dirty CPU ";
        long long kw = ranged(value(f, strlen(stack)), 20, 8192,
                              (std::string("stack size for ") + of + "scheduler threads").c_str());
        if (!strcmp(stack, "sss")) out->schedulers.stack_kb = size_t(kw) * 8;
        return;
      }
    for (auto &r : rows) {
      size_t n = strlen(r.name);
      if (f.compare(0, n, r.name) != 0) continue;
      std::string v = value(f, n);
      if (!r.values) return;
      for (const char **p = r.values; *p; p++)
        if (v == *p) return;
      std::string line = r.what + v;
      if (line[line.size() - v.size() - 1] == '\'') line += "'";
      refuse(r.values == binds ? line + " failed: invalid type" : line);
    }
    refuse("bad scheduling option -" + f);
  }

  void run() {
    auto &v = vm_flags;
    for (; at < args.size(); at++) {
      std::string f = args[at];
      if (f.size() < 2 || f[0] != '-') usage_error("unexpected emulator argument " + f);
      f.erase(0, 1);
      switch (f[0]) {
      case 'a': ranged(value(f, 1), 16, 8192, "stack size for async threads"); break;
      case 'A': v.async_threads = unsigned(ranged(value(f, 1), 0, 1024, "number of async threads")); break;
      case 'B': {
        std::string mode = f.substr(1);
        if (mode.empty() && at + 1 < args.size() && args[at + 1].size() == 1) mode = args[++at];
        if (mode == "i") v.break_ignored = true;
        else if (mode == "d" || mode.empty()) v.break_disabled = true;
        else if (mode == "c") v.break_interrupts_shell = true;
        else refuse("unknown break option -B" + mode);
        break;
      }
      case 'c': {
        std::string b = f.substr(1);
        if (b.empty() && at + 1 < args.size() && (args[at + 1] == "true" || args[at + 1] == "false")) b = args[++at];
        out->time_correction = b == "true";
        if (!b.empty() && b != "true" && b != "false") refuse("Invalid time correction value: " + b);
        break;
      }
      case 'C': {
        std::string mode = value(f, 1);
        if (mode == "no_time_warp") out->warp = WarpMode::NoTimeWarp;
        else if (mode == "single_time_warp") out->warp = WarpMode::SingleTimeWarp;
        else if (mode == "multi_time_warp") out->warp = WarpMode::MultiTimeWarp;
        else refuse("Invalid time warp mode: " + mode);
        break;
      }
      case 'd':
        if (f.compare(0, 3, "dcg") == 0) ranged(value(f, 3), 0, 256, "decentralized counter groups limit:");
        else v.no_crash_dump = true;
        break;
      case 'e': v.ets_limit = size_t(ranged(value(f, 1), 0, 1 << 30, "maximum number of ets tables")); break;
      case 'f':
        if (f[1] != 'n' || f.size() < 3 || !strchr("ula", f[2]))
          bad("filename encoding",
              f.substr(f.size() < 2 ? 1 : 2) + ", can be (l,u or a, optionally followed by w, i or e)");
        if (f[2] != 'l' && f.size() > 3 && !strchr("wie", f[3]))
          bad("type of warnings for wrongly coded filename:", f.substr(3));
        v.native_name_encoding = f[2];
        v.native_name_warn = f.size() < 4 || f[3] == 'w';
        untranslatable_names_fail = f.size() > 3 && f[3] == 'e';
        break;
      case 'g':
        if (f != "gc_stress") refuse("unknown flag -" + f);
        gc_stress = true;
        break;
      case 'h': heap_flag(f); break;
      case 'i': v.boot_module = value(f, 1); break;
      case 'I':
        ranged(value(f, f.compare(0, 3, "IOP") == 0 ? 4 : 3), 0, 1024,
               f.compare(0, 3, "IOt") == 0 ? "I/O poll threads number:" : "I/O pollset number:");
        break;
      case 'J': jit_flag(f); break;
      case 'M': at++; break;
      case 'K': boolean(value(f, 1), "kernel poll"); break;
      case 'n':
        if (f.size() > 1 && !strchr("sad", f[1])) bad("-n option", f.substr(1));
        break;
      case 'p': {
        if (f.compare(0, 2, "pc") != 0) refuse("unknown flag -" + f);
        std::string set = value(f, 2);
        if (set == "unicode") v.printable_unicode = true;
        else if (set != "latin1") bad("range of printable characters:", set);
        break;
      }
      case 'P':
        if (f == "Plegacy") break;
        {
          std::string n = value(f, 1);
          if (n != "legacy") v.process_limit = size_t(ranged(n, 1024, 134217727, "number of processes"));
        }
        break;
      case 'Q': {
        std::string n = value(f, 1);
        if (n != "legacy") v.port_limit = size_t(ranged(n, 1024, 134217727, "number of ports"));
        break;
      }
      case 'R': ranged(value(f, 1), 22, 26, "compatibility release number"); break;
      case 'r':
        if (f.compare(0, 2, "rg") == 0) ranged(value(f, 2), 0, 65536, "reader groups limit:");
        break;
      case 's': tuning_flag(f); break;
      case 'S': scheduler_flag(f); break;
      case 't': v.atom_limit = size_t(ranged(value(f, 1), 8192, 2147483647, "atom table size")); break;
      case 'T': ranged(value(f, 1), 0, 9, "modified timing level"); break;
      case 'v': break;
      case 'V': out->print_version = true; break;
      case 'W': {
        std::string w = f.substr(1);
        if (w.empty()) w = value(f, 1);
        if (w.size() != 1 || !strchr("iwe", w[0])) refuse("unrecognized warning_map option " + w);
        v.warning_map = w[0];
        break;
      }
      case 'z': {
        static const char *names[] = {"zdbbl", "zosrl", "zebwt", "zdntgc"};
        auto name = std::find_if(std::begin(names), std::end(names),
                                 [&f](const char *n) { return f.compare(0, strlen(n), n) == 0; });
        if (name == std::end(names)) refuse("bad -z option -" + f);
        const std::string given = value(f, strlen(*name));
        if (name == names) { // in kB
          const long long kb = atoll(given.c_str());
          if (kb < 1 || kb > 2097151) refuse("Invalid dbbl limit: " + std::to_string(kb));
          system_settings.dist_busy_limit = kb * 1024;
        }
        break;
      }
      default: refuse("unknown flag -" + f);
      }
    }
  }
};

} // namespace

void read_emulator_flags(const std::vector<std::string> &flags, EmulatorSettings *out) { Flags{flags, 0, out}.run(); }

std::string emulator_flags_help() {
  return "  honoured: +S +SP +SDcpu +SDPcpu +SDio +sss +P +Q +t +e +h* +B* +c +C +fn* +i +pc +W +d +A +V\n"
         "  checked and accepted, no effect in Joist: +a +I* +J +K +M* +n +R +r +rg +s* (wakeup, busy wait, binding) "
         "+T +v +z*\n"
         "  Joist's own: +gc_stress (collect at every allocation) +JPtier true|false (compile hot functions; default "
         "true)\n"
         "    +JPforce true|MODULE,.. (compile while loading) +JPthreads N (compiler threads; default 1)\n"
         "    +JPcode MB (limit of compiled code in memory; default 128) +JPcache DIR|false (where it is kept; "
         "default\n"
         "    ~/.cache/joist) +JPlimit MB (of that; default 256) +JPperf true|map|dump (/tmp/perf-PID.map, "
         "jit-PID.dump)\n"
         "    +JPgdb true (symbols for gdb)\n";
}

} // namespace joist
