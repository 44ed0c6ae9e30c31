// erlang:halt/2.
#include "bifs/build.h"

#include "runtime/dist/slice.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/crash_dump.h"
#include "runtime/term/utf.h"

#include <thread>
#include <unistd.h>

namespace joist::bifs {
namespace {
// The process that halts waits here while another thread flushes, which may need this scheduler.
Term wait_for_end(Process *p, const Term *) {
  static const Export *again = bif_continuation("halt_wait", 0, wait_for_end);
  usleep(200);
  return yield_to(p, again);
}

// A slogan: list of characters, at most 1023 of them used; false if it is no string.
bool slogan_of(Term list, std::string *out) {
  for (int n = 0; list.is_cons(); list = list.tail(), n++) {
    Term c = list.head();
    if (!c.is_small() || !valid_code_point(Word(c.small_value()))) return false;
    if (n >= 1023) continue;
    uint8_t bytes[4];
    Word k = put_utf8(bytes, Word(c.small_value()));
    out->append(reinterpret_cast<char *>(bytes), k);
  }
  return list.is_nil();
}
} // namespace

Term erlang_halt_2(Process *p, const Term *args) {
  bool flush = true;
  Term opts = args[1];
  for (; opts.is_cons(); opts = opts.tail()) {
    Term o = opts.head();
    if (!is_tuple_of(o, 2) || tuple_elements(o)[0] != atoms::flush) return badarg(p, named<"badopt">());
    Term v = tuple_elements(o)[1];
    if (v != atoms::true_ && v != atoms::false_) return badarg(p, named<"badopt">());
    flush = v == atoms::true_;
  }
  if (!opts.is_nil()) return badarg(p, named<"badopt">());
  Term status = args[0];
  if (status == atoms::abort) abort();
  if (status.is_list()) {
    std::string slogan;
    if (!slogan_of(status, &slogan)) return badarg(p);
    vm_crash(slogan.c_str());
  }
  int code;
  if (status.is_small() && status.small_value() >= 0) code = int(status.small_value() & 0x7fffffff);
  else if (is_big(status) && !big_negative(status)) code = int(big_limbs(status)[0] & 0x7fffffff);
  else return badarg(p);
  if (!flush) vm_exit_now(code);
  dist_slice.flush();
  std::thread(vm_exit, code).detach();
  return wait_for_end(p, args);
}
} // namespace joist::bifs
