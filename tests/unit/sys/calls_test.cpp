// Built-in functions called as in stock_calls.inc must answer what stock answered.
#include "bifs/bifs.h"
#include "runtime/dist/etf.h"
#include "runtime/mem/literal.h"
#include "runtime/term/print.h"

#include <gtest/gtest.h>

#include <map>

using namespace joist;
using namespace joist::runtime;

namespace {
struct Row {
  const char *function, *args, *result;
};
const Row kRows[] = {
#include "tests/unit/sys/stock_calls.inc"
};
const std::map<std::string, Bif> kFunctions = {
    {"erlang:decode_packet/3", bifs::erlang_decode_packet_3},
    {"erlang:universaltime_to_posixtime/1", bifs::erlang_universaltime_to_posixtime_1},
    {"erlang:posixtime_to_universaltime/1", bifs::erlang_posixtime_to_universaltime_1},
    {"erlang:binary_to_term/1", bifs::erlang_binary_to_term_1},
    {"erlang:binary_to_term/2", bifs::erlang_binary_to_term_2},
    {"erlang:term_to_binary/2", bifs::erlang_term_to_binary_2},
    {"erlang:term_to_iovec/1", bifs::erlang_term_to_iovec_1},
    {"erlang:term_to_iovec/2", bifs::erlang_term_to_iovec_2},
    {"erlang:external_size/1", bifs::erlang_external_size_1},
    {"erlang:external_size/2", bifs::erlang_external_size_2},
    {"erlang:monotonic_time/1", bifs::erlang_monotonic_time_1},
    {"erlang:unique_integer/1", bifs::erlang_unique_integer_1},
    {"os:getenv/1", bifs::os_getenv_1},
};

std::vector<uint8_t> unhex(const char *s) {
  std::vector<uint8_t> out;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  for (; *s; s += 2) out.push_back(uint8_t(digit(s[0]) << 4 | digit(s[1])));
  return out;
}
Term decode(Heap &h, const char *hex) {
  std::vector<uint8_t> b = unhex(hex);
  return etf_decode(h, b.data(), b.size(), false, nullptr);
}

TEST(Calls, SameAsStock) {
  atom::init(100000);
  literal_init();
  code_hooks.init_trampolines = [](Export *) {}; // nothing here is ever executed by an interpreter
  for (const Row &r : kRows) {
    auto f = kFunctions.find(r.function);
    ASSERT_NE(f, kFunctions.end()) << r.function;
    Process p;
    p.reductions = kReductions;
    Term args[4], list = decode(p.heap, r.args);
    ASSERT_FALSE(list.is_none());
    unsigned n = 0;
    for (Term l = list; l.is_cons(); l = l.tail()) args[n++] = l.head();
    Term got = f->second(&p, args), answer;
    if (got.is_none()) {
      Term reason = p.freason.reason == Reason::Badarg ? atoms::badarg : atoms::undef;
      answer = make_tuple(p.heap, atoms::error, reason);
    } else {
      answer = make_tuple(p.heap, atoms::ok, got);
    }
    Term expected = decode(p.heap, r.result);
    EXPECT_EQ(to_text(answer), to_text(expected)) << r.function << " " << to_text(list);
    EXPECT_EQ(etf_encode(answer), etf_encode(expected)) << r.function << " " << to_text(list);
    fragment_free(p.heap.fragments);
    p.heap.fragments = nullptr;
  }
}
} // namespace
