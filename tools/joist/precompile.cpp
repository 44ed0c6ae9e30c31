#include "tools/joist/precompile.h"

#include "bifs/bifs.h"
#include "jit/tier/cache.h"
#include "jit/tier/compiler.h"
#include "jit/tier/precompile.h"
#include "jit/tier/tier.h"
#include "loader/prepare.h"
#include "runtime/atom/atom.h"
#include "runtime/code/install.h"
#include "runtime/mem/literal.h"
#include "runtime/sched/progress.h"
#include "tools/joist/emulator_flags.h"
#include "tools/joist/otp_root.h"
#include "vm/vm.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace joist {
namespace {
using namespace joist::runtime;
namespace fs = std::filesystem;

void add_directory(const fs::path &dir, std::vector<fs::path> *files) {
  std::error_code error;
  auto options = fs::directory_options::skip_permission_denied | fs::directory_options::follow_directory_symlink;
  for (fs::recursive_directory_iterator it(dir, options, error), end; !error && it != end; it.increment(error)) {
    if (it.depth() > 16) it.disable_recursion_pending(); // a link may lead back
    if (it->path().extension() == ".beam" && it->is_regular_file(error)) files->push_back(it->path());
  }
}
// The application's directory, of the highest version by name: NAME or NAME-VERSION in one of the libraries.
fs::path find_application(const std::string &name, const std::vector<fs::path> &libraries) {
  for (auto &library : libraries) {
    std::error_code error;
    fs::path best;
    for (fs::directory_iterator it(library, error), end; !error && it != end; it.increment(error)) {
      std::string n = it->path().filename().string();
      if (n != name && n.compare(0, name.size() + 1, name + "-") != 0) continue;
      if (best.empty() || n > best.filename().string()) best = it->path();
    }
    if (!best.empty()) return best;
  }
  return {};
}

class Run {
public:
  explicit Run(std::vector<fs::path> files) : files_(std::move(files)), bar_(isatty(STDERR_FILENO)) {}
  int all(unsigned threads) {
    auto began = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; i++) workers.emplace_back([this] { work(); });
    for (auto &file : files_) {
      ModuleCode *code = prepare(file);
      std::unique_lock g(lock_);
      if (!code) {
        finished(file.stem().string());
        continue;
      }
      room_.wait(g, [&] { return queue_.size() < threads * 2; });
      queue_.push_back({code, file.stem().string()});
      ready_.notify_one();
    }
    {
      std::lock_guard g(lock_);
      no_more_ = true;
      ready_.notify_all();
    }
    for (auto &w : workers) w.join();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (bar_) fputs("\r\033[K", stderr);
    printf("%zu modules compiled, %zu were there, %zu failed; %zu functions, %.1f MB of .beam, %.1f MB of code, "
           "%.1f s of CPU, %.1f s\n",
           compiled_, there_, failed_, total_.functions, double(beam_bytes_) / 1e6, double(total_.code_bytes) / 1e6,
           double(total_.microseconds) / 1e6, seconds);
    return failed_ ? 1 : 0;
  }

private:
  struct Job {
    ModuleCode *code;
    std::string name;
  };
  ModuleCode *prepare(const fs::path &file) {
    std::ifstream in(file, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()), error;
    ModuleCode *code =
        in ? prepare_code(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), Term::none(), &error)
           : (error = "cannot be read", nullptr);
    std::lock_guard g(lock_);
    if (code) beam_bytes_ += bytes.size();
    else failed(file.string(), error);
    return code;
  }
  void work() {
    std::unique_lock g(lock_);
    for (;;) {
      ready_.wait(g, [this] { return no_more_ || !queue_.empty(); });
      if (queue_.empty()) return;
      Job job = queue_.front();
      queue_.pop_front();
      room_.notify_one();
      g.unlock();
      jit::Precompiled done;
      std::string error;
      bool ok = jit::precompile(job.code, &done, &error);
      g.lock();
      if (!ok) failed(job.name, error);
      else if (done.was_there) there_++;
      else compiled_++;
      total_.functions += done.functions;
      total_.code_bytes += done.code_bytes;
      total_.microseconds += done.microseconds;
      finished(job.name);
      // The code stays: a process that only does this ends soon.
    }
  }
  void failed(const std::string &what, const std::string &error) { // with lock_
    if (bar_) fputs("\r\033[K", stderr);
    fprintf(stderr, "joist: %s: %s\n", what.c_str(), error.c_str());
    failed_++;
  }
  void finished(const std::string &name) { // with lock_
    finished_++;
    if (!bar_) return;
    constexpr size_t kWidth = 40;
    size_t full = finished_ * kWidth / files_.size();
    fprintf(stderr, "\r\033[K[%s%s] %zu/%zu %s", std::string(full, '=').c_str(),
            std::string(kWidth - full, ' ').c_str(), finished_, files_.size(), name.c_str());
  }

  std::vector<fs::path> files_;
  bool bar_;
  std::mutex lock_;
  std::condition_variable ready_, room_;
  std::deque<Job> queue_;
  bool no_more_ = false;
  size_t finished_ = 0, compiled_ = 0, there_ = 0, failed_ = 0, beam_bytes_ = 0;
  jit::Precompiled total_;
};

int complain(const std::string &why) {
  fprintf(stderr, "joist: %s\n", why.c_str());
  return 1;
}
} // namespace

int run_precompile(int argc, char **argv) {
  std::vector<std::string> flags, wanted;
  for (int i = 2; i < argc; i++) {
    if (argv[i][0] != '+') {
      wanted.push_back(argv[i]);
      continue;
    }
    flags.push_back("-" + std::string(argv[i] + 1));
    if (i + 1 < argc) flags.push_back(argv[++i]);
  }
  if (wanted.empty())
    return complain(
        "usage: joist precompile [+JPcache DIR] [+JPlimit MB] [+JPthreads N] APPLICATION|DIRECTORY|FILE...");
  OtpRoot otp;
  std::string error;
  if (!find_otp("", &otp, &error)) return complain(error);
  std::vector<fs::path> libraries{otp.root + "/lib"}, files;
  std::string more = getenv("ERL_LIBS") ? getenv("ERL_LIBS") : "";
  for (size_t at = 0, colon; at < more.size(); at = colon + 1) {
    colon = std::min(more.find(':', at), more.size());
    libraries.push_back(more.substr(at, colon - at));
  }
  for (auto &name : wanted) {
    std::error_code none;
    size_t before = files.size();
    if (fs::is_directory(name, none)) add_directory(name, &files);
    else if (fs::is_regular_file(name, none)) files.push_back(name);
    else if (fs::path found = find_application(name, libraries); !found.empty()) add_directory(found, &files);
    if (files.size() == before)
      return complain(name + " is neither an application, nor a directory or file with .beam");
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());

  EmulatorSettings settings;
  auto &tier = jit::tier_settings;
  const unsigned before = tier.threads;
  tier.threads = 0;
  read_emulator_flags(flags, &settings);
  unsigned threads = tier.threads ? tier.threads : std::max(1u, std::thread::hardware_concurrency());
  tier.threads = before;
  if (tier.cache == "false") return complain("+JPcache false: there is nothing to fill");
  if (!jit::compiler(&error)) return complain("no compiler: " + error);
  if (!jit::cache_open(tier.cache, tier.cache_limit, &error)) return complain("the cache cannot be used: " + error);
  // What the loader needs; nothing is executed.
  atom::init(vm_flags.atom_limit);
  literal_init();
  progress::register_thread();
  vm::init();
  bifs::register_all();
  loader::init();
  int status = Run(std::move(files)).all(threads);
  jit::cache_trim();
  return status;
}
} // namespace joist
