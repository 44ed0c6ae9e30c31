// Every function that OTP's headers declare for native libraries is exported from the program, under its name; and the
// structures have the layout that the headers give them.
#include "runtime/driver/abi.h"

#include <dlfcn.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <regex>
#include <set>

namespace {
constexpr char kInclude[] = "/usr/lib/erlang/usr/include/";

std::set<std::string> names_in(const std::string &file, const std::regex &pattern) {
  std::ifstream in(kInclude + file);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::set<std::string> names;
  for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i) names.insert((*i)[1]);
  return names;
}

TEST(Exports, NifFunctions) {
  auto names = names_in("erl_nif_api_funcs.h", std::regex(R"(ERL_NIF_API_FUNC_DECL\([^,]+,\s*(enif_\w+))"));
  if (names.empty()) GTEST_SKIP() << "no OTP headers";
  EXPECT_GE(names.size(), 150u);
  for (auto &n : names) EXPECT_TRUE(dlsym(RTLD_DEFAULT, n.c_str())) << n;
}

TEST(Exports, DriverFunctions) {
  auto names = names_in("erl_driver.h", std::regex(R"(\nEXTERN\s[^;(]*?\b(\w+)\s*\()"));
  if (names.empty()) GTEST_SKIP() << "no OTP headers";
  EXPECT_GE(names.size(), 90u);
  for (auto &n : names) EXPECT_TRUE(dlsym(RTLD_DEFAULT, n.c_str())) << n;
  EXPECT_TRUE(dlsym(RTLD_DEFAULT, "driver_term_nil"));
}

// Sizes and offsets as a C compiler lays out the structures of erl_nif.h, erl_drv_nif.h and erl_driver.h on 64-bit Linux.
TEST(Layout, Structures) {
  using namespace joist::runtime;
  EXPECT_EQ(sizeof(NifEntry), 96u);
  EXPECT_EQ(offsetof(NifEntry, variant), 64u);
  EXPECT_EQ(sizeof(NifFunc), 32u);
  EXPECT_EQ(sizeof(NifBinary), 40u);
  EXPECT_EQ(sizeof(NifMapIterator), 56u);
  EXPECT_EQ(sizeof(ResourceTypeInit), 40u);
  EXPECT_EQ(sizeof(NifSysInfo), 56u);
  EXPECT_EQ(offsetof(NifIoVec, small_iov), 40u);
  EXPECT_EQ(sizeof(NifIoVec), 40u + 16 * 16 + 16 * 8);
  EXPECT_EQ(sizeof(DriverEntry), 176u);
  EXPECT_EQ(offsetof(DriverEntry, marker), 128u);
  EXPECT_EQ(sizeof(DrvIoVec), 32u);
}
} // namespace
