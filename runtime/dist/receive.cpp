// What comes from a node: the header, putting fragments together, the control message. Nothing of it is trusted; what is
// malformed ends the connection, with a line in the log.
#include "runtime/dist/control.h"
#include "runtime/dist/etf.h"
#include "runtime/dist/node.h"
#include "runtime/proc/process.h"
#include "runtime/proc/registry.h"
#include "runtime/sys/settings.h"
#include "runtime/sys/time.h"
#include "runtime/term/map.h"
#include "runtime/term/print.h"

#include <unistd.h>
#include <utility>

namespace joist::runtime {
namespace {
constexpr size_t kMaxUnfinished = 1 << 16; // messages that a node may have begun and not finished
constexpr Word kShownBytes = 512;
constexpr Word kAtOnceBytes = 16 * 1024; // messages up to this are decoded at once

Word default_unfinished_limit() {
  Word memory = Word(sysconf(_SC_PHYS_PAGES)) * Word(sysconf(_SC_PAGESIZE));
  return std::max<Word>(memory / 8, Word{256} << 20);
}

std::string shown(const uint8_t *data, Word n, const char *before = "") {
  std::string s = std::string("<<") + before;
  for (Word i = 0; i < std::min(n, kShownBytes); i++) s += (i ? "," : "") + std::to_string(data[i]);
  return s + (n > kShownBytes ? ",...>>" : ">>");
}

DistReceived refuse(DistEntry *e, uint32_t connection, const std::string &why, bool warning = false) {
  dist_log(why, warning);
  dist_kill(e, connection);
  return DistReceived::Closed;
}

std::string name_of(DistEntry *e) { return to_text(e->name); }
// Number of the controller.
std::string channel_of(DistEntry *e) {
  std::lock_guard g(e->lock);
  Term c = e->controller;
  return std::to_string(c.is_local_port() ? c.imm_payload() : c.is_local_pid() ? local_pid_number(c) : 0);
}
std::string incompatible(DistEntry *e) { return "** Got message from incompatible erlang on channel " + channel_of(e); }
// "Self got a corrupted WHAT from Other on distribution channel N", then the bytes.
std::string corrupted(DistEntry *e, const char *what) {
  return to_text(this_node()->name) + " got a corrupted " + what + " from " + name_of(e) + " on distribution channel " +
         channel_of(e) + "\n";
}
DistReceived corrupted_term(DistEntry *e, uint32_t connection, const uint8_t *data, Word n,
                            const std::vector<Term> &atoms) {
  std::string text = corrupted(e, "external term") + shown(data, n, "...,") + "\nATOM_CACHE_REF translations: ";
  if (atoms.empty()) text += "none";
  for (size_t i = 0; i < atoms.size(); i++) text += (i ? ", " : "") + std::to_string(i) + "=" + to_text(atoms[i]);
  return refuse(e, connection, text, true);
}
DistReceived bad_payload(const DistMessage &m) {
  return corrupted_term(m.entry, m.connection, m.payload, m.payload_size, *m.atoms);
}

// The message is complete: acts upon it.
DistReceived finish(DistMessage &m) {
  switch (dist_control(m)) {
  case DistResult::Ok: return DistReceived::Done;
  case DistResult::Invalid: {
    std::string text = to_text(m.control);
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    return refuse(m.entry, m.connection, "Invalid distribution message: " + text);
  }
  case DistResult::BadPayload: return bad_payload(m);
  }
  return DistReceived::Done;
}

DistReceived decode(DistEntry *e, int64_t *budget) {
  DistDecoding &d = *e->decoding;
  EtfDecoder::Result r = d.decoder->run(budget);
  if (r == EtfDecoder::Result::More) return DistReceived::More;
  std::unique_ptr<DistDecoding> done(std::exchange(e->decoding, nullptr));
  if (r == EtfDecoder::Result::Bad || d.decoder->used() != d.message.payload_size) return bad_payload(d.message);
  d.message.decoded = d.decoder->value();
  d.message.decoded_heap = &d.heap;
  return finish(d.message);
}

bool dist_packet_start(uint8_t magic, uint8_t tag) {
  return magic == kDistMagic && (tag == kDistHeader || tag == kFragmentHeader || tag == kFragmentContinued);
}

struct Incoming {
  DistEntry *entry;
  uint32_t connection;
  bool header;
  int64_t *budget;
};

DistReceived too_much(const Incoming &in) {
  return refuse(in.entry, in.connection,
                "Connection to " + name_of(in.entry) + " closed: it began more messages than there is room for");
}

// Control message in `heap`. False: refused.
bool parse(const Incoming &in, const uint8_t *data, Word n, const std::vector<Term> &atoms, Heap &heap,
           DistMessage *m) {
  DistEntry *e = in.entry;
  Word skip = in.header ? 0 : 1;
  if (n < skip || (skip && data[0] != kDistMagic)) return refuse(e, in.connection, incompatible(e)), false;
  m->entry = e;
  m->connection = in.connection;
  m->atoms = &atoms;
  EtfDecoder d(heap, data + skip, n - skip, false);
  d.network = true;
  d.atom_cache = atoms.data();
  d.atom_cache_size = atoms.size();
  int64_t budget = INT64_MAX;
  if (d.run(&budget) != EtfDecoder::Result::Done) return corrupted_term(e, in.connection, data, n, atoms), false;
  m->control = d.value();
  m->payload = data + skip + d.used();
  m->payload_size = n - skip - d.used();
  if (!in.header && m->payload_size) {
    if (m->payload[0] != kDistMagic) return corrupted_term(e, in.connection, data, n, atoms), false;
    m->payload++, m->payload_size--;
  }
  return true;
}

// Control message and payload, complete. owned: the bytes as a binary (takes over the reference), or null.
DistReceived message(const Incoming &in, const uint8_t *data, Word n, std::vector<Term> &atoms, BinData *owned) {
  *in.budget -= 8 + int64_t(n / 64);
  if (n <= kAtOnceBytes) {
    FragmentHeap heap(64);
    DistMessage m;
    DistReceived r = parse(in, data, n, atoms, heap, &m) ? finish(m) : DistReceived::Closed;
    if (owned) bin_unref(owned);
    return r;
  }
  if (!owned) {
    owned = bin_alloc(n);
    memcpy(owned->data(), data, n);
    data = owned->data();
  }
  auto d = std::make_unique<DistDecoding>(owned, std::move(atoms));
  if (!parse(in, data, n, d->atoms, d->control_heap, &d->message)) return DistReceived::Closed;
  const DistMessage &m = d->message;
  if (m.payload_size == 0) return finish(d->message);
  d->decoder.emplace(d->heap, m.payload, m.payload_size, false);
  d->decoder->network = true;
  d->decoder->atom_cache = d->atoms.data();
  d->decoder->atom_cache_size = d->atoms.size();
  d->decoder->source = owned;
  d->decoder->whole = n;
  in.entry->decoding = d.release();
  return decode(in.entry, in.budget);
}

DistReceived fragment(const Incoming &in, ReadHeader &h, const uint8_t *body, Word size) {
  DistEntry *e = in.entry;
  auto out_of_order = [&] { return refuse(e, in.connection, name_of(e) + " sent fragments out of order"); };
  auto it = e->fragments.find(h.sequence);
  if (h.kind == ReadHeader::Kind::First) {
    if (it != e->fragments.end()) return out_of_order();
    if (e->fragments.size() >= kMaxUnfinished) return too_much(in);
    if (h.fragment == 1) return message(in, body, size, h.atoms, nullptr);
    it = e->fragments.try_emplace(h.sequence).first;
    // The announced number of fragments may be a lie: room for a few only.
    it->second.bytes.grow(size * std::min<uint64_t>(h.fragment, 16));
    it->second.bytes.truncate(0);
    it->second.atoms = std::move(h.atoms);
    it->second.next = h.fragment;
  } else if (it == e->fragments.end()) {
    return out_of_order();
  }
  DistFragments &f = it->second;
  if (f.next != h.fragment) return out_of_order();
  if ((e->unfinished += size) > dist_unfinished_limit) return too_much(in);
  f.bytes.put(body, size);
  *in.budget -= int64_t(size / 64);
  if (--f.next > 0) return DistReceived::Done;
  Word n = f.bytes.size();
  std::vector<Term> atoms = std::move(f.atoms);
  BinData *whole = f.bytes.take();
  e->fragments.erase(it);
  e->unfinished -= n;
  if (!whole) return message(in, body, 0, atoms, nullptr);
  return message(in, whole->data(), n, atoms, whole);
}

DistReceived packet(const Incoming &in, bool fragments, const uint8_t *data, Word n) {
  DistEntry *e = in.entry;
  if (!in.header) {
    std::vector<Term> none;
    if (n < 1 || data[0] != kPassThrough) return refuse(e, in.connection, incompatible(e));
    return message(in, data + 1, n - 1, none, nullptr);
  }
  ReadHeader h;
  if (n >= 2 && !dist_packet_start(data[0], data[1])) return refuse(e, in.connection, incompatible(e));
  if (!e->in_cache->read(data, n, &h) || (h.kind != ReadHeader::Kind::Plain && !fragments)) {
    if (h.atom_table_full)
      return refuse(e, in.connection,
                    "Connection to " + name_of(e) + " closed: it names more new atoms than this node has room for");
    return refuse(e, in.connection, corrupted(e, "distribution header") + shown(data, n), true);
  }
  if (h.kind == ReadHeader::Kind::Plain) return message(in, data + h.size, n - h.size, h.atoms, nullptr);
  return fragment(in, h, data + h.size, n - h.size);
}

// The connection's capabilities; false if it is another one by now.
bool still(DistEntry *e, Incoming *in, bool *fragments) {
  std::lock_guard g(e->lock);
  if (!e->connected() || e->connection != in->connection) return false;
  in->header = e->header();
  *fragments = e->flags & dflag::Fragments;
  return true;
}
} // namespace

void dist_frame_too_large(DistEntry *e) {
  dist_log("Connection to " + name_of(e) + " on distribution channel " + channel_of(e) +
               " closed: it announced a frame that is larger than any may be",
           true);
}

Word dist_unfinished_limit = default_unfinished_limit();

void dist_log(const std::string &text, bool warning) {
  Process *logger = system_logger() == atoms::logger ? registry_process(atoms::logger)
                    : system_logger().is_local_pid() ? process_lookup(system_logger())
                                                     : nullptr;
  if (!logger) {
    fprintf(stderr, "=%s REPORT==== %s\n", warning ? "WARNING" : "ERROR", text.c_str());
    return;
  }
  FragmentHeap h(64);
  Term level = warning ? atom::intern("warning") : atoms::error;
  Term legacy[] = {atoms::emulator, atoms::true_, atom::intern("tag"), level};
  Term meta[] = {atoms::time, make_int(h, os_system_time() / 1000), atoms::error_logger, map_from_pairs(h, legacy, 2)};
  Term line = make_string_utf8(h, text.data(), text.size());
  Term log =
      make_tuple(h, atoms::log, level, make_string(h, "~ts~n", 5), make_list(h, line), map_from_pairs(h, meta, 2));
  message_send_built(logger, log, h.take());
}

DistReceived dist_receive(DistEntry *e, uint32_t connection, const uint8_t *data, Word n, int64_t *budget) {
  std::lock_guard g(e->in_lock);
  Incoming in{e, connection, false, budget};
  bool fragments;
  if (!still(e, &in, &fragments)) return DistReceived::Done; // too late
  if (!e->decoding && e->held.empty()) return packet(in, fragments, data, n);
  if ((e->unfinished += n) > dist_unfinished_limit) return too_much(in);
  BinData *copy = bin_alloc(std::max<Word>(n, 1));
  memcpy(copy->data(), data, n);
  e->held.push_back({copy, n});
  return DistReceived::More;
}

DistReceived dist_receive_more(DistEntry *e, uint32_t connection, int64_t *budget) {
  std::lock_guard g(e->in_lock);
  Incoming in{e, connection, false, budget};
  bool fragments;
  for (;;) {
    if (!still(e, &in, &fragments)) return DistReceived::Done;
    if (!e->decoding && e->held.empty()) return DistReceived::Done;
    if (*budget <= 0) return DistReceived::More;
    DistReceived r;
    if (e->decoding) {
      r = decode(e, budget);
    } else {
      auto [bytes, size] = e->held.front();
      e->held.pop_front();
      e->unfinished -= size;
      r = packet(in, fragments, bytes->data(), size);
      bin_unref(bytes);
    }
    if (r != DistReceived::Done) return r;
  }
}

void dist_receive_reset(DistEntry *e) {
  delete std::exchange(e->decoding, nullptr);
  for (auto &h : std::exchange(e->held, {})) bin_unref(h.bytes);
  e->fragments.clear();
  e->unfinished = 0;
  e->in_cache.reset();
}
} // namespace joist::runtime
