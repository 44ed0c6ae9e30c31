// The line of a smart terminal: what user_drv has put on it, where the cursor is, and which bytes make the terminal show
// a change. No input or output here: bytes are collected in `out`.
//
// A line is a row of cells. A plain character is one cell. What is shown as more than one character (a tab, ^X for a
// control character, \x{..} for one the terminal lacks) is a first cell that holds it, followed by filler cells: each
// cell takes the width of what it shows, and the cursor only stops at first cells.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace joist::stubs {
// What the terminal can do (terminfo).
struct TerminalCaps {
  std::string up, down, left, right;
  bool wraps_late = false; // xenl: the cursor stays behind the last column until the next character
  int columns = 80;
  // Reads the description of `term` from the terminfo database. False: there is none, or it cannot move the cursor.
  bool load(const char *term);
};

class TerminalLine {
public:
  explicit TerminalLine(TerminalCaps caps) : caps_(std::move(caps)) {}
  std::string out;
  bool utf8 = true;
  void set_columns(int n) {
    if (n > 0) caps_.columns = n;
  }
  // The operations of user_drv. Text is UTF-8; invalid bytes are taken as Latin-1.
  void put(std::string_view text); // overwrites at the cursor; newlines start a new line
  void insert(std::string_view text);
  void erase(int n); // n characters after the cursor, or -n before it
  void move(int n);
  size_t cursor() const { return at_; }

private:
  using Cell = uint32_t;
  static constexpr Cell kControl = 0x10000000, kEscaped = 0x01000000, kTags = 0xFF000000;
  size_t write_into_line(std::string_view text);
  void show(size_t from, size_t to, bool newline_follows);
  void show_char(Cell c);
  void move_cursor(int from_column, int to_column);
  size_t step(int n) const;
  int column(size_t position) const;
  void put_cell(Cell c);
  TerminalCaps caps_;
  std::vector<Cell> line_;
  size_t at_ = 0;
};
} // namespace joist::stubs
