// What the ports whose sockets receive and send whole messages (UDP, SCTP) have in common.
#pragma once
#include "otp_stubs/drivers/inet/socket_port.h"

namespace joist::stubs::inet {
class MessagePort : public SocketPort {
public:
  void timeout(Port &port) override; // of a passive receive

protected:
  using SocketPort::SocketPort;
  // --- requests
  Refusal open(std::string_view data);
  Refusal adopt(std::string_view data);

  // Sends all of `data` as one message, m: to whom and with what along. Answers the sender.
  void send_message(msghdr &m, IoQueue &data);
  // Answers the passive receive, or tells the owner {tag, Port, Reason}.
  void receive_failed(Term tag, int error);
};
} // namespace joist::stubs::inet
