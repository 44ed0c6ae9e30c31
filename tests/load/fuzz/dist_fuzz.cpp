// libFuzzer target: what a connected node may send. Input: packets, each behind two bytes of length; they go through
// headers, atom cache, fragments, control messages and payloads, to a process and to what is no process. The mutator also
// puts in well-formed messages of every operation. Build: tools/build --fuzz fuzz_dist.
#include "runtime/atom/atom.h"
#include "runtime/dist/control.h"
#include "runtime/dist/encoder.h"
#include "runtime/dist/node.h"
#include "runtime/ets/ets.h"
#include "runtime/mem/literal.h"
#include "runtime/proc/process.h"
#include "runtime/sched/progress.h"
#include "runtime/sched/scheduler.h"
#include "runtime/sys/time.h"
#include "runtime/term/ref.h"

#include <random>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

using namespace joist;
using namespace joist::runtime;

namespace {
constexpr uint64_t kFlags = dflag::Default;
DistEntry *peer;
Process *process;
Term name() { return atom::intern("peer@host"); }

void connect(uint64_t flags) {
  std::scoped_lock g(peer->in_lock, peer->lock);
  dist_receive_reset(peer);
  peer->queue.clear();
  peer->queued = 0;
  peer->name_monitors.clear();
  peer->orphans.clear();
  peer->tied.clear();
  peer->state = DistState::Connected;
  peer->connection = 1;
  peer->flags = flags;
  peer->creation = 7;
  peer->controller = Term::local_pid(12345);
  peer->in_cache = std::make_unique<InCache>();
  peer->out_cache = std::make_unique<OutCache>();
}

// What the process got.
void empty_inbox() {
  Signal *s;
  {
    std::lock_guard g(process->inbox.lock);
    s = process->inbox.first;
    process->inbox.first = nullptr;
    process->inbox.last = &process->inbox.first;
    process->inbox.length = 0;
  }
  while (s) {
    Signal *next = s->next;
    signal_free(s);
    s = next;
  }
}
} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  atom::init(8 << 20); // atoms are never freed
  literal_init();
  time_init({}, true);
  process_table_init(1024);
  SchedulerConfig config;
  config.schedulers = 1;
  schedulers_init(config);
  set_this_node(atom::intern("self@host"), 3);
  dist_init();
  dist_spawn_hook = [](DistSpawn *s) {
    s->error = atoms::system_limit;
    return true;
  };
  SpawnOptions o;
  process = process_spawn(nullptr, atoms::erlang, atoms::hd, Term::nil(), o);
  peer = dist_entry(name());
  dist_unfinished_limit = 8 << 20;
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  progress::OnlineScope scope;
  // With and without headers, fragments, and what else changes the path.
  uint64_t flags = kFlags;
  if (data[0] & 1) flags &= ~(dflag::HeaderAtomCache | dflag::Fragments);
  if (data[0] & 2) flags &= ~dflag::Fragments;
  if (data[0] & 4) flags &= ~(dflag::ExitPayload | dflag::UnlinkId);
  connect(flags);
  const uint8_t *p = data + 1, *end = data + size;
  while (end - p > 2) {
    size_t n = std::min<size_t>(size_t(p[0]) << 8 | p[1], size_t(end - p - 2));
    p += 2;
    std::vector<uint8_t> packet(p, p + n); // of its own, so that reading beyond it is seen
    int64_t budget = 100;
    DistReceived r = dist_receive(peer, 1, packet.data(), n, &budget);
    if (data[0] & 8)
      while (r == DistReceived::More) budget = 100, r = dist_receive_more(peer, 1, &budget);
    if (r == DistReceived::Closed) break;
    p += n;
  }
  for (int64_t budget = 100; dist_receive_more(peer, 1, &budget) == DistReceived::More;) budget = 100;
  empty_inbox();
  return 0;
}

namespace {
Term some_term(std::mt19937 &random, Heap &h, int depth) {
  Node *there = node_get(name(), 7);
  switch (random() % 12) {
  case 0: return process->id;
  case 1:
  case 2: {
    Word *b = h.alloc(3);
    b[0] = header(Kind::ExtPid, 2);
    b[1] = reinterpret_cast<Word>(there);
    b[2] = random() % 100;
    return Term::boxed(b);
  }
  case 3: return make_ref(h);
  case 4: return make_pid_ref(h, process->id);
  case 5: {
    Word *b = h.alloc(5);
    b[0] = header(Kind::ExtRef, 4);
    b[1] = reinterpret_cast<Word>(there);
    b[2] = 3, b[3] = random(), b[4] = random() % 1000;
    return Term::boxed(b);
  }
  case 6: return atom::intern("atom" + std::to_string(random() % 3000));
  case 7: return Term::small(int64_t(random()) - (1 << 30));
  case 8: return depth ? make_tuple(h, atoms::ok, atoms::true_, Term::small(2)) : Term::nil();
  case 9: return depth ? make_cons(h, some_term(random, h, depth - 1), some_term(random, h, depth - 1)) : Term::nil();
  case 10: return make_string(h, "some text", 9);
  default: return Term::nil();
  }
}

std::vector<uint8_t> some_message(std::mt19937 &random) {
  FragmentHeap h;
  unsigned arity = 3 + random() % 5;
  Word *b = h.alloc(arity + 1);
  b[0] = header(Kind::Tuple, arity);
  b[1] = Term::small(int64_t(1 + random() % 36)).raw();
  for (unsigned i = 2; i <= arity; i++) b[i] = some_term(random, h, 2).raw();
  Term payload = random() % 3 == 0 ? Term::none() : some_term(random, h, 3);
  if (random() % 16 == 0) {
    Word *c = h.alloc(2 * 20000);
    for (int i = 0; i < 20000; i++)
      c[2 * i] = Term::small(i + 300).raw(), c[2 * i + 1] = i < 19999 ? Term::cons(c + 2 * i + 2).raw() : Term::nil().raw();
    payload = Term::cons(c);
  }
  connect(kFlags);
  auto m = DistEncoder::get();
  int64_t budget = INT64_MAX;
  m->start(kFlags, Term::boxed(b), payload, nullptr);
  m->run(&budget);
  m->finish(peer);
  DistEncoder::put(std::move(m));
  std::vector<uint8_t> out;
  for (auto &packet : peer->queue) {
    out.push_back(uint8_t(packet.size >> 8)), out.push_back(uint8_t(packet.size));
    for (auto &s : packet.slices) out.insert(out.end(), s.bytes, s.bytes + s.size);
  }
  return out;
}
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 4) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<uint8_t> bytes(data, data + size);
  if (bytes.empty()) bytes.push_back(8);
  for (unsigned i = 1 + random() % 3; i > 0; i--) {
    auto m = some_message(random);
    bytes.insert(bytes.end(), m.begin(), m.end());
  }
  if (bytes.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  memcpy(data, bytes.data(), bytes.size());
  return random() % 2 ? bytes.size() : LLVMFuzzerMutate(data, bytes.size(), max_size);
}
