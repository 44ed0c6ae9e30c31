#define PCRE2_CODE_UNIT_WIDTH 8
#include "bifs/regex_engine.h"
#include "bifs/regex_compat.h"
#include "bifs/regex_errors.h"
#include <pcre2.h>

#include <cstring>
#include <functional>
#include <list>
#include <mutex>
#include <unordered_map>

namespace joist::bifs::regex {
namespace {

// --- character tables

// Stock's default tables are those of ISO 8859-1 (upper and lower case, word characters), where PCRE2's own know ASCII
// only. They are derived from the latter; which bit means what is read off ASCII characters.
class Latin1Tables {
public:
  Latin1Tables() : t_(const_cast<uint8_t *>(pcre2_maketables(nullptr))) {
    uint8_t *lower = t_, *flip = t_ + 256, *classes = t_ + 512, *types = t_ + 832;
    uint8_t word = types['_'], letter = types['Z'] & ~word, small = types['a'] & ~types['Z'];
    auto in_class = [&](int offset, int c) { classes[offset + c / 8] |= uint8_t(1 << c % 8); };
    enum { Upper = 96, Lower = 128, Word = 160, Graph = 192, Print = 224, Punct = 256, Cntrl = 288 };
    for (int c = 0x80; c < 0x100; c++) {
      if (c < 0xA0) {
        in_class(Cntrl, c);
        continue;
      }
      in_class(Graph, c);
      in_class(Print, c);
      bool upper = c >= 0xC0 && c <= 0xDE && c != 0xD7;
      bool is_lower = c == 0xAA || c == 0xB5 || c == 0xBA || (c >= 0xDF && c != 0xF7);
      if (upper) {
        lower[c] = flip[c] = uint8_t(c + 32);
        flip[c + 32] = uint8_t(c);
        in_class(Upper, c);
      }
      if (is_lower) in_class(Lower, c);
      if (upper || is_lower) {
        in_class(Word, c);
        types[c] |= uint8_t(word | letter | (is_lower ? small : 0));
      } else {
        in_class(Punct, c);
      }
    }
  }
  const uint8_t *get() const { return t_; }

private:
  uint8_t *t_;
};
const uint8_t *latin1_tables() {
  static const Latin1Tables tables;
  return tables.get();
}

// --- compiling

uint32_t pcre2_options(uint32_t f) {
  static constexpr struct {
    uint32_t ours, theirs;
  } kMap[] = {{Anchored, PCRE2_ANCHORED},
              {Caseless, PCRE2_CASELESS},
              {DollarEndonly, PCRE2_DOLLAR_ENDONLY},
              {Dotall, PCRE2_DOTALL},
              {Extended, PCRE2_EXTENDED},
              {Firstline, PCRE2_FIRSTLINE},
              {Multiline, PCRE2_MULTILINE},
              {NoAutoCapture, PCRE2_NO_AUTO_CAPTURE},
              {Dupnames, PCRE2_DUPNAMES},
              {Ungreedy, PCRE2_UNGREEDY},
              {Ucp, PCRE2_UCP},
              {NeverUtf, PCRE2_NEVER_UTF},
              {NoStartOptimize, PCRE2_NO_START_OPTIMIZE},
              {Utf, PCRE2_UTF}};
  uint32_t r = 0;
  for (auto m : kMap)
    if (f & m.ours) r |= m.theirs;
  return r;
}

pcre2_code *compile_new(std::string_view source, uint32_t flags, CompileError *error) {
  int newline = int((flags & NewlineMask) >> 16);
  if (newline > 5 || (flags & BsrMask) == BsrMask) {
    *error = {compile_error_text(156), 0};
    return nullptr;
  }
  static constexpr uint32_t kNewlines[] = {PCRE2_NEWLINE_LF,   PCRE2_NEWLINE_CR,  PCRE2_NEWLINE_LF,
                                           PCRE2_NEWLINE_CRLF, PCRE2_NEWLINE_ANY, PCRE2_NEWLINE_ANYCRLF};
  std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> ctx(
      pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_character_tables(ctx.get(), latin1_tables());
  pcre2_set_newline(ctx.get(), kNewlines[newline]);
  pcre2_set_bsr(ctx.get(), flags & BsrAnycrlf ? PCRE2_BSR_ANYCRLF : PCRE2_BSR_UNICODE);
  pcre2_set_parens_nest_limit(ctx.get(), 799); // where 8.44 runs out of the stack that stock gives it
  pcre2_set_compile_extra_options(ctx.get(), PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK);
  if (auto refused = newer_syntax(source, flags)) {
    *error = *refused;
    return nullptr;
  }
  Rewritten re = rewrite(source, flags);
  const std::string &text = re.text;
  auto *p = reinterpret_cast<PCRE2_SPTR>(text.data());
  int code = 0;
  PCRE2_SIZE offset = 0;
  uint32_t options = pcre2_options(flags) | (start_bits_wrong(source, flags) ? PCRE2_NO_START_OPTIMIZE : 0);
  pcre2_code *r = pcre2_compile(p, text.size(), options, &code, &offset, ctx.get());
  if (!r) *error = translate_error(source, flags, code, re.original_offset(offset));
  return r;
}

// --- the cache: least recently used ones go first

class Cache {
public:
  std::shared_ptr<const Pattern> find(const std::string &key) {
    std::lock_guard lock(mutex_);
    auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, it->second);
    return it->second->second;
  }
  void add(const std::string &key, std::shared_ptr<const Pattern> p) {
    std::lock_guard lock(mutex_);
    if (index_.count(key)) return;
    recent_.emplace_front(key, std::move(p));
    index_.emplace(recent_.front().first, recent_.begin());
    if (recent_.size() > kMax) {
      index_.erase(recent_.back().first);
      recent_.pop_back();
    }
  }

private:
  static constexpr size_t kMax = 128;
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<const Pattern>>> recent_;
  std::unordered_map<std::string_view, decltype(recent_)::iterator> index_;
};
constexpr size_t kShards = 16;
Cache caches[kShards];

// --- what a thread needs to match

struct Matcher {
  pcre2_match_data *data = nullptr;
  int groups = 0;
  pcre2_match_context *context = pcre2_match_context_create(nullptr);
  pcre2_jit_stack *stack = nullptr;
  ~Matcher() {
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_jit_stack_free(stack);
  }
  void ready_for(int n) {
    if (!data || groups < n) {
      pcre2_match_data_free(data);
      data = pcre2_match_data_create(uint32_t(n), nullptr);
      groups = n;
    }
    if (!stack) {
      stack = pcre2_jit_stack_create(32 * 1024, 1024 * 1024, nullptr);
      pcre2_jit_stack_assign(context, nullptr, stack);
    }
  }
  // Backtracking frames of a long match stay with the match data: give them back.
  void drop_data() {
    pcre2_match_data_free(data);
    data = nullptr;
  }
};
thread_local Matcher matcher;

constexpr uint32_t kUsesBeforeJit = 4;

} // namespace

Pattern::Pattern(pcre2_real_code_8 *code, uint32_t flags, bool may_jit)
    : code_(code), dupnames_(flags & Dupnames), may_jit_(may_jit) {
  uint32_t captures = 0, newline = 0, count = 0, entry = 0;
  pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &captures);
  pcre2_pattern_info(code, PCRE2_INFO_NEWLINE, &newline);
  pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry);
  captures_ = int(captures);
  crlf_ = newline == PCRE2_NEWLINE_CRLF || newline == PCRE2_NEWLINE_ANY || newline == PCRE2_NEWLINE_ANYCRLF;
  PCRE2_SPTR table = nullptr;
  pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
  for (uint32_t i = 0; i < count; i++, table += entry)
    names_.push_back({reinterpret_cast<const char *>(table + 2), table[0] << 8 | table[1]});
}

Pattern::~Pattern() {
  pcre2_code_free(jitted_.load());
  pcre2_code_free(code_);
}

// Patterns that are used often are compiled to machine code, as a copy: the original may be matching on another thread.
const pcre2_real_code_8 *Pattern::runnable() const {
  if (auto *j = jitted_.load(std::memory_order_acquire)) return j;
  if (!may_jit_ || uses_.fetch_add(1, std::memory_order_relaxed) != kUsesBeforeJit) return code_;
  pcre2_code *copy = pcre2_code_copy(code_);
  if (!copy) return code_;
  if (pcre2_jit_compile(copy, PCRE2_JIT_COMPLETE) != 0) {
    pcre2_code_free(copy);
    return code_;
  }
  jitted_.store(copy, std::memory_order_release);
  return copy;
}

Pattern::Result Pattern::match(const Run &run, std::vector<int64_t> *groups) const {
  Matcher &m = matcher;
  m.ready_for(captures_ + 1);
  pcre2_set_match_limit(m.context, run.match_limit);
  pcre2_set_depth_limit(m.context, run.recursion_limit >= 0 ? uint32_t(run.recursion_limit) : kDefaultMatchLimit);
  uint32_t options = (run.anchored ? PCRE2_ANCHORED : 0) | (run.notbol ? PCRE2_NOTBOL : 0) |
                     (run.noteol ? PCRE2_NOTEOL : 0) | (run.notempty ? PCRE2_NOTEMPTY : 0) |
                     (run.notempty_atstart ? PCRE2_NOTEMPTY_ATSTART : 0) | (run.utf_checked ? PCRE2_NO_UTF_CHECK : 0);
  // Machine code counts no depth.
  const pcre2_code *code = run.recursion_limit >= 0 ? code_ : runnable();
  auto *subject = reinterpret_cast<PCRE2_SPTR>(run.subject.data() ? run.subject.data() : "");
  int rc = pcre2_match(code, subject, run.subject.size(), run.offset, options, m.data, m.context);
  if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
    rc = pcre2_match(code_, subject, run.subject.size(), run.offset, options | PCRE2_NO_JIT, m.data, m.context);
  if (rc > 0) {
    PCRE2_SIZE *v = pcre2_get_ovector_pointer(m.data);
    groups->clear();
    for (int i = 0; i < 2 * rc; i++) groups->push_back(v[i] == PCRE2_UNSET ? -1 : int64_t(v[i]));
    return Result::Match;
  }
  if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21) return Result::BadUtf;
  switch (rc) {
  case PCRE2_ERROR_NOMATCH:
  case PCRE2_ERROR_RECURSELOOP: return Result::NoMatch;
  case PCRE2_ERROR_MATCHLIMIT: m.drop_data(); return Result::MatchLimit;
  case PCRE2_ERROR_DEPTHLIMIT:
  case PCRE2_ERROR_HEAPLIMIT: m.drop_data(); return Result::RecursionLimit;
  case PCRE2_ERROR_BADUTFOFFSET: return Result::BadUtf;
  case PCRE2_ERROR_BADOFFSET: return Result::BadOffset;
  default: return Result::Error;
  }
}

std::shared_ptr<const Pattern> compile(std::string_view source, uint32_t flags, CompileError *error) {
  std::string key(reinterpret_cast<const char *>(&flags), sizeof flags);
  key += source;
  Cache &cache = caches[std::hash<std::string>{}(key) % kShards];
  if (auto p = cache.find(key)) return p;
  pcre2_code *code = compile_new(source, flags, error);
  if (!code) return nullptr;
  auto p = std::make_shared<const Pattern>(code, flags, jit_is_right(source));
  cache.add(key, p);
  return p;
}

std::string version() {
  char text[64] = {};
  pcre2_config(PCRE2_CONFIG_VERSION, text);
  return text;
}

} // namespace joist::bifs::regex
