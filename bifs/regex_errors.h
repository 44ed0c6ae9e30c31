// Texts of compile errors, by PCRE2's codes, in the words of PCRE 8.44 (what re:compile/2 answers on stock).
#pragma once
namespace joist::bifs::regex {
const char *compile_error_text(int pcre2_code);
inline constexpr const char *kAfterLess = "unrecognized character after (?<"; // PCRE2 has no code for it
} // namespace joist::bifs::regex
