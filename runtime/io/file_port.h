// Ports on files: open_port("name", ...).
#pragma once
#include "runtime/io/driver.h"
namespace joist::runtime {
extern const Driver *file_port_driver; // set by otp_stubs at start
} // namespace joist::runtime
