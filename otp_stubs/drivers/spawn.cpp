// {spawn, Command} and {spawn_executable, File}: ports on child processes, by two pipes.
#include "otp_stubs/drivers/stream.h"
#include "runtime/io/child.h"
#include "runtime/sys/env.h"

#include <climits>
#include <fcntl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

namespace joist::stubs {
namespace {
// Events.
constexpr uint64_t kStarted = 1;     // value: pid
constexpr uint64_t kStartFailed = 2; // value: error
constexpr uint64_t kExited = 3;      // value: wait status

// A pipe, both ends above the standard descriptors and closed on exec.
struct Pipe {
  int read_end = -1, write_end = -1;
  bool open() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) < 0) return false;
    read_end = raise(fds[0]);
    write_end = raise(fds[1]);
    return read_end >= 0 && write_end >= 0;
  }
  void close() {
    if (read_end >= 0) ::close(read_end);
    if (write_end >= 0) ::close(write_end);
    read_end = write_end = -1;
  }

private:
  // The child's numbers 0..4 must not be a source of its own dup2.
  static int raise(int fd) {
    if (fd > 10) return fd;
    int up = fcntl(fd, F_DUPFD_CLOEXEC, 11), error = errno;
    ::close(fd);
    errno = error;
    return up;
  }
};

class SpawnPort final : public DriverPort {
public:
  SpawnPort(Port &port, const PortOptions &o, int in, int out)
      : port_(port), in_(in), out_(out), packet_(o.packet_bytes), report_(o.exit_status), reader_(o.packet_bytes),
        limits_(o) {}
  ~SpawnPort() override {
    close_in();
    close_out();
  }

  void output(Port &port, IoQueue &data) override {
    if (!add_packet_header(data, packet_)) return port_fail_posix(port, EINVAL);
    if (out_ < 0) return port_fail_posix(port, EBADF);
    IoQueue &q = port_queue(port);
    bool was_empty = q.size() == 0;
    if (was_empty && !write_some(port, data)) return;
    if (data.size() == 0) return;
    q.take(data);
    if (was_empty) port_select(port, out_, false, true);
    limits_.check(port);
  }

  void ready_output(Port &port, int) override {
    IoQueue &q = port_queue(port);
    if (!write_some(port, q)) return;
    limits_.check(port);
    if (q.size() == 0) port_select(port, out_, false, false);
  }

  void ready_input(Port &port, int fd) override {
    using O = PacketReader::Outcome;
    O r = reader_.read(port, fd);
    if (r == O::More || r == O::Nothing) return;
    if (r == O::Error) return port_fail_posix(port, errno);
    port_select(port, fd, false, false);
    reader_.clear();
    end_of_input_ = true;
    finish(port);
  }

  void event(Port &port, uint64_t kind, int64_t value) override {
    switch (kind) {
    case kStarted:
      port_set_os_pid(port, value);
      port_opened(port);
      if (in_ >= 0) port_select(port, in_, true, false);
      break;
    case kStartFailed: port_open_failed(port, posix_atom(int(value))); break;
    case kExited:
      exited_ = true;
      status_ = int(value);
      finish(port);
      break;
    }
  }

  void drain(Port &port) override {
    IoQueue &q = port_queue(port);
    if (out_ < 0) return;
    fcntl(out_, F_SETFL, fcntl(out_, F_GETFL) & ~O_NONBLOCK);
    while (q.size() != 0) {
      struct iovec v[64];
      ssize_t n = ::writev(out_, v, q.peek(v, 64));
      if (n >= 0) q.pop(Word(n));
      else if (errno != EINTR) return q.clear();
    }
  }

private:
  // False: the port has failed.
  bool write_some(Port &port, IoQueue &q) {
    if (q.size() == 0) return true;
    struct iovec v[IOV_MAX];
    ssize_t n = ::writev(out_, v, q.peek(v, IOV_MAX));
    if (n < 0) {
      if (errno == EINTR || errno == EAGAIN) return true;
      int error = errno;
      port_select(port, out_, false, false);
      port_fail_posix(port, error);
      return false;
    }
    q.pop(Word(n));
    return true;
  }
  // The end of the port: all input has been read and, where the exit status is wanted, it is known.
  void finish(Port &port) {
    bool input_done = end_of_input_ || in_ < 0;
    if (!input_done || (report_ && !exited_)) return;
    if (report_) port_exit_status(port, WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_));
    report_ = false;
    port_fail_eof(port);
  }
  void close_in() {
    if (in_ < 0) return;
    port_select(port_, in_, false, false);
    ::close(in_);
    in_ = -1;
  }
  void close_out() {
    if (out_ < 0) return;
    port_select(port_, out_, false, false);
    ::close(out_);
    out_ = -1;
  }

  Port &port_;
  int in_, out_, packet_;
  bool report_;
  PacketReader reader_;
  BusyLimits limits_;
  bool end_of_input_ = false, exited_ = false;
  int status_ = 0;
};

// Keeps the port until both callbacks of a child are gone.
struct PortHold {
  Port *port;
  explicit PortHold(Port *p) : port(p) { port_hold(p); }
  PortHold(const PortHold &) = delete;
  ~PortHold() { port_release(port); }
};

ChildSpec child_spec(const std::string &command, const PortOptions &o) {
  ChildSpec c;
  c.environment = o.environment ? *o.environment : env_all();
  c.directory = o.directory;
  c.report_exit = o.exit_status;
  if (o.spawn == PortOptions::Spawn::Executable) {
    c.program = command;
    c.args.push_back(o.arg0.value_or(command));
    if (o.args) c.args.insert(c.args.end(), o.args->begin(), o.args->end());
  } else {
    c.program = "/bin/sh";
    c.args = {"sh", "-c", "exec " + command};
  }
  return c;
}
} // namespace

DriverOpen spawn_open(Port &port, const std::string &command, const PortOptions &o) {
  auto failed = [](int error) { return DriverOpen{DriverOpen::Outcome::Posix, nullptr, error}; };
  if (o.spawn == PortOptions::Spawn::Executable && access(command.c_str(), X_OK) != 0) return failed(errno);
  Pipe to_child, from_child;
  if ((o.write && !to_child.open()) || (o.read && !from_child.open())) {
    int error = errno;
    to_child.close();
    from_child.close();
    return failed(error);
  }
  ChildSpec c = child_spec(command, o);
  if (o.write) c.descriptors.emplace_back(to_child.read_end, o.use_stdio ? 0 : 3);
  if (o.read) c.descriptors.emplace_back(from_child.write_end, o.use_stdio ? 1 : 4);
  if (o.stderr_to_stdout && o.read) c.descriptors.emplace_back(from_child.write_end, 2);
  if (o.read) fcntl(from_child.read_end, F_SETFL, O_NONBLOCK);
  if (o.write) fcntl(to_child.write_end, F_SETFL, O_NONBLOCK);

  auto hold = std::make_shared<PortHold>(&port);
  auto started = [hold, in = to_child.read_end, out = from_child.write_end, dir = o.directory](int pid, int error) {
    if (in >= 0) ::close(in);
    if (out >= 0) ::close(out);
    if (error == 0) return port_post(hold->port, kStarted, pid);
    if (error == EAGAIN || error == ENOMEM) return port_post(hold->port, kStartFailed, error);
    // Stock finds out in the child, which then exits with the error as its status.
    if (dir && access(dir->c_str(), X_OK) != 0) fprintf(stderr, "spawn: Could not cd to %s\r\n", dir->c_str());
    port_post(hold->port, kStarted, -1);
    port_post(hold->port, kExited, (error & 255) << 8);
  };
  auto exited = [hold](int status) { port_post(hold->port, kExited, status); };
  auto instance = std::make_unique<SpawnPort>(port, o, from_child.read_end, to_child.write_end);
  child_start(std::move(c), started, exited);
  return {DriverOpen::Outcome::Pending, std::move(instance)};
}
} // namespace joist::stubs
