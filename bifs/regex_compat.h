// Where PCRE2 reads a pattern otherwise than PCRE 8.44 does: rewriting, refusing, and the positions of errors.
#pragma once
#include "bifs/regex_engine.h"
#include <optional>

namespace joist::bifs::regex {

// Constructs that came after 8.44 and mean an error to it.
std::optional<CompileError> newer_syntax(std::string_view source, uint32_t flags);

// The source in terms that PCRE2 understands the same way; `inserted` tells the places (in the result, ascending) of
// bytes that were added, `removed` those (in the source) of bytes left out.
struct Rewritten {
  std::string text;
  std::vector<size_t> inserted, removed;
  size_t original_offset(size_t offset) const;
};
Rewritten rewrite(std::string_view source, uint32_t flags);

// With UTF-8, PCRE2 10.42's list of first bytes for a match lacks those of Latin-1 letters that \w means in our tables:
// such patterns must not be optimised by it.
bool start_bits_wrong(std::string_view source, uint32_t flags);

// PCRE2 10.42's machine code lets captures of possessive groups, (..)*+, survive from where a match did not begin.
bool jit_is_right(std::string_view source);

// What 8.44 says of an error that PCRE2 found: `code` and `offset` are PCRE2's, the latter in terms of `source`.
CompileError translate_error(std::string_view source, uint32_t flags, int code, size_t offset);

} // namespace joist::bifs::regex
