// udp_inet: datagram sockets (UDP and local ones). A passive receive takes one datagram; an active socket delivers up
// to `read_packets` in a row before other ports have their turn.
#pragma once
#include "otp_stubs/drivers/inet/message_port.h"

namespace joist::stubs::inet {
class UdpPort final : public MessagePort {
public:
  explicit UdpPort(Port &port) : MessagePort(port, IPPROTO_UDP) {}
  ~UdpPort() override;
  void output(Port &port, IoQueue &data) override;
  void ready_input(Port &port, int fd) override;

private:
  Refusal request(uint32_t what, std::string_view data, std::string *body) override;
  Refusal connect(std::string_view data, std::string *body);
  Refusal receive_request(std::string_view data, std::string *body);
  void dissolve();
  void turned_passive() override { port_timer_cancel(port_); }
  enum class Got : uint8_t { Nothing, Datagram, Error };
  Got receive_one();
  void deliver(const Address &from, socklen_t size, size_t n, msghdr *control);

  BinData *input_ = nullptr; // receive buffer; kept while datagrams are copied out of it
};
} // namespace joist::stubs::inet
