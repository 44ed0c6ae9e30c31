#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/stream.h"
#include "otp_stubs/stubs.h"

namespace joist::stubs {
namespace {
const Driver kFd{.name = "fd", .open = fd_open, .takes_limits = true};
const Driver kSpawn{.name = "spawn", .open = spawn_open, .takes_limits = true};
} // namespace

void register_drivers() {
  builtin_drivers = {&kFd, &kSpawn};
  register_inet_drivers();
  for (const Driver *d : {&tty_driver, &ram_file_driver}) driver_register(d);
}
} // namespace joist::stubs
