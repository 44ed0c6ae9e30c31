// tcp_inet: stream sockets (TCP and local ones).
//
// Sending: what the kernel does not take at once is queued (port_queue) and written when the socket has room. From
// `high` bytes queued on, the port is busy and the last sender waits for its answer until the queue has shrunk to
// `low`. Receiving: a buffer is filled by single reads and cut into packets. Passive: one packet for one request.
// Active: all whole packets there are.
#pragma once
#include "otp_stubs/drivers/inet/socket_port.h"
#include "runtime/sys/packet.h"

namespace joist::stubs::inet {
PacketType packet_type_of(int32_t option); // value of the option `packet`

class TcpPort final : public SocketPort {
public:
  explicit TcpPort(Port &port) : SocketPort(port, IPPROTO_TCP) {}
  ~TcpPort() override;
  void output(Port &port, IoQueue &data) override;
  void ready_input(Port &port, int fd) override;
  void gather(Port &port, bool more) override;
  void ready_output(Port &port, int fd) override;
  void pause_input(Port &port, bool pause) override;
  void timeout(Port &port) override;
  void process_gone(Port &port, PortWatch *watch) override;
  void flush(Port &port) override;
  void drain(Port &port) override;

private:
  // --- tcp_control.cpp
  Refusal request(uint32_t what, std::string_view data, std::string *body) override;
  Refusal open(std::string_view data);
  Refusal adopt(std::string_view data);
  Refusal listen(std::string_view data);
  Refusal connect(std::string_view data, std::string *body);
  Refusal shutdown(std::string_view data);
  void connected();
  void finish_connect();
  void close();             // the socket, what was read and what was to be written
  void answer_all_closed(); // requests under way get {error, closed}
  void activated_closed() override;

  // --- tcp_accept.cpp
  struct Acceptor {
    AsyncRequest request;
    PortWatch *watch;
  };
  Refusal accept(std::string_view data, std::string *body);
  void accept_ready();
  void acceptors_changed();
  Term make_connection(int fd, Term owner); // its port; none: no room
  static std::unique_ptr<DriverPort> make_copy(Port &port, void *connection);
  void accepted(const AsyncRequest &to, Term port);

  // --- timeouts (tcp_timers.cpp): several at a time over the port's one timer
  enum class Timeout : uint8_t { Connect, Accept, Receive, Send, DelayedSend };
  struct Pending {
    int64_t when; // monotonic, ns
    Timeout what;
    uint16_t id; // Accept: of the request
  };
  void start_timeout(Timeout what, int64_t milliseconds, uint16_t id = 0);
  void cancel_timeout(Timeout what, uint16_t id = 0);
  void cancel_all_timeouts();
  void arm_timer();
  void timed_out(const Pending &p);

  // --- tcp_receive.cpp
  enum class Got : uint8_t { Nothing, Packet, Gone };
  struct Need { // to have a whole packet
    enum class Kind : uint8_t { None, Exactly, AtMost, Bad } kind;
    size_t n; // None: its length; else bytes to read
  };
  Refusal receive_request(std::string_view data, std::string *body);
  Refusal unreceive(std::string_view data);
  Got receive(size_t wanted);
  Got read_once(size_t wanted);
  void set_low_water(size_t n); // the socket is ready when so many bytes are there, or its end
  void wait_for_rest();
  Need next_packet();
  void expand_input(size_t packet);
  void restart_input();
  void clear_input();
  Got deliver(size_t length); // 0: the next one, if it is whole
  Got peer_closed();
  Got receive_failed(int error);
  Got closed_while_receiving(Term reason, bool is_error, int exit_error);
  void deliver_pending() override { deliver(0); }
  bool receive_pending() override { return receive(0) != Got::Gone; }

  // --- tcp_deliver.cpp
  bool deliver_packet(size_t offset, size_t length, bool share); // false: nobody wants it
  bool deliver_parsed(std::string_view packet);
  void closed_message();
  void error_message(int error);

  // --- tcp_send.cpp
  void send_data(IoQueue &data);
  void enqueue_more(IoQueue &data, Word before);
  bool write_queue(); // false: the socket is gone
  void send_failed(int error);
  void send_or_shutdown_failed(int error);
  void unblock_sender();
  void release_sender();
  void clear_output();
  void shutdown_now();

  // --- tcp_sendfile.cpp
  Refusal sendfile(std::string_view data);
  bool continue_sendfile(); // false: the socket is gone
  void sendfile_done();
  void sendfile_aborted(int error);
  bool sendfile_failed(int error); // and so has the socket: false
  void forget_file();

  std::deque<Acceptor> acceptors_;
  std::vector<Pending> timeouts_; // by time
  struct Input {
    BinData *data = nullptr;
    size_t size = 0;           // of it in use
    size_t start = 0, end = 0; // what has not been delivered
    size_t remain = 0;         // known to be missing of the packet
  } input_;
  int low_water_ = 1;
  bool last_read_ = false;             // the last receive() got as much as it had room for: there may be more
  bool paused_ = false;                // pause_input()
  bool in_headers_ = false;            // HTTP: the start line is done
  Term blocked_sender_ = Term::none(); // waits while the port is busy
  bool send_timeout_running_ = false;
  bool closed_sent_ = false; // {tcp_closed, _}
  // What the next send or receive on a closed socket is to say.
  bool delayed_close_receive_ = false, delayed_close_send_ = false, delayed_reset_ = false;
  enum class Shutdown : uint8_t { None, Write, Both } pending_shutdown_ = Shutdown::None; // once the queue is empty
  bool write_shut_down_ = false;
  bool gathering_ = false; // output goes to the queue, which was empty, and is written when all has come
  struct File {            // sendfile under way if fd >= 0
    int fd = -1;
    int64_t offset = 0, length = 0, sent = 0;
    Word queued_before = 0; // bytes of the queue that go first
  } file_;
};
} // namespace joist::stubs::inet
