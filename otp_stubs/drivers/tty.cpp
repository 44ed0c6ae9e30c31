// tty_sl: the driver of the interactive shell. user_drv.erl sends operations (a byte, then text or a 16-bit count), gets
// what is typed as UTF-8, and asks for the window size.
#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/tty_line.h"
#include "otp_stubs/native.h"
#include "runtime/io/signals.h"
#include "runtime/io/terminal.h"
#include "runtime/sys/flags.h"

#include <climits>
#include <clocale>
#include <csignal>
#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

namespace joist::stubs {
namespace {
enum Operation : uint8_t { kPut = 0, kMove = 1, kInsert = 2, kDelete = 3, kBeep = 4, kPutSync = 5 };
constexpr uint32_t kControlMagic = 0x018b0900;
enum Control : uint32_t { kWindowSize = 100, kGetUnicode = 101, kSetUnicode = 102 };
constexpr Word kSyncLimit = 1024;      // more than this queued: the answer to kPutSync waits
constexpr size_t kLineLimit = 1 << 16; // a line this long is broken
constexpr uint64_t kWindowChanged = 1; // event

bool open_already = false; // there is one terminal

class TtyPort final : public DriverPort {
public:
  TtyPort(Port &port, int fd, TerminalCaps caps) : port_(port), fd_(fd), line_(std::move(caps)) {
    setlocale(LC_CTYPE, "");
    line_.utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
    take_window_size();
    port_select(port, fd_, true, false);
    port_hold(&port_);
    signal_watch_terminal([](void *p) { port_post(static_cast<Port *>(p), kWindowChanged, 0); }, &port_);
  }
  ~TtyPort() override {
    signal_watch_terminal(nullptr, nullptr);
    port_release(&port_);
    port_select(port_, fd_, false, false);
    terminal_restore();
    if (fd_ > 2) ::close(fd_);
    open_already = false;
  }

  void output(Port &port, IoQueue &data) override {
    std::string command(data.size(), 0);
    data.copy_out(reinterpret_cast<uint8_t *>(command.data()), data.size());
    if (command.empty()) return;
    if (line_.cursor() > kLineLimit) line_.put("\n");
    auto op = uint8_t(command[0]);
    std::string_view rest = std::string_view(command).substr(1);
    int count = rest.size() >= 2 ? int16_t(uint8_t(rest[0]) << 8 | uint8_t(rest[1])) : 0;
    switch (op) {
    case kPut:
    case kPutSync: line_.put(rest); break;
    case kMove: line_.move(count); break;
    case kInsert: line_.insert(rest); break;
    case kDelete: line_.erase(count); break;
    case kBeep: line_.out += '\a'; break;
    }
    IoQueue &q = port_queue(port);
    bool was_empty = q.size() == 0;
    q.push_copy(line_.out.data(), line_.out.size());
    line_.out.clear();
    if (was_empty && !write_some(port)) return;
    if (was_empty && q.size() != 0) port_select(port, fd_, true, true);
    if (op != kPutSync) return;
    if (q.size() > kSyncLimit) owes_ok_ = true;
    else port_notify(port, atoms::ok);
  }

  void ready_output(Port &port, int) override {
    if (!write_some(port)) return;
    Word left = port_queue(port).size();
    if (left < kSyncLimit && owes_ok_) {
      owes_ok_ = false;
      port_notify(port, atoms::ok);
    }
    if (left == 0) port_select(port, fd_, true, false);
  }

  void ready_input(Port &port, int) override {
    char buffer[1024];
    size_t kept = partial_.copy(buffer, sizeof(buffer));
    partial_.clear();
    ssize_t n = ::read(fd_, buffer + kept, sizeof(buffer) - kept);
    if (n < 0) {
      if (errno == EAGAIN || errno == EINTR) return void(partial_.assign(buffer, kept));
      return port_fail(port, Term::small(-1));
    }
    if (n == 0) {
      port_select(port, fd_, false, port_queue(port).size() != 0);
      return port_fail_eof(port);
    }
    deliver(port, std::string_view(buffer, kept + size_t(n)));
  }

  bool control(Port &, uint32_t command, std::string_view data, std::string *reply) override {
    switch (command - kControlMagic) {
    case kWindowSize: {
      winsize ws{};
      ioctl(fd_, TIOCGWINSZ, &ws);
      uint32_t size[2] = {ws.ws_col ? ws.ws_col : 80u, ws.ws_row ? ws.ws_row : 24u};
      reply->assign(reinterpret_cast<char *>(size), sizeof(size));
      return true;
    }
    case kGetUnicode: reply->push_back(line_.utf8); return true;
    case kSetUnicode:
      if (data.empty()) return true;
      reply->push_back(line_.utf8);
      line_.utf8 = data[0] != 0;
      return true;
    default: return false;
    }
  }

  void event(Port &, uint64_t kind, int64_t) override {
    if (kind == kWindowChanged) take_window_size();
  }

  void drain(Port &port) override {
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) & ~O_NONBLOCK);
    IoQueue &q = port_queue(port);
    while (q.size() != 0) {
      iovec v[64];
      ssize_t n = ::writev(fd_, v, q.peek(v, 64));
      if (n >= 0) q.pop(Word(n));
      else if (errno != EINTR) return q.clear();
    }
  }

private:
  // False: the port has failed.
  bool write_some(Port &port) {
    IoQueue &q = port_queue(port);
    while (q.size() != 0) {
      iovec v[64];
      ssize_t n = ::writev(fd_, v, q.peek(v, 64));
      if (n >= 0) {
        q.pop(Word(n));
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        port_fail_posix(port, errno);
        return false;
      }
    }
    return true;
  }
  // Bytes typed, whole characters only. A terminal that sends what is no UTF-8 is a Latin-1 terminal from then on.
  void deliver(Port &port, std::string_view bytes) {
    if (line_.utf8) {
      size_t good = 0;
      while (good < bytes.size()) {
        int n = sequence(bytes.substr(good));
        if (n == 0) { // incomplete
          partial_.assign(bytes.substr(good));
          bytes = bytes.substr(0, good);
          break;
        }
        if (n < 0) {
          line_.utf8 = false;
          break;
        }
        good += size_t(n);
      }
      if (good != 0) port_deliver(port, bytes.data(), good);
      bytes.remove_prefix(good);
    }
    if (bytes.empty()) return;
    std::string text;
    for (char c : bytes) {
      auto b = uint8_t(c);
      if (b < 0x80) text += c;
      else text += {char(0xC0 | b >> 6), char(0x80 | (b & 63))};
    }
    port_deliver(port, text.data(), text.size());
  }
  // Length of the character at the start, 0: more bytes are needed, -1: invalid.
  static int sequence(std::string_view s) {
    uint8_t c = uint8_t(s[0]);
    int n = c < 0x80 ? 1 : c < 0xC2 ? -1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : -1;
    for (int i = 1; i < n; i++) {
      if (size_t(i) >= s.size()) return 0;
      if ((uint8_t(s[size_t(i)]) & 0xC0) != 0x80) return -1;
    }
    return n;
  }
  void take_window_size() {
    winsize ws{};
    if (ioctl(fd_, TIOCGWINSZ, &ws) == 0) line_.set_columns(ws.ws_col);
  }

  Port &port_;
  int fd_;
  TerminalLine line_;
  std::string partial_;
  bool owes_ok_ = false;
};

struct TtyArguments {
  int canonical = 0, echo = 0, signals = 0; // -1 off, 1 on, 0 as it is
  std::string device;
};
TtyArguments parse(const std::string &command) {
  TtyArguments a;
  size_t at = command.find(' ');
  while (at != std::string::npos) {
    size_t end = command.find(' ', at + 1);
    std::string word = command.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    int sign = word[0] == '+' ? 1 : word[0] == '-' ? -1 : 0;
    if (sign == 0) a.device = word;
    else if (word[1] == 'c') a.canonical = sign;
    else if (word[1] == 'e') a.echo = sign;
    else if (word[1] == 's') a.signals = sign;
    at = end;
  }
  return a;
}

termios shell_mode(termios m, const TtyArguments &a) {
  m.c_iflag &= ~tcflag_t(ISTRIP);
  if (vm_flags.break_interrupts_shell) m.c_cc[VINTR] = 0; // +Bc: ^C is a character for the shell
  if (a.canonical > 0) {
    m.c_iflag |= ICRNL;
    m.c_lflag |= ICANON;
    m.c_oflag |= OPOST;
  } else if (a.canonical < 0) {
    m.c_iflag &= ~tcflag_t(ICRNL);
    m.c_lflag &= ~tcflag_t(ICANON);
    m.c_oflag &= ~tcflag_t(OPOST);
    m.c_cc[VMIN] = 1;
    m.c_cc[VTIME] = 0;
  }
  if (a.echo > 0) m.c_lflag |= ECHO;
  else if (a.echo < 0) m.c_lflag &= ~tcflag_t(ECHO);
  constexpr tcflag_t kIn = BRKINT | IGNPAR | ICRNL | IXON | IXANY, kLocal = ISIG | IEXTEN;
  if (a.signals > 0) {
    m.c_iflag |= kIn;
    m.c_lflag |= kLocal;
  } else if (a.signals < 0) {
    m.c_iflag &= ~kIn;
    m.c_lflag &= ~kLocal;
  }
  return m;
}

DriverOpen open_tty(Port &port, const std::string &command, const PortOptions &) {
  TerminalCaps caps;
  if (open_already || !isatty(0) || !isatty(1) || !caps.load(getenv("TERM"))) return {};
  TtyArguments a = parse(command);
  int fd = 0;
  if (!a.device.empty() && (fd = ::open(a.device.c_str(), O_RDWR | O_CLOEXEC)) < 0) return {};
  termios mode;
  if (tcgetattr(fd, &mode) < 0) return {};
  terminal_save(fd);
  terminal_set_raw(shell_mode(mode, a));
  open_already = true;
  return {DriverOpen::Outcome::Opened, std::make_unique<TtyPort>(port, fd, std::move(caps))};
}
} // namespace

const Driver tty_driver{.name = "tty_sl", .open = open_tty};
} // namespace joist::stubs
