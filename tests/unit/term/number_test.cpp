// Numbers, hashes, order, printing and texts against what stock Erlang answers.
#include "runtime/mem/heap.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/hash.h"
#include "runtime/term/number.h"
#include "runtime/term/print.h"
#include "tests/unit/term/stock.h"

#include <cmath>
#include <map>

namespace joist::runtime::testing {
namespace {

#define STOCK_ROWS(rows, what)                                                                                         \
  FragmentHeap h;                                                                                                      \
  Term rows = stock_rows(h, __FILE__, "stock_numbers.escript", what);                                                  \
  if (rows.is_none()) GTEST_SKIP() << "no stock Erlang on PATH";

std::string bytes(Term binary) {
  ByteScratch s;
  return std::string(bytes_of(binary, s).view());
}
int sign(int c) { return c < 0 ? -1 : c > 0; }

void check_order(const Row &r) {
  Term a = r[1], b = r[2];
  std::string what = to_text(a) + "  and  " + to_text(b);
  EXPECT_EQ(sign(compare_exact(a, b)), r[3].small_value()) << what;
  EXPECT_EQ(sign(compare_exact(b, a)), -r[3].small_value()) << what;
  EXPECT_EQ(sign(compare(a, b)), r[4].small_value()) << what;
  EXPECT_EQ(sign(compare(b, a)), -r[4].small_value()) << what;
  EXPECT_EQ(eq(a, b), r[5] == atoms::true_) << what;
  EXPECT_EQ(eq(b, a), r[5] == atoms::true_) << what;
  EXPECT_EQ(eq_numeric(a, b), r[6] == atoms::true_) << what;
  if (eq(a, b)) EXPECT_EQ(internal_hash(a), internal_hash(b)) << what;
}
void check_hash(const Row &r) {
  // Big maps print with their inner structure and external identifiers with atom numbers: not comparable.
  std::string text = to_text(r[1]) + "\n", stock = bytes(r[4]);
  if (stock.find("<x@y") == std::string::npos && stock.find("#Ref<") == std::string::npos &&
      stock.find("#Port<") == std::string::npos && stock.find('<') == std::string::npos) {
    EXPECT_EQ(text, stock);
  }
  EXPECT_EQ(uint64_t(phash_raw(r[1])) + 1, uint64_t(r[2].small_value())) << text;
  EXPECT_EQ(phash2(r[1]), uint32_t(r[3].small_value())) << text;
}

TEST(StockTerms, OrderHashAndText) {
  STOCK_ROWS(rows, "terms");
  size_t n = 0;
  for (; rows.is_cons() && !::testing::Test::HasFailure(); rows = rows.tail(), n++) {
    Row r(rows);
    std::string_view kind = atom::text(r[0]);
    if (kind == "order") {
      check_order(r);
    } else if (kind == "hash") {
      check_hash(r);
    } else {
      EXPECT_TRUE(eq(r[1], r[2]));
      EXPECT_EQ(compare_exact(r[1], r[2]), 0);
      EXPECT_EQ(internal_hash(r[1]), internal_hash(r[2])) << to_text(r[1]);
    }
  }
  EXPECT_GT(n, 10000u);
}

Term operate(Heap &h, std::string_view op, Term a, Term b) {
  static const std::map<std::string_view, ArithOp> binary = {
      {"+", ArithOp::Add},      {"-", ArithOp::Sub},   {"*", ArithOp::Mul},     {"/", ArithOp::Div},
      {"div", ArithOp::IntDiv}, {"rem", ArithOp::Rem}, {"band", ArithOp::Band}, {"bor", ArithOp::Bor},
      {"bxor", ArithOp::Bxor},  {"bsl", ArithOp::Bsl}, {"bsr", ArithOp::Bsr}};
  if (!b.is_none()) return arith(h, binary.at(op), a, b);
  if (op == "-") return arith_neg(h, a);
  if (op == "bnot") return arith_bnot(h, a);
  if (op == "abs") return arith_abs(h, a);
  if (op == "float") {
    double d;
    return to_double(a, &d) ? make_float(h, d) : Term::none();
  }
  if (is_integer(a)) return a;
  Rounding r = op == "trunc"   ? Rounding::Trunc
               : op == "round" ? Rounding::Round
               : op == "floor" ? Rounding::Floor
                               : Rounding::Ceil;
  return float_to_integer(h, float_value(a), r);
}

TEST(StockNumbers, ArithmeticOrderAndHash) {
  STOCK_ROWS(rows, "numbers");
  size_t n = 0;
  for (; rows.is_cons() && !::testing::Test::HasFailure(); rows = rows.tail(), n++) {
    Row r(rows);
    std::string_view kind = atom::text(r[0]);
    if (kind == "order") {
      check_order(r);
      continue;
    }
    if (kind == "hash") {
      check_hash(r);
      continue;
    }
    bool two = r.n == 5;
    Term a = r[2], b = two ? r[3] : Term::none(), expected = tuple_elements(r[two ? 4 : 3])[1];
    bool ok = tuple_elements(r[two ? 4 : 3])[0] == atoms::ok;
    Term got = operate(h, atom::text(r[1]), a, b);
    std::string what = to_text(a) + " " + std::string(atom::text(r[1])) + " " + (two ? to_text(b) : "");
    if (ok) {
      ASSERT_FALSE(got.is_none() || got == kTooBig) << what;
      EXPECT_EQ(to_text(got), to_text(expected)) << what;
      EXPECT_TRUE(eq(got, expected)) << what;
      if (is_float(got)) EXPECT_EQ(std::signbit(float_value(got)), std::signbit(float_value(expected))) << what;
    } else {
      EXPECT_EQ(got, expected == atoms::system_limit ? kTooBig : Term::none()) << what;
    }
  }
  EXPECT_GT(n, 10000u);
}

TEST(StockTexts, FloatsAndIntegers) {
  STOCK_ROWS(rows, "texts");
  size_t n = 0;
  for (; rows.is_cons() && !::testing::Test::HasFailure(); rows = rows.tail(), n++) {
    Row r(rows);
    std::string_view kind = atom::text(r[0]);
    if (kind == "short") {
      EXPECT_EQ(float_to_text_short(float_value(r[1])), bytes(r[2]));
    } else if (kind == "scientific") {
      EXPECT_EQ(float_to_text_scientific(float_value(r[1]), int(r[2].small_value())), bytes(r[3]));
    } else if (kind == "decimals") {
      EXPECT_EQ(float_to_text_decimals(float_value(r[1]), int(r[2].small_value()), r[3] == atoms::true_), bytes(r[4]))
          << float_to_text_short(float_value(r[1])) << " " << r[2].small_value();
    } else if (kind == "parse") {
      double d;
      bool ok = float_from_text(bytes(r[1]), &d);
      EXPECT_EQ(ok, is_float(r[2])) << bytes(r[1]);
      if (ok && is_float(r[2]))
        EXPECT_EQ(std::bit_cast<uint64_t>(d), std::bit_cast<uint64_t>(float_value(r[2]))) << bytes(r[1]);
    } else {
      int base = int(r[2].small_value());
      EXPECT_EQ(integer_to_text(r[1], base), bytes(r[3]));
      EXPECT_TRUE(eq(integer_from_text(h, bytes(r[3]), base), r[1])) << bytes(r[3]);
    }
  }
  EXPECT_GT(n, 10000u);
}

TEST(Numbers, BytesRoundTrip) {
  FragmentHeap h;
  const char *texts[] = {"0",
                         "1",
                         "-1",
                         "127",
                         "128",
                         "-128",
                         "-129",
                         "255",
                         "1152921504606846975",
                         "1152921504606846976",
                         "-1152921504606846976",
                         "-1152921504606846977",
                         "9223372036854775807",
                         "-9223372036854775808",
                         "18446744073709551615",
                         "18446744073709551616",
                         "340282366920938463463374607431768211456",
                         "-340282366920938463463374607431768211457"};
  for (const char *t : texts) {
    Term i = integer_from_text(h, t, 10);
    for (bool big : {false, true}) {
      uint8_t b[40];
      integer_to_bytes(i, b, 40, big);
      EXPECT_EQ(integer_to_text(integer_from_bytes(h, b, 40, big, true), 10), t);
      if (t[0] != '-') { EXPECT_EQ(integer_to_text(integer_from_bytes(h, b, 40, big, false), 10), t); }
      integer_to_bytes(i, b, 3, big);
      Term low = integer_from_bytes(h, b, 3, big, false);
      Term mask = Term::small(0xFFFFFF);
      EXPECT_TRUE(eq(low, arith(h, ArithOp::Band, i, mask))) << t;
    }
  }
}

TEST(Numbers, LimitIsStocks) {
  FragmentHeap h;
  Term m = arith(h, ArithOp::Bsl, Term::small(1), Term::small(33554367));
  EXPECT_TRUE(is_big(m));
  EXPECT_EQ(arith(h, ArithOp::Bsl, Term::small(1), Term::small(33554368)), kTooBig);
  EXPECT_EQ(arith(h, ArithOp::Add, m, m), kTooBig);
  EXPECT_EQ(arith(h, ArithOp::Mul, m, Term::small(2)), kTooBig);
  EXPECT_EQ(arith(h, ArithOp::Mul, m, m), kTooBig);
  Term almost = arith(h, ArithOp::Add, m, arith(h, ArithOp::Sub, m, Term::small(1)));
  EXPECT_TRUE(is_big(almost));
  EXPECT_EQ(arith(h, ArithOp::Add, almost, Term::small(1)), kTooBig);
  EXPECT_EQ(arith_bnot(h, almost), kTooBig);
  EXPECT_TRUE(is_big(arith_neg(h, almost)));
}

TEST(Numbers, DeepTermsNeedNoStack) {
  atom::init(1 << 20);
  FragmentHeap h;
  Term a = Term::nil(), b = Term::nil(), c = atoms::ok;
  for (int i = 0; i < 400'000; i++) {
    a = make_cons(h, a, Term::nil());
    b = make_cons(h, b, Term::nil());
    c = make_tuple(h, c);
  }
  EXPECT_TRUE(eq(a, b));
  EXPECT_EQ(compare_exact(a, b), 0);
  EXPECT_EQ(internal_hash(a), internal_hash(b));
  EXPECT_EQ(phash2(a), phash2(b));
  EXPECT_EQ(phash_raw(a), phash_raw(b));
  EXPECT_GT(compare(a, c), 0);
  EXPECT_EQ(to_text(a).size(), 800'002u);
  EXPECT_EQ(internal_hash(c), internal_hash(c));
}

} // namespace
} // namespace joist::runtime::testing
