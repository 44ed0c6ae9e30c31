// What has arrived at a process and was not taken yet.
#pragma once
#include "runtime/proc/signal.h"

namespace joist::runtime {
// How many of the signals are messages, as stock counts: links, requests of others and messages to aliases are none. With
// the inbox's lock held.
inline Word messages_in(const Inbox &in) {
  Word n = 0;
  for (const Signal *s = in.first; s; s = s->next) n += s->kind == SignalKind::Message;
  return n;
}
} // namespace joist::runtime
