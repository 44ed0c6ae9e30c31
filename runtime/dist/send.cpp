// Messages of processes: a large one is encoded in slices, between which its process may be collected.
#include "runtime/dist/encoder.h"
#include "runtime/mem/magic.h"
#include "runtime/proc/bif.h"

namespace joist::runtime {
namespace {
constexpr int64_t kUnitsPerReduction = 32;

struct Sending {
  std::unique_ptr<DistEncoder> encoder;
  DistTarget target;
  bool suspend;
  DistWait in;
};

Term send_continue(Process *p, const Term *args);
Term yield(Process *p, Magic<Sending> *m, Term result) {
  static const Export *again = bif_continuation("dist_send_trap", 3, send_continue);
  return yield_to(p, again, make_magic_ref(p->heap, m), m->value.encoder->save(p->heap), result);
}

// One slice. True: all is encoded.
bool encode(Process *p, DistEncoder &m) {
  int64_t start = std::max<int64_t>(p->reductions, 1) * kUnitsPerReduction, budget = start;
  bool done = m.run(&budget);
  p->bump((start - budget) / kUnitsPerReduction + 1);
  return done;
}

void queue(Process *p, const DistTarget &t, DistEncoder &m, bool suspend, DistWait in) {
  bool wait;
  dist_queue(t, m, &wait);
  if (wait && suspend) dist_wait(p, t.entry, in);
}

// args: magic reference, open terms, what the BIF answers
Term send_continue(Process *p, const Term *args) {
  auto *m = static_cast<Magic<Sending> *>(magic_data(args[0]));
  Sending &s = m->value;
  s.encoder->restore(args[1], &p->heap);
  if (!encode(p, *s.encoder)) return yield(p, m, args[2]);
  queue(p, s.target, *s.encoder, s.suspend, s.in);
  return args[2];
}
} // namespace

Term dist_send_from(Process *p, const DistTarget &t, Term control, Term payload, Term result, bool suspend,
                    DistWait in) {
  if (t.pending) {
    dist_send(t, suspend ? p : nullptr, control, payload, in);
    return result;
  }
  auto m = DistEncoder::get();
  m->start(t.flags, control, payload, &p->heap);
  if (!encode(p, *m)) {
    auto *state = magic_new<Sending>(std::move(m), t, suspend, in);
    Term trapped = yield(p, state, result);
    bin_unref(state);
    return trapped;
  }
  queue(p, t, *m, suspend, in);
  DistEncoder::put(std::move(m));
  return result;
}
} // namespace joist::runtime
