#include "tools/joist/otp_root.h"

#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace joist {
namespace {

bool exists(const std::string &path) {
  struct stat s;
  return stat(path.c_str(), &s) == 0;
}

std::string real_path(const std::string &path) {
  char buffer[PATH_MAX];
  return realpath(path.c_str(), buffer) ? buffer : "";
}

std::string parent(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

// Names in `dir` that begin with `prefix`, without it, ascending as the directory lists them.
std::vector<std::string> entries(const std::string &dir, const std::string &prefix) {
  std::vector<std::string> found;
  if (DIR *d = opendir(dir.c_str())) {
    while (dirent *e = readdir(d))
      if (std::string(e->d_name).compare(0, prefix.size(), prefix) == 0) found.push_back(e->d_name + prefix.size());
    closedir(d);
  }
  return found;
}

std::string release_of(const std::string &erts_version) {
  return std::to_string(atoi(erts_version.c_str()) + 12); // erts 13 belongs to OTP 25
}

bool describe(const std::string &root, OtpRoot *out) {
  if (root.empty() || !exists(root + "/releases")) return false;
  std::string version, release;
  for (auto &v : entries(root, "erts-"))
    if (exists(root + "/lib/erts-" + v + "/ebin/erlang.beam") || exists(root + "/erts-" + v + "/bin")) version = v;
  for (auto &r : entries(root + "/releases", ""))
    if (!r.empty() && r[0] >= '1' && r[0] <= '9' && exists(root + "/releases/" + r + "/OTP_VERSION")) release = r;
  if (version.empty()) return false;
  if (release.empty()) release = release_of(version);
  *out = {root, version, release, root + "/erts-" + version + "/bin"};
  return true;
}

} // namespace

std::string own_executable() {
  char buffer[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", buffer, sizeof buffer - 1);
  return n > 0 ? std::string(buffer, size_t(n)) : "";
}

bool describe_bindir(const std::string &root, const std::string &bindir, OtpRoot *out) {
  const std::string erts = parent(bindir), name = erts.substr(erts.rfind('/') + 1);
  if (root.empty() || name.compare(0, 5, "erts-") != 0 || name.size() == 5) return false;
  *out = {root, name.substr(5), release_of(name.substr(5)), bindir};
  return true;
}

bool find_otp(const std::string &given, OtpRoot *out, std::string *error) {
  if (!given.empty()) {
    if (describe(given, out)) return true;
    *error = "no Erlang/OTP installation at " + given + " (expected releases/ and erts-VERSION/ there)";
    return false;
  }
  for (const char *variable : {"JOIST_OTP_ROOT", "ROOTDIR"})
    if (const char *v = getenv(variable); v && *v) {
      if (describe(v, out)) return true;
      *error = std::string("no Erlang/OTP installation at ") + v + " (from $" + variable + ")";
      return false;
    }
  if (const char *path = getenv("PATH")) {
    std::string dirs = path, own_dir = parent(own_executable());
    for (size_t from = 0; from <= dirs.size();) {
      size_t to = std::min(dirs.find(':', from), dirs.size());
      std::string erl = real_path(dirs.substr(from, to - from) + "/erl");
      from = to + 1;
      if (erl.empty() || parent(erl) == own_dir) continue;
      std::string bin = parent(erl);
      if (describe(parent(bin), out) || describe(parent(parent(bin)), out)) return true;
    }
  }
  for (const char *usual : {"/usr/lib/erlang", "/usr/local/lib/erlang"})
    if (describe(usual, out)) return true;
  *error = "no Erlang/OTP found: install it (Debian: apt-get install erlang) or give --otp-root DIR";
  return false;
}

} // namespace joist
