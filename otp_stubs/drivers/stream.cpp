#include "otp_stubs/drivers/stream.h"

#include <unistd.h>

namespace joist::stubs {
PacketReader::Outcome PacketReader::read(Port &port, int fd) {
  uint8_t buffer[65536];
  ssize_t n = ::read(fd, buffer, sizeof(buffer));
  if (n < 0) return errno == EINTR || errno == EAGAIN ? Outcome::Nothing : Outcome::Error;
  if (n == 0) return Outcome::End;
  if (header_ == 0) port_deliver(port, buffer, size_t(n));
  else split(port, buffer, size_t(n));
  return Outcome::More;
}

void PacketReader::clear() {
  partial_.clear();
  partial_.shrink_to_fit();
}

void PacketReader::split(Port &port, const uint8_t *p, size_t n) {
  const uint8_t *end = p + n;
  for (;;) {
    while (partial_.size() < header_ && p != end) partial_.push_back(*p++);
    if (partial_.size() < header_) return;
    if (partial_.size() == header_) {
      packet_size_ = 0;
      for (size_t i = 0; i < header_; i++) packet_size_ = packet_size_ << 8 | partial_[i];
      if (size_t(end - p) >= packet_size_) { // whole: no copy
        port_deliver(port, p, packet_size_);
        p += packet_size_;
        partial_.clear();
        continue;
      }
      if (p == end) return;
    }
    size_t missing = header_ + packet_size_ - partial_.size();
    size_t part = std::min(missing, size_t(end - p));
    partial_.insert(partial_.end(), p, p + part);
    p += part;
    if (part < missing) return;
    port_deliver(port, partial_.data() + header_, packet_size_);
    partial_.clear();
  }
}

bool add_packet_header(IoQueue &data, int header) {
  if (header == 0) return true;
  Word n = data.size();
  if (n >> (header * 8) != 0) return false;
  uint8_t bytes[4];
  for (int i = 0; i < header; i++) bytes[i] = uint8_t(n >> (8 * (header - 1 - i)));
  data.push_front_copy(bytes, Word(header));
  return true;
}

void BusyLimits::check(Port &port) {
  Word queued = port_queue(port).size();
  if (!busy_ && queued >= high_) port_set_busy(port, busy_ = true);
  else if (busy_ && (queued < low_ || queued == 0)) port_set_busy(port, busy_ = false);
}
} // namespace joist::stubs
