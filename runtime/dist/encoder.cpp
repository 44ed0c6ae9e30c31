#include "runtime/dist/encoder.h"

namespace joist::runtime {
namespace {
constexpr Word kSmallPacket = 2048; // bodies up to this are copied behind their header
constexpr uint8_t kMagic = 131;

EncodeOptions options() {
  EncodeOptions o;
  o.minor_version = 2;
  return o;
}
thread_local std::unique_ptr<DistEncoder> spare;
} // namespace

std::unique_ptr<DistEncoder> DistEncoder::get() { return spare ? std::move(spare) : std::make_unique<DistEncoder>(); }
void DistEncoder::put(std::unique_ptr<DistEncoder> m) {
  m->atoms_.clear();
  m->payload_.reset();
  m->out_.truncate(0);
  spare = std::move(m);
}

void DistEncoder::encode_control(Term control) {
  EtfEncoder c(options(), out_, nullptr);
  if (flags_ & dflag::HeaderAtomCache) c.atom_hook = AtomTable::hook, c.atom_hook_arg = &atoms_;
  c.start(control, !(flags_ & (dflag::HeaderAtomCache | dflag::Fragments)));
  int64_t budget = INT64_MAX;
  c.run(&budget);
}

void DistEncoder::start(uint64_t flags, Term control, Term payload, Heap *pairs) {
  flags_ = flags;
  encode_control(control);
  control_size_ = out_.size();
  payload_.emplace(options(), out_, pairs, true);
  if (flags & dflag::HeaderAtomCache) payload_->atom_hook = AtomTable::hook, payload_->atom_hook_arg = &atoms_;
  if (!payload.is_none()) payload_->start(payload, !(flags & (dflag::HeaderAtomCache | dflag::Fragments)));
}

Word DistEncoder::finish(DistEntry *e) {
  auto &cuts = payload_->cuts;
  Word total = out_.size();
  for (auto &c : cuts) total += c.size;
  bool header = flags_ & (dflag::HeaderAtomCache | dflag::Fragments);
  if ((flags_ & dflag::Fragments) && total - control_size_ > kFragmentBytes) return fragmented(e, total);
  const AtomTable *atoms = flags_ & dflag::HeaderAtomCache ? &atoms_ : nullptr;
  Word room = header ? OutCache::room(atoms) : 1;
  bool copy = out_.size() <= kSmallPacket;
  DistPacket packet;
  BinData *first = bin_alloc(room + (copy ? out_.size() : 0));
  uint8_t *start = first->data(), *p = start;
  if (header) p = e->out_cache->write(p, atoms, {});
  else *p++ = kPassThrough;
  BinData *body = first;
  uint8_t *at = p;
  if (copy) {
    if (out_.size()) memcpy(p, out_.data(), out_.size());
  } else {
    packet.add({first, start, Word(p - start)});
    body = out_.take();
    at = body->data();
  }
  // The copied bytes, with the large binaries between them.
  Word from = 0, end = copy ? out_.size() : total;
  if (!copy)
    for (auto &c : cuts) end -= c.size;
  auto piece = [&](Word to) {
    uint8_t *begin = copy && from == 0 ? start : at + from;
    if (at + to == begin) return;
    bin_ref(body);
    packet.add({body, begin, Word(at + to - begin)});
    from = to;
  };
  for (auto &c : cuts) {
    piece(c.at);
    packet.add({c.data, const_cast<uint8_t *>(c.bytes), c.size});
  }
  piece(end);
  bin_unref(body);
  cuts.clear();
  out_.truncate(0);
  Word size = packet.size;
  e->queue.push_back(std::move(packet));
  return size;
}

// The first fragment holds the control message and the first part of the payload. Fragments are numbered downwards to 1.
Word DistEncoder::fragmented(DistEntry *e, Word total) {
  auto cuts = std::move(payload_->cuts);
  payload_->cuts.clear();
  Word end = out_.size(), sum = 0;
  BinData *body = out_.take();
  uint64_t count = (total - control_size_ + kFragmentBytes - 1) / kFragmentBytes, sequence = e->next_sequence++;
  const AtomTable *atoms = flags_ & dflag::HeaderAtomCache ? &atoms_ : nullptr;
  size_t cut = 0;
  Word at = 0, cut_done = 0; // position in body, and within cuts[cut]
  for (uint64_t n = count; n >= 1; n--) {
    DistPacket packet;
    BinData *head = bin_alloc(n == count ? OutCache::room(atoms) : 18);
    uint8_t *p = head->data();
    if (n == count) {
      p = e->out_cache->write(p, atoms, {sequence, count});
    } else {
      *p++ = kMagic, *p++ = kFragmentContinued;
      for (uint64_t v : {sequence, n})
        for (int shift = 56; shift >= 0; shift -= 8) *p++ = uint8_t(v >> shift);
    }
    packet.add({head, head->data(), Word(p - head->data())});
    Word left = kFragmentBytes + (n == count ? control_size_ : 0);
    while (left) {
      Word until = cut < cuts.size() ? cuts[cut].at : end;
      if (at < until) {
        Word size = std::min(left, until - at);
        bin_ref(body);
        packet.add({body, body->data() + at, size});
        at += size, left -= size;
      } else if (cut < cuts.size()) {
        auto &c = cuts[cut];
        Word size = std::min(left, c.size - cut_done);
        bin_ref(c.data);
        packet.add({c.data, const_cast<uint8_t *>(c.bytes) + cut_done, size});
        cut_done += size, left -= size;
        if (cut_done == c.size) bin_unref(c.data), cut++, cut_done = 0;
      } else {
        break;
      }
    }
    sum += packet.size;
    e->queue.push_back(std::move(packet));
  }
  bin_unref(body);
  out_.truncate(0);
  return sum;
}
} // namespace joist::runtime
