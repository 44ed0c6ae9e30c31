// erlang:decode_packet/3.
#include "bifs/build.h"

#include "runtime/sys/packet_terms.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {
bool packet_type(Term t, PacketType *out) {
  static const std::pair<Term, PacketType> kTypes[] = {
      {Term::small(0), PacketType::Raw},
      {atoms::raw, PacketType::Raw},
      {Term::small(1), PacketType::One},
      {Term::small(2), PacketType::Two},
      {Term::small(4), PacketType::Four},
      {atoms::asn1, PacketType::Asn1},
      {atoms::sunrm, PacketType::SunRm},
      {named<"cdr">(), PacketType::Cdr},
      {atoms::fcgi, PacketType::Fcgi},
      {atoms::line, PacketType::Line},
      {atoms::tpkt, PacketType::Tpkt},
      {atoms::http, PacketType::Http},
      {atoms::httph, PacketType::HttpHeader},
      {atoms::http_bin, PacketType::HttpBin},
      {atoms::httph_bin, PacketType::HttpHeaderBin},
      {atoms::ssl_tls, PacketType::SslTls},
  };
  for (auto &[atom, type] : kTypes)
    if (t == atom) return *out = type, true;
  return false;
}

// Texts of a packet of the binary `bin` (seen aligned at `base`): parts of it where they are binaries.
struct PartStrings final : PacketStrings {
  Heap &h;
  Term bin;
  const char *base;
  Word size;
  bool binaries;
  PartStrings(Heap &heap, Term b, const char *start, Word n, bool bins)
      : h(heap), bin(b), base(start), size(n), binaries(bins) {}
  Term string(std::string_view s) override {
    if (!binaries) return make_string(h, s.data(), s.size());
    if (s.data() >= base && s.data() <= base + size) return part(s);
    return make_binary_from(h, s);
  }
  Term part(std::string_view s) { return make_sub_binary(h, bin, Word(s.data() - base) * 8, s.size() * 8); }
};
} // namespace

Term erlang_decode_packet_3(Process *p, const Term *args) {
  PacketType type;
  if (!packet_type(args[0], &type)) return badarg(p, named<"badopt">());
  Term bin = args[1];
  if (!is_bitstring(bin) || !args[2].is_list()) return badarg(p);
  PacketLimits limits;
  Term opts = args[2];
  for (; opts.is_cons(); opts = opts.tail()) {
    uint64_t v;
    if (!is_tuple_of(opts.head(), 2) || !get_uint64(tuple_elements(opts.head())[1], &v) || v > UINT32_MAX)
      return badarg(p);
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
  PartStrings strings(h, bin, packet.data(), size, type == PacketType::HttpBin || type == PacketType::HttpHeaderBin);
  Term result;
  switch (type) {
  case PacketType::Http:
  case PacketType::HttpHeader:
  case PacketType::HttpBin:
  case PacketType::HttpHeaderBin: {
    HttpLine line;
    packet_parse_http(packet, &in_headers, &line);
    result = packet_http_term(h, line, strings);
    break;
  }
  case PacketType::SslTls: result = packet_ssl_tls_term(h, packet, Term::nil()); break;
  default: result = strings.part(packet_body(type, packet));
  }
  Term rest = make_sub_binary(h, bin, Word(length) * 8, view.bits - Word(length) * 8);
  return make_tuple(h, atoms::ok, result, rest);
}
} // namespace joist::bifs
