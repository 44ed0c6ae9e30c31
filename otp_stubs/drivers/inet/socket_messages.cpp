// The messages of inet ports, and what they count.
#include "otp_stubs/drivers/inet/socket_port.h"
#include "runtime/proc/signal.h"
#include "runtime/trace/ports.h"

#include <cmath>
#include <utility>

namespace joist::stubs::inet {
void Statistics::count_received(size_t n) {
  received++;
  received_bytes += n;
  received_max = std::max<uint64_t>(received_max, n);
  received_average += (double(n) - received_average) / double(received);
  received_deviation += ((double(n) - received_average) - received_deviation) / double(received);
}
void Statistics::count_sent(size_t n) {
  sent++;
  sent_bytes += n;
  sent_max = std::max<uint64_t>(sent_max, n);
  sent_average += (double(n) - sent_average) / double(sent);
}

void SocketPort::send(Term to, Term message, FragmentHeap &h) {
  if (to.is_local_pid()) trace::port_send(port_, to, message, h);
}

void SocketPort::reply(Term status, FragmentHeap &h) {
  Term to = std::exchange(sender_, Term::none());
  send(to, make_tuple(h, names.inet_reply, port_id(port_), status), h);
}
void SocketPort::reply_ok() {
  FragmentHeap h(4);
  reply(atoms::ok, h);
}
void SocketPort::reply_error(Term reason) {
  FragmentHeap h(7);
  reply(make_tuple(h, atoms::error, reason), h);
}

bool SocketPort::start_async(std::string *body) {
  if (async_) return false;
  async_ = AsyncRequest{new_async_id(), port_caller(port_)};
  put_number(body, async_->id, 2);
  return true;
}
std::optional<AsyncRequest> SocketPort::take_async() { return std::exchange(async_, std::nullopt); }

void SocketPort::async_answer(const AsyncRequest &to, Term result, FragmentHeap &h) {
  send(to.caller, make_tuple(h, names.inet_async, port_id(port_), Term::small(to.id), result), h);
}
void SocketPort::async_ok() {
  auto r = take_async();
  if (!r) return;
  FragmentHeap h(5);
  async_answer(*r, atoms::ok, h);
}
void SocketPort::async_error(const AsyncRequest &to, Term reason) {
  FragmentHeap h(8);
  async_answer(to, make_tuple(h, atoms::error, reason), h);
}

void SocketPort::passive_message() {
  FragmentHeap h(3);
  Term what = protocol_ == IPPROTO_TCP   ? names.tcp_passive
              : protocol_ == IPPROTO_UDP ? names.udp_passive
                                         : names.sctp_passive;
  send_owner(make_tuple(h, what, port_id(port_)), h);
}
void SocketPort::after_active_message() {
  if (active_ == kActiveOnce) {
    active_ = kPassive;
  } else if (active_ == kActiveCount && --active_count_ == 0) {
    active_ = kPassive;
    passive_message();
  }
}

void SocketPort::tell_subscribers() {
  for (Term pid : std::exchange(subscribers_, {})) {
    FragmentHeap h(3);
    send(pid, make_tuple(h, names.empty_out_q, port_id(port_)), h);
  }
}

Term SocketPort::data_term(Heap &h, BinData *buffer, size_t offset, size_t n, bool share) const {
  auto *bytes = buffer->data() + offset;
  auto *text = reinterpret_cast<const char *>(bytes);
  if (as_list(n)) return make_string(h, text, n);
  Term data;
  if (share && n - header_ > kHeapBinMax) {
    bin_ref(buffer);
    data = make_refc_binary(h, buffer, bytes + header_, n - header_);
  } else {
    data = make_binary_from(h, bytes + header_, n - header_);
  }
  for (size_t i = header_; i-- > 0;) data = make_cons(h, Term::small(bytes[i]), data);
  return data;
}
} // namespace joist::stubs::inet
