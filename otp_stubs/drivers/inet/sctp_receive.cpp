#include "otp_stubs/drivers/inet/ancillary.h"
#include "otp_stubs/drivers/inet/sctp_port.h"
#include "otp_stubs/drivers/inet/sctp_terms.h"

namespace joist::stubs::inet {
namespace {
constexpr int kReads = 5; // in one turn
} // namespace

Refusal SctpPort::receive_request(std::string_view data, std::string *body) {
  if (!is_open()) return kBadPort;
  if (active_ != kPassive || data.size() != 8) return "einval";
  FieldReader in(data);
  uint32_t milliseconds = in.u32();
  if (!start_async(body)) return "ealready";
  if (!receive() && milliseconds != UINT32_MAX) port_timer_set(port_, milliseconds);
  return kGranted;
}

void SctpPort::ready_input(Port &, int) {
  if (reading_) receive();
}

void SctpPort::drop_input() {
  if (input_) bin_unref(input_);
  input_ = nullptr;
  have_ = 0;
}

// For a whole buffer behind what has come of the message already.
void SctpPort::make_room() {
  if (input_ && input_->capacity >= have_ + buffer_) return;
  BinData *larger = bin_alloc(have_ + buffer_ + (have_ ? have_ / 2 : 0));
  if (have_) memcpy(larger->data(), input_->data(), have_);
  if (input_) bin_unref(input_);
  input_ = larger;
}

bool SctpPort::receive() {
  bool answered = false, partly = false, ended = false;
  for (int i = 0; i < kReads; i++) {
    make_room();
    Address from{};
    alignas(cmsghdr) char control[kControlSize];
    iovec data{input_->data() + have_, buffer_};
    msghdr m{};
    m.msg_name = &from;
    m.msg_namelen = sizeof(from);
    m.msg_iov = &data;
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof(control);
    ssize_t n;
    do n = ::recvmsg(fd_, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
      if (active_ == kPassive || partly) want_read(true);
      return answered;
    }
    if (n < 0) {
      drop_input();
      receive_failed(names.sctp_error, errno);
      return true;
    }
    statistics_.count_received(size_t(n));
    have_ += size_t(n);
    partly = !(m.msg_flags & MSG_EOR);
    ended = partly && n == 0;
    if (partly) continue;
    bool told = deliver(from, m.msg_namelen, m);
    have_ = 0;
    if (!told) continue;
    answered = true;
    if (active_ == kPassive) {
      port_timer_cancel(port_);
      want_read(false);
      return true;
    }
  }
  // The peer of a one-to-one socket is gone: there will be nothing but its end. As on stock, that is a timeout.
  if (ended) {
    want_read(false);
    if (active_ != kPassive) return answered;
    port_timer_cancel(port_);
    async_error(atoms::timeout);
    return true;
  }
  want_read(true);
  return answered;
}

bool SctpPort::deliver(const Address &from, socklen_t size, msghdr &m) {
  bool note = m.msg_flags & MSG_NOTIFICATION;
  // The buffer goes along with a message that fills most of it.
  bool share = !note && have_ * 4 >= input_->capacity * 3;
  FragmentHeap h(96 + (!note && as_list(have_) ? 2 * have_ : 0));
  bool error = false;
  Term what = note ? notification_term(h, input_->data(), have_, &error) : data_term(h, input_, 0, have_, share);
  if (what.is_none()) return false;
  Term along = sctp_ancillary_terms(h, m);
  if (active_ == kPassive) {
    auto waiting = take_async();
    if (!waiting) return true;
    std::string text;
    write_address(from, size, &text);
    Term address = make_string(h, text.data(), text.size());
    Term answer = make_tuple(h, address, along, what);
    async_answer(*waiting, make_tuple(h, error ? atoms::error : atoms::ok, answer), h);
  } else {
    Term ip, port;
    address_terms(h, from, size, &ip, &port);
    send_owner(
        make_tuple(h, error ? names.sctp_error : names.sctp, port_id(port_), ip, port, make_tuple(h, along, what)), h);
    after_active_message();
  }
  if (share) {
    bin_unref(input_);
    input_ = nullptr;
  }
  return true;
}
} // namespace joist::stubs::inet
