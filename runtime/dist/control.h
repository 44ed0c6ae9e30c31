// Control messages of the distribution protocol, as they come in.
#pragma once
#include "runtime/dist/entry.h"

namespace joist::runtime {
struct DistMessage {
  DistEntry *entry;
  uint32_t connection;
  Term control;           // a term in a heap of the caller's
  const uint8_t *payload; // its encoding, without the magic byte
  Word payload_size;
  const std::vector<Term> *atoms; // of the header
};
enum class DistResult : uint8_t { Ok, Invalid, BadPayload };
DistResult dist_control(const DistMessage &m);
// Builds the payload in h; none if it is malformed.
Term dist_payload(const DistMessage &m, Heap &h);

// spawn requests (spawn.cpp)
DistResult dist_spawn_requested(const DistMessage &m, const Term *e, Term token);
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
  Term token;
};
extern bool (*dist_spawn_hook)(DistSpawn *s);
} // namespace joist::runtime
