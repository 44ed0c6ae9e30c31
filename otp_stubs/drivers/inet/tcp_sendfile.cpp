// file:sendfile: bytes go from a file to the socket within the kernel, after what was queued before.
#include "otp_stubs/drivers/inet/tcp_port.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace joist::stubs::inet {
namespace {
constexpr int64_t kChunk = (int64_t{1} << 30) - 1;
}

Refusal TcpPort::sendfile(std::string_view data) {
  int file;
  if (data.size() != sizeof(file) + 16) return "einval";
  if (!is_connected()) return "enotconn";
  if (file_.fd >= 0) return "einval";
  memcpy(&file, data.data(), sizeof(file)); // as prim_file's handle has it
  FieldReader in(data.substr(sizeof(file)));
  file_ = {.fd = fcntl(file, F_DUPFD_CLOEXEC, 0), .queued_before = port_queue(port_).size()};
  if (file_.fd < 0) return refuse(errno);
  file_.offset = int64_t(in.u64());
  file_.length = int64_t(in.u64());
  sender_ = port_caller(port_);
  if (continue_sendfile() && file_.fd >= 0) want_write(true);
  return kGranted;
}

bool TcpPort::sendfile_failed(int error) {
  sendfile_aborted(error);
  send_failed(error);
  return false;
}

bool TcpPort::continue_sendfile() {
  IoQueue &q = port_queue(port_);
  while (file_.queued_before > 0) {
    iovec v;
    q.peek(&v, 1);
    ssize_t n = ::send(fd_, v.iov_base, std::min<Word>(file_.queued_before, v.iov_len), MSG_NOSIGNAL);
    if (n >= 0) {
      file_.queued_before -= Word(n);
      q.pop(Word(n));
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR) {
      return sendfile_failed(errno);
    }
  }
  while (file_.length > 0) {
    off_t offset = file_.offset;
    ssize_t n = ::sendfile(fd_, file_.fd, &offset, size_t(std::min(kChunk, file_.length)));
    if (n > 0) {
      file_.sent += n;
      file_.offset += n;
      file_.length -= n;
    } else if (n == 0) { // end of file
      file_.length = 0;
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR) {
      return sendfile_failed(errno);
    }
  }
  sendfile_done();
  return true;
}

void TcpPort::forget_file() {
  if (file_.fd >= 0) ::close(file_.fd);
  file_.fd = -1;
}

void TcpPort::sendfile_done() {
  forget_file();
  IoQueue &q = port_queue(port_);
  // Sends may have been queued meanwhile.
  if (q.size() <= Word(stream_.low) && (state_ & kStateBusy)) {
    Term sendfile_caller = sender_;
    unblock_sender();
    reply_ok();
    sender_ = sendfile_caller;
  }
  if (q.size() == 0) {
    want_write(false);
    tell_subscribers();
    if (pending_shutdown_ != Shutdown::None) shutdown_now();
  } else {
    want_write(true);
  }
  FragmentHeap h(10);
  Term sent = make_tuple(h, atoms::ok, make_uint(h, uint64_t(file_.sent) & 0xffffffff),
                         make_uint(h, uint64_t(file_.sent) >> 32));
  send_owner(make_tuple(h, names.sendfile, port_id(port_), sent), h);
}

void TcpPort::sendfile_aborted(int error) {
  bool closed = error == ECONNRESET || error == ENOTCONN || error == EPIPE;
  FragmentHeap h(8);
  Term reason = make_tuple(h, atoms::error, closed ? names.closed : posix_atom(error));
  send_owner(make_tuple(h, names.sendfile, port_id(port_), reason), h);
}
} // namespace joist::stubs::inet
