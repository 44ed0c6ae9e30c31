#include "jit/llvm/analysis.h"
#include "loader/put_map.h"
#include "runtime/sched/machine.h"

#include <cstring>
#include <initializer_list>
#include <set>

namespace joist::jit {
namespace {
constexpr uint32_t bit(Word register_offset) { return register_offset / 8 < 32 ? 1u << (register_offset / 8) : 0; }
constexpr uint32_t below(Word n) { return n >= 32 ? ~0u : (1u << n) - 1; }
constexpr uint32_t float_bit(Word offset) { return 1u << ((offset - offsetof(Machine, f)) / 8); }

template <class T> struct PerOp {
  T of[size_t(Op::Count)] = {};
  PerOp &set(T v, std::initializer_list<Op> ops) {
    for (Op op : ops) of[size_t(op)] = v;
    return *this;
  }
};
// Instructions that are in none of these lists are left to the interpreter.
const PerOp<How> hows =
    PerOp<How>()
        .set(How::Own, {Op::move,
                        Op::move2,
                        Op::move3,
                        Op::move_x0_y_x0,
                        Op::swap,
                        Op::init_y1,
                        Op::init_y2,
                        Op::init_y3,
                        Op::nop,
                        Op::jump,
                        Op::put_tuple,
                        Op::update_record,
                        Op::make_fun,
                        Op::select_dense,
                        Op::select_hash,
                        Op::select2,
                        Op::select_linear,
                        Op::select_linear64,
                        Op::select_arity,
                        Op::call,
                        Op::call_only,
                        Op::call_last,
                        Op::move_call,
                        Op::move_call_only,
                        Op::move_call_last,
                        Op::call_ext,
                        Op::call_ext_only,
                        Op::call_ext_last,
                        Op::call_fun,
                        Op::call_fun_last,
                        Op::return_,
                        Op::deallocate_return,
                        Op::move_return,
                        Op::move_deallocate_return,
                        Op::has_map_fields,
                        Op::get_map_elements})
        .set(How::Fast, {Op::get_list,
                         Op::get_hd,
                         Op::get_tl,
                         Op::put_list,
                         Op::put_tuple2_c,
                         Op::put_tuple3_c,
                         Op::put_tuple4_c,
                         Op::put_tuple2_,
                         Op::put_tuple3,
                         Op::put_tuple4,
                         Op::get_tuple_element,
                         Op::get_tuple_element2,
                         Op::get_tuple_element3,
                         Op::set_tuple_element,
                         Op::allocate,
                         Op::allocate_heap,
                         Op::test_heap,
                         Op::test_heap_put_list,
                         Op::allocate_move,
                         Op::allocate_move2,
                         Op::allocate_move3,
                         Op::deallocate,
                         Op::is_integer,
                         Op::is_float,
                         Op::is_number,
                         Op::is_atom,
                         Op::is_pid,
                         Op::is_reference,
                         Op::is_port,
                         Op::is_nil,
                         Op::is_binary,
                         Op::is_bitstr,
                         Op::is_list,
                         Op::is_nonempty_list,
                         Op::is_nonempty_list_get_list,
                         Op::is_nonempty_list_get_hd,
                         Op::is_nonempty_list_get_tl,
                         Op::is_tuple,
                         Op::is_tuple_of,
                         Op::test_arity,
                         Op::is_tagged_tuple,
                         Op::is_map,
                         Op::is_boolean,
                         Op::is_function,
                         Op::is_function2,
                         Op::is_eq_imm,
                         Op::is_ne_imm,
                         Op::add,
                         Op::sub,
                         Op::mul,
                         Op::int_div,
                         Op::rem,
                         Op::band,
                         Op::bor,
                         Op::bxor,
                         Op::bsl,
                         Op::bsr,
                         Op::fdivide,
                         Op::negate,
                         Op::bnot,
                         Op::abs,
                         Op::add_c,
                         Op::sub_c,
                         Op::band_c,
                         Op::add_l,
                         Op::sub_l,
                         Op::hd,
                         Op::tl,
                         Op::element,
                         Op::element_c,
                         Op::tuple_size,
                         Op::map_size,
                         Op::byte_size,
                         Op::bit_size,
                         Op::length,
                         Op::map_get,
                         Op::is_map_key,
                         Op::bool_not,
                         Op::bool_and,
                         Op::bool_or,
                         Op::self,
                         Op::fload,
                         Op::fstore,
                         Op::fconv,
                         Op::fadd,
                         Op::fsub,
                         Op::fmul,
                         Op::fdiv,
                         Op::fnegate,
                         Op::fmove,
                         Op::catch_,
                         Op::try_end,
                         Op::try_case,
                         Op::get_map_element,
                         Op::bs_get_int8,
                         Op::bs_get_int16,
                         Op::bs_get_int32,
                         Op::bs_get_integer,
                         Op::bs_get_int_le,
                         Op::bs_skip_bits,
                         Op::bs_skip_bits_var,
                         Op::bs_skip_all,
                         Op::bs_test_tail,
                         Op::bs_test_unit,
                         Op::bs_ensure_at_least,
                         Op::bs_ensure_exactly,
                         Op::bs_get_position,
                         Op::bs_set_position,
                         Op::bs_utf8_size,
                         Op::bs_utf16_size})
        .set(How::Both, {Op::is_lt,          Op::is_ge,
                         Op::is_eq,          Op::is_ne,
                         Op::is_eq_exact,    Op::is_ne_exact,
                         Op::is_lt_rc,       Op::is_ge_rc,
                         Op::is_lt_cr,       Op::is_ge_cr,
                         Op::is_in_range,    Op::cmp_eq_exact,
                         Op::cmp_ne_exact,   Op::cmp_eq,
                         Op::cmp_ne,         Op::cmp_lt,
                         Op::cmp_ge,         Op::get_map_element_imm,
                         Op::bs_start_match, Op::bs_start_match_sure,
                         Op::bs_get_utf8})
        .set(How::Whole, {Op::bif0,
                          Op::bif1,
                          Op::bif2,
                          Op::bif3,
                          Op::node,
                          Op::loop_rec,
                          Op::loop_rec_end,
                          Op::wait,
                          Op::wait_timeout,
                          Op::remove_message,
                          Op::timeout,
                          Op::catch_end,
                          Op::build_stacktrace,
                          Op::raw_raise,
                          Op::recv_marker_reserve,
                          Op::recv_marker_bind,
                          Op::recv_marker_clear,
                          Op::recv_marker_use,
                          Op::bs_get_integer_var,
                          Op::bs_get_float,
                          Op::bs_get_binary,
                          Op::bs_get_binary_fixed,
                          Op::bs_get_binary_all,
                          Op::bs_match_string,
                          Op::bs_match_value,
                          Op::bs_get_tail,
                          Op::bs_get_utf16,
                          Op::bs_get_utf32,
                          Op::bs_private_append,
                          Op::bs_put_integer,
                          Op::bs_put_float,
                          Op::bs_put_binary,
                          Op::bs_put_binary_all,
                          Op::bs_put_string,
                          Op::bs_add,
                          Op::bs_put_utf8,
                          Op::bs_put_utf16,
                          Op::bs_put_utf32})
        .set(How::Memory, {Op::call_bif, Op::call_bif_only, Op::call_bif_last, Op::send, Op::bs_create_bin, Op::bs_init,
                           Op::bs_append, Op::bs_init_writable, Op::put_map});
const PerOp<Flow> flows = PerOp<Flow>()
                              .set(Flow::Call, {Op::call, Op::move_call, Op::call_ext, Op::call_fun, Op::apply,
                                                Op::apply_list, Op::apply_fun, Op::yield_})
                              .set(Flow::End, {Op::call_only,
                                               Op::call_last,
                                               Op::move_call_only,
                                               Op::move_call_last,
                                               Op::call_ext_only,
                                               Op::call_ext_last,
                                               Op::call_fun_last,
                                               Op::return_,
                                               Op::deallocate_return,
                                               Op::move_return,
                                               Op::move_deallocate_return,
                                               Op::func_info,
                                               Op::int_code_end,
                                               Op::apply_last,
                                               Op::apply_list_last,
                                               Op::apply_fun_last,
                                               Op::hibernate,
                                               Op::bif_body,
                                               Op::nif_body,
                                               Op::export_bif,
                                               Op::export_undefined,
                                               Op::lambda_unloaded,
                                               Op::process_start,
                                               Op::normal_exit,
                                               Op::continue_exit,
                                               Op::dirty_failed,
                                               Op::try_case_end,
                                               Op::badmatch,
                                               Op::case_end,
                                               Op::badrecord,
                                               Op::if_end,
                                               Op::raise_,
                                               Op::badarg_,
                                               Op::system_limit_,
                                               Op::jump,
                                               Op::select_dense,
                                               Op::select_hash,
                                               Op::select2,
                                               Op::select_linear,
                                               Op::select_linear64,
                                               Op::select_arity,
                                               Op::loop_rec_end,
                                               Op::wait});
How how_of(Op op) { return hows.of[size_t(op)]; }
Flow flow_of(Op op) { return flows.of[size_t(op)]; }
bool calls_label(Op op) { // F is a function, not a place in this one
  switch (op) {
  case Op::call:
  case Op::call_only:
  case Op::call_last:
  case Op::move_call:
  case Op::move_call_only:
  case Op::move_call_last: return true;
  default: return false;
  }
}
} // namespace

AnyOperand Function::any(const Ins &i, uint16_t v) const {
  if ((v & 3) == kAnyX) return {OpKind::X, Word(v & ~7u), 0};
  if ((v & 3) == kAnyY) return {OpKind::Y, Word(v & ~7u), 0};
  uint32_t where = i.at + (v & ~7u);
  return {OpKind::L, *word(where), where};
}
std::vector<AnyOperand> Function::list(const Ins &i, Word n) const {
  std::vector<AnyOperand> out;
  for (Word k = 0; k < n; k++) {
    uint16_t v;
    memcpy(&v, bytes(i.at + uint32_t(i.d.layout.words * 8 + k * 2)), 2);
    out.push_back(any(i, v));
  }
  return out;
}

void Function::classify(Ins &i) {
  i.how = how_of(i.d.op);
  i.flow = flow_of(i.d.op);
  if (!calls_label(i.d.op))
    for (int k = 0; k < i.d.operands; k++)
      if (i.d.kinds[k] == OpKind::F && i.d.values[k]) i.targets.push_back(offset_of(i.d.values[k]));
  uint32_t list = i.at + uint32_t(i.d.layout.words * 8);
  auto entries = [&](Word n) {
    for (Word k = 0; k < n; k++) {
      auto *e = reinterpret_cast<const SelectEntry *>(bytes(list)) + k;
      if (e->target) i.targets.push_back(offset_of(e->target));
    }
  };
  switch (i.d.op) {
  case Op::select_dense:
    for (Word k = 0; k < i.d.values[3]; k++)
      i.targets.push_back(offset_of(reinterpret_cast<const uint32_t *>(bytes(list))[k]));
    break;
  case Op::select_hash: entries(select_hash_entries(i.d.values[3])); break;
  case Op::select_linear:
  case Op::select_arity: entries(i.d.values[2]); break;
  case Op::select_linear64:
    for (Word k = 0; k < i.d.values[2]; k++)
      i.targets.push_back(offset_of(reinterpret_cast<const SelectEntry64 *>(bytes(list))[k].target));
    break;
  default: break;
  }
}

bool Function::read(const CompileInput &in, const FuncInfo *f) {
  f_ = f;
  base_ = in.code->start;
  entry_ = offset_of(Word(f->entry()));
  std::vector<uint32_t> work{entry_};
  while (!work.empty()) {
    uint32_t at = work.back();
    work.pop_back();
    if (ins_.contains(at)) continue;
    Ins i;
    i.at = at;
    auto *pc = reinterpret_cast<const Instr *>(word(at));
    Word first = in.original_word ? in.original_word(in.context, pc) : *word(at);
    if (!decode(pc, first, &i.d)) return false;
    classify(i);
    for (uint32_t t : i.targets) work.push_back(t);
    if (i.flow != Flow::End) work.push_back(i.next());
    if (i.flow == Flow::Call) return_points_[i.next()] = true;
    switch (i.d.op) {
    case Op::catch_:
    case Op::loop_rec_end:
    case Op::wait: direct_[i.targets[0]] = true; break;
    case Op::wait_timeout:
      direct_[i.targets[0]] = true;
      direct_[i.next()] = true;
      break;
    default: break;
    }
    // BIFs that trap, and their like, return behind the instruction as well.
    switch (i.d.op) {
    case Op::call_bif:
    case Op::call_bif_only:
    case Op::call_bif_last:
    case Op::send: return_points_[i.next()] = true; break;
    default: break;
    }
    ins_.emplace(at, std::move(i));
  }
  for (auto &[at, yes] : return_points_) direct_.erase(at);
  direct_.erase(entry_);
  liveness();
  find_starts();
  return true;
}

Registers Function::uses(const Ins &i) const {
  Registers r;
  const OpRow &row = op_rows[size_t(i.d.op)];
  auto use = [&](const AnyOperand &a) {
    if (a.kind == OpKind::X) r.x |= bit(a.value);
  };
  for (int k = 0; k < i.d.operands; k++) {
    switch (row.specs[k]) {
    case Spec::S:
    case Spec::R:
    case Spec::X:
      if (i.d.kinds[k] == OpKind::X) r.x |= bit(i.d.values[k]);
      break;
    case Spec::V: use(any(i, uint16_t(i.d.values[k]))); break;
    case Spec::Fr: r.f |= float_bit(i.d.values[k]); break;
    case Spec::Live:
      if (i.d.values[k] != kNotLive) r.x |= below(i.d.values[k]);
      break;
    default: break;
    }
  }
  auto uses_list = [&](Word n) {
    for (auto &a : list(i, n)) use(a);
  };
  Word arity;
  switch (i.d.op) {
  case Op::put_tuple: uses_list(i.d.values[1]); break;
  case Op::make_fun:
  case Op::has_map_fields:
  case Op::get_map_elements: uses_list(i.d.values[2]); break;
  case Op::put_map: uses_list(i.d.values[4]); break;
  case Op::update_record:
    for (Word k = 0; k < i.d.values[4]; k++)
      use(any(i,
              uint16_t(reinterpret_cast<const uint32_t *>(bytes(i.at + uint32_t(i.d.layout.words * 8)))[2 * k + 1])));
    break;
  case Op::move_x0_y_x0: r.x |= 1; break;
  case Op::call:
  case Op::call_only:
  case Op::call_last:
  case Op::move_call:
  case Op::move_call_only:
  case Op::move_call_last:
    for (int k = 0; k < i.d.operands; k++)
      if (i.d.kinds[k] == OpKind::F)
        r.x |= below(FuncInfo::of(reinterpret_cast<const Instr *>(i.d.values[k]))->mfa.arity) &
               (row.specs[0] == Spec::S ? ~1u : ~0u);
    break;
  case Op::call_ext:
  case Op::call_ext_only:
  case Op::call_ext_last:
  case Op::call_bif:
  case Op::call_bif_only:
  case Op::call_bif_last:
  case Op::bif_body: r.x |= below(reinterpret_cast<const Export *>(i.d.values[0])->mfa().arity); break;
  case Op::call_fun:
  case Op::call_fun_last: r.x |= below(i.d.values[0]); break;
  case Op::apply:
  case Op::apply_last:
    arity = i.d.values[0];
    r.x |= below(arity + 2);
    break;
  case Op::return_:
  case Op::deallocate_return:
  case Op::bs_init_writable:
  case Op::build_stacktrace: r.x |= 1; break;
  case Op::send:
  case Op::apply_fun:
  case Op::apply_fun_last: r.x |= 3; break;
  case Op::apply_list:
  case Op::apply_list_last:
  case Op::hibernate:
  case Op::raw_raise: r.x |= 7; break;
  case Op::try_case:
  case Op::catch_end: r.x |= 15; break;
  case Op::func_info:
  case Op::nif_body:
  case Op::export_bif:
  case Op::export_undefined: r.x |= below(f_->mfa.arity); break;
  default: break;
  }
  if (i.d.op == Op::bs_create_bin) {
    auto *seg = reinterpret_cast<const BinSegment *>(bytes(i.at + uint32_t(i.d.layout.words * 8)));
    for (Word k = 0; k < i.d.values[4]; k++) {
      use(any(i, seg[k].src));
      if (seg[k].type == SegType::Binary || seg[k].type == SegType::Float || seg[k].type == SegType::Integer)
        use(any(i, seg[k].size));
    }
  }
  return r;
}

// What holds something else afterwards, where the instruction goes on behind itself.
Registers Function::defines(const Ins &i) const {
  Registers r;
  const OpRow &row = op_rows[size_t(i.d.op)];
  for (int k = 0; k < i.d.operands; k++)
    if (row.specs[k] == Spec::D && i.d.kinds[k] == OpKind::X) r.x |= bit(i.d.values[k]);
  if (i.d.op == Op::try_case) r.x |= 15;
  if (i.d.op == Op::catch_end || i.d.op == Op::build_stacktrace || i.d.op == Op::bs_init_writable) r.x |= 1;
  if (i.d.op != Op::fstore && i.d.operands && row.specs[i.d.operands - 1] == Spec::Fr)
    r.f |= float_bit(i.d.values[i.d.operands - 1]);
  return r;
}

void Function::liveness() {
  for (bool changed = true; changed;) {
    changed = false;
    for (auto it = ins_.rbegin(); it != ins_.rend(); ++it) {
      Ins &i = it->second;
      Registers r;
      bool clobbers = false; // calls: nothing but the arguments lives on
      switch (i.d.op) {
      case Op::call_bif:
      case Op::call_bif_only:
      case Op::call_bif_last:
      case Op::send: clobbers = true; break;
      default: clobbers = i.flow == Flow::Call; break;
      }
      if (i.flow == Flow::Next && !clobbers) {
        r = ins_.find(i.next())->second.live;
        Registers d = defines(i);
        r.x &= ~d.x;
        r.f &= ~d.f;
      }
      for (uint32_t t : i.targets) {
        const Registers &o = ins_.find(t)->second.live;
        r.x |= o.x;
        r.f |= o.f;
      }
      Registers u = uses(i);
      r.x |= u.x;
      r.f |= u.f;
      if (!(r == i.live)) {
        i.live = r;
        changed = true;
      }
    }
  }
}

std::vector<uint32_t> Function::native_successors(const Ins &i) const {
  std::vector<uint32_t> out;
  if (i.how == How::Interpret) return out;
  if (i.d.op != Op::catch_) out = i.targets; // handlers of exceptions are entered by the interpreter
  if (i.flow == Flow::Next) out.push_back(i.next());
  return out;
}

// Blocks that are reached from several starts become starts themselves, unless they are small: so the code stays linear
// in the function's size.
void Function::find_starts() {
  constexpr size_t kSmall = 6;
  starts_.push_back(entry_);
  start_set_[entry_] = true;
  for (auto &[at, yes] : return_points_)
    if (!start_set_.contains(at)) {
      starts_.push_back(at);
      start_set_[at] = true;
    }
  for (auto &[at, yes] : direct_) {
    starts_.push_back(at);
    start_set_[at] = true;
  }
  auto small = [&](uint32_t at) {
    std::set<uint32_t> seen;
    std::vector<uint32_t> work{at};
    while (!work.empty()) {
      uint32_t w = work.back();
      work.pop_back();
      if (start_set_.contains(w) || !seen.insert(w).second) continue;
      if (seen.size() > kSmall) return false;
      for (uint32_t n : native_successors(ins_.find(w)->second)) work.push_back(n);
    }
    return true;
  };
  for (bool changed = true; changed;) {
    changed = false;
    std::map<uint32_t, uint32_t> owner;
    std::vector<uint32_t> shared;
    for (uint32_t s : starts_) {
      std::vector<uint32_t> work{s};
      while (!work.empty()) {
        uint32_t at = work.back();
        work.pop_back();
        if (at != s && start_set_.contains(at)) continue;
        auto [o, fresh] = owner.emplace(at, s);
        if (!fresh) {
          if (o->second != s && !small(at)) shared.push_back(at);
          continue;
        }
        for (uint32_t n : native_successors(ins_.find(at)->second)) work.push_back(n);
      }
    }
    for (uint32_t at : shared)
      if (!start_set_.contains(at)) {
        start_set_[at] = true;
        starts_.push_back(at);
        changed = true;
      }
  }
}
} // namespace joist::jit
