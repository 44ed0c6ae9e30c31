// Instructions that are compiled to fast paths with side exits, but whose slow path can be done in place where it is taken
// often: it allocates in fragments only, and where a collection is due it exits after all (vm/lowering.h).
#pragma once
#include "loader/isa.h"

namespace joist::jit {
constexpr bool slow_in_place(loader::Op op) {
  using loader::Op;
  switch (op) {
  case Op::add:
  case Op::sub:
  case Op::mul:
  case Op::int_div:
  case Op::rem:
  case Op::band:
  case Op::bor:
  case Op::bxor:
  case Op::bsl:
  case Op::bsr:
  case Op::fdivide:
  case Op::negate:
  case Op::bnot:
  case Op::abs:
  case Op::add_c:
  case Op::sub_c:
  case Op::band_c:
  case Op::add_l:
  case Op::sub_l:
  case Op::byte_size:
  case Op::bit_size:
  case Op::length:
  case Op::map_get:
  case Op::is_map_key: return true;
  default: return false;
  }
}
} // namespace joist::jit
