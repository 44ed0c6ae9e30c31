// HTTP lines and TLS records as terms: what erlang:decode_packet/3 and sockets answer with.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/sys/packet.h"

namespace joist::runtime {
// How texts are made: lists or binaries, copies or parts of what was parsed.
struct PacketStrings {
  virtual Term string(std::string_view s) = 0;

protected:
  ~PacketStrings() = default;
};
// {http_request, ...} and the like.
Term packet_http_term(Heap &h, const HttpLine &line, PacketStrings &strings);
// {ssl_tls, Socket, ContentType, {Major, Minor}, Bytes} of a whole record.
Term packet_ssl_tls_term(Heap &h, std::string_view record, Term socket);
} // namespace joist::runtime
