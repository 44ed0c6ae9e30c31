#include "runtime/io/terminal.h"

#include <fcntl.h>
#include <termios.h>

namespace joist::runtime {
namespace {
int fd = -1;
int flags;
termios cooked, raw;
bool is_raw = false;
} // namespace

std::string with_carriage_returns(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

void terminal_save(int f) {
  fd = f;
  flags = fcntl(f, F_GETFL);
  tcgetattr(f, &cooked);
}

void terminal_restore() {
  if (fd < 0) return;
  tcsetattr(fd, TCSANOW, &cooked);
  fcntl(fd, F_SETFL, flags);
  is_raw = false;
}

void terminal_set_raw(const termios &mode) {
  raw = mode;
  terminal_raw_again();
}

void terminal_raw_again() {
  if (fd < 0) return;
  tcsetattr(fd, TCSANOW, &raw);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  is_raw = true;
}

bool terminal_is_raw() { return is_raw; }
} // namespace joist::runtime
