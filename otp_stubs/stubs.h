// The native parts that stock OTP expects of its emulator.
#pragma once
namespace joist::stubs {
// Makes the statically linked native modules known (runtime/nif/static_nif.h). At start, before code is loaded.
void register_natives();
// Makes the linked-in drivers known (runtime/io/driver.h). At start, after ports_init.
void register_drivers();
} // namespace joist::stubs
