// {fd, In, Out}: ports on descriptors that are there already, above all standard input, output and error; and ports on
// files (open_port("name", ...)), whose descriptor is theirs.
//
// The former descriptors are shared with other programs (a shell, a pipeline), so they are never made non-blocking: that
// would hit the others too. Small output goes out at once when the system says that there is room; everything else is
// written by a thread of the port, which may block.
#include "otp_stubs/drivers/stream.h"
#include "runtime/sched/scheduler.h"

#include <climits>
#include <condition_variable>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <thread>
#include <unistd.h>

namespace joist::stubs {
namespace {
constexpr uint64_t kWritten = 1;  // event: value is bytes written, or -errno
constexpr Word kDirectMax = 2048; // fits into any pipe or terminal that reports room

bool ready_for(int fd, short what) {
  struct pollfd p{fd, what, 0};
  return ::poll(&p, 1, 0) == 1;
}

// Writes what it is given, one batch at a time, and posts the result to the port. Owned by shared_ptr: the thread may
// outlive the port in a write that never ends.
class Writer : public std::enable_shared_from_this<Writer> {
public:
  Writer(Port *port, int fd, bool closes) : port_(port), fd_(fd), closes_(closes) { port_hold(port_); }
  ~Writer() {
    port_release(port_);
    if (closes_) close(fd_);
  }
  bool active() const { return active_; }
  // Starts writing the first slices of the queue. They are kept alive here: the port may die meanwhile.
  void start(const IoQueue &q) {
    std::unique_lock g(lock_);
    count_ = q.peek(batch_, kBatch);
    for (int i = 0; i < count_; i++) bin_ref(kept_[i] = q.slice(size_t(i)).data);
    active_ = true;
    done_ = false;
    if (!running_) {
      running_ = true;
      std::thread([self = shared_from_this()] { self->loop(); }).detach();
    }
    change_.notify_all();
  }
  void acknowledge() { active_ = false; }
  void stop() {
    std::lock_guard g(lock_);
    stop_ = true;
    change_.notify_all();
  }
  // For drain: waits for the batch under way; its result.
  int64_t wait() {
    std::unique_lock g(lock_);
    change_.wait(g, [&] { return done_; });
    return result_;
  }

private:
  static constexpr int kBatch = 64;
  void loop() {
    pthread_setname_np(pthread_self(), "fd_writer");
    std::unique_lock g(lock_);
    for (;;) {
      change_.wait(g, [&] { return stop_ || (count_ > 0 && !done_); });
      if (stop_) return;
      int n = count_;
      g.unlock();
      int64_t r;
      do r = ::writev(fd_, batch_, n);
      while (r < 0 && errno == EINTR);
      if (r < 0 && errno == EAGAIN) { // someone else has made it non-blocking
        struct pollfd p{fd_, POLLOUT, 0};
        ::poll(&p, 1, -1);
        r = 0;
      }
      if (r < 0) r = -errno;
      for (int i = 0; i < n; i++) bin_unref(kept_[i]);
      g.lock();
      result_ = r;
      done_ = true;
      count_ = 0;
      change_.notify_all();
      port_post(port_, kWritten, r);
    }
  }
  Port *port_;
  int fd_;
  bool closes_;
  std::mutex lock_;
  std::condition_variable change_;
  struct iovec batch_[kBatch];
  BinData *kept_[kBatch];
  int count_ = 0;
  bool running_ = false, done_ = false, stop_ = false;
  bool active_ = false; // owner's view: a batch was started and its result not yet taken
  int64_t result_ = 0;
};

class FdPort final : public DriverPort {
public:
  FdPort(Port &port, const PortOptions &o, int owned = -1)
      : in_(o.read ? o.in_fd : -1), out_(o.write ? o.out_fd : -1), packet_(o.packet_bytes), reader_(o.packet_bytes),
        limits_(o), port_(port), owned_(owned) {
    if (out_ >= 0) {
      struct stat st;
      direct_ = fstat(out_, &st) == 0 && S_ISREG(st.st_mode);
    }
    if (in_ >= 0) port_select(port, in_, true, false);
  }
  ~FdPort() override {
    if (in_ >= 0) port_select(port_, in_, false, false);
    if (writer_) writer_->stop();
    else if (owned_ >= 0) close(owned_);
  }

  void output(Port &port, IoQueue &data) override {
    if (!add_packet_header(data, packet_)) return port_fail_posix(port, EINVAL);
    if (out_ < 0) return;
    IoQueue &q = port_queue(port);
    if (q.size() == 0 && try_directly(port, data)) return;
    q.take(data);
    write_more(port);
    limits_.check(port);
  }

  void ready_input(Port &port, int fd) override {
    using O = PacketReader::Outcome;
    if (!ready_for(fd, POLLIN)) return; // somebody else has read it
    O r = reader_.read(port, fd);
    if (r == O::More || r == O::Nothing) return;
    int error = r == O::End ? 0 : errno;
    port_select(port, fd, false, false);
    reader_.clear();
    if (port_queue(port).size() != 0) { // output first
      end_error_ = error;
      ending_ = true;
      return;
    }
    end(port, error);
  }

  void event(Port &port, uint64_t kind, int64_t value) override {
    if (kind != kWritten || !writer_->active()) return;
    take_result(port, value);
  }

  bool control(Port &, uint32_t command, std::string_view, std::string *reply) override {
    constexpr uint32_t kWindowSize = 0x018b0900 + 100; // as user.erl asks
    if (command != kWindowSize) return false;
    struct winsize ws;
    if ((out_ < 0 || ioctl(out_, TIOCGWINSZ, &ws) != 0) && (in_ < 0 || ioctl(in_, TIOCGWINSZ, &ws) != 0)) return false;
    uint32_t size[2] = {ws.ws_col, ws.ws_row};
    reply->assign(reinterpret_cast<char *>(size), sizeof(size));
    return true;
  }

  void drain(Port &port) override {
    IoQueue &q = port_queue(port);
    if (writer_ && writer_->active()) {
      int64_t r = writer_->wait();
      writer_->acknowledge();
      if (r < 0) return q.clear();
      q.pop(Word(r));
    }
    while (q.size() != 0) {
      struct iovec v[64];
      ssize_t n = ::writev(out_, v, q.peek(v, 64));
      if (n >= 0) {
        q.pop(Word(n));
      } else if (errno == EAGAIN) {
        struct pollfd p{out_, POLLOUT, 0};
        ::poll(&p, 1, -1);
      } else if (errno != EINTR) {
        return q.clear();
      }
    }
  }

private:
  bool try_directly(Port &port, IoQueue &data) {
    if (data.size() == 0) return true;
    if (!direct_ && (data.size() > kDirectMax || !ready_for(out_, POLLOUT))) return false;
    struct iovec v[IOV_MAX];
    ssize_t n = ::writev(out_, v, data.peek(v, IOV_MAX));
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) return false;
      port_fail_posix(port, errno);
      return true;
    }
    data.pop(Word(n));
    return data.size() == 0;
  }
  void write_more(Port &port) {
    if (port_queue(port).size() == 0) return;
    if (!writer_) writer_ = std::make_shared<Writer>(&port, out_, owned_ >= 0);
    if (!writer_->active()) writer_->start(port_queue(port));
  }
  void take_result(Port &port, int64_t result) {
    writer_->acknowledge();
    IoQueue &q = port_queue(port);
    if (result < 0) {
      q.clear();
      return port_fail_posix(port, int(-result));
    }
    q.pop(Word(result));
    limits_.check(port);
    if (q.size() != 0) write_more(port);
    else if (ending_) end(port, end_error_);
  }
  void end(Port &port, int error) {
    if (error) port_fail_posix(port, error);
    else port_fail_eof(port);
  }

  int in_, out_, packet_;
  PacketReader reader_;
  BusyLimits limits_;
  Port &port_;
  int owned_; // closed in the end, by the writer if there is one; -1: none
  std::shared_ptr<Writer> writer_;
  bool direct_ = false, ending_ = false;
  int end_error_ = 0;
};
} // namespace

DriverOpen fd_open(Port &port, const std::string &, const PortOptions &o) {
  long max = sysconf(_SC_OPEN_MAX);
  if ((o.read && (o.in_fd < 0 || o.in_fd >= max)) || (o.write && (o.out_fd < 0 || o.out_fd >= max))) return {};
  return {DriverOpen::Outcome::Opened, std::make_unique<FdPort>(port, o)};
}

DriverOpen file_open(Port &port, const std::string &name, const PortOptions &o) {
  const int how = !o.write ? O_RDONLY : o.read ? O_RDWR | O_CREAT : O_WRONLY | O_CREAT | O_TRUNC;
  const int fd = ::open(name.c_str(), how | O_CLOEXEC | O_NONBLOCK, 0666);
  if (fd < 0) return {};
  PortOptions own = o;
  own.in_fd = own.out_fd = fd;
  return {DriverOpen::Outcome::Opened, std::make_unique<FdPort>(port, own, fd)};
}
} // namespace joist::stubs
