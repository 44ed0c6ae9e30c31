// Calling BIFs and native functions from a real process, whose code is the test's C++.
#pragma once
#include "bifs/bifs.h"
#include "otp_stubs/stubs.h"
#include "runtime/io/poll.h"
#include "runtime/io/port.h"
#include "runtime/nif/static_nif.h"
#include "runtime/term/binary.h"
#include "runtime/term/compare.h"
#include "runtime/term/print.h"
#include "tests/unit/proc/fake_vm.h"

#include <condition_variable>

namespace joist::runtime::test {
inline void start_io() {
  start_vm();
  static bool started = [] {
    ports_init(1024);
    stubs::register_natives();
    stubs::register_drivers();
    poll_start();
    return true;
  }();
  (void)started;
}

// A test's code as the code of a process. It runs on a thread of its own, in turns with the process: so it can wait for
// messages without keeping a scheduler from its work.
class Script {
public:
  explicit Script(std::function<void(Process *)> f) : f_(std::move(f)) {}
  // The process' body.
  RunResult turn(Process *p) {
    std::unique_lock g(lock_);
    if (!started_) {
      started_ = true;
      thread_ = std::thread([this, p] {
        current() = this;
        {
          std::unique_lock g2(lock_);
          change_.wait(g2, [&] { return mine_; });
        }
        {
          progress::OnlineScope online;
          f_(p);
        }
        std::lock_guard g2(lock_);
        finished_ = true;
        mine_ = false;
        change_.notify_all();
      });
    }
    mine_ = true;
    change_.notify_all();
    change_.wait(g, [&] { return !mine_; });
    if (!finished_) return RunResult::Waiting;
    g.unlock();
    thread_.join();
    RunResult r = process_exit(p, atoms::normal);
    ended_ = true;
    return r;
  }
  // Gives the turn back until the process has something to do.
  void wait() {
    progress::offline();
    std::unique_lock g(lock_);
    mine_ = false;
    change_.notify_all();
    change_.wait(g, [&] { return mine_; });
    progress::online();
  }
  bool ended() const { return ended_; }
  static Script *&current() {
    thread_local Script *s = nullptr;
    return s;
  }

private:
  std::function<void(Process *)> f_;
  std::thread thread_;
  std::mutex lock_;
  std::condition_variable change_;
  bool started_ = false, mine_ = false, finished_ = false;
  std::atomic<bool> ended_{false};
};

// Runs f in a process of its own and waits for its end.
inline void in_process(std::function<void(Process *)> f) {
  Script script(std::move(f));
  spawn(body([&](Process *p) { return script.turn(p); }));
  ASSERT_TRUE(eventually([&] { return script.ended(); }, 60'000));
}

// A term in Erlang syntax's shape, for comparing.
inline std::string show(Term t) { return t.is_none() ? "none" : to_text(t); }

// The next message; the process waits for it.
inline std::vector<Term> &set_aside() {
  thread_local std::vector<Term> messages;
  return messages;
}
inline Term await_new(Process *p) {
  for (;;) {
    Term t = receive(p, false); // scripts hold terms from one call to the next
    if (!t.is_none()) return t;
    Script::current()->wait();
  }
}
inline Term await(Process *p) {
  if (set_aside().empty()) return await_new(p);
  Term t = set_aside().front();
  set_aside().erase(set_aside().begin());
  return t;
}
// What erlang.erl does with the results of the port BIFs: a reference stands for an answer to come.
inline Term settled(Process *p, Term result) {
  if (!is_ref(result)) return result;
  for (;;) {
    Term m = await_new(p);
    if (is_tuple_of(m, 2) && eq(tuple_elements(m)[0], result)) return tuple_elements(m)[1];
    set_aside().push_back(m);
  }
}

inline Term native(Process *p, const char *module, const char *function, std::initializer_list<Term> args) {
  const StaticNifModule *m = static_nif_find(atom::intern(module));
  if (!m) return atoms::undef;
  std::vector<Term> a(args);
  for (size_t i = 0; i < m->count; i++)
    if (std::string_view(m->functions[i].name) == function && m->functions[i].arity == a.size())
      return m->functions[i].fn(p, a.data());
  return atoms::undef;
}
inline Term call(Process *p, Bif f, std::initializer_list<Term> args) {
  std::vector<Term> a(args);
  return f(p, a.data());
}
inline Term text(Process *p, std::string_view s) { return make_string(p->heap, s.data(), s.size()); }
inline Term binary(Process *p, std::string_view s) { return make_binary_from(p->heap, s); }
inline Term native_name(Process *p, const std::string &s) { return make_binary_from(p->heap, s.c_str(), s.size() + 1); }
inline Term element(Term t, size_t n) { return tuple_elements(t)[n - 1]; }
} // namespace joist::runtime::test
