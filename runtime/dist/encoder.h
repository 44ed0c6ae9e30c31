// Messages to other nodes: a control message and perhaps a payload, encoded into packets of at most about 64 kB where the
// other side puts fragments together (dist/header.h).
#pragma once
#include "runtime/dist/entry.h"
#include "runtime/dist/etf.h"

#include <optional>

namespace joist::runtime {
inline constexpr Word kFragmentBytes = 64 * 1024;

class DistEncoder {
public:
  // flags: of the connection. pairs: see EtfEncoder. `payload` none: control message only.
  void start(uint64_t flags, Term control, Term payload, Heap *pairs);
  // Goes on with the payload: true when done. The unit of the budget is EtfEncoder's.
  bool run(int64_t *budget) { return payload_->run(budget); }
  // For the collector, between two runs.
  Term save(Heap &h) const { return payload_->save(h); }
  void restore(Term saved, Heap *pairs) { payload_->restore(saved, pairs); }
  // Makes the packets and appends them to the entry's queue; its lock is held. Bytes appended.
  Word finish(DistEntry *e);
  // An encoder to be used by the calling thread for one message; give it back if it is not kept for longer.
  static std::unique_ptr<DistEncoder> get();
  static void put(std::unique_ptr<DistEncoder> m);

private:
  void encode_control(Term control);
  Word fragmented(DistEntry *e, Word total);
  EtfBuffer out_;
  AtomTable atoms_;
  std::vector<EtfEncoder::Cut> control_cuts_;
  std::optional<EtfEncoder> payload_;
  uint64_t flags_ = 0;
  Word control_size_ = 0;
};
} // namespace joist::runtime
