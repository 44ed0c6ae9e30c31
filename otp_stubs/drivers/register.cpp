#include "otp_stubs/drivers/drivers.h"
#include "otp_stubs/drivers/stream.h"
#include "otp_stubs/stubs.h"
#include "runtime/io/file_port.h"

namespace joist::stubs {
namespace {
const Driver kFd{.name = "fd", .open = fd_open, .takes_limits = true};
const Driver kSpawn{.name = "spawn", .open = spawn_open, .takes_limits = true};
const Driver kFile{.name = "vanilla", .open = file_open, .takes_limits = true};
} // namespace

void register_drivers() {
  builtin_drivers = {&kFd, &kSpawn};
  file_port_driver = &kFile;
  register_inet_drivers();
  for (const Driver *d : {&tty_driver, &ram_file_driver}) driver_register(d);
}
} // namespace joist::stubs
