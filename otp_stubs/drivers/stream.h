// What the fd and spawn drivers share: packets on byte streams.
#pragma once
#include "otp_stubs/native.h"
#include "runtime/io/driver.h"

namespace joist::stubs {
// Splits what comes in: as it comes, or into packets with a length of 1, 2 or 4 bytes in front.
class PacketReader {
public:
  explicit PacketReader(int header) : header_(size_t(header)) {}
  enum class Outcome : uint8_t { More, Nothing, End, Error };
  // One read from fd, delivered to the port. Error: errno tells.
  Outcome read(Port &port, int fd);
  void clear();

private:
  void split(Port &port, const uint8_t *bytes, size_t n);
  size_t header_;
  std::vector<uint8_t> partial_; // header and beginning of a packet that is not complete
  size_t packet_size_ = 0;       // valid once the header is complete
};

// Puts the length in front of a packet. False: too long for the header.
bool add_packet_header(IoQueue &data, int header);

// Output limits: the port is busy from `high` bytes queued until fewer than `low`.
class BusyLimits {
public:
  explicit BusyLimits(const PortOptions &o) : low_(o.low_limit), high_(o.high_limit) {}
  void check(Port &port);

private:
  uint64_t low_, high_;
  bool busy_ = false;
};

DriverOpen fd_open(Port &port, const std::string &name, const PortOptions &o);
// A port on the file of that name, which is made if it is written to.
DriverOpen file_open(Port &port, const std::string &name, const PortOptions &o);
DriverOpen spawn_open(Port &port, const std::string &command, const PortOptions &o);
} // namespace joist::stubs
