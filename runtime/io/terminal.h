// The state of the controlling terminal, kept so that it can be put back however the VM ends.
#pragma once
#include <string>
#include <string_view>
struct termios;
namespace joist::runtime {
// What the VM itself writes (erlang:display, slogans, the BREAK menu) has a carriage return before every line feed,
// on a terminal or not: stock's output has.
std::string with_carriage_returns(std::string_view text);
// Remembers modes and flags of a terminal that is about to be changed.
void terminal_save(int fd);
// Puts them back, if anything was saved. At exit, also in a crash: calls only async-signal-safe functions.
void terminal_restore();
// Sets the mode of the shell, and sets it again after terminal_restore (after a stop, after the BREAK menu).
void terminal_set_raw(const ::termios &mode);
void terminal_raw_again();
bool terminal_is_raw();
} // namespace joist::runtime
