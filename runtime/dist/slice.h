// What a process sends to a node in one slice goes out together. Its first message is written at once, for who waits for an
// answer sends one, with the links and monitors made before; what comes after it is held back, and written in one go when the slice ends, when enough has come
// together, or before something that may take long within the slice (a native function, a major collection). Only the
// sender's own thread holds back, and what is held is in the connection's queue: whoever else sends there meanwhile writes
// it too, in order.
#pragma once

namespace joist::runtime {
struct DistEntry;

class DistSlice {
public:
  void begin() { open_ = true; }
  void end() {
    open_ = false;
    if (seen_) [[unlikely]]
      close();
  }
  // Writes what is held; what is sent from now on is held as before.
  void flush() {
    if (held_) [[unlikely]]
      write();
  }
  // A packet for e was queued, with e's lock held. True: it need not be written now. patient: though it be the first.
  bool hold(DistEntry *e, bool patient);

private:
  void close();
  void write();
  static constexpr unsigned kEntries = 6; // beyond them nothing is held
  bool open_ = false;
  unsigned seen_ = 0;               // connections that were sent to in this slice
  unsigned written_ = 0, held_ = 0; // bit i: of entries_[i]: a message has been written, something is held
  DistEntry *entries_[kEntries] = {};
};
extern constinit thread_local DistSlice dist_slice; // of the process that this thread executes
} // namespace joist::runtime
