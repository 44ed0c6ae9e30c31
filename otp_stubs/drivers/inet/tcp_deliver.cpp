// What a received packet becomes: {tcp, Port, Data} to the owner of an active socket, {inet_async, Port, Id, {ok,
// Data}} to the process that waits for a passive one, {Port, {data, Data}} if deliver is `port`.
#include "otp_stubs/drivers/inet/tcp_port.h"
#include "runtime/sys/packet_terms.h"

#include <utility>

namespace joist::stubs::inet {
namespace {
struct CopiedStrings final : PacketStrings {
  Heap &h;
  bool binaries;
  CopiedStrings(Heap &heap, bool b) : h(heap), binaries(b) {}
  Term string(std::string_view s) override {
    return binaries ? make_binary_from(h, s) : make_string(h, s.data(), s.size());
  }
};
bool is_http(PacketType t) {
  return t == PacketType::Http || t == PacketType::HttpHeader || t == PacketType::HttpBin ||
         t == PacketType::HttpHeaderBin;
}
} // namespace

bool TcpPort::deliver_parsed(std::string_view packet) {
  PacketType type = packet_type_of(packet_);
  FragmentHeap h(64);
  std::optional<AsyncRequest> waiting;
  if (active_ == kPassive && !(waiting = take_async())) return false;
  Term what, tag = names.http;
  if (type == PacketType::SslTls) {
    what = packet_ssl_tls_term(h, packet, port_id(port_));
  } else {
    CopiedStrings strings(h, type == PacketType::HttpBin || type == PacketType::HttpHeaderBin);
    HttpLine line;
    packet_parse_http(packet, &in_headers_, &line);
    what = packet_http_term(h, line, strings);
  }
  if (waiting) {
    async_answer(*waiting, make_tuple(h, atoms::ok, what), h);
    return true;
  }
  send_owner(type == PacketType::SslTls ? what : make_tuple(h, tag, port_id(port_), what), h);
  after_active_message();
  return true;
}

bool TcpPort::deliver_packet(size_t offset, size_t length, bool share) {
  PacketType type = packet_type_of(packet_);
  std::string_view packet(reinterpret_cast<const char *>(input_.data->data() + offset), length);
  std::string_view body = packet_body(type, packet);
  if (deliver_ == kDeliverPort) {
    if (as_list(body.size())) port_deliver_header(port_, body.data(), body.size(), nullptr, 0);
    else port_deliver_header(port_, body.data(), header_, body.data() + header_, body.size() - header_);
    after_active_message();
    return true;
  }
  if (is_http(type) || type == PacketType::SslTls) return deliver_parsed(packet);

  std::optional<AsyncRequest> waiting;
  if (active_ == kPassive && !(waiting = take_async())) return false;
  size_t n = body.size(), at = size_t(reinterpret_cast<const uint8_t *>(body.data()) - input_.data->data());
  size_t words = 12 + (as_list(n) ? 2 * n : 2 * header_ + (n > kHeapBinMax + header_ ? kRefcBinWords : n / 8 + 3));
  FragmentHeap h(words);
  Term data = data_term(h, input_.data, at, n, share);
  if (waiting) {
    async_answer(*waiting, make_tuple(h, atoms::ok, data), h);
    return true;
  }
  send_owner(make_tuple(h, names.tcp, port_id(port_), data), h);
  after_active_message();
  return true;
}

void TcpPort::closed_message() {
  if (std::exchange(closed_sent_, true)) return;
  FragmentHeap h(3);
  send_owner(make_tuple(h, names.tcp_closed, port_id(port_)), h);
}

void TcpPort::error_message(int error) {
  FragmentHeap h(4);
  send_owner(make_tuple(h, names.tcp_error, port_id(port_), posix_atom(error)), h);
}
} // namespace joist::stubs::inet
