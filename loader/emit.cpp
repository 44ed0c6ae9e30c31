#include "loader/emit.h"
#include "loader/emitter.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/gc.h"
#include "runtime/proc/bif.h"

#include <cstring>

namespace joist::loader {
using namespace genop;

Arg Emitter::src(const Operand &o) const {
  switch (o.kind) {
  case OperandKind::X: return Arg::x(o.value);
  case OperandKind::Y: return Arg::y(o.value);
  case OperandKind::FloatReg: return Arg::fr(o.value);
  case OperandKind::Unsigned: return Arg::lit(Term::small(int64_t(o.value)));
  default: return Arg::lit(o.term);
  }
}

Arg Emitter::reg(const Operand &o, unsigned scratch) {
  Arg a = src(o);
  if (!a.is_lit()) return a;
  ins(Op::move, {a, Arg::x(kScratchX + scratch)});
  return Arg::x(kScratchX + scratch);
}

std::vector<Arg> Emitter::sources(const Operand &list) const {
  std::vector<Arg> v;
  for (size_t i = 0; i < list.value; i++) v.push_back(src(item(list, i)));
  return v;
}

Emitter::Done Emitter::fail(const char *why) {
  *error_ = why;
  return Done::Failed;
}

void Emitter::set_line(uint32_t location) {
  auto at = uint32_t(a_.here());
  auto &offsets = code_->lines_offset;
  auto &locations = code_->lines_location;
  if (!offsets.empty() && offsets.back() == at) locations.back() = location;
  else if (locations.empty() || locations.back() != location) {
    offsets.push_back(at);
    locations.push_back(location);
  }
}

void Emitter::line(Word index) {
  if (index >= f_.lines.size()) return set_line(0);
  const LineInfo &l = f_.lines[index];
  bool fits = index && l.file < 256 && l.line < (1u << 24);
  set_line(fits ? l.file << 24 | l.line : 0);
}

// As on stock, a line is not noted between a move to x0 and a tail call of what is no built-in function: what follows in
// the code is then said to be on the line before. Not so where that move goes together with the one before it.
bool Emitter::forgotten_line() {
  if (i_ < 1 || i_ + 1 >= f_.ops.size()) return false;
  auto move = [&](size_t k) { return k < f_.ops.size() && f_.ops[k].op == op_move ? &f_.ops[k] : nullptr; };
  auto *m = move(i_ - 1);
  if (!m || !(dst(*m, 1) == Arg::x(0))) return false;
  const GenericOp &next = f_.ops[i_ + 1];
  switch (next.op) {
  case op_call_only:
  case op_call_last: break;
  case op_call_ext_only:
  case op_call_ext_last: {
    const Mfa &mfa = f_.imports[num(next, 1)].mfa;
    if (export_get_or_put(mfa.module, mfa.function, mfa.arity)->bif) return false;
    break;
  }
  default: return false;
  }
  auto *before = move(i_ - 2);
  if (!before) return true;
  Arg s1 = src(*before, 0), d1 = dst(*before, 1), s2 = src(*m, 0);
  if (d1 == s2) return false;
  bool pair =
      d1 == Arg::x(1) && s1.is_reg() && s1.kind == s2.kind && (s1.value + 8 == s2.value || s2.value + 8 == s1.value);
  return !pair;
}

// Native bodies overwrite two words at a function's entry (erlang:load_nif/2).
void Emitter::function_end() {
  if (entry_ && a_.here() - entry_ < 2) ins(Op::nop, {});
  entry_ = 0;
}

bool Emitter::body_is_bif(const Mfa &mfa) { return is_bif(mfa.module, mfa.function, mfa.arity); }

void Emitter::function_head(const GenericOp &op) {
  Mfa mfa{arg(op, 0).term, arg(op, 1).term, num(op, 2)};
  function_offset_.push_back(uint32_t(a_.here()));
  ins(Op::func_info, {});
  for (Word w : {Word(interpret_entry_stub), Word(0), mfa.module.raw(), mfa.function.raw(), mfa.arity}) a_.word(w);
  entry_ = a_.here();
  entry_labelled_ = false;
  if (!body_is_bif(mfa)) return;
  // The rest of the stub is not translated; its labels, which nothing refers to, stand at the BIF call.
  Export *x = export_get_or_put(mfa.module, mfa.function, mfa.arity);
  size_t at = a_.here();
  // These are instructions; their BIFs only lead here.
  if (mfa.module == atoms::erlang && mfa.function == atoms::apply && mfa.arity == 3)
    ins(Op::apply_list_last, {Arg::num(0)});
  else if (mfa.module == atoms::erlang && mfa.function == atoms::apply && mfa.arity == 2)
    ins(Op::apply_fun_last, {Arg::num(0)});
  else if (mfa.module == atoms::erlang && mfa.function == atoms::hibernate && mfa.arity == 3) ins(Op::hibernate, {});
  else ins(Op::bif_body, {Arg::ptr(x)});
  for (; i_ + 1 < f_.ops.size(); i_++) {
    const GenericOp &o = f_.ops[i_ + 1];
    if (o.op == op_int_code_end) break;
    if (o.op == op_label) {
      size_t k = i_ + 2;
      while (k < f_.ops.size() && f_.ops[k].op == op_line) k++;
      if (k < f_.ops.size() && f_.ops[k].op == op_func_info) break;
      label_offset_[num(o, 0)] = uint32_t(at);
    }
  }
}

void Emitter::call_export(unsigned opcode, const Mfa &mfa, Word dealloc, unsigned arity) {
  bool last = opcode == op_call_ext_last, only = opcode == op_call_ext_only;
  if (mfa.module == atoms::erlang) {
    if (mfa.function == atoms::apply && mfa.arity == 3) {
      if (last || only) ins(Op::apply_list_last, {Arg::num(dealloc)});
      else ins(Op::apply_list, {Arg::native()});
      return;
    }
    if (mfa.function == atoms::apply && mfa.arity == 2) {
      if (last || only) ins(Op::apply_fun_last, {Arg::num(dealloc)});
      else ins(Op::apply_fun, {Arg::native()});
      return;
    }
    if (mfa.function == atoms::hibernate && mfa.arity == 3) {
      ins(Op::hibernate, {});
      return;
    }
    if (mfa.function == atoms::yield && mfa.arity == 0) {
      ins(Op::yield_, {Arg::native()});
      if (last) ins(Op::deallocate_return, {Arg::num(dealloc)});
      if (only) ins(Op::return_, {});
      return;
    }
  }
  Export *x = export_get_or_put(mfa.module, mfa.function, mfa.arity);
  if (x->bif) {
    if (last) {
      ins(Op::call_bif_last, {Arg::ptr(x), Arg::num(dealloc), Arg::native()});
      ins(Op::deallocate_return, {Arg::num(dealloc)});
    } else if (only) {
      ins(Op::call_bif_only, {Arg::ptr(x), Arg::native()});
      ins(Op::return_, {});
    } else {
      ins(Op::call_bif, {Arg::ptr(x), Arg::native()});
    }
    return;
  }
  if (last) ins(Op::call_ext_last, {Arg::ptr(x), Arg::num(dealloc)});
  else if (only) ins(Op::call_ext_only, {Arg::ptr(x)});
  else ins(Op::call_ext, {Arg::ptr(x), Arg::native()});
}

Emitter::Done Emitter::control(const GenericOp &op) {
  switch (op.op) {
  case op_label: {
    // A new function begins: what the line table said ends.
    size_t k = i_ + 1;
    while (k < f_.ops.size() && f_.ops[k].op == op_line) k++;
    if (k < f_.ops.size() && f_.ops[k].op == op_func_info) {
      function_end();
      set_line(0);
    }
    // A breakpoint at a function's entry is not to be hit by what jumps there from inside (a receive comes first).
    if (entry_ && a_.here() == entry_) {
      if (entry_labelled_) ins(Op::nop, {});
      entry_labelled_ = true;
    }
    label_offset_[num(op, 0)] = uint32_t(a_.here());
    break;
  }
  case op_line:
    if (!forgotten_line()) line(num(op, 0));
    break;
  case op_func_info: function_head(op); break;
  case op_int_code_end:
    function_end();
    ins(Op::int_code_end, {});
    break;
  case op_nif_start:
    if (!function_offset_.empty()) declared_nifs_.push_back(function_offset_.size() - 1);
    break;
  case op_on_load:
  case op_fclearerror:
  case op_fcheckerror:
  case op_executable_line:
  case op_debug_line:
  case op_recv_mark:
  case op_recv_set: break;

  case op_call: ins(Op::call, {lab(op, 1), Arg::native()}); break;
  case op_call_only: ins(Op::call_only, {lab(op, 1)}); break;
  case op_call_last: ins(Op::call_last, {lab(op, 1), Arg::num(num(op, 2) * 8)}); break;
  case op_call_ext:
  case op_call_ext_only:
  case op_call_ext_last: {
    Word import = num(op, 1);
    call_export(op.op, f_.imports[import].mfa, op.op == op_call_ext_last ? num(op, 2) * 8 : 0, unsigned(num(op, 0)));
    break;
  }
  case op_call_fun:
  case op_call_fun2: {
    Word arity = op.op == op_call_fun ? num(op, 0) : num(op, 1);
    Arg fun = op.op == op_call_fun ? Arg::x(arity) : reg(op, 2);
    // call, deallocate, return is a tail call.
    auto *d = next_is(1, op_deallocate);
    if (d && next_is(2, op_return)) {
      ins(Op::call_fun_last, {Arg::num(arity), fun, Arg::num(num(*d, 0) * 8)});
      i_ += 2;
    } else {
      ins(Op::call_fun, {Arg::num(arity), fun, Arg::native()});
    }
    break;
  }
  case op_apply: ins(Op::apply, {Arg::num(num(op, 0)), Arg::native()}); break;
  case op_apply_last: ins(Op::apply_last, {Arg::num(num(op, 0)), Arg::num(num(op, 1) * 8)}); break;
  case op_send: ins(Op::send, {Arg::native()}); break;
  case op_return: ins(Op::return_, {}); break;
  case op_deallocate:
    if (next_is(1, op_return)) {
      ins(Op::deallocate_return, {Arg::num(num(op, 0) * 8)});
      i_++;
    } else {
      ins(Op::deallocate, {Arg::num(num(op, 0) * 8)});
    }
    break;
  case op_trim: ins(Op::deallocate, {Arg::num(num(op, 0) * 8)}); break;

  case op_catch:
  case op_try: ins(Op::catch_, {dst(op, 0), lab(op, 1)}); break;
  case op_catch_end: ins(Op::catch_end, {dst(op, 0)}); break;
  case op_try_end: ins(Op::try_end, {dst(op, 0)}); break;
  case op_try_case: ins(Op::try_case, {dst(op, 0)}); break;
  case op_try_case_end: ins(Op::try_case_end, {src(op, 0)}); break;
  case op_badmatch: ins(Op::badmatch, {src(op, 0)}); break;
  case op_case_end: ins(Op::case_end, {src(op, 0)}); break;
  case op_badrecord: ins(Op::badrecord, {src(op, 0)}); break;
  case op_if_end: ins(Op::if_end, {}); break;
  case op_raise: ins(Op::raise_, {src(op, 0), src(op, 1)}); break;
  case op_raw_raise: ins(Op::raw_raise, {}); break;
  case op_build_stacktrace: ins(Op::build_stacktrace, {}); break;

  case op_loop_rec: ins(Op::loop_rec, {lab(op, 0), dst(op, 1)}); break;
  case op_loop_rec_end: ins(Op::loop_rec_end, {lab(op, 0)}); break;
  case op_remove_message: ins(Op::remove_message, {}); break;
  case op_timeout: ins(Op::timeout, {}); break;
  case op_wait: ins(Op::wait, {lab(op, 0)}); break;
  case op_wait_timeout: ins(Op::wait_timeout, {lab(op, 0), src(op, 1)}); break;
  case op_recv_marker_reserve: ins(Op::recv_marker_reserve, {dst(op, 0)}); break;
  case op_recv_marker_bind: ins(Op::recv_marker_bind, {src(op, 0), src(op, 1)}); break;
  case op_recv_marker_clear: ins(Op::recv_marker_clear, {src(op, 0)}); break;
  case op_recv_marker_use: ins(Op::recv_marker_use, {src(op, 0)}); break;
  default: return Done::NotMine;
  }
  return Done::Ok;
}

bool Emitter::run(std::vector<const Instr *> *labels) {
  label_offset_.assign(f_.label_count + 1, 0);
  a_.word(0); // so that offset 0 is no instruction
  using Family = Done (Emitter::*)(const GenericOp &);
  static constexpr Family families[] = {&Emitter::data, &Emitter::test,  &Emitter::control, &Emitter::bif,
                                        &Emitter::bits, &Emitter::build, &Emitter::map};
  for (i_ = 0; i_ < f_.ops.size(); i_++) {
    const GenericOp &op = f_.ops[i_];
    Done d = Done::NotMine;
    for (Family fam : families)
      if (d = (this->*fam)(op); d != Done::NotMine) break;
    if (d == Done::NotMine)
      *error_ = std::string("instruction ") + genop_info(op.op).name + " is not supported; please re-compile";
    if (d != Done::Ok) return false;
  }
  function_end();
  // --- place it: code, then the string table
  size_t words = a_.here(), string_words = (f_.strings.size() + 7) / 8;
  auto *base = static_cast<Word *>(low_alloc((words + string_words + 1) * 8));
  for (auto &s : string_fixes_) a_.poke(s.at, Word(base + words) + s.offset);
  a_.resolve(Word(base), label_offset_);
  memcpy(base, a_.words().data(), words * 8);
  if (!f_.strings.empty()) memcpy(base + words, f_.strings.data(), f_.strings.size());
  code_->start = base;
  code_->end = base + words + string_words;
  for (uint32_t o : function_offset_) code_->functions.push_back(reinterpret_cast<FuncInfo *>(base + o));
  for (size_t i : declared_nifs_) code_->declared_nifs.push_back(code_->functions[i]);
  labels->assign(label_offset_.size(), nullptr);
  for (size_t i = 0; i < label_offset_.size(); i++)
    if (label_offset_[i]) (*labels)[i] = reinterpret_cast<const Instr *>(base + label_offset_[i]);
  return true;
}

bool emit_code(BeamFile &file, ModuleCode *code, Emitted *out, std::string *error) {
  Emitter e(file, code, error);
  if (!e.run(&out->labels)) return false;
  code->line_files = file.line_files;
  code->literals = file.area;
  file.area = nullptr;
  return true;
}
} // namespace joist::loader
