#include "runtime/sys/packet.h"

#include <array>
#include <cctype>
#include <strings.h>

namespace joist::runtime {
namespace {
uint32_t be16(const uint8_t *p) { return uint32_t(p[0]) << 8 | p[1]; }
uint32_t be24(const uint8_t *p) { return be16(p) << 8 | p[2]; }
uint32_t be32(const uint8_t *p) { return be16(p) << 16 | be16(p + 2); }
uint32_t le32(const uint8_t *p) { return uint32_t(p[3]) << 24 | uint32_t(p[2]) << 16 | uint32_t(p[1]) << 8 | p[0]; }
bool blank(char c) { return c == ' ' || c == '\t'; }

// Header bytes and announced length.
int64_t with_header(const PacketLimits &l, uint32_t header, uint32_t length) {
  if (l.packet_size != 0 && length > l.packet_size) return -1;
  int64_t total = int64_t(header) + length;
  return total > INT32_MAX ? -1 : total;
}

int64_t line_length(const uint8_t *data, size_t n, const PacketLimits &l) {
  auto *end = static_cast<const uint8_t *>(memchr(data, l.delimiter, n));
  if (!end) {
    if (l.packet_size != 0 && n > l.packet_size) return -1;
    if (l.line_length != 0 && n >= l.line_length) return l.line_length;
    return 0;
  }
  int64_t length = end - data + 1;
  if (l.packet_size != 0 && length > l.packet_size) return -1;
  if (l.line_length != 0 && length > l.line_length) return l.line_length;
  return length;
}

int64_t asn1_length(const uint8_t *data, size_t n, const PacketLimits &l) {
  if (n < 2) return 0;
  const uint8_t *p = data;
  size_t left = n - 1;
  if ((*p++ & 0x1f) == 0x1f) { // long tag
    while (left && (*p & 0x80)) p++, left--;
    if (left < 2) return 0;
    p++, left--;
  }
  uint32_t length = *p & 0x7f;
  if (*p & 0x80) { // length of the length
    p++, left--;
    if (left < length) return 0;
    uint32_t bytes = length;
    switch (bytes) {
    case 0: length = 0; break;
    case 1: length = *p; break;
    case 2: length = be16(p); break;
    case 3: length = be24(p); break;
    case 4: length = be32(p); break;
    default: return -1;
    }
    p += bytes;
  } else {
    p++;
  }
  return with_header(l, uint32_t(p - data), length);
}

int64_t http_length(const uint8_t *bytes, size_t n, const PacketLimits &l, bool in_headers) {
  auto *data = reinterpret_cast<const char *>(bytes);
  if ((n == 1 && data[0] == '\n') || (n == 2 && data[0] == '\r' && data[1] == '\n')) return int64_t(n);
  uint32_t max = l.packet_size ? l.packet_size : l.line_length;
  size_t from = 0;
  for (;;) {
    auto *end = static_cast<const char *>(memchr(data + from, '\n', n - from));
    if (!end) return max != 0 && n >= max ? -1 : 0;
    size_t length = size_t(end - data) + 1;
    if (in_headers) {
      // A header goes on in the next line if that starts with a blank, so one more byte must be there.
      if (length >= n) return max != 0 && length > max ? -1 : 0;
      if (blank(end[1]) && length > 2) {
        from = length;
        continue;
      }
    }
    return max != 0 && length > max ? -1 : int64_t(length);
  }
}

constexpr std::string_view kHeaders[] = {
    "Cache-Control",
    "Connection",
    "Date",
    "Pragma",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "From",
    "Host",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Max-Forwards",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "User-Agent",
    "Age",
    "Location",
    "Proxy-Authenticate",
    "Public",
    "Retry-After",
    "Server",
    "Vary",
    "Warning",
    "Www-Authenticate",
    "Allow",
    "Content-Base",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Md5",
    "Content-Range",
    "Content-Type",
    "Etag",
    "Expires",
    "Last-Modified",
    "Accept-Ranges",
    "Set-Cookie",
    "Set-Cookie2",
    "X-Forwarded-For",
    "Cookie",
    "Keep-Alive",
    "Proxy-Connection",
};
constexpr std::string_view kMethods[] = {"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE"};

// Not part of a token (RFC 2616 separators, controls, and everything beyond ASCII).
bool special(char c) {
  auto u = uint8_t(c);
  return u <= 32 || u >= 128 || std::string_view("()<>@,;:\\\"/[]?={} \t").find(c) != std::string_view::npos;
}

struct Cursor {
  std::string_view s;
  bool empty() const { return s.empty(); }
  char peek() const { return s[0]; }
  void skip(size_t n) { s.remove_prefix(n); }
  size_t skip_blanks() {
    size_t n = 0;
    while (n < s.size() && blank(s[n])) n++;
    s.remove_prefix(n);
    return n;
  }
  bool digits(int64_t *out) {
    size_t n = 0;
    int32_t v = 0;
    while (n < s.size() && s[n] >= '0' && s[n] <= '9') v = int32_t(uint32_t(v) * 10 + uint32_t(s[n++] - '0'));
    *out = v;
    s.remove_prefix(n);
    return n > 0;
  }
  bool version(HttpLine *out) { // major "." minor
    if (!digits(&out->major) || empty() || peek() != '.') return false;
    skip(1);
    return digits(&out->minor);
  }
};

bool parse_response(Cursor c, HttpLine *out) {
  c.skip(5);
  if (!c.version(out) || !c.skip_blanks()) return false;
  c.digits(&out->status);
  if (!c.skip_blanks() && !c.empty()) return false; // the reason may be missing
  out->text = c.s;
  out->kind = HttpLine::Kind::Response;
  return true;
}

// host [":" port] [path]
void parse_authority(std::string_view s, HttpLine *out) {
  size_t slash = s.find('/');
  out->uri2 = slash == s.npos ? std::string_view("/") : s.substr(slash);
  std::string_view host = s.substr(0, slash);
  size_t colon = host.find(':');
  out->uri1 = host.substr(0, colon);
  out->port = 0;
  if (colon == host.npos) return;
  Cursor c{host.substr(colon + 1)};
  int64_t port;
  c.digits(&port);
  if (c.empty() && port != 0) out->port = port;
}

void parse_uri(std::string_view s, HttpLine *out) {
  using Uri = HttpLine::Uri;
  auto starts = [&](const char *prefix, size_t n) { return s.size() >= n && strncasecmp(s.data(), prefix, n) == 0; };
  if (s == "*") {
    out->uri = Uri::Star;
  } else if (s.size() <= 1 || s[0] == '/') {
    out->uri = Uri::AbsPath;
    out->uri1 = s;
  } else if (starts("http://", 7)) {
    out->uri = Uri::Http;
    parse_authority(s.substr(7), out);
  } else if (starts("https://", 8)) {
    out->uri = Uri::Https;
    parse_authority(s.substr(8), out);
  } else if (size_t colon = s.find(':'); colon != s.npos) {
    out->uri = Uri::Scheme;
    out->uri1 = s.substr(0, colon);
    out->uri2 = s.substr(colon + 1);
  } else {
    out->uri = Uri::Text;
    out->uri1 = s;
  }
}

bool parse_request(Cursor c, HttpLine *out) {
  size_t n = 0;
  while (n < c.s.size() && !special(c.s[n])) n++;
  out->name = c.s.substr(0, n);
  c.skip(n);
  if (n == 0 || c.empty() || !blank(c.peek())) return false;
  for (std::string_view m : kMethods) out->known_method |= m == out->name;
  c.skip_blanks();
  n = 0;
  while (n < c.s.size() && !blank(c.s[n])) n++;
  if (n == 0) return false;
  std::string_view uri = c.s.substr(0, n);
  c.skip(n);
  c.skip_blanks();
  if (c.empty()) { // HTTP/0.9
    out->major = 0, out->minor = 9;
  } else {
    if (c.s.size() < 8 || c.s.substr(0, 5) != "HTTP/") return false;
    c.skip(5);
    if (!c.version(out)) return false;
  }
  parse_uri(uri, out);
  out->kind = HttpLine::Kind::Request;
  return true;
}

bool parse_header(Cursor c, HttpLine *out) {
  bool upper = true;
  size_t n = 0;
  while (!special(c.s[n])) {
    char ch = c.s[n];
    if (n < sizeof out->name_buffer) {
      if (upper) ch = char(toupper(ch)), upper = false;
      else if (isupper(uint8_t(ch))) ch = char(tolower(ch));
      else if (ch == '-') upper = true;
      out->name_buffer[n] = ch;
    }
    if (++n == c.s.size()) return false;
  }
  if (c.s[n] != ':') return false;
  out->original = c.s.substr(0, n);
  out->name = n <= sizeof out->name_buffer ? std::string_view(out->name_buffer, n) : out->original;
  out->known = 0;
  for (size_t i = 0; i < std::size(kHeaders); i++)
    if (kHeaders[i] == out->name) out->known = int(i + 1);
  c.skip(n + 1);
  c.skip_blanks();
  out->text = c.s;
  out->kind = HttpLine::Kind::Header;
  return true;
}
} // namespace

int64_t packet_length(PacketType type, const uint8_t *data, size_t n, const PacketLimits &l, bool *in_headers) {
  switch (type) {
  case PacketType::Raw: return int64_t(n);
  case PacketType::One: return n < 1 ? 0 : with_header(l, 1, data[0]);
  case PacketType::Two: return n < 2 ? 0 : with_header(l, 2, be16(data));
  case PacketType::Four: return n < 4 ? 0 : with_header(l, 4, be32(data));
  case PacketType::SunRm: return n < 4 ? 0 : with_header(l, 4, be32(data) & 0x7fffffff);
  case PacketType::Line: return line_length(data, n, l);
  case PacketType::Asn1: return asn1_length(data, n, l);
  case PacketType::Cdr:
    if (n < 12) return 0;
    if (memcmp(data, "GIOP", 4) != 0) return -1;
    return with_header(l, 12, data[6] & 1 ? le32(data + 8) : be32(data + 8));
  case PacketType::Fcgi:
    if (n < 8) return 0;
    if (data[0] != 1) return -1;
    return with_header(l, 8, be16(data + 4) + data[6]);
  case PacketType::Tpkt:
    if (n < 4) return 0;
    if (data[0] != 3 || be16(data + 2) < 4) return -1;
    return with_header(l, 4, be16(data + 2) - 4);
  case PacketType::SslTls:
    if (n < 5) return 0;
    if ((data[0] & 0x80) && data[2] == 1) { // SSL 2.0 client hello
      uint32_t length = be16(data) & 0x7fff;
      return length < 3 ? -1 : with_header(l, 5, length - 3);
    }
    return with_header(l, 5, be16(data + 3));
  case PacketType::HttpHeader:
  case PacketType::HttpHeaderBin: *in_headers = true; [[fallthrough]];
  case PacketType::Http:
  case PacketType::HttpBin: return http_length(data, n, l, *in_headers);
  }
  return -1;
}

std::string_view packet_body(PacketType type, std::string_view packet) {
  switch (type) {
  case PacketType::One: return packet.substr(1);
  case PacketType::Two: return packet.substr(2);
  case PacketType::Four: return packet.substr(4);
  case PacketType::Fcgi: return packet.substr(0, packet.size() - uint8_t(packet[6])); // without the padding
  default: return packet;
  }
}

void packet_parse_http(std::string_view packet, bool *in_headers, HttpLine *out) {
  std::string_view line = packet;
  size_t n = line.size();
  if (n >= 2 && line[n - 2] == '\r') line.remove_suffix(2);
  else if (n >= 1 && line[n - 1] == '\n') line.remove_suffix(1);
  bool good;
  if (*in_headers) {
    if (line.empty()) {
      *in_headers = false;
      out->kind = HttpLine::Kind::End;
      return;
    }
    good = parse_header({line}, out);
  } else {
    good = line.substr(0, 5) == "HTTP/" ? parse_response({line}, out) : parse_request({line}, out);
    if (good) *in_headers = true;
  }
  if (good) return;
  out->kind = HttpLine::Kind::Error;
  out->text = packet;
}
} // namespace joist::runtime
