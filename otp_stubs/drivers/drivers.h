// The linked-in drivers that Erlang code opens by name.
#pragma once
#include "runtime/io/driver.h"
namespace joist::stubs {
extern const runtime::Driver tty_driver, ram_file_driver;
void register_inet_drivers();
} // namespace joist::stubs
