// Expected results from stock Erlang: runs a script beside the tests and reads the term it wrote.
#pragma once
#include "runtime/atom/atom.h"
#include "runtime/dist/etf.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace joist::runtime::testing {

// The list of rows that `script` (in the folder of `file`) writes for `what`; none if there is no stock Erlang here.
inline Term stock_rows(Heap &h, const char *file, const char *script, const char *what) {
  atom::init(1 << 20);
  if (system("command -v escript >/dev/null 2>&1") != 0) return Term::none();
  std::string dir = file;
  dir.resize(dir.rfind('/'));
  char out[] = "/tmp/joist_test_XXXXXX";
  int fd = mkstemp(out);
  if (fd < 0) return Term::none();
  std::string command = "escript " + dir + "/" + script + " " + what + " " + out + " >/dev/null";
  Term rows = Term::none();
  if (system(command.c_str()) == 0) {
    FILE *f = fdopen(fd, "rb");
    fseek(f, 0, SEEK_END);
    std::string bytes(size_t(ftell(f)), '\0');
    rewind(f);
    size_t n = fread(bytes.data(), 1, bytes.size(), f);
    fclose(f);
    Word used;
    rows = etf_decode(h, reinterpret_cast<const uint8_t *>(bytes.data()), n, false, &used);
    EXPECT_FALSE(rows.is_none()) << "cannot decode what " << script << " wrote";
  } else {
    ADD_FAILURE() << command;
    close(fd);
  }
  unlink(out);
  return rows;
}

// Columns of the row at the head of a list.
struct Row {
  explicit Row(Term list) : e(tuple_elements(list.head())), n(tuple_arity(list.head())) {}
  Term operator[](Word i) const { return i < n ? e[i] : Term::none(); }
  Term *e;
  Word n;
};

} // namespace joist::runtime::testing
