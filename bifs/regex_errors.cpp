#include "bifs/regex_errors.h"

namespace joist::bifs::regex {

const char *compile_error_text(int code) {
  if (code < 0) return "invalid UTF-8 string";
  switch (code) {
  case 101: return "\\ at end of pattern";
  case 102: return "\\c at end of pattern";
  case 103: return "unrecognized character follows \\";
  case 104: return "numbers out of order in {} quantifier";
  case 105: return "number too big in {} quantifier";
  case 106: return "missing terminating ] for character class";
  case 107: return "invalid escape sequence in character class";
  case 108: return "range out of order in character class";
  case 109: return "nothing to repeat";
  case 110: return "internal error: unexpected repeat";
  case 111:
  case 194: return "unrecognized character after (? or (?-";
  case 112: return "POSIX named classes are supported only within a class";
  case 113: return "POSIX collating elements are not supported";
  case 114: return "missing )";
  case 115: return "reference to non-existent subpattern";
  case 116: return "erroffset passed as NULL";
  case 117:
  case 192: return "unknown option bit(s) set";
  case 118: return "missing ) after comment";
  case 119:
  case 184: return "parentheses are too deeply nested";
  case 120:
  case 188: return "regular expression is too large";
  case 121: return "failed to get memory";
  case 122: return "unmatched parentheses";
  case 123: return "internal error: code overflow";
  case 124: return "malformed number or name after (?(";
  case 125:
  case 187: return "lookbehind assertion is not fixed length";
  case 126: return "a numbered reference must not be zero";
  case 127: return "conditional group contains more than two branches";
  case 128:
  case 198: return "assertion expected after (?( or (?(?C)";
  case 129: return "digit expected after (?+";
  case 130: return "unknown POSIX class name";
  case 132: return "this version of PCRE is compiled without UTF support";
  case 133: return "parentheses are too deeply nested (stack check)";
  case 134: return "character value in \\x{} or \\o{} is too large";
  case 136: return "\\C not allowed in lookbehind assertion";
  case 137:
  case 193: return "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u";
  case 138: return "number after (?C is > 255";
  case 139:
  case 181:
  case 182: return "closing ) for (?C expected";
  case 141: return "unrecognized character after (?P";
  case 142: return "syntax error in subpattern name (missing terminator)";
  case 143: return "two named subpatterns have the same name";
  case 144: return "group name must start with a non-digit";
  case 145: return "support for \\P, \\p, and \\X has not been compiled";
  case 146: return "malformed \\P or \\p sequence";
  case 147: return "unknown property name after \\P or \\p";
  case 148: return "subpattern name is too long (maximum 32 characters)";
  case 149: return "too many named subpatterns (maximum 10000)";
  case 150: return "invalid range in character class";
  case 151: return "octal value is greater than \\377 in 8-bit non-UTF-8 mode";
  case 152: return "internal error: overran compiling workspace";
  case 153: return "internal error: previously-checked referenced subpattern not found";
  case 154: return "DEFINE group contains more than one branch";
  case 155: return "missing opening brace after \\o";
  case 156: return "inconsistent NEWLINE options";
  case 157: return "\\g is not followed by a braced, angle-bracketed, or quoted name/number or by a plain number";
  case 158: return "(?R or (?[+-]digits must be followed by )";
  case 159: return "an argument is not allowed for (*ACCEPT), (*FAIL), or (*COMMIT)";
  case 140:
  case 160:
  case 195: return "(*VERB) not recognized or malformed";
  case 161: return "number is too big";
  case 162: return "subpattern name expected";
  case 164: return "non-octal character in \\o{} (closing brace missing?)";
  case 165: return "different names for subpatterns of the same number are not allowed";
  case 166: return "(*MARK) must have an argument";
  case 167: return "non-hex character in \\x{} (closing brace missing?)";
  case 168: return "\\c must be followed by an ASCII character";
  case 169: return "\\k is not followed by a braced, angle-bracketed, or quoted name";
  case 171: return "\\N is not supported in a class";
  case 173: return "disallowed Unicode code point (>= 0xd800 && <= 0xdfff)";
  case 174:
  case 175: return "setting UTF is disabled by the application";
  case 176: return "name is too long in (*MARK), (*PRUNE), (*SKIP), or (*THEN)";
  case 177: return "character value in \\u.... sequence is too large";
  case 178: return "digits missing in \\x{} or \\o{}";
  case 179: return "malformed number or name after (?(";
  case 135:
  case 186: return "regular expression is too complicated";
  default: return "internal error: unknown opcode in find_fixedlength()";
  }
}

} // namespace joist::bifs::regex
