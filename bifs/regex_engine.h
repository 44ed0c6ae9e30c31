// Regular expressions as module re knows them, on PCRE2. OTP 25 has PCRE 8.44 inside; where the two libraries differ in
// what a program can see (error texts, Latin-1 character tables, unknown escapes), this file's functions answer as 8.44.
//
// A compiled pattern is shared by all processes and threads and found by its source and flags: what `re:compile/2` gives
// to Erlang is only those (see regex.cpp).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace joist::bifs::regex {

enum Flag : uint32_t {
  Anchored = 1 << 0,
  Caseless = 1 << 1,
  DollarEndonly = 1 << 2,
  Dotall = 1 << 3,
  Extended = 1 << 4,
  Firstline = 1 << 5,
  Multiline = 1 << 6,
  NoAutoCapture = 1 << 7,
  Dupnames = 1 << 8,
  Ungreedy = 1 << 9,
  Ucp = 1 << 10,
  NeverUtf = 1 << 11,
  NoStartOptimize = 1 << 12,
  Utf = 1 << 13,
  BsrAnycrlf = 1 << 14,
  BsrUnicode = 1 << 15,
  // Three bits; giving several newline options ORs them, which may give another valid one, as in 8.44.
  NewlineCr = 1 << 16,
  NewlineLf = 2 << 16,
  NewlineCrlf = 3 << 16,
  NewlineAny = 4 << 16,
  NewlineAnycrlf = 5 << 16,
  NewlineMask = 7 << 16,
  BsrMask = BsrAnycrlf | BsrUnicode,
};

inline constexpr uint32_t kDefaultMatchLimit = 10'000'000;

struct Name {
  std::string text;
  int group;
};

class Pattern {
public:
  Pattern(pcre2_real_code_8 *code, uint32_t flags, bool may_jit);
  Pattern(const Pattern &) = delete;
  ~Pattern();
  int captures() const { return captures_; }
  bool crlf() const { return crlf_; } // the newline convention includes CRLF
  bool dupnames() const { return dupnames_; }
  const std::vector<Name> &names() const { return names_; } // sorted by text

  enum class Result : uint8_t { Match, NoMatch, MatchLimit, RecursionLimit, BadUtf, BadOffset, Error };
  struct Run {
    std::string_view subject;
    size_t offset = 0;
    bool anchored = false, notbol = false, noteol = false, notempty = false, notempty_atstart = false;
    bool utf_checked = false; // the subject is known to be valid UTF-8
    uint32_t match_limit = kDefaultMatchLimit;
    int64_t recursion_limit = -1; // none
  };
  // On Match, groups has the offsets of all groups up to the last that took part: -1 where unset.
  Result match(const Run &run, std::vector<int64_t> *groups) const;

private:
  const pcre2_real_code_8 *runnable() const;

  pcre2_real_code_8 *code_;
  mutable std::atomic<pcre2_real_code_8 *> jitted_{nullptr};
  mutable std::atomic<uint32_t> uses_{0};
  int captures_;
  bool crlf_, dupnames_, may_jit_;
  std::vector<Name> names_;
};

struct CompileError {
  std::string text;
  size_t offset;
};

// The pattern compiled, from the cache if it is there; null: *error tells why not. Any thread.
std::shared_ptr<const Pattern> compile(std::string_view source, uint32_t flags, CompileError *error);
std::string version();

} // namespace joist::bifs::regex
