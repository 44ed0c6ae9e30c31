// sendfile/4,5: from an open file to a stream socket within the kernel. Answers as send does, with numbers of bytes.
#include "otp_stubs/prim_file/file_handle.h"
#include "otp_stubs/prim_socket/operations.h"
#include "otp_stubs/prim_socket/socket.h"
#include "runtime/proc/process.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>
#include <utility>

namespace joist::stubs {
namespace {
enum class Progress { Done, Blocked, Failed };
// Sends `count` bytes (0: to the end of the file) from offset on. *sent: how many; *error on failure.
Progress transfer(Socket *s, off_t offset, size_t count, size_t *sent, int *error) {
  constexpr size_t kPart = 0x20000000;
  *sent = 0;
  for (;;) {
    size_t part = count ? std::min(kPart, count - *sent) : kPart;
    s->sendfile.tries++;
    ssize_t n = ::sendfile(s->fd, s->sendfile_fd, &offset, part);
    if (n > 0) {
      *sent += size_t(n);
      s->sendfile.packages++;
      s->sendfile.bytes += size_t(n);
      s->sendfile.package_max = std::max<uint64_t>(s->sendfile.package_max, *sent);
      s->sendfile.current += size_t(n);
      s->sendfile.max = std::max(s->sendfile.max, s->sendfile.current);
      if (count && *sent == count) return Progress::Done;
      continue;
    }
    if (n == 0) return Progress::Done;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Progress::Blocked;
    *error = errno;
    return Progress::Failed;
  }
}

Term file_ends(Process *p, Socket *s, int error) {
  s->sendfile.fails++;
  if (s->sendfile_fd >= 0) ::close(std::exchange(s->sendfile_fd, -1));
  if (s->writer.active()) {
    requestor_release(s->writer);
    requestors_abort(s, s->writers, posix_atom(error));
  }
  return posix_error(p, error);
}

Term go_on(Process *p, Socket *s, Term ref, int64_t offset, size_t count) {
  size_t sent;
  int error = 0;
  switch (transfer(s, off_t(offset), count, &sent, &error)) {
  case Progress::Failed: return file_ends(p, s, error);
  case Progress::Blocked:
    s->sendfile.waits++;
    requestor_set(s, s->writer, p->id, ref);
    select_for(s, Direction::Out, p->id, s->writer.ref);
    return make_tuple(p->heap, named<"select">(), make_uint(p->heap, sent));
  case Progress::Done: break;
  }
  ::close(std::exchange(s->sendfile_fd, -1));
  if (s->writer.active()) requestor_next(s, s->writer, s->writers, Direction::Out);
  return ok_with(p, make_uint(p->heap, sent));
}

struct FileArguments {
  Socket *s;
  int64_t offset;
  size_t count;
};
bool file_arguments(Process *p, const Term *args, FileArguments *a, Term *answer) {
  a->s = socket_of(args[0]);
  if (!a->s || !is_ref(args[1]) || !is_integer(args[2]) || !is_integer(args[3])) return *answer = badarg(p), false;
  if (!get_int64(args[2], &a->offset)) return *answer = error_range(p, args[2]), false;
  return size_argument(p, args[3], &a->count, answer);
}
} // namespace

Term socket_sendfile_5(Process *p, const Term *args) {
  FileArguments a;
  Term answer;
  if (!file_arguments(p, args, &a, &answer)) return answer;
  if (!is_ref(args[4])) return badarg(p);
  Socket *s = a.s;
  std::lock_guard g(s->lock);
  if (!s->open()) return error_closed(p);
  if (s->connector.active()) return error_invalid(p, named<"state">());
  if (Term answer; !requestor_turn(p, s, s->writer, s->writers, args[1], &answer)) return answer;
  if (s->sendfile_fd >= 0) return error_invalid(p, named<"state">());
  FileHandle *f = file_handle_of(args[4]);
  if (!f) return error_invalid(p, named<"efile">());
  s->sendfile_fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
  if (s->sendfile_fd < 0) return file_ends(p, s, errno);
  s->had_sendfile = true;
  s->sendfile.calls++;
  s->sendfile.current = 0;
  return go_on(p, s, args[1], a.offset, a.count);
}

Term socket_sendfile_4(Process *p, const Term *args) {
  FileArguments a;
  Term answer;
  if (!file_arguments(p, args, &a, &answer)) return answer;
  std::lock_guard g(a.s->lock);
  if (!a.s->open()) return error_closed(p);
  if (a.s->connector.active()) return error_invalid(p, named<"state">());
  if (!a.s->writer.active() || a.s->sendfile_fd < 0 || a.s->writer.pid != p->id)
    return raise_invalid(p, named<"state">());
  return go_on(p, a.s, args[1], a.offset, a.count);
}

Term socket_sendfile_1(Process *p, const Term *args) {
  Socket *s = socket_of(args[0]);
  if (!s) return badarg(p);
  std::lock_guard g(s->lock);
  if (s->sendfile_fd < 0) return error_invalid(p, named<"state">());
  ::close(std::exchange(s->sendfile_fd, -1));
  return atoms::ok;
}
} // namespace joist::stubs
