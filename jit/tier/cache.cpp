#include "jit/tier/cache.h"

#include "jit/tier/compiler.h"

#include <algorithm>
#include <cpuid.h>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace joist::jit {
namespace {
namespace fs = std::filesystem;

constexpr size_t kLargestFile = size_t{32} << 20, kMostObjects = 256;

std::string top, directory; // of the cache, and of our key in it; empty: no cache
size_t limit = 0;
std::mutex &lock = *new std::mutex; // for what follows, and for writing
unsigned stores = 0;

std::string hex(const uint8_t *bytes, size_t n) {
  static const char digits[] = "0123456789abcdef";
  std::string s;
  for (size_t i = 0; i < n; i++) (s += digits[bytes[i] >> 4]) += digits[bytes[i] & 15];
  return s;
}
std::string hex(uint64_t v) {
  char s[17];
  snprintf(s, sizeof s, "%016llx", static_cast<unsigned long long>(v));
  return s;
}

bool read_at(int fd, uint64_t offset, void *to, size_t n) { return pread(fd, to, n, off_t(offset)) == ssize_t(n); }

// The linker's name for what it made (.note.gnu.build-id). Empty: none.
std::string build_id(const std::string &path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  std::string id;
  Elf64_Ehdr e;
  if (read_at(fd, 0, &e, sizeof e) && e.e_phentsize == sizeof(Elf64_Phdr))
    for (unsigned i = 0; i < e.e_phnum && id.empty(); i++) {
      Elf64_Phdr p;
      if (!read_at(fd, e.e_phoff + i * sizeof p, &p, sizeof p)) break;
      if (p.p_type != PT_NOTE || p.p_filesz > 4096) continue;
      std::string notes(p.p_filesz, 0);
      if (!read_at(fd, p.p_offset, notes.data(), notes.size())) break;
      for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= notes.size();) {
        Elf64_Nhdr n;
        memcpy(&n, notes.data() + at, sizeof n);
        size_t name = at + sizeof n, data = name + ((n.n_namesz + 3) & ~3u);
        if (data + n.n_descsz > notes.size()) break;
        if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && !memcmp(notes.data() + name, "GNU", 4))
          id = hex(reinterpret_cast<const uint8_t *>(notes.data()) + data, n.n_descsz);
        at = data + ((n.n_descsz + 3) & ~3u);
      }
    }
  close(fd);
  return id;
}

std::string processor() {
  std::string s;
  unsigned a, b, c, d;
  auto add = [&](unsigned v) { s += "." + std::to_string(v); };
  if (__get_cpuid(0, &a, &b, &c, &d)) add(b), add(c), add(d);
  if (__get_cpuid(1, &a, &b, &c, &d)) add(a), add(c), add(d); // b: which core this is
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) add(b), add(c), add(d);
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) add(c), add(d);
  return s;
}

uint64_t digest(std::string_view s) {
  uint64_t h = 0xcbf29ce484222325;
  for (char c : s) h = (h ^ uint8_t(c)) * 0x100000001b3;
  return h;
}

// May nobody but the user and root change what is found below `path`?
bool trusted(const fs::path &path, std::string *error) {
  for (fs::path p = path;; p = p.parent_path()) {
    struct stat s;
    if (lstat(p.c_str(), &s) != 0 || !S_ISDIR(s.st_mode)) {
      *error = p.string() + " is not a directory";
      return false;
    }
    bool ours = s.st_uid == geteuid() || s.st_uid == 0;
    bool others_write = (s.st_mode & (S_IWGRP | S_IWOTH)) && (p == path || !(s.st_mode & S_ISVTX));
    if (!ours || others_write || (p == path && s.st_uid != geteuid())) {
      *error = p.string() + " can be changed by other users";
      return false;
    }
    if (p == p.root_path()) return true;
  }
}

std::string read_file(const std::string &path) {
  std::string bytes;
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return bytes;
  struct stat s;
  if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_uid == geteuid() && !(s.st_mode & (S_IWGRP | S_IWOTH)) &&
      size_t(s.st_size) <= kLargestFile) {
    bytes.resize(size_t(s.st_size));
    if (!read_at(fd, 0, bytes.data(), bytes.size())) bytes.clear();
  }
  close(fd);
  return bytes;
}

bool write_file(const std::string &path, std::string_view bytes) {
  std::string temporary = directory + "/.new.XXXXXX";
  int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return false;
  bool ok = true;
  for (size_t at = 0; ok && at < bytes.size();) {
    ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n > 0) at += size_t(n);
    else ok = n < 0 && errno == EINTR;
  }
  ok = close(fd) == 0 && ok && rename(temporary.c_str(), path.c_str()) == 0;
  if (!ok) unlink(temporary.c_str());
  return ok;
}

std::string path_of(const CacheKey &key) { return directory + "/" + hex(key.md5, 16) + "." + hex(key.layout); }

// Deletes stray temporary files, and the oldest files beyond the limit. Other VMs may do the same.
void evict() {
  struct File {
    fs::file_time_type time;
    size_t size;
    fs::path path;
  };
  std::vector<File> files;
  size_t total = 0;
  std::error_code error;
  const auto yesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
  for (fs::recursive_directory_iterator it(top, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (!it->is_regular_file(gone) || it->is_symlink(gone)) continue;
    File f{it->last_write_time(gone), size_t(it->file_size(gone)), it->path()};
    if (gone) continue;
    if (f.path.filename().string().compare(0, 5, ".new.") == 0) {
      if (f.time < yesterday) fs::remove(f.path, gone);
      continue;
    }
    total += f.size;
    files.push_back(std::move(f));
  }
  if (total <= limit) return;
  std::sort(files.begin(), files.end(), [](const File &a, const File &b) { return a.time < b.time; });
  for (auto &f : files) {
    if (total <= limit / 5 * 4) break;
    fs::remove(f.path, error);
    total -= f.size;
  }
}

bool make_directory(const std::string &path) { return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST; }
} // namespace

bool cache_open(const std::string &wanted, size_t limit_bytes, std::string *error) {
  std::string base = wanted;
  if (base.empty()) {
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    std::string parent = xdg && *xdg == '/' ? xdg : home && *home == '/' ? std::string(home) + "/.cache" : "";
    if (parent.empty()) {
      *error = "neither XDG_CACHE_HOME nor HOME says where it is";
      return false;
    }
    make_directory(parent);
    base = parent + "/joist";
  }
  const std::string vm = build_id("/proc/self/exe"), compiler = build_id(compiler_path());
  if (vm.empty() || compiler.empty()) {
    *error = "the executables have no build id";
    return false;
  }
  make_directory(base);
  std::error_code none;
  fs::path real = fs::canonical(base, none);
  if (none || !trusted(real, error)) {
    if (none) *error = base + ": " + none.message();
    return false;
  }
  std::string mine = real.string() + "/" + hex(digest(vm + compiler + processor()));
  if (!make_directory(mine) || !trusted(mine, error)) return false;
  limit = limit_bytes;
  top = real.string();
  directory = mine;
  return true;
}

bool cache_is_open() { return !directory.empty(); }
std::string cache_directory() { return top; }

CacheKey cache_key(const uint8_t (&md5)[16], uint64_t layout) {
  CacheKey key;
  memcpy(key.md5, md5, sizeof key.md5);
  key.layout = layout;
  return key;
}

std::vector<CompiledObject> cache_load(const CacheKey &key) {
  std::vector<CompiledObject> objects;
  if (!directory.empty()) cache_decode(read_file(path_of(key)), &objects);
  return objects;
}

void cache_store(const CacheKey &key, const CompiledObject &object, bool replace) {
  if (directory.empty()) return;
  std::lock_guard guard(lock);
  std::vector<CompiledObject> objects = cache_load(key);
  auto covers = [](const CompiledObject &a, const CompiledObject &b) {
    auto has = [&](const NativeEntry &e) {
      return std::any_of(a.entries.begin(), a.entries.end(), [&](const NativeEntry &x) { return x.code == e.code; });
    };
    return std::all_of(b.entries.begin(), b.entries.end(), has);
  };
  if (replace) std::erase_if(objects, [&](const CompiledObject &o) { return covers(object, o); });
  size_t size = object.elf.size();
  for (auto &o : objects) {
    size += o.elf.size();
    if (covers(o, object)) return; // compiled by another VM meanwhile
  }
  if (objects.size() >= kMostObjects || size > kLargestFile / 2) return;
  objects.push_back(object);
  if (!write_file(path_of(key), cache_encode(objects))) return;
  if (stores++ % 64 == 0) evict();
}

void cache_trim() {
  std::lock_guard guard(lock);
  if (!directory.empty()) evict();
}

bool cache_replace(const CacheKey &key, const std::vector<CompiledObject> &objects) {
  if (directory.empty()) return false;
  std::string bytes = cache_encode(objects);
  std::lock_guard guard(lock);
  return bytes.size() <= kLargestFile && write_file(path_of(key), bytes);
}

} // namespace joist::jit
