// What a port sends to its owner.
#include "runtime/atom/atom.h"
#include "runtime/dist/entry.h"
#include "runtime/io/port_core.h"
#include "runtime/sched/stats.h"
#include "runtime/term/binary.h"
#include "runtime/trace/ports.h"

namespace joist::runtime {
namespace {
std::atomic<uint64_t> io_bytes_in{0}, io_bytes_out{0};
}
uint64_t io_total_input() { return io_bytes_in.load(std::memory_order_relaxed); }
uint64_t io_total_output() { return io_bytes_out.load(std::memory_order_relaxed); }

void port_answer(Term to, Term ref, Term result, FragmentHeap &h) {
  Word *copy = h.alloc(header_size(*ref.box()) + 1);
  memcpy(copy, ref.box(), (header_size(*ref.box()) + 1) * 8);
  Term message = make_tuple(h, Term::boxed(copy), result);
  message_send_pid_built(to, message, h.take());
}

void trace::port_send(Port &port, Term to, Term message, FragmentHeap &h) {
  if (trace::port_traced(port, trace::flag::Send)) trace::port_sends(port, to, message);
  message_send_pid_built(to, message, h.take());
}

void port_send_owner(Port &port, Term what, FragmentHeap &h) {
  Term message = make_tuple(h, port.id, what);
  trace::port_send(port, Term(port.owner.load()), message, h);
}

void port_notify(Port &port, Term what) {
  FragmentHeap h;
  port_send_owner(port, what, h); // `what` is immediate
}

void port_exit_status(Port &port, int status) {
  FragmentHeap h;
  Term what = make_tuple(h, atoms::exit_status, Term::small(status));
  port_send_owner(port, what, h);
}

namespace {
Term bytes_as_list(Heap &h, const uint8_t *bytes, size_t n, Term tail) {
  if (n == 0) return tail;
  Word *c = h.alloc(2 * n);
  Term list = Term::cons(c);
  for (size_t i = 0; i < n; i++, c += 2) {
    c[0] = Term::small(bytes[i]).raw();
    c[1] = i + 1 < n ? Term::cons(c + 2).raw() : tail.raw();
  }
  return list;
}

Term data_term(Port &port, Heap &h, const uint8_t *header, size_t header_size, const uint8_t *bytes, size_t n) {
  Term rest = port.binary && (bytes || header_size == 0) ? make_binary_from(h, bytes, n) // null: no data, not no bytes
                                                         : bytes_as_list(h, bytes, n, Term::nil());
  return bytes_as_list(h, header, header_size, rest);
}

using Header = std::span<const uint8_t>; // goes before the first line of an input
void deliver_line(Port &port, Header &header, const uint8_t *bytes, size_t n, bool complete) {
  FragmentHeap h;
  Term line = data_term(port, h, header.data(), header.size(), bytes, n);
  header = {};
  Term what = make_tuple(h, atoms::data, make_tuple(h, complete ? atoms::eol : atoms::noeol, line));
  port_send_owner(port, what, h);
}

void put_line(Port &port, Header &header, bool complete) {
  deliver_line(port, header, port.line.data(), port.line.size(), complete);
  port.line.clear();
}

// Splits at newlines; CR directly before a newline belongs to it. A line longer than line_max comes in pieces.
void deliver_lines(Port &port, Header header, const uint8_t *p, size_t n) {
  using S = Port::LineState;
  const uint8_t *end = p + n;
  while (p != end) {
    if (*p == '\n') {
      port.line_state = S::Main;
      p++;
      put_line(port, header, true);
      continue;
    }
    switch (port.line_state) {
    case S::Main:
      if (port.line.size() == port.line_max) port.line_state = S::Full;
      else if (*p == '\r') p++, port.line_state = S::CrInside;
      else port.line.push_back(*p++);
      break;
    case S::Full:
      if (*p == '\r') {
        p++;
        port.line_state = S::CrAfter;
      } else {
        put_line(port, header, false);
        port.line_state = S::Main;
      }
      break;
    case S::CrInside: // it was an ordinary character
      port.line.push_back('\r');
      port.line_state = S::Main;
      break;
    case S::CrAfter:
      put_line(port, header, false);
      port.line_state = S::CrInside;
      break;
    }
  }
}
} // namespace

void port_flush_line(Port &port) {
  using S = Port::LineState;
  if (port.line_max == 0) return;
  Header header;
  if (port.line_state == S::CrAfter) {
    put_line(port, header, false);
    port.line_state = S::CrInside;
  }
  if (port.line_state == S::CrInside) port.line.push_back('\r');
  port.line_state = S::Main;
  if (!port.line.empty()) put_line(port, header, false);
}

void port_count_io(Port &port, uint64_t in, uint64_t out) {
  port.input += in;
  port.output += out;
  io_bytes_in.fetch_add(in, std::memory_order_relaxed);
  io_bytes_out.fetch_add(out, std::memory_order_relaxed);
}

void port_deliver_header(Port &port, const void *header, size_t header_size, const void *bytes, size_t n) {
  if (port.flags.load() & portflag::Closing) return;
  port_count_io(port, header_size + n, 0);
  auto *b = static_cast<const uint8_t *>(bytes);
  if (port.dist)
    return header_size ? dist_port_input(port, static_cast<const uint8_t *>(header), header_size)
                       : dist_port_input(port, b, n);
  if (port.line_max != 0) return deliver_lines(port, {static_cast<const uint8_t *>(header), header_size}, b, n);
  FragmentHeap h;
  Term data = data_term(port, h, static_cast<const uint8_t *>(header), header_size, b, n);
  Term what = make_tuple(h, atoms::data, data);
  port_send_owner(port, what, h);
}
void port_deliver_pieces(Port &port, const void *header, size_t header_size, std::span<const PortPiece> pieces) {
  if (port.flags.load() & portflag::Closing) return;
  size_t total = 0;
  for (auto &piece : pieces) total += piece.n;
  port_count_io(port, header_size + total, 0);
  FragmentHeap h;
  Term data = Term::nil();
  for (size_t i = pieces.size(); i-- > 0;) {
    const PortPiece &x = pieces[i];
    if (!port.binary) {
      data = bytes_as_list(h, x.bytes, x.n, data);
      continue;
    }
    Term b = Term::none();
    if (x.data && x.n > kHeapBinMax) {
      bin_ref(x.data);
      b = make_refc_binary(h, x.data, const_cast<uint8_t *>(x.bytes), x.n);
    } else {
      b = make_binary_from(h, x.bytes, x.n);
    }
    data = data.is_nil() ? b : make_cons(h, b, data);
  }
  data = bytes_as_list(h, static_cast<const uint8_t *>(header), header_size, data);
  Term what = make_tuple(h, atoms::data, data);
  port_send_owner(port, what, h);
}
void port_deliver(Port &port, const void *bytes, size_t n) { port_deliver_header(port, nullptr, 0, bytes, n); }

Term port_id(const Port &port) { return port.id; }
Term port_owner(const Port &port) { return Term(port.owner.load()); }
Term port_caller(const Port &port) { return port.caller; }
IoQueue &port_queue(Port &port) { return port.queue; }
void port_set_os_pid(Port &port, int64_t pid) { port.os_pid = pid; }
void port_set_binary_control(Port &port, bool on) { port.binary_control = on; }

// --- callbacks that a driver does not have
void DriverPort::output(Port &, IoQueue &) {}
void DriverPort::gather(Port &, bool) {}
bool DriverPort::control(Port &, uint32_t, std::string_view, std::string *) { return false; }
bool DriverPort::call(Port &, uint32_t, std::string_view, std::string *) { return false; }
void DriverPort::ready_input(Port &port, int fd) { port_select(port, fd, false, false); }
void DriverPort::ready_output(Port &port, int fd) { port_select(port, fd, false, false); }
void DriverPort::pause_input(Port &, bool) {}
void DriverPort::timeout(Port &) {}
void DriverPort::event(Port &, uint64_t, int64_t) {}
void DriverPort::process_gone(Port &, PortWatch *) {}
void DriverPort::flush(Port &) {}
void DriverPort::drain(Port &) {}
} // namespace joist::runtime
