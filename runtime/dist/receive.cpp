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

namespace joist::runtime {
namespace {
constexpr size_t kMaxUnfinished = 1 << 16; // messages that a node may have begun and not finished
constexpr Word kShownBytes = 512;

std::string shown(const uint8_t *data, Word n) {
  std::string s = "<<";
  for (Word i = 0; i < std::min(n, kShownBytes); i++) s += (i ? "," : "") + std::to_string(data[i]);
  return s + (n > kShownBytes ? ",...>>" : ">>");
}

bool refuse(DistEntry *e, uint32_t connection, const std::string &why) {
  dist_log(why);
  dist_kill(e, connection);
  return false;
}

std::string name_of(DistEntry *e) { return std::string(atom::text(e->name)); }

// Control message and payload, complete.
bool message(DistEntry *e, uint32_t connection, bool header, const uint8_t *data, Word n,
             const std::vector<Term> &atoms) {
  FragmentHeap heap(64);
  Word skip = header ? 0 : 1;
  if (n < skip || (skip && data[0] != kDistMagic))
    return refuse(e, connection, "** Got message from incompatible erlang on channel to " + name_of(e));
  DistMessage m;
  m.entry = e;
  m.connection = connection;
  m.atoms = &atoms;
  EtfDecoder d(heap, data + skip, n - skip, false);
  d.network = true;
  d.atom_cache = atoms.data();
  d.atom_cache_size = atoms.size();
  int64_t budget = INT64_MAX;
  if (d.run(&budget) != EtfDecoder::Result::Done)
    return refuse(e, connection, name_of(e) + " sent a malformed control message " + shown(data, n));
  m.control = d.value();
  m.payload = data + skip + d.used();
  m.payload_size = n - skip - d.used();
  if (!header && m.payload_size) {
    if (m.payload[0] != kDistMagic)
      return refuse(e, connection, name_of(e) + " sent a malformed message " + shown(data, n));
    m.payload++, m.payload_size--;
  }
  switch (dist_control(m)) {
  case DistResult::Ok: return true;
  case DistResult::Invalid: {
    std::string text = to_text(m.control);
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    return refuse(e, connection, "Invalid distribution message: " + text);
  }
  case DistResult::BadPayload:
    return refuse(e, connection, name_of(e) + " sent a message that cannot be decoded: " + shown(data, n));
  }
  return true;
}
} // namespace

void dist_log(const std::string &text) {
  Process *logger = system_logger() == atoms::logger ? registry_process(atoms::logger)
                    : system_logger().is_local_pid() ? process_lookup(system_logger())
                                                     : nullptr;
  if (!logger) {
    fprintf(stderr, "=ERROR REPORT==== %s\n", text.c_str());
    return;
  }
  FragmentHeap h(64);
  Term legacy[] = {atoms::emulator, atoms::true_, atom::intern("tag"), atoms::error};
  Term meta[] = {atoms::time, make_int(h, os_system_time() / 1000), atoms::error_logger, map_from_pairs(h, legacy, 2)};
  Term line = make_string_utf8(h, text.data(), text.size());
  Term log = make_tuple(h, atoms::log, atoms::error, make_string(h, "~ts~n", 5), make_list(h, line),
                        map_from_pairs(h, meta, 2));
  message_send_built(logger, log, h.take());
}

bool dist_receive(DistEntry *e, uint32_t connection, const uint8_t *data, Word n) {
  std::lock_guard in(e->in_lock);
  bool header, fragments;
  {
    std::lock_guard g(e->lock);
    if (!e->connected() || e->connection != connection) return true; // too late
    header = e->header();
    fragments = e->flags & dflag::Fragments;
  }
  if (!header) {
    if (n < 1 || data[0] != kPassThrough)
      return refuse(e, connection, "** Got message from incompatible erlang on channel to " + name_of(e));
    return message(e, connection, false, data + 1, n - 1, {});
  }
  ReadHeader h;
  if (!e->in_cache->read(data, n, &h) || (h.kind != ReadHeader::Kind::Plain && !fragments)) {
    if (h.atom_table_full)
      return refuse(e, connection,
                    "Connection to " + name_of(e) + " closed: it names more new atoms than this node has room for");
    return refuse(e, connection,
                  std::string(atom::text(this_node()->name)) + " got a corrupted distribution header from " +
                      name_of(e) + " " + shown(data, n));
  }
  const uint8_t *body = data + h.size;
  Word size = n - h.size;
  if (h.kind == ReadHeader::Kind::Plain) return message(e, connection, true, body, size, h.atoms);
  auto it = e->fragments.find(h.sequence);
  if (h.kind == ReadHeader::Kind::First) {
    if (it != e->fragments.end() || e->fragments.size() >= kMaxUnfinished)
      return refuse(e, connection, name_of(e) + " sent fragments out of order");
    if (h.fragment == 1) return message(e, connection, true, body, size, h.atoms);
    DistFragments f;
    // The announced number of fragments may be a lie: room for a few only.
    f.bytes.reserve(size * std::min<uint64_t>(h.fragment, 16));
    f.bytes.assign(body, body + size);
    f.atoms = std::move(h.atoms);
    f.next = h.fragment - 1;
    e->fragments.emplace(h.sequence, std::move(f));
    return true;
  }
  if (it == e->fragments.end() || it->second.next != h.fragment)
    return refuse(e, connection, name_of(e) + " sent fragments out of order");
  DistFragments &f = it->second;
  f.bytes.insert(f.bytes.end(), body, body + size);
  if (--f.next > 0) return true;
  DistFragments whole = std::move(f);
  e->fragments.erase(it);
  return message(e, connection, true, whole.bytes.data(), whole.bytes.size(), whole.atoms);
}
} // namespace joist::runtime
