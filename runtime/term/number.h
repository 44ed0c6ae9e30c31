// Integers of any size and mixed arithmetic: the slow paths behind the interpreter's small-integer fast paths, and
// conversions to and from text. Results go to `h`. None of them raises or collects: none() means badarith (or "not a
// number"), a bignum over stock's limit (system_limit) is told by kTooBig.
#pragma once
#include "runtime/mem/heap.h"
#include <string>
#include <string_view>
namespace joist::runtime {
inline constexpr Term kTooBig = Term(Word(Tag::Header) | 1 << 8);
enum class ArithOp : uint8_t { Add, Sub, Mul, Div, IntDiv, Rem, Band, Bor, Bxor, Bsl, Bsr };
Term arith(Heap &h, ArithOp op, Term a, Term b); // all of + - * / div rem band bor bxor bsl bsr
Term arith_neg(Heap &h, Term a);
Term arith_bnot(Heap &h, Term a);
Term arith_abs(Heap &h, Term a);
// float -> integer: rounding as the BIFs trunc, round, floor, ceil. none if not finite.
enum class Rounding : uint8_t { Trunc, Round, Floor, Ceil };
Term float_to_integer(Heap &h, double d, Rounding r);
bool to_double(Term number, double *out); // false: not a number, or integer too large
// Bignum from limbs (normalised: becomes a small where it fits). Magnitude, least significant first.
Term integer_from_limbs(Heap &h, const Word *limbs, Word n, bool negative);
// Bytes <-> integers for binaries, ETF. Signed: two's complement; else the magnitude.
Term integer_from_bytes(Heap &h, const uint8_t *bytes, Word n, bool big_endian, bool is_signed);
// Writes the low `n` bytes of the two's complement of `integer`.
void integer_to_bytes(Term integer, uint8_t *out, Word n, bool big_endian);
int compare_integers(Term a, Term b);
int compare_integer_float(Term i, double d);        // exact, whatever the sizes
bool bits_used(Term integer, Word *magnitude_bits); // false: not an integer; 0 uses 0 bits
// Text. Base 2..36, digits upper case.
std::string integer_to_text(Term integer, int base);
Term integer_from_text(Heap &h, std::string_view digits, int base); // optional sign; none if malformed
// Shortest text that reads back the same, in the shape of float_to_list(F, [short]); and the other formats.
std::string float_to_text_short(double d);
std::string float_to_text_scientific(double d, int decimals); // float_to_list/1 has 20; may be empty: too long
std::string float_to_text_decimals(double d, int decimals, bool compact); // may be empty: too long
// Erlang syntax: needs '.' (or ',', as stock) and digits on both sides. Text ends at a zero byte, as on stock.
bool float_from_text(std::string_view text, double *out);
} // namespace joist::runtime
