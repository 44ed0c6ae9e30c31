// The regular expression engine as PCRE 8.44: expected values come from stock OTP 25.
#include "bifs/regex_engine.h"

#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

using namespace joist::bifs::regex;

namespace {

std::string compiled(std::string_view source, uint32_t flags = 0) {
  CompileError e;
  auto p = compile(source, flags, &e);
  return p ? "ok " + std::to_string(p->captures()) : e.text + " @" + std::to_string(e.offset);
}

using Groups = std::vector<int64_t>;
Groups match(std::string_view source, std::string_view subject, uint32_t flags = 0, size_t offset = 0) {
  CompileError e;
  auto p = compile(source, flags, &e);
  if (!p) return {-99};
  Groups g;
  Pattern::Run r{.subject = subject, .offset = offset};
  return p->match(r, &g) == Pattern::Result::Match ? g : Groups{};
}

} // namespace

TEST(RegexErrors, TextsAndPositions) {
  const struct {
    const char *source, *result;
  } kCases[] = {
      {"(a", "missing ) @2"},
      {"a)", "unmatched parentheses @1"},
      {"[abc", "missing terminating ] for character class @4"},
      {"*a", "nothing to repeat @0"},
      {"a\\", "\\ at end of pattern @2"},
      {"a{3,1}", "numbers out of order in {} quantifier @5"},
      {"[z-a]", "range out of order in character class @3"},
      {"[a-\\d]", "invalid range in character class @4"},
      {"\\1", "reference to non-existent subpattern @2"},
      {"\\2aaa", "reference to non-existent subpattern @5"},
      {"\\g{0}", "a numbered reference must not be zero @4"},
      {"(?(0)a)", "invalid condition (?(0) @5"},
      {"(?(<a>)b)", "reference to non-existent subpattern @7"},
      {"(?P=a)", "reference to non-existent subpattern @5"},
      {"(?<=(a+))b", "lookbehind assertion is not fixed length @8"},
      {"(?<=[)]+)b", "lookbehind assertion is not fixed length @8"},
      {"(?(?=a)b|c|d)", "conditional group contains more than two branches @12"},
      {"(?(DEFINE)a|b)", "DEFINE group contains more than one branch @13"},
      {"(?i", "unrecognized character after (? or (?- @3"},
      {"(?^)", "unrecognized character after (? or (?- @2"},
      {"(?<*b)", "unrecognized character after (?< @3"},
      {"(?P", "unrecognized character after (?P @3"},
      {"(?C", "closing ) for (?C expected @3"},
      {"(?1", "(?R or (?[+-]digits must be followed by ) @3"},
      {"(*pla:a)", "(*VERB) not recognized or malformed @7"},
      {"(*COMMIT:a)", "an argument is not allowed for (*ACCEPT), (*FAIL), or (*COMMIT) @10"},
      {"(?P<a>b)(?P<a>c)", "two named subpatterns have the same name @13"},
      {"\\p{Foo}", "unknown property name after \\P or \\p @6"},
      {"\\L", "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u @1"},
      {"[\\N]", "\\N is not supported in a class @2"},
      {"\\o{}", "digits missing in \\x{} or \\o{} @1"},
  };
  for (auto &c : kCases) EXPECT_EQ(compiled(c.source), c.result) << c.source;
  EXPECT_EQ(compiled("a\xFF", Utf), "invalid UTF-8 string @1");
  EXPECT_EQ(compiled("b", NewlineCr | NewlineAny), "ok 0"); // together they make anycrlf
  EXPECT_EQ(compiled("b", NewlineLf | NewlineAny), "inconsistent NEWLINE options @0");
  EXPECT_EQ(compiled("b", BsrAnycrlf | BsrUnicode), "inconsistent NEWLINE options @0");
}

TEST(RegexCompat, OldReadings) {
  EXPECT_EQ(match("[\\w-.]+", "5-z.a89\\"), (Groups{0, 7}));
  EXPECT_EQ(match("[[:digit:]-z]+", "5-z.a"), (Groups{0, 3}));
  EXPECT_EQ(match("[\\d-\\d]+", "5-z"), (Groups{0, 2}));
  EXPECT_EQ(match("\\j", "j"), (Groups{0, 1}));
  EXPECT_EQ(match("[\\R\\A]", "A"), (Groups{0, 1}));
  EXPECT_EQ(match("(a)\\8", "a8"), (Groups{0, 2, 0, 1}));
  EXPECT_EQ(match("(*UTF8)\xC3\xA5.", "\xC3\xA5\xC3\xA4"), (Groups{0, 4}));
  EXPECT_EQ(match("a(?=b\\K)", "abc"), (Groups{2, 1}));
}

TEST(RegexCompat, Latin1Tables) {
  EXPECT_EQ(match("\xC4", "\xE4", Caseless), (Groups{0, 1}));
  EXPECT_EQ(match("\\w", "\xE5"), (Groups{0, 1}));
  EXPECT_EQ(match("\\w",
                  "\xC3\xA5"
                  "a",
                  Utf),
            (Groups{0, 2}));
  EXPECT_EQ(match("[[:punct:]]", "\xA7"), (Groups{0, 1}));
  EXPECT_EQ(match("[[:upper:]]", "\xD7"), Groups{});
  EXPECT_EQ(match("\\s", "\xA0"), Groups{});
  EXPECT_EQ(match("\\h", "\xA0"), (Groups{0, 1}));
}

// Before and after a pattern has been compiled to machine code.
TEST(RegexMatch, StaysTheSameWithUse) {
  for (int i = 0; i < 20; i++) {
    EXPECT_EQ(match("(\\s)*+a", " \rAa"), (Groups{3, 4}));
    EXPECT_EQ(match("(b)(x)?(c)", "abc"), (Groups{1, 3, 1, 2, -1, -1, 2, 3}));
    EXPECT_EQ(match("c", "abc", 0, 3), Groups{});
  }
}

TEST(RegexMatch, LimitsAndErrors) {
  CompileError e;
  auto p = compile("(a+)+$", 0, &e);
  std::string subject(30, 'a');
  subject += 'b';
  Groups g;
  EXPECT_EQ(p->match({.subject = subject, .match_limit = 1000}, &g), Pattern::Result::MatchLimit);
  EXPECT_EQ(p->match({.subject = subject, .recursion_limit = 5}, &g), Pattern::Result::RecursionLimit);
  auto u = compile("a", Utf, &e);
  EXPECT_EQ(u->match({.subject = "\xFF"}, &g), Pattern::Result::BadUtf);
  EXPECT_EQ(u->match({.subject = "\xC3\xA5", .offset = 1}, &g), Pattern::Result::BadUtf);
  EXPECT_EQ(u->match({.subject = "a", .offset = 5}, &g), Pattern::Result::BadOffset);
  EXPECT_EQ(u->match({.subject = {}}, &g), Pattern::Result::NoMatch);
}

TEST(RegexMatch, Names) {
  CompileError e;
  auto p = compile("(?<B>a)(?<A>b)", 0, &e);
  ASSERT_EQ(p->names().size(), 2u);
  EXPECT_EQ(p->names()[0].text, "A");
  EXPECT_EQ(p->names()[0].group, 2);
  EXPECT_TRUE(compile("(*ANYCRLF)a", 0, &e)->crlf());
  EXPECT_FALSE(p->crlf());
}

TEST(RegexMatch, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++)
    threads.emplace_back([t] {
      for (int i = 0; i < 3000; i++) {
        std::string source = "(x" + std::to_string(i % 300) + ")|(a+)(b)";
        EXPECT_EQ(match(source, "zaab").size(), 8u) << t;
      }
    });
  for (auto &t : threads) t.join();
}
