// Connections to other nodes.
//
// Protocol
//  * A DistEntry exists for every node that a connection was ever attempted to, and is never freed. Each attempt has a
//    connection id; what belongs to an earlier one (relations of processes, packets from its controller) is recognised
//    by it and ignored.
//  * States: Idle -> Pending (net_kernel was asked to connect, or is about to) -> Connected -> Exiting (doomed, its
//    controller has been told to end) -> Idle; Pending -> Idle if the attempt is given up. `lock` guards the state and
//    all fields under it. It is held for short times only; no other lock but SmallLocks of inboxes and ports is taken
//    while it is held.
//  * Sending: dist_prepare looks at the state, the message is encoded without the lock, dist_queue appends it if the
//    connection is still the same. What is sent to a Pending node waits as terms and is encoded when the node's
//    capabilities are known.
//  * A connection's packets are taken out by its controller: a port (io tasks, port_channel.cpp) or a process
//    (erlang:dist_ctrl_get_data/1). Packets from the node are handled one at a time under `in_lock` (receive.cpp). A large
//    message is decoded in slices: whoever brought it (port task, BIF) comes back with dist_receive_more.
//  * Processes with links, monitors or spawn requests over a connection are entered in `tied` (and know it:
//    RemoteTies). When it goes down each gets a signal and finds its broken relations itself.
//  * A queue longer than +zdbbl makes senders wait (dist_wait) until it is half empty.
#pragma once
#include "runtime/dist/etf.h"
#include "runtime/dist/flags.h"
#include "runtime/dist/header.h"
#include "runtime/io/io_queue.h"
#include "runtime/proc/relations.h"

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace joist::runtime {
struct Port;

enum class DistState : uint8_t { Idle, Pending, Connected, Exiting };

// One packet on its way out, as slices of binaries.
struct DistPacket {
  std::vector<IoSlice> slices;
  Word size = 0;
  DistPacket() = default;
  DistPacket(DistPacket &&) = default;
  DistPacket &operator=(DistPacket &&) = default;
  ~DistPacket() {
    for (IoSlice &s : slices) bin_unref(s.data);
  }
  void add(IoSlice s) { // takes over its reference
    size += s.size;
    slices.push_back(s);
  }
};

struct DistFragments { // of a message that has begun to come in
  EtfBuffer bytes;
  std::vector<Term> atoms;
  uint64_t next; // number of the fragment that must come next; they count down to 1
};
// Bytes of such messages, and of packets that wait for a message being decoded, that one connection may take.
extern Word dist_unfinished_limit;
struct DistDecoding; // dist/control.h

struct DistEntry {
  const Term name;
  // What the reference in its handles refers to, and that reference's numbers: handles of one connection are equal, for
  // net_kernel compares them.
  BinData *const handle;
  uint32_t handle_numbers[3];
  std::atomic<Word> input_handler; // process that may call dist_ctrl_put_data
  std::atomic<uint64_t> in{0}, out{0};

  std::mutex order; // held, before the others, while the connection's coming or going is told: what comes next waits
  std::mutex lock;
  DistState state = DistState::Idle;
  uint32_t connection = 0;
  uint64_t flags = 0;
  uint32_t creation = 0;
  Term controller = Term::none(); // local port or pid
  Port *port = nullptr;           // if it is one; with a reference
  // --- out
  std::deque<DistPacket> queue;
  Word queued = 0; // bytes in it, and of terms that wait for the connection
  bool busy = false;
  bool output_scheduled = false;              // a task of the port is on its way
  bool get_size = false, data_wanted = false; // dist_ctrl_set_opt, dist_ctrl_get_data_notification
  std::vector<Term> waiting;                  // processes that wait for the queue to shrink
  std::unique_ptr<OutCache> out_cache;
  uint64_t next_sequence = 1;
  struct Waiting {
    KeptTerm control, payload;
  };
  std::vector<Waiting> pending; // messages to a Pending node
  // --- relations
  std::unordered_set<Word> tied;                    // raw pids
  std::unordered_map<Word, uint32_t> node_monitors; // raw pid -> how many nodedown messages it wants
  struct NameMonitor {
    KeptTerm ref;
    Term pid;
  };
  std::vector<NameMonitor> name_monitors; // of processes here by registered name, made from there
  struct OrphanSpawn {
    KeptTerm ref, reason;
  };
  std::vector<OrphanSpawn> orphans; // spawn_links whose requester ended before the answer came, with its exit reason

  std::mutex in_lock;
  std::unique_ptr<InCache> in_cache;
  std::unordered_map<uint64_t, DistFragments> fragments;
  Word unfinished = 0;              // bytes in `fragments` and `held`
  DistDecoding *decoding = nullptr; // a message on its way; what comes after it is held
  struct Held {
    BinData *bytes;
    Word size;
  };
  std::deque<Held> held;

  explicit DistEntry(Term n);
  bool connected() const { return state == DistState::Connected; }
  bool header() const { return flags & (dflag::HeaderAtomCache | dflag::Fragments); }
};

DistEntry *dist_entry(Term node); // made if need be
DistEntry *dist_find(Term node);  // null if there is none
// {ConnectionId, Reference}; null if t is no such handle.
Term dist_handle(Heap &h, DistEntry *e, uint32_t connection);
DistEntry *dist_of_handle(Term t, uint32_t *connection);
bool is_node_name(Term atom); // Name@Host

// A connection as found by dist_prepare.
struct DistTarget {
  DistEntry *entry = nullptr;
  uint32_t connection = 0;
  uint64_t flags = 0;
  bool pending = false;
};
enum class DistReady : uint8_t { Yes, NotConnected, NotAlive, Busy };
// May something be sent to the node? connect: if there is no connection, net_kernel is asked to make one. nosuspend:
// Busy if its senders have to wait. p null: asks net_kernel on behalf of the system.
DistReady dist_prepare(Process *p, Term node, bool connect, bool nosuspend, DistTarget *out);
// As dist_prepare for an answer on a given connection: only while it is up.
bool dist_prepare_answer(DistEntry *e, uint32_t connection, DistTarget *out);

// --- states
uint32_t dist_pending(DistEntry *e);            // connection id; makes it Pending if it was Idle
void dist_count_up();                           // this node, or a connection, has come up
void dist_listed(DistEntry *e, bool connected); // for dist_list
void dist_abort_pending(DistEntry *e, uint32_t connection, bool *was_connected);
// The connection becomes Connected with this controller. False if it is not Pending. port: null for a process.
bool dist_connected(DistEntry *e, Term controller, Port *port, uint64_t flags, uint32_t creation, Term setup_pid);
// The controller is gone: relations are told, the entry becomes Idle.
void dist_down(DistEntry *e, Term controller, Term reason);
// Something is wrong with what comes from the node: the controller is made to end.
void dist_kill(DistEntry *e, uint32_t connection);
// net_kernel has ended: all connections end, and this node loses its name with the last of them.
void dist_net_kernel_gone(Term reason);
void dist_set_net_kernel(Term pid);
bool dist_net_kernel_is(Term pid);

// --- relations
// p gets a relation over that connection. False if the connection is gone already.
bool dist_tie(Process *p, DistEntry *e, uint32_t connection);
void dist_untie_all(Process *p);

// --- sending
class DistEncoder;
// Appends an encoded message and gets it going. False if the connection is gone (nothing is sent). *wait: the sender
// has to dist_wait(). patient: as of dist_kick.
bool dist_queue(const DistTarget &t, DistEncoder &m, bool *wait, bool patient = false);
enum class DistWait : uint8_t { Bif, Send, Spawn }; // what waits: stock's name of it shows in process_info
// Encodes and sends at once. payload none: control message only. p (may be null) waits if the queue is full.
bool dist_send(const DistTarget &t, Process *p, Term control, Term payload = Term::none(), DistWait = DistWait::Bif);
// As dist_send for a BIF of p, in slices where the payload is large: answers `result`, or none having trapped. `suspend`
// false: p does not wait though the queue is full.
Term dist_send_from(Process *p, const DistTarget &t, Term control, Term payload, Term result, bool suspend = true,
                    DistWait = DistWait::Send);
// p, which is executing, does not go on until the queue is shorter. For p's slice to end, the caller yields.
void dist_wait(Process *p, DistEntry *e, DistWait in = DistWait::Bif);
// With lock held, after packets were taken: processes that may go on.
void dist_unwait(DistEntry *e, std::vector<Term> *resumed);
void dist_resume(const std::vector<Term> &pids, DistEntry *e);
// A packet was queued: sees to it that the controller fetches it. Without the lock. patient: it may wait for what the same
// process sends next, or for the end of its slice (dist/slice.h).
void dist_kick(DistEntry *e, bool patient = false);

// --- receiving
enum class DistReceived : uint8_t {
  Done,
  More,   // call dist_receive_more until it answers otherwise
  Closed, // the connection was closed because of what came
};
// The unit of the budget is EtfDecoder's.
DistReceived dist_receive(DistEntry *e, uint32_t connection, const uint8_t *data, Word n, int64_t *budget);
DistReceived dist_receive_more(DistEntry *e, uint32_t connection, int64_t *budget);
// With in_lock held: forgets what has come in and was not acted upon.
void dist_receive_reset(DistEntry *e);

// The controller, a port, gives up because a frame is announced that is larger than any may be: says so in the log.
void dist_frame_too_large(DistEntry *e);

// Text for the log of the VM itself, as an error or a warning. Any thread.
void dist_log(const std::string &text, bool warning = false);

// --- ports as controllers (port_channel.cpp)
void dist_port_output(Port &port);   // with the right to execute: writes some of what is queued
void dist_port_ready(Port &port);    // after every callback of a port that is not busy
void dist_port_schedule(Port *port); // a task that calls dist_port_output
void dist_port_input(Port &port, const uint8_t *data, Word n);

// --- subscriptions (node_monitors.cpp)
void dist_tell_nodes(Term what, Term node, uint32_t connection, bool visible, Term reason); // nodeup, nodedown
inline constexpr uint32_t kNoConnection = UINT32_MAX;

// Connected nodes of a class, in order of connection; the rest in order of creation.
struct DistListed {
  Term name, type;
  uint32_t connection;
  Term controller;
};
std::vector<DistListed> dist_list(bool visible, bool hidden, bool unconnected);
void dist_init(); // installs remote_hooks
} // namespace joist::runtime
