// ram_file_drv: files in memory, for ram_file.erl. A command is a byte and its arguments; every command is answered by
// one message of data that begins with a kind byte.
#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/inet/protocol.h"

namespace joist::stubs {
namespace {
enum Command : uint8_t {
  kOpen = 1,
  kRead = 2,
  kSeek = 3,
  kWrite = 4,
  kSync = 9,
  kTruncate = 14,
  kPread = 17,
  kPwrite = 18,
  kDataSync = 19,
  kGet = 30,
  kSize = 37,
  kAdvise = 38,
  kAllocate = 39
};
enum Reply : uint8_t { kOk = 0, kError = 1, kData = 2, kNumber = 3 };
constexpr uint32_t kModeRead = 1, kModeWrite = 2;

class RamFile final : public DriverPort {
public:
  void output(Port &port, IoQueue &data) override {
    std::string bytes(data.size(), 0);
    data.copy_out(reinterpret_cast<uint8_t *>(bytes.data()), data.size());
    inet::FieldReader in(bytes);
    auto command = in.u8();
    auto rest = [&](size_t skip) { return std::string_view(bytes).substr(std::min(bytes.size(), 1 + skip)); };
    switch (command) {
    case kOpen:
      mode_ = in.u32();
      if (in.bad()) return error(port, EINVAL);
      content_ = rest(4);
      at_ = 0;
      return number(port, 0);
    case kRead: return read(port, int32_t(in.u32()), nullptr);
    case kPread: {
      int64_t at = int32_t(in.u32());
      return read(port, int32_t(in.u32()), &at);
    }
    case kWrite: return write(port, rest(0), nullptr);
    case kPwrite: {
      int64_t at = int32_t(in.u32());
      return write(port, rest(4), &at);
    }
    case kSeek: {
      int64_t offset = int32_t(in.u32());
      return seek(port, offset, in.u32());
    }
    case kTruncate:
      if (!(mode_ & kModeWrite)) return error(port, EACCES);
      if (int64_t(content_.size()) != at_) content_.resize(size_t(at_)); // also grows, with zeros
      return ok(port);
    case kGet: return reply_data(port, content_);
    case kSize: return number(port, int64_t(content_.size()));
    case kSync:
    case kDataSync:
    case kAdvise:
    case kAllocate: return mode_ == 0 ? error(port, EBADF) : ok(port);
    default: return; // ram_file.erl sends nothing else
    }
  }

private:
  void read(Port &port, int64_t n, const int64_t *location) {
    if (!(mode_ & kModeRead)) return error(port, EBADF);
    int64_t from = location ? *location : at_, size = int64_t(content_.size());
    if (from < 0 || n < 0) return error(port, EINVAL);
    n = from < size ? std::min(n, size - from) : 0;
    reply_data(port, n ? std::string_view(content_).substr(size_t(from), size_t(n)) : std::string_view("", 0));
    if (!location) at_ = from + n;
  }
  void write(Port &port, std::string_view data, const int64_t *location) {
    if (location && *location < 0) return error(port, EINVAL);
    if (!(mode_ & kModeWrite)) return error(port, EBADF);
    int64_t to = location ? *location : at_, end = to + int64_t(data.size());
    if (end > INT32_MAX) return error(port, EINVAL);
    if (end > int64_t(content_.size())) content_.resize(size_t(end));
    content_.replace(size_t(to), data.size(), data);
    if (!location) at_ = end;
    number(port, int64_t(data.size()));
  }
  void seek(Port &port, int64_t offset, uint32_t whence) {
    if (mode_ == 0) return error(port, EBADF);
    int64_t to = whence == 0   ? offset
                 : whence == 1 ? at_ + offset
                 : whence == 2 ? int64_t(content_.size()) + offset
                               : -1;
    if (to < 0) return error(port, EINVAL);
    at_ = to;
    number(port, at_);
  }
  static void ok(Port &port) {
    uint8_t kind = kOk;
    port_deliver_header(port, &kind, 1, nullptr, 0);
  }
  static void error(Port &port, int code) {
    std::string s(1, char(kError));
    s += posix_name(code);
    port_deliver_header(port, s.data(), s.size(), nullptr, 0);
  }
  static void number(Port &port, int64_t v) {
    std::string s(1, char(kNumber));
    inet::put_number(&s, uint64_t(v), 4);
    port_deliver_header(port, s.data(), s.size(), nullptr, 0);
  }
  static void reply_data(Port &port, std::string_view data) {
    std::string s(1, char(kData));
    inet::put_number(&s, data.size(), 4);
    port_deliver_header(port, s.data(), s.size(), data.data(), data.size());
  }

  std::string content_;
  int64_t at_ = 0;
  uint32_t mode_ = 0;
};

DriverOpen open_ram_file(Port &, const std::string &, const PortOptions &) {
  return {DriverOpen::Outcome::Opened, std::make_unique<RamFile>()};
}
} // namespace

const Driver ram_file_driver{.name = "ram_file_drv", .open = open_ram_file};
} // namespace joist::stubs
