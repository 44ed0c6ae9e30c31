// erlang:decode_packet/3.
#include "bifs/build.h"

#include "runtime/sys/packet.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {
bool packet_type(Term t, PacketType *out) {
  static const std::pair<Term, PacketType> kTypes[] = {
      {Term::small(0), PacketType::Raw}, {atoms::raw, PacketType::Raw}, {Term::small(1), PacketType::One},
      {Term::small(2), PacketType::Two}, {Term::small(4), PacketType::Four}, {atoms::asn1, PacketType::Asn1},
      {atoms::sunrm, PacketType::SunRm}, {named("cdr"), PacketType::Cdr}, {atoms::fcgi, PacketType::Fcgi},
      {atoms::line, PacketType::Line}, {atoms::tpkt, PacketType::Tpkt}, {atoms::http, PacketType::Http},
      {atoms::httph, PacketType::HttpHeader}, {atoms::http_bin, PacketType::HttpBin},
      {atoms::httph_bin, PacketType::HttpHeaderBin}, {atoms::ssl_tls, PacketType::SslTls},
  };
  for (auto &[atom, type] : kTypes)
    if (t == atom) return *out = type, true;
  return false;
}

// What a packet of the binary `bin` (seen aligned at `base`) becomes.
struct Builder {
  Process *p;
  Term bin;
  const char *base;
  Word size;
  bool binaries; // strings as binaries

  Term string(std::string_view s) {
    Heap &h = p->heap;
    if (!binaries) return make_string(h, s.data(), s.size());
    if (s.data() >= base && s.data() <= base + size) return part(s);
    return make_binary_from(h, s);
  }
  Term part(std::string_view s) { return make_sub_binary(p->heap, bin, Word(s.data() - base) * 8, s.size() * 8); }
  Term uri(const HttpLine &l) {
    Heap &h = p->heap;
    using Uri = HttpLine::Uri;
    if (l.uri == Uri::Star) return atoms::op_times;
    Term s1 = string(l.uri1);
    switch (l.uri) {
    case Uri::AbsPath: return pair(h, atoms::abs_path, s1);
    case Uri::Http:
    case Uri::Https: {
      Term port = l.port ? make_int(h, l.port) : atoms::undefined;
      return make_tuple(h, atoms::absoluteURI, l.uri == Uri::Http ? atoms::http : atoms::https, s1, port, string(l.uri2));
    }
    case Uri::Scheme: return make_tuple(h, atoms::scheme, s1, string(l.uri2));
    default: return s1;
    }
  }
  Term http(const HttpLine &l) {
    Heap &h = p->heap;
    auto version = [&] { return pair(h, make_int(h, l.major), make_int(h, l.minor)); };
    switch (l.kind) {
    case HttpLine::Kind::End: return atoms::http_eoh;
    case HttpLine::Kind::Header: {
      Term name = l.known ? named(l.name) : string(l.name);
      return make_tuple(h, atoms::http_header, Term::small(l.known), name, string(l.original), string(l.text));
    }
    case HttpLine::Kind::Request:
      return make_tuple(h, atoms::http_request, l.known_method ? named(l.name) : string(l.name), uri(l), version());
    case HttpLine::Kind::Response:
      return make_tuple(h, atoms::http_response, version(), make_int(h, l.status), string(l.text));
    default: return pair(h, atoms::http_error, string(l.text));
    }
  }
  // {ssl_tls, [], ContentType, {Major, Minor}, Bytes}
  Term ssl_tls(std::string_view packet) {
    Heap &h = p->heap;
    auto *b = reinterpret_cast<const uint8_t *>(packet.data());
    Word n = packet.size();
    bool v2 = (b[0] & 0x80) && b[2] == 1;
    uint8_t *out;
    Term bytes;
    if (v2) { // made to look like a handshake message of later versions
      bytes = make_binary(h, 4 + n - 3, &out);
      out[0] = 1, out[1] = uint8_t((n - 3) >> 16), out[2] = uint8_t((n - 3) >> 8), out[3] = uint8_t(n - 3);
      memcpy(out + 4, b + 3, n - 3);
    } else {
      bytes = make_binary_from(h, b + 5, n - 5);
    }
    Term version = pair(h, Term::small(b[v2 ? 3 : 1]), Term::small(b[v2 ? 4 : 2]));
    return make_tuple(h, atoms::ssl_tls, Term::nil(), Term::small(v2 ? 22 : b[0]), version, bytes);
  }
};
} // namespace

Term erlang_decode_packet_3(Process *p, const Term *args) {
  PacketType type;
  if (!packet_type(args[0], &type)) return badarg(p, named("badopt"));
  Term bin = args[1];
  if (!is_bitstring(bin) || !args[2].is_list()) return badarg(p);
  PacketLimits limits;
  Term opts = args[2];
  for (; opts.is_cons(); opts = opts.tail()) {
    uint64_t v;
    if (!is_tuple_of(opts.head(), 2) || !get_uint64(tuple_elements(opts.head())[1], &v) || v > UINT32_MAX) return badarg(p);
    Term key = tuple_elements(opts.head())[0];
    if (key == atoms::packet_size) limits.packet_size = uint32_t(v);
    else if (key == atoms::line_length) limits.line_length = uint32_t(v);
    else if (key == atoms::line_delimiter && type == PacketType::Line && v <= 255) limits.delimiter = char(v);
    else return badarg(p);
  }
  if (!opts.is_nil()) return badarg(p);

  Heap &h = p->heap;
  BitView view = bit_view(bin);
  Word size = view.bits / 8;
  std::vector<uint8_t> aligned;
  const uint8_t *data = view.bytes;
  if (!view.aligned()) {
    aligned.resize(size + 1);
    copy_bits(view.bytes, view.bit_offset, aligned.data(), 0, size * 8);
    data = aligned.data();
  }
  bool in_headers = false;
  int64_t length = packet_length(type, data, std::min<Word>(size, INT32_MAX), limits, &in_headers);
  p->bump(int64_t(size / 4096));
  if (length < 0) return pair(h, atoms::error, atoms::invalid);
  if (length == 0) return pair(h, atoms::more, atoms::undefined);
  if (Word(length) > size) return pair(h, atoms::more, make_int(h, length));

  std::string_view packet(reinterpret_cast<const char *>(data), size_t(length));
  Builder b{p, bin, packet.data(), size, type == PacketType::HttpBin || type == PacketType::HttpHeaderBin};
  Term result;
  switch (type) {
  case PacketType::Http:
  case PacketType::HttpHeader:
  case PacketType::HttpBin:
  case PacketType::HttpHeaderBin: {
    HttpLine line;
    packet_parse_http(packet, &in_headers, &line);
    result = b.http(line);
    break;
  }
  case PacketType::SslTls: result = b.ssl_tls(packet); break;
  default: result = b.part(packet_body(type, packet));
  }
  Term rest = make_sub_binary(h, bin, Word(length) * 8, view.bits - Word(length) * 8);
  return make_tuple(h, atoms::ok, result, rest);
}
} // namespace joist::bifs
