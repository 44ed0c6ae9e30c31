// What the terminal line sends to a terminal, seen by a small model of one: the model's screen must show the line.
#include "otp_stubs/drivers/tty_line.h"

#include <clocale>
#include <gtest/gtest.h>

using joist::stubs::TerminalCaps;
using joist::stubs::TerminalLine;

namespace {
TerminalCaps caps(int columns) {
  TerminalCaps c;
  c.up = "\033[A";
  c.right = "\033[C";
  c.left = "\b";
  c.down = "\n";
  c.wraps_late = true;
  c.columns = columns;
  return c;
}

// Rows of characters; the cursor waits behind the last column (xenl) until the next character.
struct Screen {
  explicit Screen(int columns) : columns(columns), rows(1, std::string(size_t(columns), ' ')) {}
  int columns, row = 0, column = 0;
  std::vector<std::string> rows;
  void feed(std::string_view s) {
    for (size_t i = 0; i < s.size(); i++) {
      if (s[i] == '\033') {
        ASSERT_LT(i + 2, s.size());
        if (s[i + 2] == 'A') row--;
        else if (s[i + 2] == 'C') column++;
        i += 2;
      } else if (s[i] == '\b') {
        if (column == columns) column--;
        column--;
      } else if (s[i] == '\r') {
        column = 0;
      } else if (s[i] == '\n') {
        down();
      } else {
        if (column == columns) {
          column = 0;
          down();
        }
        rows[size_t(row)][size_t(column++)] = s[i];
      }
      ASSERT_GE(row, 0);
      ASSERT_GE(column, 0);
      ASSERT_LE(column, columns);
    }
  }
  void down() {
    row++;
    while (size_t(row) >= rows.size()) rows.emplace_back(size_t(columns), ' ');
  }
  std::string text() const {
    std::string t;
    for (auto &r : rows) t += r;
    while (!t.empty() && t.back() == ' ') t.pop_back();
    return t;
  }
};

struct Terminal {
  explicit Terminal(int columns) : line(caps(columns)), screen(columns) {}
  TerminalLine line;
  Screen screen;
  void sync() {
    screen.feed(line.out);
    line.out.clear();
  }
};
} // namespace

TEST(TtyLine, PutsText) {
  TerminalLine l(caps(80));
  l.put("abc");
  EXPECT_EQ(l.out, "abc");
  l.out.clear();
  l.put("d\ne");
  EXPECT_EQ(l.out, "d\r\ne");
}

TEST(TtyLine, InsertsInTheMiddle) {
  TerminalLine l(caps(80));
  l.put("abcd");
  l.move(-2);
  l.out.clear();
  l.insert("X");
  EXPECT_EQ(l.out, "Xcd\b\b");
}

TEST(TtyLine, ErasesBothWays) {
  TerminalLine l(caps(80));
  l.put("abcd");
  l.out.clear();
  l.erase(-1);
  EXPECT_EQ(l.out, "\b \b");
  l.move(-2);
  l.out.clear();
  l.erase(1);
  EXPECT_EQ(l.out, "c \b\b");
}

TEST(TtyLine, ControlCharactersTakeTwoCellsAndMoveAsOne) {
  TerminalLine l(caps(80));
  l.put("a\001b");
  EXPECT_EQ(l.out, "a^Ab");
  l.out.clear();
  l.move(-2);
  EXPECT_EQ(l.out, "\b\b\b");
}

TEST(TtyLine, EscapesWhatALatin1TerminalLacks) {
  setlocale(LC_CTYPE, "C");
  TerminalLine l(caps(80));
  l.utf8 = false;
  l.put("\xce\xbb\xe2\x82\xac");
  EXPECT_EQ(l.out, "\\x{3BB}\\x{20AC}");
}

TEST(TtyLine, ColourSequencesTakeNoRoom) {
  TerminalLine l(caps(80));
  l.put("\033[31mab");
  l.out.clear();
  l.move(-2);
  EXPECT_EQ(l.out, "\b\b");
}

TEST(TtyLine, RandomEditingShowsTheLine) {
  for (int columns : {5, 7, 80}) {
    Terminal t(columns);
    std::string model;
    size_t at = 0;
    unsigned seed = 12345;
    auto random = [&](unsigned n) { return (seed = seed * 1103515245 + 12345) / 65536 % n; };
    for (int i = 0; i < 3000; i++) {
      switch (random(4)) {
      case 0: {
        std::string s(1 + random(3), char('a' + random(26)));
        t.line.insert(s);
        model.insert(at, s);
        at += s.size();
        break;
      }
      case 1: {
        int n = int(random(5));
        t.line.erase(n);
        model.erase(at, size_t(n));
        break;
      }
      case 2: {
        size_t n = std::min<size_t>(random(5), at);
        t.line.erase(-int(n));
        model.erase(at - n, n);
        at -= n;
        break;
      }
      case 3: {
        int n = int(random(9)) - 4;
        t.line.move(n);
        at = size_t(std::clamp<long>(long(at) + n, 0, long(model.size())));
        break;
      }
      }
      t.sync();
      ASSERT_EQ(t.screen.text(), model) << "columns " << columns << " step " << i;
      ASSERT_EQ(size_t(t.screen.row * columns + t.screen.column), at) << "columns " << columns << " step " << i;
    }
  }
}

TEST(Terminfo, KnowsAnsiLikeTerminals) {
  TerminalCaps c;
  if (!c.load("xterm")) GTEST_SKIP() << "no terminfo database here";
  EXPECT_EQ(c.up, "\033[A");
  EXPECT_EQ(c.right, "\033[C");
  EXPECT_EQ(c.left, "\b");
  EXPECT_TRUE(c.wraps_late);
  EXPECT_FALSE(TerminalCaps().load("dumb"));
  EXPECT_FALSE(TerminalCaps().load("no-such-terminal"));
  EXPECT_FALSE(TerminalCaps().load("../xterm"));
  EXPECT_FALSE(TerminalCaps().load(nullptr));
}
