// Opening, closing and owning file handles.
#include "otp_stubs/prim_file/file_handle.h"
#include "runtime/proc/signal.h"
#include "runtime/sched/progress.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace joist::stubs {
Term file_helper_pid = Term::none();

namespace {
void owner_gone(Watch *w) {
  auto *f = static_cast<FileHandle *>(w);
  for (;;) {
    FileState was = FileState::Idle;
    if (f->state.compare_exchange_strong(was, FileState::Closed)) {
      FragmentHeap h;
      Term message = make_tuple(h, atoms::close, make_magic_ref(h, f->object));
      progress::OnlineScope online;
      if (Process *helper = process_lookup(file_helper_pid)) message_send_built(helper, message, h.take());
      return;
    }
    if (was == FileState::Busy) {
      if (f->state.compare_exchange_strong(was, FileState::ClosePending)) return;
      continue; // the operation has just ended
    }
    return; // closed already
  }
}

struct OpenModes {
  int flags;
  bool directory = false, skip_type_check = false;
};
OpenModes open_modes(Term list) {
  bool read = false, write = false, append = false, exclusive = false, sync = false;
  OpenModes m{};
  for (; list.is_cons(); list = list.tail()) {
    Term t = list.head();
    if (t == atoms::read) read = true;
    else if (t == atoms::write) write = true;
    else if (t == atoms::append) append = write = true;
    else if (t == atoms::exclusive) exclusive = write = true;
    else if (t == atoms::sync) sync = true;
    else if (t == atoms::directory) m.directory = true;
    else if (t == atoms::skip_type_check) m.skip_type_check = true;
  }
  if (!write) m.flags = O_RDONLY;
  else if (read) m.flags = O_RDWR | O_CREAT;
  else m.flags = O_WRONLY | O_CREAT | (append ? 0 : O_TRUNC);
  if (append) m.flags |= O_APPEND;
  if (exclusive) m.flags |= O_EXCL;
  if (sync) m.flags |= O_SYNC;
  if (m.directory) m.flags |= O_DIRECTORY;
  return m;
}
} // namespace

PathArg::PathArg(Term t) {
  if (!is_binary(t)) return;
  Bytes b = bytes_of(t, scratch_);
  auto *nul = static_cast<const uint8_t *>(memchr(b.data, 0, b.size));
  if (!nul) return;
  for (const uint8_t *q = nul; q < b.data + b.size; q++)
    if (*q != 0) return;
  text_ = reinterpret_cast<const char *>(b.data);
  ok_ = true;
}

FileHandle *file_handle_of(Term t) { return magic_value<FileHandle>(t); }

Term file_handle_new(Process *p, int fd) {
  auto *m = magic_new<FileHandle>();
  m->value.object = m;
  m->value.fd = fd;
  m->value.gone = owner_gone;
  progress::OnlineScope online;
  if (!process_watch(p->id, &m->value)) {
    m->value.state = FileState::Closed;
    file_handle_close(&m->value); // drops the only reference
    return posix_error(p, EINVAL);
  }
  return ok_with(p, make_magic_ref(p->heap, m)); // the reference from magic_new stays until the file is closed
}

int file_handle_close(FileHandle *f) {
  int fd = std::exchange(f->fd, -1);
  if (fd < 0) return 0;
  int error = ::close(fd) < 0 ? errno : 0; // never retried: the descriptor is gone in any case
  bin_unref(f->object);
  return error;
}

Term file_open_2(Process *p, const Term *args) {
  if (!args[1].is_list()) return badarg(p);
  OpenModes m = open_modes(args[1]);
  PathArg path(args[0]);
  if (!path.ok()) return posix_error(p, EINVAL);
  int fd;
  do fd = ::open(path.c_str(), m.flags | O_CLOEXEC, m.directory ? 0777 : 0666);
  while (fd < 0 && errno == EINTR);
  if (fd < 0) return posix_error(p, errno);
  if (!m.skip_type_check && !m.directory) {
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
      ::close(fd);
      return posix_error(p, EISDIR);
    }
  }
  return file_handle_new(p, fd);
}

Term file_desc_to_ref_1(Process *p, const Term *args) {
  int fd;
  if (!get_int(args[0], &fd)) return badarg(p);
  if (fcntl(fd, F_GETFL) == -1 && errno == EBADF) return posix_error(p, EBADF);
  return file_handle_new(p, fd);
}

Term file_close_1(Process *p, const Term *args) {
  FileHandle *f = file_handle_of(args[0]);
  if (!f) return badarg(p);
  FileState was = FileState::Idle;
  if (!f->state.compare_exchange_strong(was, FileState::Closed)) return posix_error(p, EINVAL);
  process_unwatch(f);
  int error = file_handle_close(f);
  return error ? posix_error(p, error) : atoms::ok;
}

Term file_delayed_close_1(Process *p, const Term *args) {
  FileHandle *f = file_handle_of(args[0]);
  if (!f || f->state.load() != FileState::Closed) return badarg(p);
  file_handle_close(f);
  return atoms::ok;
}
} // namespace joist::stubs
