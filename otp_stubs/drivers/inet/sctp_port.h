// sctp_inet: one-to-many and one-to-one sockets of SCTP (RFC 6458). A message is received in as many reads as the buffer
// needs, up to its end mark; it is data or a notification of the kernel. A passive receive takes one message, an active
// socket delivers up to five before other ports have their turn.
#pragma once
#include "otp_stubs/drivers/inet/message_port.h"
#include "otp_stubs/drivers/inet/sctp_library.h"

namespace joist::stubs::inet {
class SctpPort final : public MessagePort {
public:
  explicit SctpPort(Port &port) : MessagePort(port, IPPROTO_SCTP) {}
  ~SctpPort() override;
  void output(Port &port, IoQueue &data) override; // sctp_send.cpp
  void ready_input(Port &port, int fd) override;

private:
  // --- sctp_port.cpp
  Refusal request(uint32_t what, std::string_view data, std::string *body) override;
  Refusal listen(std::string_view data);
  Refusal connect(std::string_view data, std::string *body);
  Refusal connect_several(FieldReader &in, sctp_assoc_t *id);
  void connect_answer(std::optional<sctp_assoc_t> id, std::string *body);
  Refusal bindx(std::string_view data);
  Refusal peeloff(std::string_view data, std::string *body);
  static std::unique_ptr<DriverPort> make_peeled_off(Port &port, void *from);
  Refusal addresses_of(bool peer, std::string_view data, std::string *body);

  // --- sctp_receive.cpp
  Refusal receive_request(std::string_view data, std::string *body);
  bool receive(); // true: a message was delivered, or a failure
  void make_room();
  void drop_input();
  bool deliver(const Address &from, socklen_t size, msghdr &m); // false: there is nothing to say about it

  // --- sctp_options_set.cpp, sctp_options_get.cpp
  AfterSet set_options(std::string_view data) override;
  bool set_option(uint8_t option, FieldReader &in);
  bool set_kept_option(uint8_t option, FieldReader &in, bool *known);
  bool set_peer_parameters(FieldReader &in);
  bool set_protocol_option(uint8_t option, FieldReader &in);
  Refusal get_options(std::string_view wanted, std::string *body) override;

  // A message that has begun to come: `have_` bytes at the start of `input_`.
  BinData *input_ = nullptr;
  size_t have_ = 0;
};

// --- what both sending and options take: #sctp_sndrcvinfo{} in the control protocol
inline constexpr size_t kSendParametersSize = 20;
sctp_sndrcvinfo read_send_parameters(FieldReader &in);
} // namespace joist::stubs::inet
