#include "runtime/sys/packet_terms.h"
#include "runtime/atom/atom.h"
#include "runtime/term/binary.h"

namespace joist::runtime {
namespace {
Term uri_term(Heap &h, const HttpLine &l, PacketStrings &strings) {
  using Uri = HttpLine::Uri;
  if (l.uri == Uri::Star) return atoms::op_times;
  Term first = strings.string(l.uri1);
  switch (l.uri) {
  case Uri::AbsPath: return make_tuple(h, atoms::abs_path, first);
  case Uri::Http:
  case Uri::Https: {
    Term port = l.port ? make_int(h, l.port) : atoms::undefined;
    Term scheme = l.uri == Uri::Http ? atoms::http : atoms::https;
    return make_tuple(h, atoms::absoluteURI, scheme, first, port, strings.string(l.uri2));
  }
  case Uri::Scheme: return make_tuple(h, atoms::scheme, first, strings.string(l.uri2));
  default: return first;
  }
}
} // namespace

Term packet_http_term(Heap &h, const HttpLine &l, PacketStrings &strings) {
  auto version = [&] { return make_tuple(h, make_int(h, l.major), make_int(h, l.minor)); };
  switch (l.kind) {
  case HttpLine::Kind::End: return atoms::http_eoh;
  case HttpLine::Kind::Header: {
    Term name = l.known ? atom::intern(l.name) : strings.string(l.name);
    return make_tuple(h, atoms::http_header, Term::small(l.known), name, strings.string(l.original),
                      strings.string(l.text));
  }
  case HttpLine::Kind::Request: {
    Term method = l.known_method ? atom::intern(l.name) : strings.string(l.name);
    return make_tuple(h, atoms::http_request, method, uri_term(h, l, strings), version());
  }
  case HttpLine::Kind::Response:
    return make_tuple(h, atoms::http_response, version(), make_int(h, l.status), strings.string(l.text));
  default: return make_tuple(h, atoms::http_error, strings.string(l.text));
  }
}

Term packet_ssl_tls_term(Heap &h, std::string_view record, Term socket) {
  auto *b = reinterpret_cast<const uint8_t *>(record.data());
  Word n = record.size();
  bool v2 = (b[0] & 0x80) && b[2] == 1;
  Term bytes;
  if (v2) { // made to look like a handshake message of later versions
    uint8_t *out;
    bytes = make_binary(h, 4 + n - 3, &out);
    out[0] = 1, out[1] = uint8_t((n - 3) >> 16), out[2] = uint8_t((n - 3) >> 8), out[3] = uint8_t(n - 3);
    memcpy(out + 4, b + 3, n - 3);
  } else {
    bytes = make_binary_from(h, b + 5, n - 5);
  }
  Term version = make_tuple(h, Term::small(b[v2 ? 3 : 1]), Term::small(b[v2 ? 4 : 2]));
  return make_tuple(h, atoms::ssl_tls, socket, Term::small(v2 ? 22 : b[0]), version, bytes);
}
} // namespace joist::runtime
