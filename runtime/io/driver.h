// What a driver is: the code behind a port. The shape follows erl_driver.h (ERTS reference manual, "erl_driver") so
// that its binary interface can be put on top: an instance per port, callbacks, and services that callbacks use.
//
// All callbacks of a port run one at a time, on scheduler threads, with the port's right to execute (io/port.h). They
// must not block. Services are called from within callbacks only.
#pragma once
#include "runtime/io/io_queue.h"
#include "runtime/io/port.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace joist::runtime {
struct Port;
struct PortWatch; // a process that a driver watches

// Settings of open_port/2, as parsed (bifs/port_open.cpp).
struct PortOptions {
  enum class Spawn : uint8_t { Any, Driver, Executable };
  Spawn spawn = Spawn::Any;
  int packet_bytes = 0;             // 0 (stream), 1, 2, 4
  int in_fd = -1, out_fd = -1;      // {fd,In,Out}
  bool read = false, write = false; // in, out; both if neither was given
  bool use_stdio = true, stderr_to_stdout = false, exit_status = false, parallelism = false;
  bool hide = false, overlapped_io = false;
  bool limits_given = false;
  uint64_t low_limit = 4096, high_limit = 8192;              // busy_limits_port, ~0: disabled
  std::optional<std::pair<uint64_t, uint64_t>> queue_limits; // busy_limits_msgq: low, high; ~0: disabled
  std::optional<std::string> directory;                      // cd
  std::optional<std::vector<std::string>> args;              // without argv[0]
  std::optional<std::string> arg0;
  std::optional<std::vector<std::string>> environment; // env: complete, "NAME=value"; else the VM's
};

// One open port of a driver. The destructor is the driver's `stop`.
class DriverPort {
public:
  virtual ~DriverPort() = default;
  // port_command and {Owner,{command,_}}: takes what it wants from data.
  virtual void output(Port &port, IoQueue &data);
  // More output comes in a moment: what comes between true and false may be kept, and written at false.
  virtual void gather(Port &port, bool more);
  // port_control: false makes the caller fail with badarg. The answer goes to *reply.
  virtual bool control(Port &port, uint32_t command, std::string_view data, std::string *reply);
  // port_call: external term format both ways; false: badarg.
  virtual bool call(Port &port, uint32_t command, std::string_view data, std::string *reply);
  virtual void ready_input(Port &port, int fd);
  virtual void ready_output(Port &port, int fd);
  // The port's input is (not) to wait for a while. It may still deliver what it has read already.
  virtual void pause_input(Port &port, bool pause);
  virtual void timeout(Port &port);
  // Something the driver started elsewhere has finished (port_post).
  virtual void event(Port &port, uint64_t kind, int64_t value);
  // A watched process is gone; the watch is used up.
  virtual void process_gone(Port &port, PortWatch *watch);
  // The port is closing with data in its output queue: it goes away when the driver has emptied the queue (or fails).
  virtual void flush(Port &port);
  // The VM ends: writes the output queue out, blocking.
  virtual void drain(Port &port);
};

struct DriverOpen {
  enum class Outcome : uint8_t {
    Opened,
    Pending, // opened; the caller gets its answer when port_opened or port_open_failed is called
    General, // einval
    Posix,   // error code
    Badarg,
  };
  Outcome outcome = Outcome::General;
  std::unique_ptr<DriverPort> instance;
  int error = 0;
};

struct Driver {
  const char *name;
  DriverOpen (*open)(Port &port, const std::string &command, const PortOptions &options);
  bool driver_lock = false;     // one for all its ports
  bool soft_busy = false;       // port_command(.., [force]) is allowed
  bool takes_limits = false;    // busy_limits_port is allowed
  bool no_queue_limits = false; // what is sent to a port waits in its queue without limit
};
// Names are what open_port({spawn_driver, "name args"}, _) begins with; the built-in
// ones that cannot be named so are fd_driver and spawn_driver.
void driver_register(const Driver *);
// No port is opened with it from now on; who has found it already keeps it until the next quiescent point.
void driver_unregister(const Driver *);
const Driver *driver_find(std::string_view name);
std::vector<const Driver *> drivers_all();
struct BuiltinDrivers {
  const Driver *fd = nullptr, *spawn = nullptr;
};
extern BuiltinDrivers builtin_drivers; // set by otp_stubs at start

// --- services
Term port_id(const Port &port);
Term port_owner(const Port &port);  // connected process
Term port_caller(const Port &port); // process the callback runs for: within output, control, call; else none
IoQueue &port_queue(Port &port);    // output not yet written
// Data from outside for the owner: {Port, {data, D}} (with line splitting and binary mode as opened). `header` bytes
// come before as a list.
void port_deliver(Port &port, const void *bytes, size_t n);
void port_deliver_header(Port &port, const void *header, size_t header_size, const void *bytes, size_t n);
// The same where bytes are in pieces: if the port is binary, each is a binary of its own ([Header..., First, ... | Last]), and
// larger ones share `data` (a reference is taken; null: copied). Never in lines; not for a distribution's port.
struct PortPiece {
  BinData *data;
  const uint8_t *bytes;
  size_t n;
};
void port_deliver_pieces(Port &port, const void *header, size_t header_size, std::span<const PortPiece> pieces);
// {Port, What} to the owner.
void port_notify(Port &port, Term what);
void port_exit_status(Port &port, int status); // {Port, {exit_status, N}}
// The driver has failed or is done: the port goes away with that reason at the end of the callback.
void port_fail(Port &port, Term reason);
void port_fail_posix(Port &port, int error);
void port_fail_eof(Port &port); // normal, or {Port, eof} if asked for with the option eof
// As port_fail, but the connected process has been told by a message: its link is taken away, it gets no exit signal.
void port_end_told(Port &port, Term reason);
void port_set_busy(Port &port, bool busy);
// When so many bytes of output are queued for the port (it executes elsewhere), those who send more are suspended until
// there are fewer than `low`. ~0: never. Any thread.
inline constexpr size_t kQueueLow = 4096, kQueueHigh = 8192;
void port_queue_limits(Port &port, size_t low, size_t high);
// Interest in a descriptor: ready_input / ready_output are called while it holds. false, false ends it; that must
// happen before the descriptor is closed.
void port_select(Port &port, int fd, bool read, bool write);
// The same, but false, false keeps the registration: no event is reported until interest is taken again, which is
// cheap.
void port_select_keep(Port &port, int fd, bool read, bool write);
void port_timer_set(Port &port, int64_t milliseconds);
void port_timer_cancel(Port &port);
void port_set_os_pid(Port &port, int64_t pid);
void port_set_binary_control(Port &port, bool on); // port_control answers with binaries
// A further port of the same driver, connected and linked to `owner`, its instance built by make(new port, arg). Its
// id, or none: no such process, or no more ports.
Term port_create_child(Port &parent, Term owner, std::unique_ptr<DriverPort> (*make)(Port &, void *), void *arg);
// Watches a local process until process_gone is called or the watch is given back, which must happen before the
// instance goes. Null: no such process.
PortWatch *port_watch_process(Port &port, Term pid);
void port_unwatch_process(PortWatch *watch); // process_gone will not be called
// Results of DriverOpen::Pending.
void port_opened(Port &port);
void port_open_failed(Port &port, Term reason);
// From any thread: calls instance->event(kind, value) as a task of the port; dropped if it died. The caller holds a
// reference to the port (port_hold).
void port_post(Port *port, uint64_t kind, int64_t value);
void port_hold(Port *port);
void port_release(Port *port);                             // any thread
void port_count_io(Port &port, uint64_t in, uint64_t out); // for drivers that move data by other ways
} // namespace joist::runtime
