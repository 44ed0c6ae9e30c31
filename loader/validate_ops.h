// What each generic instruction takes, as a string with a character per operand:
//   s  source: register or constant       r  register that is read        d  register that is written
//   c  register with a match context      D  as d; holds a match context afterwards
//   F  fail label, 0: raise               T  label, not 0
//   u  number below 2^24                  n  unit, 1..256                 b  field flags
//   v  live registers: may collect        w  words of heap                a  atom
//   g  BIF of a guard                     f  float register
//   z  size of a segment: register, integer >= 0, or the atom all         x  anything
// An instruction with null is checked by code of its own (validate_flow.cpp).
#pragma once
#include "loader/genop.h"

#include <array>

namespace joist::loader {
constexpr std::array<const char *, kMaxGenop + 1> op_signatures() {
  using namespace genop;
  std::array<const char *, kMaxGenop + 1> t{};
  t[op_bif0] = "gd";
  t[op_bif1] = "Fgsd";
  t[op_bif2] = "Fgssd";
  t[op_bif3] = "Fgsssd";
  t[op_gc_bif1] = "Fvgsd";
  t[op_gc_bif2] = "Fvgssd";
  t[op_gc_bif3] = "Fvgsssd";
  t[op_test_heap] = "wv";
  for (auto op : {op_is_lt, op_is_ge, op_is_eq, op_is_ne, op_is_eq_exact, op_is_ne_exact, op_is_function2})
    t[op] = "Tss";
  for (auto op : {op_is_integer, op_is_float, op_is_number, op_is_atom, op_is_pid, op_is_reference, op_is_port,
                  op_is_nil, op_is_binary, op_is_list, op_is_nonempty_list, op_is_tuple, op_is_function, op_is_boolean,
                  op_is_bitstr, op_is_map})
    t[op] = "Ts";
  t[op_test_arity] = "Tsu";
  t[op_is_tagged_tuple] = "Tsua";
  t[op_get_list] = "rdd";
  t[op_get_hd] = t[op_get_tl] = "rd";
  t[op_get_tuple_element] = "rud";
  t[op_set_tuple_element] = "sru";
  t[op_put_list] = "ssd";
  t[op_fclearerror] = "";
  t[op_fcheckerror] = "F";
  t[op_fconv] = "sf";
  t[op_fadd] = t[op_fsub] = t[op_fmul] = t[op_fdiv] = "Ffff";
  t[op_fnegate] = "Fff";
  t[op_bs_put_integer] = t[op_bs_put_float] = t[op_bs_put_binary] = "Fznbs";
  t[op_bs_init2] = t[op_bs_init_bits] = "Fxwvbd";
  t[op_bs_add] = "Fssnd";
  t[op_bs_append] = "Fswvnsbd";
  t[op_bs_private_append] = "Fsnsbd";
  t[op_bs_utf8_size] = t[op_bs_utf16_size] = "Fsd";
  t[op_bs_put_utf8] = t[op_bs_put_utf16] = t[op_bs_put_utf32] = "Fbs";
  t[op_bs_get_integer2] = t[op_bs_get_float2] = t[op_bs_get_binary2] = "Tcvznbd";
  t[op_bs_skip_bits2] = "Tcznb";
  t[op_bs_test_tail2] = "TcU"; // any size: none can be that large
  t[op_bs_test_unit] = "Tcn";
  t[op_bs_get_utf8] = t[op_bs_get_utf16] = t[op_bs_get_utf32] = "Tcvbd";
  t[op_bs_skip_utf8] = t[op_bs_skip_utf16] = t[op_bs_skip_utf32] = "Tcvb";
  t[op_bs_get_tail] = "cdv";
  t[op_bs_get_position] = "cdv";
  t[op_bs_set_position] = "cs";
  t[op_recv_marker_reserve] = "d";
  t[op_recv_marker_bind] = "rs";
  t[op_recv_marker_clear] = t[op_recv_marker_use] = "r";
  t[op_recv_mark] = t[op_recv_set] = "x";
  t[op_line] = "x";
  t[op_executable_line] = "xx";
  t[op_debug_line] = "xxxx";
  t[op_nif_start] = t[op_on_load] = "";
  return t;
}
inline constexpr auto kSignatures = op_signatures();

// What an instruction needs of, or does to, the state that is in no register.
enum class Phase : uint8_t { None, Begin, Write, MoveOn }; // a binary begun, written to; another message looked at
constexpr std::array<Phase, kMaxGenop + 1> op_phases() {
  using namespace genop;
  std::array<Phase, kMaxGenop + 1> t{};
  for (int op : {op_bs_init2, op_bs_init_bits, op_bs_append, op_bs_private_append}) t[op] = Phase::Begin;
  for (int op :
       {op_bs_put_integer, op_bs_put_float, op_bs_put_binary, op_bs_put_utf8, op_bs_put_utf16, op_bs_put_utf32})
    t[op] = Phase::Write;
  for (int op : {op_recv_marker_use, op_recv_set}) t[op] = Phase::MoveOn;
  return t;
}
inline constexpr auto kPhases = op_phases();
} // namespace joist::loader
