#include "tools/joist/release.h"

#include "tools/joist/otp_root.h"
#include "tools/joist/preloaded.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

// What is changed in a release, all of it below erts-VSN/bin:
//   beam.smp         this program, in place of stock's emulator, which is kept as beam.smp.stock (beam.emu.smp alike)
//   libjoist_jit.so  the compiler, if this program has one beside it
//   preloaded/       the modules stock has inside its emulator; only where the release has no lib/erts-VSN
// Scripts, libraries and boot files stay as they are. Every file is completed under another name and then renamed, so a
// node that starts meanwhile finds the one or the other, and nodes that run are not disturbed.
namespace joist {
namespace {
namespace fs = std::filesystem;

const char kUsage[] = "usage: joist release take-over DIR   put Joist into the release in DIR\n"
                      "       joist release give-back DIR   undo it\n"
                      "       joist release status DIR      tell which emulator the release runs\n"
                      "       --otp-root OTP                take preloaded modules from this installation\n";
constexpr int kErtsMajor = 13, kOtpRelease = 25;
const char *const kEmulators[] = {"beam.smp", "beam.emu.smp"};
const char kKept[] = ".stock", kCompiler[] = "libjoist_jit.so";

struct Refused {
  std::string why;
};

struct Erts {
  fs::path bin;
  std::string version;
  bool has(const char *name) const { return fs::exists(bin / name); }
  bool taken_over() const {
    for (auto *e : kEmulators)
      if (has((std::string(e) + kKept).c_str())) return true;
    return false;
  }
};

std::vector<Erts> runtimes_of(const fs::path &dir) {
  if (!fs::is_directory(dir)) throw Refused{dir.string() + ": no such directory"};
  if (!fs::is_directory(dir / "releases"))
    throw Refused{dir.string() +
                  " is no release: it has no directory releases/ (mix puts releases into _build/ENV/rel/NAME, "
                  "rebar3 into _build/PROFILE/rel/NAME)"};
  if (fs::exists(dir / "usr" / "include" / "erl_nif.h"))
    throw Refused{dir.string() + " is an Erlang installation, not a release: put " +
                  fs::path(own_executable()).parent_path().string() + " first on PATH instead"};
  std::vector<Erts> found;
  for (auto &entry : fs::directory_iterator(dir)) {
    std::string name = entry.path().filename();
    if (name.compare(0, 5, "erts-") != 0 || !fs::is_directory(entry.path() / "bin")) continue;
    if (fs::is_symlink(entry.symlink_status()) || fs::is_symlink(entry.path() / "bin"))
      throw Refused{entry.path().string() + " is a link: what it leads to belongs to more than this release"};
    found.push_back({entry.path() / "bin", name.substr(5)});
  }
  if (found.empty())
    throw Refused{dir.string() +
                  " has no runtime system of its own (include_erts is false): it runs whatever `erl` is first "
                  "on PATH; put " +
                  fs::path(own_executable()).parent_path().string() + " there"};
  return found;
}

// Copies `from` over `to`, which is the old file or the whole new one at any moment.
void place(const fs::path &from, const fs::path &to) {
  fs::path fresh = to.string() + ".new";
  fs::copy_file(from, fresh, fs::copy_options::overwrite_existing);
  fs::rename(fresh, to);
}

// Where the preloaded modules of this version are, or an empty path if the release has them already: its own, or those
// that an earlier take-over put there (an upgrade may bring a second erts, whose modules come from another installation).
fs::path preloaded_source(const fs::path &dir, const Erts &erts, const std::string &otp_root) {
  if (fs::exists(dir / "lib" / ("erts-" + erts.version) / "ebin" / "init.beam")) return {};
  if (fs::exists(erts.bin / kPreloadedDirectory / (std::string(kPreloaded[std::size(kPreloaded) - 1]) + ".beam")))
    return {};
  OtpRoot otp;
  std::string error;
  if (find_otp(otp_root, &otp, &error)) {
    fs::path ebin = fs::path(otp.root) / "lib" / ("erts-" + erts.version) / "ebin";
    if (fs::exists(ebin / "init.beam")) return ebin;
    error = otp.root + " is erts-" + otp.erts_version;
  }
  throw Refused{"the release contains erts-" + erts.version +
                ", whose preloaded modules are needed from an installation of the same version: " + error +
                "; give one with --otp-root OTP"};
}

void take_over(const fs::path &dir, const std::string &otp_root) {
  std::vector<Erts> fit;
  std::string unfit;
  for (auto &erts : runtimes_of(dir)) {
    if (!erts.has("beam.smp") && !erts.has("beam.emu.smp")) unfit = erts.bin.string() + " holds no beam.smp";
    else if (atoi(erts.version.c_str()) != kErtsMajor)
      unfit = "erts-" + erts.version + " belongs to Erlang/OTP " + std::to_string(atoi(erts.version.c_str()) + 12) +
              "; this Joist runs releases of Erlang/OTP " + std::to_string(kOtpRelease) + " (erts-" +
              std::to_string(kErtsMajor) + ".x)";
    else fit.push_back(erts);
  }
  if (fit.empty()) throw Refused{unfit};
  std::vector<fs::path> sources;
  for (auto &erts : fit) sources.push_back(preloaded_source(dir, erts, otp_root)); // refuses before anything is changed
  const fs::path self = own_executable(), compiler = self.parent_path() / kCompiler;
  for (size_t i = 0; i < fit.size(); i++) {
    const Erts &erts = fit[i];
    if (fs::equivalent(self.parent_path(), erts.bin))
      throw Refused{"this is the joist of that release: run the one it came from, or give-back"};
    const bool again = erts.taken_over();
    if (!sources[i].empty()) {
      fs::create_directories(erts.bin / kPreloadedDirectory);
      for (auto *module : kPreloaded)
        place(sources[i] / (std::string(module) + ".beam"),
              erts.bin / kPreloadedDirectory / (std::string(module) + ".beam"));
    }
    if (fs::exists(compiler)) place(compiler, erts.bin / kCompiler);
    for (auto *name : kEmulators) {
      const fs::path emulator = erts.bin / name, kept = emulator.string() + kKept;
      if (!fs::exists(emulator)) continue;
      std::error_code no_links;
      if (!fs::exists(kept)) fs::create_hard_link(emulator, kept, no_links);
      if (!fs::exists(kept)) fs::copy_file(emulator, kept);
      place(self, emulator);
    }
    printf("%s: %s\n", erts.bin.c_str(), again ? "Joist replaced by this one" : "Joist has taken over");
  }
  if (!unfit.empty()) printf("left alone: %s\n", unfit.c_str());
}

void give_back(const fs::path &dir) {
  bool any = false;
  for (auto &erts : runtimes_of(dir)) {
    if (!erts.taken_over()) continue;
    for (auto *name : kEmulators) {
      const fs::path kept = (erts.bin / name).string() + kKept;
      if (fs::exists(kept)) fs::rename(kept, erts.bin / name);
    }
    fs::remove(erts.bin / kCompiler);
    fs::remove_all(erts.bin / kPreloadedDirectory);
    printf("%s: stock's emulator is back\n", erts.bin.c_str());
    any = true;
  }
  if (!any) throw Refused{"Joist has not taken over " + dir.string()};
}

void tell_status(const fs::path &dir) {
  for (auto &erts : runtimes_of(dir)) printf("%s: %s\n", erts.bin.c_str(), erts.taken_over() ? "Joist" : "stock");
}

} // namespace

int run_release_command(const std::vector<std::string> &args) {
  std::string otp_root;
  std::vector<std::string> words;
  for (size_t i = 0; i < args.size(); i++) {
    if (args[i] == "--otp-root" && i + 1 < args.size()) otp_root = args[++i];
    else words.push_back(args[i]);
  }
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    fputs(kUsage, stdout);
    return 0;
  }
  if (words.size() != 2 || words[1].empty() || words[1][0] == '-' ||
      (words[0] != "take-over" && words[0] != "give-back" && words[0] != "status")) {
    fputs(kUsage, stderr);
    return 2;
  }
  try {
    fs::path dir = fs::path(words[1]).lexically_normal();
    if (words[0] == "take-over") take_over(dir, otp_root);
    else if (words[0] == "give-back") give_back(dir);
    else tell_status(dir);
    return 0;
  } catch (const Refused &r) {
    fprintf(stderr, "joist release: %s\n", r.why.c_str());
  } catch (const fs::filesystem_error &e) {
    fprintf(stderr, "joist release: %s: %s\n", e.path2().empty() ? e.path1().c_str() : e.path2().c_str(),
            e.code().message().c_str());
  }
  return 1;
}

} // namespace joist
