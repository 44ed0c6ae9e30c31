// What all inet ports have in common: the socket, options, requests of the control protocol that need no transport, and
// the messages that answer asynchronous requests. TcpPort, UdpPort and SctpPort build on it.
//
// Everything runs with the port's right to execute. The socket is non-blocking.
#pragma once
#include "otp_stubs/drivers/inet/address.h"
#include "otp_stubs/drivers/inet/names.h"
#include "runtime/io/driver.h"

#include <deque>
#include <optional>

namespace joist::stubs::inet {
// getstat. Averages as stock keeps them: over all packets.
struct Statistics {
  uint64_t received_bytes = 0, received = 0, received_max = 0, sent_bytes = 0, sent = 0, sent_max = 0;
  double received_average = 0, received_deviation = 0, sent_average = 0;
  void count_received(size_t n);
  void count_sent(size_t n);
};

// A request that will be answered with {inet_async, Port, Id, Result}.
struct AsyncRequest {
  uint16_t id = 0;
  Term caller = Term::none();
};

class SocketPort : public DriverPort {
public:
  ~SocketPort() override;
  bool control(Port &port, uint32_t command, std::string_view data, std::string *reply) final;

protected:
  SocketPort(Port &port, int protocol) : port_(port), protocol_(protocol) {}

  // --- requests. `body` is what an answer `ok` carries.
  virtual Refusal request(uint32_t what, std::string_view data, std::string *body) = 0;
  Refusal common_request(uint32_t what, std::string_view data, std::string *body);
  Refusal open_socket(int domain, int type);
  Refusal adopt_socket(int domain, int type, int fd, bool bound);
  void close_socket(); // back to "closed", unless the socket was adopted
  // A connected socket that came out of `from`, another type perhaps; takes over its settings.
  void take_connected(int fd, int type, const SocketPort &from);
  bool is_open() const { return state_ & kStateOpen; }
  bool is_connected() const { return (state_ & (kStateOpen | kStateActive)) == (kStateOpen | kStateActive); }
  bool is_connecting() const { return (state_ & (kStateOpen | kStateConnecting)) == (kStateOpen | kStateConnecting); }

  // --- readiness
  void want_read(bool on);
  void want_write(bool on);

  // --- options
  enum class AfterSet : uint8_t { Nothing, Deliver, Receive, Invalid };
  virtual AfterSet set_options(std::string_view data);
  virtual Refusal get_options(std::string_view wanted, std::string *body);
  int set_socket_option(int level, int name, const void *value, size_t size, bool report) const; // 0 or -1
  bool set_active(FieldReader &in, int32_t value); // false: the count of {active, N} would not fit
  virtual void activated_closed() {}               // {active, _} was set on a socket that its peer has closed
  virtual void deliver_pending() {}                // see AfterSet
  virtual bool receive_pending() { return true; }  // false: the socket is gone
  virtual void turned_passive() {}

  // --- messages
  void send(Term to, Term message, FragmentHeap &h);
  void send_owner(Term message, FragmentHeap &h) { send(port_owner(port_), message, h); }
  // {inet_reply, Port, Status} to sender_, who is forgotten.
  void reply(Term status, FragmentHeap &h);
  void reply_ok();
  void reply_error(Term reason);
  void reply_error(int error) { reply_error(posix_atom(error)); }
  uint16_t new_async_id() { return next_async_id_++; }
  // Starts the one request that may be under way; its id goes to *body. False: there is one already.
  bool start_async(std::string *body);
  std::optional<AsyncRequest> take_async();
  void async_answer(const AsyncRequest &to, Term result, FragmentHeap &h);
  void async_ok();
  void async_error(const AsyncRequest &to, Term reason);
  void async_error(Term reason) { // to the one under way, if any
    if (auto r = take_async()) async_error(*r, reason);
  }
  void passive_message();      // {tcp_passive, Port} and the like
  void after_active_message(); // counts {active, once} and {active, N} down
  void tell_subscribers();     // {empty_out_q, Port}
  // n bytes as the owner wants them: a list, a binary, or a list of header bytes ending in a binary. `share`: large
  // binaries refer to buffer.
  Term data_term(Heap &h, BinData *buffer, size_t offset, size_t n, bool share) const;
  bool as_list(size_t n) const { return mode_ == kModeList || header_ > n; }

  Port &port_;
  int fd_ = -1, domain_ = kNoFamily, type_ = -1, protocol_;
  bool adopted_ = false; // the fd option: it is never closed
  uint32_t state_ = 0;
  bool reading_ = false, writing_ = false;
  // inet:ignorefd (the descriptor is lent to somebody else): what to wait for when it comes back
  bool ignored_ = false, ignored_read_ = false, ignored_write_ = false;
  Address remote_{};
  Term sender_ = Term::none(); // of the output under way
  Statistics statistics_;

  // --- options kept here
  size_t buffer_ = 1460;
  bool buffer_set_ = false, debug_ = false;
  uint32_t header_ = 0, packet_size_ = 0;
  int32_t active_ = kPassive, mode_ = kModeList, deliver_ = kDeliverTerm, packet_ = 0;
  bool exit_on_close_ = true;
  int32_t exit_on_close_value_ = 1;
  int16_t active_count_ = 0;
  char line_delimiter_ = '\n';
  std::optional<std::string> netns_;
  uint32_t control_messages_ = 0; // recvtos, recvtclass, recvttl: which are on
  int32_t read_packets_ = 5;      // udp: datagrams read in a row
  int32_t high_msgq_ = int32_t(kQueueHigh), low_msgq_ = int32_t(kQueueLow);
  void apply_msgq_limits() { port_queue_limits(port_, size_t(low_msgq_), size_t(high_msgq_)); }
  struct Stream { // set on stream sockets only
    int32_t high = 8192, low = 4096, send_timeout = -1, send_timeout_close = 0;
    bool delay_send = false, show_reset = false, linger_zero = false;
  } stream_;

private:
  Refusal bind(FieldReader &in, std::string *body);
  Refusal name(std::string *body) const;
  Refusal peer(std::string *body) const;
  Refusal set_fake_address(std::string_view data, std::optional<std::string> *fake) const;
  Refusal addresses(bool peer, std::string_view data, std::string *body) const;
  Refusal ignore(std::string_view data);
  bool statistics(std::string_view wanted, std::string *body) const;
  bool subscribe(std::string_view wanted, std::string *body);
  bool set_local_option(uint8_t option, int32_t value, FieldReader &in, bool *known);
  bool set_kernel_option(uint8_t option, int32_t value, FieldReader &in);
  bool set_membership(bool add, int32_t family, FieldReader &in);
  bool get_local_option(uint8_t option, std::string *out) const;
  bool get_raw(FieldReader &in, std::string *out) const;
  bool get_multicast_interface(std::string *out) const;
  bool get_packet_options(std::string *out) const;

  uint16_t next_async_id_ = 0;
  std::optional<AsyncRequest> async_;
  std::vector<Term> subscribers_;
  std::optional<std::string> fake_name_, fake_peer_; // encoded; setsockname, setpeername
};

// Interfaces of the host. Return 0 or an error number.
int write_interfaces(std::string *out);                                 // getifaddrs
int write_interface_names(int fd, std::string *out);                    // getiflist
Refusal interface_get(int fd, std::string_view data, std::string *out); // ifget
Refusal interface_set(int fd, std::string_view data);                   // ifset
} // namespace joist::stubs::inet
