// Control messages of the distribution protocol, as they come in.
#pragma once
#include "runtime/dist/entry.h"
#include "runtime/dist/etf.h"

#include <optional>

namespace joist::runtime {
struct DistMessage {
  DistEntry *entry;
  uint32_t connection;
  Term control;           // a term in a heap of the caller's
  const uint8_t *payload; // its encoding, without the magic byte
  Word payload_size;
  const std::vector<Term> *atoms; // of the header
  // A large payload has been decoded already, to here.
  Term decoded = Term::none();
  FragmentHeap *decoded_heap = nullptr;
};
// A message whose payload is decoded in slices. The connection goes on with nothing else meanwhile.
struct DistDecoding {
  BinData *bytes; // one reference
  std::vector<Term> atoms;
  FragmentHeap control_heap, heap;
  DistMessage message;
  std::optional<EtfDecoder> decoder;
  DistDecoding(BinData *b, std::vector<Term> a) : bytes(b), atoms(std::move(a)) {}
  ~DistDecoding() { bin_unref(bytes); }
};
enum class DistResult : uint8_t { Ok, Invalid, BadPayload };
DistResult dist_control(const DistMessage &m);
// The payload in h, which builds it or takes it over; none if it is malformed.
Term dist_payload(const DistMessage &m, Heap &h);

// spawn requests (spawn.cpp)
DistResult dist_spawn_requested(const DistMessage &m, const Term *e, Term token);
// Is it a message about monitors, which a node of such flags does not know? It is not sent then.
bool dist_monitors_unknown(uint64_t flags, Term control);
// A request that waited for the connection turns out to be one the node does not know: its requester is answered notsup.
// False: control is no spawn request. The entry's lock may be held.
bool dist_spawn_refused(DistEntry *e, uint32_t connection, Term control);
DistResult dist_spawn_replied(const DistMessage &m, const Term *e, Term token);
// Makes the process that a request asks for; set by bifs/, which knows the options. Answers false if they are malformed
// (an improper list); *error is an atom if no process was made.
struct DistSpawn {
  Term mfa, options, arguments, leader, from, ref;
  Term error = Term::none();
  Term pid = Term::none();
  bool link = false, monitor = false;
  void (*prepare)(Process *child, DistSpawn *s); // before it can execute
  const DistMessage *message;
  FragmentHeap *heap; // holds `arguments`
  Term token;
};
extern bool (*dist_spawn_hook)(DistSpawn *s);
} // namespace joist::runtime
