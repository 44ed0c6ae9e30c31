#include "tools/joist/command_line.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <unistd.h>

namespace joist {
namespace {

// Emulator flags that take their value from the next argument. Flags of +M are recognised by shape.
const std::set<std::string> kValued = {
    "a",      "A",      "C",        "e",       "i",       "n",      "P",     "Q",     "t",    "T",    "R",    "W",
    "K",      "S",      "SP",       "SDcpu",   "SDPcpu",  "SDio",   "IOt",   "IOp",   "IOPt", "IOPp", "IOs",  "pc",
    "rg",     "sbt",    "sbwtdcpu", "sbwtdio", "sbwt",    "scl",    "sct",   "secio", "sfwi", "stbt", "swct", "swtdcpu",
    "swtdio", "swt",    "sws",      "sss",     "sssdcpu", "sssdio", "spp",   "sub",   "hms",  "hmbs", "hpds", "hmax",
    "hmaxk",  "hmaxel", "hmqd",     "h",       "zdbbl",   "zdntgc", "zebwt", "zosrl", "dcg",
};

bool allocator_flag(const std::string &f) { // without the leading M
  static const std::set<std::string> special = {"ea",     "ummc",   "uycs", "usac", "im",      "is",   "lpm",
                                                "Mamcbf", "Mrmcbf", "Mmcs", "Mscs", "Mscrfsd", "Msco", "Mscrpm",
                                                "Ye",     "Ym",     "Ytp",  "Ytt",  "Iscs",    "Xscs", "dai"};
  static const std::set<std::string> common = {
      "as",   "asbcst", "atags", "acul",  "acnl",   "acfml", "acful",  "cp",     "e",      "t",    "lmbcs", "mbcgs",
      "mbsd", "mmbcs",  "mmmbc", "mmsbc", "msbclt", "ramv",  "rmbcmt", "rsbcmt", "rsbcst", "sbct", "smbcs"};
  if (special.count(f)) return true;
  return !f.empty() && strchr("uBDEFHLRSTZ", f[0]) && common.count(f.substr(1));
}

std::string read_file(const std::string &name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) {
    const int why = errno;
    char here[4096];
    usage_error("Failed to open arguments file \"" + name + "\" at \"" + (getcwd(here, sizeof here) ? here : "") +
                "\": " + strerror(why));
  }
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

void append(std::vector<std::string> &to, const std::vector<std::string> &from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Adds the arguments of one source to *out, with the words of the file in place of every `-args_file NAME`, and those
// after -extra to *extra.
void expand(const std::vector<std::string> &args, std::vector<std::string> *out, std::vector<std::string> *extra,
            int depth) {
  for (size_t i = 0; i < args.size(); i++) {
    if (args[i] == "-extra") {
      extra->insert(extra->end(), args.begin() + long(i) + 1, args.end());
      return;
    }
    if (args[i] != "-args_file") {
      out->push_back(args[i]);
      continue;
    }
    const bool last = i + 1 == args.size() || (i + 2 == args.size() && args[i + 1] == "--"); // that ends the source
    if (last) usage_error("Missing argument(s) for '-args_file'.");
    if (depth > 20) usage_error("-args_file nested too deeply: " + args[i + 1]);
    expand(split_words(read_file(args[++i]), true), out, extra, depth + 1);
  }
}

std::vector<std::string> words_of_variable(const char *name) {
  const char *v = getenv(name);
  return v ? split_words(v, false) : std::vector<std::string>{};
}

// Everything in the order of stock: environment, command line, environment, with what follows -extra in each at the end.
std::vector<std::string> all_arguments(int argc, char **argv, const std::string &otp_release) {
  std::vector<std::string> given(argv + 1, argv + argc), out, extra;
  std::vector<std::string> sources[] = {words_of_variable(("ERL_OTP" + otp_release + "_FLAGS").c_str()),
                                        words_of_variable("ERL_AFLAGS"), given, words_of_variable("ERL_FLAGS"),
                                        words_of_variable("ERL_ZFLAGS")};
  const size_t from_environment = sources[0].size() + sources[1].size() + sources[3].size() + sources[4].size();
  auto plain = [](const std::vector<std::string> &all) {
    for (auto &a : all) {
      if (a == "-extra") break;
      if (a == "-args_file") return false;
    }
    return true;
  };
  if (!from_environment && plain(given)) return given;
  if (!given.empty())
    sources[2].insert(std::find(sources[2].begin(), sources[2].end(), "-extra"), "--"); // what follows -extra is plain
  for (auto &s : sources) expand(s, &out, &extra, 0);
  if (!extra.empty()) {
    out.push_back("-extra");
    append(out, extra);
  }
  return out;
}

class Reader {
public:
  Reader(std::vector<std::string> args, CommandLine *out) : args_(std::move(args)), out_(out) {}

  void run() {
    for (; at_ < args_.size(); at_++) {
      const std::string &a = args_[at_];
      if (a == "-extra") {
        for (; at_ < args_.size(); at_++) out_->init.push_back(args_[at_]);
        return;
      }
      if (a.size() > 1 && a[0] == '+') emulator_flag(a.substr(1));
      else if (!a.empty() && a[0] == '-') flag(a);
      else out_->init.push_back(a);
    }
  }

private:
  const std::string &value(const std::string &flag) {
    if (at_ + 1 >= args_.size() || args_[at_ + 1] == "--") usage_error("Missing argument(s) for '" + flag + "'.");
    return args_[++at_];
  }
  void init(std::initializer_list<const char *> words) {
    for (auto *w : words) out_->init.push_back(w);
  }

  void flag(const std::string &a) {
    auto &o = *out_;
    if (a == "--otp-root") {
      o.otp_root = value(a);
    } else if (a == "-emu_flavor") {
      o.emu_flavor = value(a);
      if (o.emu_flavor != "emu" && o.emu_flavor != "jit" && o.emu_flavor != "smp")
        usage_error("invalid emulator flavor \"" + o.emu_flavor + "\": emu and jit are available");
    } else if (a == "-emu_type") {
      value(a);
    } else if (a == "-smp") {
      if (at_ + 1 < args_.size() && (args_[at_ + 1] == "auto" || args_[at_ + 1] == "enable")) at_++;
      else if (at_ + 1 < args_.size() && args_[at_ + 1] == "disable")
        usage_error("-smp disable is not supported. Use \"+S 1\" instead.");
    } else if (a == "-smpdisable") {
      usage_error("-smp disable is not supported. Use \"+S 1\" instead.");
    } else if (a == "-smpenable" || a == "-smpauto") {
    } else if (a == "-emu_args") {
      o.verbose = true;
    } else if (a == "-emu_args_exit") {
      o.print_args_exit = true;
    } else if (a == "-emu_name_exit") {
      puts("beam.smp");
      exit(0);
    } else if (a == "-env") {
      std::string name = value(a), v = value(a);
      setenv(name.c_str(), v.c_str(), 1);
    } else if (a == "-epmd") {
      o.epmd = value(a);
    } else if (a == "-compile") {
      init({"-noshell", "-noinput", "-s", "c", "lc_batch"});
      o.emulator.push_back("-B");
    } else if (a == "-make") {
      init({"-noshell", "-noinput", "-s", "make", "all_or_nothing", "-s", "erlang", "halt"});
      o.emulator.push_back("-B");
      at_ = args_.size();
    } else if (a == "-detached") {
      o.detached = true;
      init({"-noshell", "-noinput"});
    } else if (a == "-noinput") {
      init({"-noshell", "-noinput"});
    } else if (a == "-configfd") {
      const std::string fd = value(a);
      if (fd == "0") init({"-noshell", "-noinput"});
      init({"-configfd", fd.c_str()});
    } else if (a == "-name" || a == "-sname") {
      o.distributed = true;
      o.init.push_back(a);
      o.init.push_back(value(a));
    } else if (a == "-no_epmd") {
      o.start_epmd = false;
      no_epmd_ = true;
      o.init.push_back(a);
    } else if (a == "-proto_dist") {
      o.init.push_back(a);
      o.init.push_back(value(a));
    } else if (a == "-start_epmd") {
      const std::string v = value(a);
      if (v != "true" && v != "false") usage_error("expected a boolean argument for \"-start_epmd\"");
      o.start_epmd = v == "true";
      init({"-start_epmd", v.c_str()});
    } else if (a == "-version") {
      o.print_version = true;
    } else {
      o.init.push_back(a);
    }
  }

  void emulator_flag(const std::string &f) {
    auto &e = out_->emulator;
    e.push_back("-" + f);
    bool next_bool = at_ + 1 < args_.size() && (args_[at_ + 1] == "true" || args_[at_ + 1] == "false");
    bool next_break = at_ + 1 < args_.size() && args_[at_ + 1].size() == 1 && strchr("icd", args_[at_ + 1][0]);
    if (kValued.count(f) || f[0] == 'J' || (f[0] == 'M' && allocator_flag(f.substr(1)))) e.push_back(value("+" + f));
    else if ((f == "c" && next_bool) || (f == "B" && next_break)) e.push_back(args_[++at_]);
  }

  std::vector<std::string> args_;
  CommandLine *out_;
  size_t at_ = 0;
  bool no_epmd_ = false;
};

} // namespace

void usage_error(const std::string &line) {
  fprintf(stderr, "%s\nusage: erl [flags] [arguments]; see joist --help and the manual page erl(1)\n", line.c_str());
  exit(1);
}

std::vector<std::string> split_words(const std::string &text, bool comments) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (c == '#' && comments) {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
      while (i < text.size() && text[i] != '\n') i++;
    } else if (isspace(static_cast<unsigned char>(c))) {
      if (in_word) words.push_back(word);
      word.clear();
      in_word = false;
    } else if (c == '"' || c == '\'') { // up to the next of its kind: no escapes inside
      in_word = true;
      for (i++; i < text.size() && text[i] != c; i++) word += text[i];
    } else {
      if (c == '\\' && i + 1 < text.size()) c = text[++i];
      word += c;
      in_word = true;
    }
  }
  if (in_word) words.push_back(word);
  if (!words.empty()) words.push_back("--"); // flags of one source do not run on into the next
  return words;
}

CommandLine parse_command_line(int argc, char **argv, const std::string &otp_release) {
  CommandLine out;
  Reader(all_arguments(argc, argv, otp_release), &out).run();
  return out;
}

} // namespace joist
