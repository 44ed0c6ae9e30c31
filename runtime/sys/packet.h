// Framing of byte streams: where the next packet of a stream ends (erlang:decode_packet/3, and the sockets' `packet`
// option), and HTTP lines taken apart. Pure functions on memory.
#pragma once
#include "runtime/mem/heap.h"
#include <string_view>

namespace joist::runtime {
enum class PacketType : uint8_t {
  Raw,
  One,
  Two,
  Four,
  Asn1,
  SunRm,
  Cdr,
  Fcgi,
  Line,
  Tpkt,
  Http,
  HttpHeader,
  HttpBin,
  HttpHeaderBin,
  SslTls
};
struct PacketLimits {
  uint32_t packet_size = 0; // 0: none
  uint32_t line_length = 0; // lines longer than that are cut; 0: never
  char delimiter = '\n';
};
// Length of the first packet with its header: > 0 (may be more than n), 0 if more data is needed to tell, -1 if the
// data is malformed or the packet too long. `in_headers`: HTTP state, true after a start line.
int64_t packet_length(PacketType type, const uint8_t *data, size_t n, const PacketLimits &limits, bool *in_headers);
// The part of a whole packet that is delivered.
std::string_view packet_body(PacketType type, std::string_view packet);

// One HTTP line. Views point into the packet, or at static text, or at `name_buffer`.
struct HttpLine {
  enum class Kind : uint8_t { End, Header, Request, Response, Error } kind = Kind::Error;
  enum class Uri : uint8_t { Star, AbsPath, Http, Https, Scheme, Text } uri = Uri::Text;
  int known = 0; // header: 1-based number of a well-known one
  bool known_method = false;
  std::string_view name;       // header, in canonical case; request: method
  std::string_view original;   // header as it came
  std::string_view text;       // header value; response: reason; error: the line
  std::string_view uri1, uri2; // path; or host and path; or scheme and rest
  int64_t port = 0;            // 0: none
  int64_t major = 0, minor = 0, status = 0;
  char name_buffer[50];
};
// `in_headers` as above; set after a start line, reset at the end of headers.
void packet_parse_http(std::string_view packet, bool *in_headers, HttpLine *out);
} // namespace joist::runtime
