// A port as the controller of a connection: its driver gets every packet as one output, and delivers every packet that
// comes in as one piece of data (inet drivers with {packet,4}). Ticks are empty packets.
#include "runtime/dist/entry.h"
#include "runtime/io/port_core.h"

namespace joist::runtime {
namespace {
constexpr size_t kPacketsPerTurn = 64;
constexpr Word kBytesPerTurn = 1 << 20;

// Units of decoding per task. A turn of a port is up to twenty tasks.
constexpr int64_t kDecodeSlice = 8192;

struct OutputTask : PortTask {
  void run(Port &port) override { dist_port_output(port); }
};

struct DecodeTask : PortTask {
  void run(Port &port) override {
    int64_t budget = kDecodeSlice;
    if (!port.dist || port.gone()) return;
    if (dist_receive_more(port.dist, port.dist_connection, &budget) == DistReceived::More)
      return port_enqueue(&port, new DecodeTask);
    port.dist_paused = false;
    port.instance->pause_input(port, false);
  }
};
} // namespace

void dist_port_schedule(Port *port) { port_enqueue(port, new OutputTask); }

void dist_port_output(Port &port) {
  DistEntry *e = port.dist;
  if (!e || port.gone()) return;
  std::vector<DistPacket> batch;
  std::vector<Term> resumed;
  Word written = 0;
  size_t packets = 0;
  for (;;) {
    batch.clear();
    {
      std::lock_guard g(e->lock);
      dist_unwait(e, &resumed);
      bool stop = e->port != &port || !e->connected() || e->queue.empty() || port.busy() || port.failed;
      if (stop) {
        e->output_scheduled = false;
        break;
      }
      if (packets >= kPacketsPerTurn || written >= kBytesPerTurn) {
        dist_port_schedule(&port);
        break;
      }
      for (int i = 0; i < 16 && !e->queue.empty(); i++) {
        batch.push_back(std::move(e->queue.front()));
        e->queue.pop_front();
        e->queued -= std::min(e->queued, batch.back().size);
        written += batch.back().size;
        packets++;
        if (written >= kBytesPerTurn) break;
      }
    }
    const bool several = batch.size() > 1;
    if (several) port.instance->gather(port, true);
    for (auto &p : batch) {
      IoQueue data;
      for (IoSlice &s : p.slices) data.push_slice(s);
      p.slices.clear();
      port_count_io(port, 0, p.size);
      if (!port.failed) port.instance->output(port, data);
    }
    if (several && !port.failed) port.instance->gather(port, false);
  }
  dist_resume(resumed, e);
}

void dist_port_ready(Port &port) {
  {
    DistEntry *e = port.dist;
    std::lock_guard g(e->lock);
    if (e->output_scheduled || e->queue.empty() || e->port != &port) return;
    e->output_scheduled = true;
  }
  dist_port_schedule(&port);
}

void dist_port_input(Port &port, const uint8_t *data, Word n) {
  if (n == 0) return; // a tick
  int64_t budget = kDecodeSlice;
  if (dist_receive(port.dist, port.dist_connection, data, n, &budget) != DistReceived::More || port.dist_paused) return;
  port.dist_paused = true;
  port.instance->pause_input(port, true);
  port_enqueue(&port, new DecodeTask);
}
} // namespace joist::runtime
