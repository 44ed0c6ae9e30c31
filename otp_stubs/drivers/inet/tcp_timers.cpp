#include "otp_stubs/drivers/inet/tcp_port.h"
#include "runtime/sys/time.h"

#include <climits>

namespace joist::stubs::inet {
namespace {
constexpr int64_t kMillisecond = 1'000'000;
}

void TcpPort::arm_timer() {
  if (timeouts_.empty()) return port_timer_cancel(port_);
  int64_t left = timeouts_.front().when - monotonic_time();
  port_timer_set(port_, left <= 0 ? 0 : (left + kMillisecond - 1) / kMillisecond);
}

void TcpPort::start_timeout(Timeout what, int64_t milliseconds, uint16_t id) {
  Pending p{milliseconds == 0 ? INT64_MIN : monotonic_time() + milliseconds * kMillisecond, what, id};
  auto at = std::find_if(timeouts_.begin(), timeouts_.end(), [&](const Pending &o) { return o.when >= p.when; });
  bool first = at == timeouts_.begin();
  timeouts_.insert(at, p);
  if (first) arm_timer();
}

void TcpPort::cancel_timeout(Timeout what, uint16_t id) {
  auto at =
      std::find_if(timeouts_.begin(), timeouts_.end(), [&](const Pending &o) { return o.what == what && o.id == id; });
  if (at == timeouts_.end()) return;
  bool first = at == timeouts_.begin();
  timeouts_.erase(at);
  if (first) arm_timer();
}

void TcpPort::cancel_all_timeouts() {
  if (timeouts_.empty()) return;
  timeouts_.clear();
  port_timer_cancel(port_);
}

void TcpPort::timeout(Port &) {
  while (!timeouts_.empty() && timeouts_.front().when <= monotonic_time()) {
    Pending p = timeouts_.front();
    timeouts_.erase(timeouts_.begin());
    timed_out(p);
  }
  if (!timeouts_.empty()) arm_timer();
}

void TcpPort::timed_out(const Pending &p) {
  switch (p.what) {
  case Timeout::Connect: // a socket whose connect has not ended can not be used again
    close();
    async_error(atoms::timeout);
    break;
  case Timeout::Accept: {
    auto at =
        std::find_if(acceptors_.begin(), acceptors_.end(), [&](const Acceptor &a) { return a.request.id == p.id; });
    if (at == acceptors_.end()) break;
    Acceptor a = *at;
    acceptors_.erase(at);
    port_unwatch_process(a.watch);
    acceptors_changed();
    async_error(a.request, atoms::timeout);
    break;
  }
  case Timeout::Receive:
    want_read(false);
    input_.remain = 0;
    set_low_water(1);
    async_error(atoms::timeout);
    break;
  case Timeout::Send:
    // The queue may still be full, but if the port stayed busy the next send would wait without any timeout.
    send_timeout_running_ = false;
    release_sender();
    reply_error(atoms::timeout);
    if (stream_.send_timeout_close) close();
    break;
  case Timeout::DelayedSend:
    if (is_connected()) write_queue();
    break;
  }
}
} // namespace joist::stubs::inet
