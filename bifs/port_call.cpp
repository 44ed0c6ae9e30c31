// erlang:port_call: terms to and from a driver in the external term format.
#include "bifs/bifs.h"
#include "runtime/dist/etf.h"
#include "runtime/io/port_ops.h"
#include "runtime/trace/ports.h"

namespace joist::bifs {
namespace {
class TermCall : public PortCall {
public:
  Term operation() const override { return atoms::call; }
  uint32_t command = 0;
  std::vector<uint8_t> data;
  Term perform(Port &port, Heap &h) override {
    std::string reply;
    std::string_view in(reinterpret_cast<const char *>(data.data()), data.size());
    if (trace::port_traced(port, trace::flag::Receive)) trace::port_asked(port, caller, atoms::call, command, in);
    if (!port.instance->call(port, command, in, &reply)) return atoms::badarg;
    if (trace::port_traced(port, trace::flag::Send)) trace::port_answers(port, caller, atoms::call, reply);
    Word used;
    Term t = etf_decode(h, reinterpret_cast<const uint8_t *>(reply.data()), reply.size(), false, &used);
    return t.is_none() ? atoms::badarg : make_tuple(h, atoms::ok, t);
  }
};
} // namespace

Term erts_internal_port_call_3(Process *p, const Term *args) {
  Port *port = port_lookup_name(args[0]);
  uint64_t command;
  if (!port || !get_uint64(args[1], &command) || command > UINT32_MAX) return atoms::badarg;
  auto c = std::make_unique<TermCall>();
  c->command = uint32_t(command);
  c->data = etf_encode(args[2]);
  p->bump(int64_t(c->data.size() / 256));
  return port_call_submit(p, port, std::move(c));
}
} // namespace joist::bifs
