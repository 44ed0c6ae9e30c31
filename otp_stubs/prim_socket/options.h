// Tables of socket options: which exist, and how their values look in C and in Erlang.
#pragma once
#include "otp_stubs/prim_socket/socket.h"

namespace joist::stubs {
// How a value is coded. `set` writes it with setsockopt, `get` reads it.
struct OptionCode {
  // Sets; null: cannot be set. Answers ok, {error, Posix}, or {invalid, value}.
  Term (*set)(Process *p, Socket *s, int level, int option, Term value);
  Term (*get)(Process *p, Socket *s, int level, int option);
};
struct SocketOption {
  const char *name;
  int number; // -1: named by the module, but not there
  const OptionCode *code;
};
struct OptionLevel {
  int level;
  const SocketOption *options;
  size_t count;
};
extern const OptionLevel kOptionLevels[];
extern const size_t kOptionLevelCount;

// option_codes.cpp
extern const OptionCode kInteger, kIntegerRead, kBoolean, kBooleanRead, kLinger, kDevice, kDomainRead, kTypeRead,
    kProtocolRead, kMembership, kSource, kSourceFilter, kMtuDiscover, kMtuDiscover6, kInterface, kTos, kHops,
    kMembership6, kCongestion, kAddressForm, kPacketOptions, kSctpAssociation, kSctpEvents, kSctpInit, kNeither;
Term set_bytes(Process *p, Socket *s, int level, int option, const void *data, size_t n);
Term get_bytes(Process *p, Socket *s, int level, int option, const void *initial, size_t n);
} // namespace joist::stubs
