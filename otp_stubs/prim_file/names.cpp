// Operations on names: directories, links, file information.
#include "otp_stubs/prim_file/file_handle.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

namespace joist::stubs {
namespace {
Term result(Process *p, int outcome) { return outcome < 0 ? posix_error(p, errno) : atoms::ok; }
Term bad_path(Process *p) { return posix_error(p, EINVAL); }

Term file_type(mode_t m) {
  if (S_ISCHR(m) || S_ISBLK(m)) return atoms::device;
  if (S_ISDIR(m)) return atoms::directory;
  if (S_ISREG(m)) return atoms::regular;
  if (S_ISLNK(m)) return atoms::symlink;
  return atoms::other;
}
bool same_directory(const char *a, const char *b) {
  struct stat x, y;
  return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}
} // namespace

Term file_info_term(Process *p, const struct stat &st, Term access) {
  Heap &h = p->heap;
  constexpr int64_t kEarliest = -2145916800; // stock clamps to 1902: what its calendar functions take
  auto seconds = [&](int64_t t) { return Term::small(std::max(kEarliest, t)); };
  auto u32 = [](Word v) { return Term::small(int64_t(uint32_t(v))); }; // the record has 32-bit fields in stock
  return make_tuple(h, atoms::file_info, make_uint(h, Word(st.st_size)), file_type(st.st_mode), access,
                    seconds(st.st_atime), seconds(st.st_mtime), seconds(st.st_ctime), u32(st.st_mode), u32(st.st_nlink),
                    u32(st.st_dev), u32(st.st_rdev), u32(st.st_ino), u32(st.st_uid), u32(st.st_gid));
}

Term file_read_info_2(Process *p, const Term *args) {
  int follow;
  if (!get_int(args[1], &follow)) return badarg(p);
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  struct stat st;
  if ((follow ? stat(path.c_str(), &st) : lstat(path.c_str(), &st)) < 0) return posix_error(p, errno);
  bool read = access(path.c_str(), R_OK) == 0, write = access(path.c_str(), W_OK) == 0;
  return file_info_term(p, st, read ? (write ? atoms::read_write : atoms::read) : write ? atoms::write : atoms::none);
}

Term file_set_permissions_2(Process *p, const Term *args) {
  uint32_t mode;
  if (!get_uint(args[1], &mode)) return badarg(p);
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  mode &= 06777;
  if (chmod(path.c_str(), mode) == 0) return atoms::ok;
  return result(p, chmod(path.c_str(), mode & 0777)); // the set-id bits may not be ours to set
}

Term file_set_owner_3(Process *p, const Term *args) {
  int uid, gid;
  if (!get_int(args[1], &uid) || !get_int(args[2], &gid)) return badarg(p);
  PathArg path(args[0]);
  return path.ok() ? result(p, chown(path.c_str(), uid_t(uid), gid_t(gid))) : bad_path(p);
}

Term file_set_time_4(Process *p, const Term *args) {
  int64_t accessed, modified, created;
  if (!get_int64(args[1], &accessed) || !get_int64(args[2], &modified) || !get_int64(args[3], &created))
    return badarg(p);
  PathArg path(args[0]);
  struct utimbuf times{accessed, modified};
  return path.ok() ? result(p, utime(path.c_str(), &times)) : bad_path(p);
}

Term file_read_link_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  std::vector<char> buffer(256);
  for (;;) {
    ssize_t n = readlink(path.c_str(), buffer.data(), buffer.size());
    if (n < 0) return posix_error(p, errno);
    if (size_t(n) < buffer.size()) return ok_with(p, make_binary_from(p->heap, buffer.data(), Word(n)));
    buffer.resize(buffer.size() * 2);
  }
}

Term file_list_dir_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  DIR *dir = opendir(path.c_str());
  if (!dir) return posix_error(p, errno);
  Term list = Term::nil();
  while (struct dirent *e = readdir(dir)) {
    std::string_view name = e->d_name;
    if (name != "." && name != "..") list = make_cons(p->heap, make_binary_from(p->heap, name), list);
  }
  closedir(dir);
  return ok_with(p, list);
}

Term file_rename_2(Process *p, const Term *args) {
  PathArg from(args[0]), to(args[1]);
  if (!from.ok() || !to.ok()) return bad_path(p);
  if (rename(from.c_str(), to.c_str()) == 0) return atoms::ok;
  int error = errno;
  if (error == ENOTEMPTY) error = EEXIST;
  else if (std::string_view(from.c_str()) == "/") error = EINVAL;
  return posix_error(p, error);
}

Term file_make_hard_link_2(Process *p, const Term *args) {
  PathArg from(args[0]), to(args[1]);
  return from.ok() && to.ok() ? result(p, link(from.c_str(), to.c_str())) : bad_path(p);
}

Term file_make_soft_link_2(Process *p, const Term *args) {
  PathArg from(args[0]), to(args[1]);
  return from.ok() && to.ok() ? result(p, symlink(from.c_str(), to.c_str())) : bad_path(p);
}

Term file_make_dir_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  return path.ok() ? result(p, mkdir(path.c_str(), 0777)) : bad_path(p);
}

Term file_del_file_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  if (unlink(path.c_str()) == 0) return atoms::ok;
  return posix_error(p, errno == EISDIR ? EPERM : errno); // POSIX says EPERM for a directory
}

Term file_del_dir_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  if (!path.ok()) return bad_path(p);
  if (rmdir(path.c_str()) == 0) return atoms::ok;
  int error = errno == ENOTEMPTY ? EEXIST : errno;
  if (error == EEXIST && same_directory(path.c_str(), ".")) error = EINVAL;
  return posix_error(p, error);
}

Term file_get_device_cwd_1(Process *p, const Term *args) {
  int device;
  return get_int(args[0], &device) ? posix_error(p, ENOTSUP) : badarg(p);
}

Term file_set_cwd_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  return path.ok() ? result(p, chdir(path.c_str())) : bad_path(p);
}

Term file_get_cwd_0(Process *p, const Term *) {
  std::vector<char> buffer(256);
  while (!getcwd(buffer.data(), buffer.size())) {
    if (errno != ERANGE) return posix_error(p, errno);
    buffer.resize(buffer.size() * 2);
  }
  return ok_with(p, make_binary_from(p->heap, std::string_view(buffer.data())));
}

// Short DOS names exist on Windows only.
Term file_altname_1(Process *p, const Term *args) {
  PathArg path(args[0]);
  return path.ok() ? posix_error(p, ENOTSUP) : bad_path(p);
}
} // namespace joist::stubs
