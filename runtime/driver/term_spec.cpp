// Messages of drivers, described as an array of words in reverse Polish order (erl_driver, driver_output_term).
#include "runtime/dist/etf.h"
#include "runtime/driver/host.h"
#include "runtime/nif/env.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/term/binary.h"
#include "runtime/term/map.h"
#include "runtime/trace/ports.h"

#include <cmath>

namespace joist::runtime {
namespace {
enum Op : Word {
  kNil = 1,
  kAtom,
  kInt,
  kPort,
  kBinary,
  kString,
  kTuple,
  kList,
  kStringCons,
  kPid,
  kFloat,
  kExternal,
  kUint,
  kBufferBinary,
  kInt64,
  kUint64,
  kMap
};
Word arguments(Word op) {
  switch (op) {
  case kNil: return 0;
  case kBinary: return 3;
  case kString:
  case kStringCons:
  case kExternal:
  case kBufferBinary: return 2;
  default: return 1;
  }
}
Term string_before(Heap &h, const char *bytes, Word n, Term tail) {
  while (n-- > 0) tail = make_cons(h, Term::small(uint8_t(bytes[n])), tail);
  return tail;
}
} // namespace

Term drv_build_term(FragmentHeap &h, const Word *spec, int count) {
  std::vector<Term> stack;
  auto text = [&](Word at) { return reinterpret_cast<const char *>(at); };
  const Word *end = spec + std::max(count, 0);
  while (spec < end) {
    Word op = *spec++;
    if (op < kNil || op > kMap || Word(end - spec) < arguments(op)) return Term::none();
    const Word *a = spec;
    spec += arguments(op);
    Term t = Term::none();
    switch (op) {
    case kNil: t = Term::nil(); break;
    case kAtom:
      if (!Term(a[0]).is_atom()) return Term::none();
      t = Term(a[0]);
      break;
    case kInt: t = make_int(h, int64_t(a[0])); break;
    case kUint: t = make_uint(h, a[0]); break;
    case kInt64: t = make_int(h, *reinterpret_cast<const int64_t *>(a[0])); break;
    case kUint64: t = make_uint(h, *reinterpret_cast<const uint64_t *>(a[0])); break;
    case kPort:
      if (!Term(a[0]).is_local_port()) return Term::none();
      t = Term(a[0]);
      break;
    case kPid:
      if (!Term(a[0]).is_local_pid()) return Term::none();
      t = Term(a[0]);
      break;
    case kBinary: {
      auto *bin = reinterpret_cast<DrvBinary *>(a[0]);
      if (!bin || !drv_binary_has(bin, a[2], a[1])) return Term::none();
      if (a[1] <= kHeapBinMax) {
        t = make_binary_from(h, bin->bytes + a[2], a[1]);
      } else {
        bin_ref(bin->data());
        t = make_refc_binary(h, bin->data(), reinterpret_cast<uint8_t *>(bin->bytes) + a[2], a[1]);
      }
      break;
    }
    case kBufferBinary:
      if (a[1] && !a[0]) return Term::none();
      t = make_binary_from(h, text(a[0]), a[1]);
      break;
    case kString:
      if (!a[0]) return Term::none();
      t = string_before(h, text(a[0]), a[1], Term::nil());
      break;
    case kStringCons:
      if (!a[0] || stack.empty()) return Term::none();
      t = string_before(h, text(a[0]), a[1], stack.back());
      stack.pop_back();
      break;
    case kTuple: {
      if (a[0] > stack.size()) return Term::none();
      Word *b = h.alloc(1 + a[0]);
      *b = header(Kind::Tuple, a[0]);
      std::copy_n(stack.end() - long(a[0]), a[0], reinterpret_cast<Term *>(b + 1));
      stack.resize(stack.size() - a[0]);
      t = Term::boxed(b);
      break;
    }
    case kList: // the tail counts
      if (a[0] == 0 || a[0] > stack.size()) return Term::none();
      t = stack.back();
      stack.pop_back();
      for (Word i = 1; i < a[0]; i++) {
        t = make_cons(h, stack.back(), t);
        stack.pop_back();
      }
      break;
    case kMap: {
      if (2 * a[0] > stack.size()) return Term::none();
      bool duplicates = false;
      t = map_from_pairs(h, stack.data() + (stack.size() - 2 * a[0]), a[0], &duplicates);
      if (duplicates) return Term::none();
      stack.resize(stack.size() - 2 * a[0]);
      break;
    }
    case kFloat: {
      double d = *reinterpret_cast<const double *>(a[0]);
      if (!std::isfinite(d)) return Term::none();
      t = make_float(h, d);
      break;
    }
    case kExternal: {
      Word used;
      if (!a[0]) return Term::none();
      t = etf_decode(h, reinterpret_cast<const uint8_t *>(a[0]), a[1], false, &used);
      if (t.is_none()) return Term::none();
      break;
    }
    }
    stack.push_back(t);
  }
  return stack.size() == 1 ? stack[0] : Term::none();
}

namespace {
// 1 sent, 0 nobody there, -1 malformed. Any thread.
int send_terms(Port *port, Term to, const Word *spec, int n) {
  FragmentHeap h;
  Term t = drv_build_term(h, spec, n);
  if (t.is_none()) return -1;
  nif_foreign_thread();
  progress::OnlineScope online;
  if (!to.is_local_pid()) return 0;
  // Only the thread that executes the port may ask for its tracer.
  if (port && this_scheduler() && trace::port_traced(*port, trace::flag::Send)) trace::port_sends(*port, to, t);
  if (!process_lookup(to)) return 0;
  message_send_pid_built(to, t, h.take());
  return 1;
}
// In `stop` too; not once the port only flushes.
Port *sending_port(Word id) {
  Port *p = port_lookup_any(Term(id));
  return p && !(p->flags.load(std::memory_order_acquire) & portflag::Closing) ? p : nullptr;
}
} // namespace

JOIST_ABI int erl_drv_output_term(Word port, Word *spec, int n) {
  nif_foreign_thread();
  progress::OnlineScope online;
  Port *p = sending_port(port);
  return p ? send_terms(p, Term(p->owner.load()), spec, n) : -1;
}
JOIST_ABI int erl_drv_send_term(Word port, Word to, Word *spec, int n) {
  nif_foreign_thread();
  progress::OnlineScope online;
  Port *p = sending_port(port);
  return p ? send_terms(p, Term(to), spec, n) : 0;
}
JOIST_ABI int driver_output_term(DrvPort *h, Word *spec, int n) {
  return drv_port_ok(h) ? send_terms(h->port, Term(h->port->owner.load()), spec, n) : -1;
}
JOIST_ABI int driver_send_term(DrvPort *h, Word to, Word *spec, int n) {
  return drv_port_ok(h) ? send_terms(h->port, Term(to), spec, n) : -1;
}

extern "C" const Word driver_term_nil;
__attribute__((visibility("default"), used)) const Word driver_term_nil = Term::nil().raw();
JOIST_ABI Word driver_mk_term_nil() { return driver_term_nil; }
JOIST_ABI Word driver_mk_atom(char *name) {
  return atom::intern_latin1(std::string_view(name).substr(0, atom::kMaxChars)).raw();
}
JOIST_ABI Word driver_mk_port(DrvPort *h) { return h->port->id.raw(); }
JOIST_ABI Word driver_connected(DrvPort *h) { return drv_port_ok(h) ? h->port->owner.load() : driver_term_nil; }
JOIST_ABI Word driver_caller(DrvPort *h) {
  return drv_port_ok(h) && h->port->caller.is_local_pid() ? h->port->caller.raw() : driver_term_nil;
}
} // namespace joist::runtime
