// The linked-in drivers that Erlang code opens by name.
#pragma once
#include "runtime/io/driver.h"
namespace joist::stubs {
extern const runtime::Driver udp_inet_driver, tcp_inet_driver, tty_driver, ram_file_driver;
} // namespace joist::stubs
