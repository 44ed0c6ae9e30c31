// The inet ports: the control protocol of prim_inet.erl on a socket.
#pragma once
#include "otp_stubs/native.h"
#include "runtime/io/driver.h"

#include <sys/socket.h>

namespace joist::stubs {
// Control codes of prim_inet.erl / inet_int.hrl are wire format between it and the driver.
namespace inet {
inline constexpr uint32_t kMagic = 0x03f1a300;
enum Request : uint32_t {
  kOpen = 1, kName = 5, kBind = 6, kSetOpts = 7, kGetOpts = 8, kGetStat = 11, kGetHostName = 12, kFdOpen = 13,
  kGetFd = 14, kGetType = 15, kGetStatus = 16, kServByName = 17, kServByPort = 18, kSubscribe = 24, kGetIfAddrs = 25,
  kIgnoreFd = 28
};
enum Family : uint8_t { kInet = 1, kInet6 = 2, kAny = 3, kLoopback = 4, kLocal = 5 };
inline constexpr uint8_t kReplyError = 0, kReplyOk = 1;
} // namespace inet

// Reads big-endian fields; any read past the end makes it bad.
class FieldReader {
public:
  explicit FieldReader(std::string_view s) : s_(s) {}
  uint8_t u8() { return uint8_t(number(1)); }
  uint16_t u16() { return uint16_t(number(2)); }
  uint32_t u32() { return uint32_t(number(4)); }
  std::string_view bytes(size_t n) {
    if (n > s_.size()) return bad_ = true, std::string_view();
    auto r = s_.substr(0, n);
    s_.remove_prefix(n);
    return r;
  }
  bool empty() const { return s_.empty(); }
  bool bad() const { return bad_; }

private:
  uint64_t number(size_t n) {
    uint64_t v = 0;
    for (char c : bytes(n)) v = v << 8 | uint8_t(c);
    return v;
  }
  std::string_view s_;
  bool bad_ = false;
};
void put_number(std::string *out, uint64_t v, int bytes);

// An address: family, port, bytes. False: malformed or a family that is not supported (then *error is set).
bool read_address(FieldReader &in, int domain, sockaddr_storage *out, socklen_t *size, int *error);
bool write_address(const sockaddr_storage &a, socklen_t size, std::string *out);
// Interfaces and their addresses, as prim_inet:getifaddrs/1 decodes them. Returns 0 or the error.
int write_interfaces(std::string *out);

// Option values by number, with what the option is of the socket itself.
struct InetOptions {
  std::string get(int fd, std::string_view wanted, bool *fine) const; // reply body
  int set(int fd, std::string_view pairs);                             // 0 or error
  void set_defaults_for(int type);

private:
  uint32_t local_[256] = {};
  bool known_[256] = {};
};
} // namespace joist::stubs
