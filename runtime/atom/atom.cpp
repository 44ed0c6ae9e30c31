// The atom table. Entries live in fixed chunks addressed by index and never move. Look-up goes through an open-addressed
// array of slots (hash << 32 | index + 1) that readers probe without a lock; one writer at a time, under `lock`, fills a
// slot after its entry is complete. When the array gets half full the writer publishes a bigger copy; the old one is
// kept, because a reader may still be in it. A reader that misses there asks again under the lock before inserting.
#include "runtime/atom/atom.h"
#include "runtime/atom/full.h"
#include "runtime/mem/alloc.h"
#include "runtime/term/utf.h"

#include <atomic>
#include <cstring>
#include <mutex>

namespace joist::runtime::atom {
namespace {

struct Entry {
  const char *text;
  uint16_t bytes, chars;
  uint32_t hash;    // stock's
  uint32_t ordinal; // first four bytes, big endian: decides most comparisons
};
static_assert(sizeof(Entry) == 24);

constexpr uint32_t kChunkBits = 11, kChunkSize = 1u << kChunkBits;
constexpr size_t kFirstSlots = 1u << 14;
constexpr size_t kTextBlock = 64 * 1024;

struct Slots {
  size_t mask;
  Slots *smaller; // the one before: look-ups may be in it, so it stays (all of them are a third of the newest)
  std::atomic<uint64_t> at[1];
};

struct Table {
  std::atomic<Entry *> *chunks = nullptr;
  std::atomic<Slots *> slots{nullptr};
  std::atomic<uint32_t> count{0};
  std::atomic<size_t> bytes{0};
  std::atomic<bool> full{false};
  size_t limit = 0;
  std::mutex lock; // guards insertion and what follows
  char *text_free = nullptr;
  size_t text_left = 0;
};
Table table;

struct Predefined {
  const char *text;
  uint16_t bytes;
};
constexpr Predefined kPredefined[] = {
#define JOIST_ATOM(id, text) {text, sizeof(text) - 1},
#include "runtime/atom/names.def"
#undef JOIST_ATOM
};

Entry &entry(uint32_t index) {
  return table.chunks[index >> kChunkBits].load(std::memory_order_acquire)[index & (kChunkSize - 1)];
}
Entry &entry(Term a) { return entry(a.atom_index()); }

// Finds slots; not the hash that Erlang can see.
uint32_t lookup_hash(const char *p, size_t n) {
  uint64_t h = n * 0x9E3779B97F4A7C15u;
  auto mix = [&](uint64_t v) {
    unsigned __int128 m = (unsigned __int128)(h ^ v) * 0xD6E8FEB86659FD93u;
    h = uint64_t(m) ^ uint64_t(m >> 64);
  };
  while (n >= 8) {
    uint64_t v;
    memcpy(&v, p, 8);
    mix(v);
    p += 8, n -= 8;
  }
  uint64_t v = 0;
  memcpy(&v, p, n);
  mix(v + 1);
  return uint32_t(h ^ h >> 32);
}

// P. J. Weinberger's hash over characters, where characters 128..255 count as one byte; what stock's phash2 uses.
uint32_t visible_hash(std::string_view s) {
  uint32_t h = 0;
  for (size_t i = 0; i < s.size(); i++) {
    uint8_t c = uint8_t(s[i]);
    if (i + 1 < s.size() && (c & 0xFE) == 0xC2) c = uint8_t(c << 6 | (uint8_t(s[++i]) & 0x3F));
    h = (h << 4) + c;
    if (uint32_t top = h & 0xF0000000) h = (h ^ top >> 24) ^ top;
  }
  return h;
}

uint32_t ordinal_of(std::string_view s) {
  uint32_t v = 0;
  for (size_t i = 0; i < 4; i++) v = v << 8 | (i < s.size() ? uint8_t(s[i]) : 0);
  return v;
}

Slots *new_slots(size_t n) {
  size_t bytes = offsetof(Slots, at) + n * sizeof(uint64_t);
  auto *s = static_cast<Slots *>(mem_alloc(MemKind::Atom, bytes));
  memset(static_cast<void *>(s), 0, bytes);
  s->mask = n - 1;
  return s;
}
void put_slot(Slots *s, uint32_t hash, uint32_t index) {
  size_t i = hash & s->mask;
  while (s->at[i].load(std::memory_order_relaxed)) i = (i + 1) & s->mask;
  s->at[i].store(uint64_t{hash} << 32 | (index + 1), std::memory_order_release);
}
Term probe(const Slots *s, uint32_t hash, std::string_view text) {
  for (size_t i = hash & s->mask;; i = (i + 1) & s->mask) {
    uint64_t v = s->at[i].load(std::memory_order_acquire);
    if (!v) return Term::none();
    if (uint32_t(v >> 32) != hash) continue;
    uint32_t index = uint32_t(v) - 1;
    const Entry &e = entry(index);
    if (e.bytes == text.size() && !memcmp(e.text, text.data(), text.size())) return Term::atom(index);
  }
}

// Characters of valid UTF-8, or -1.
int characters(std::string_view s) {
  auto *p = reinterpret_cast<const uint8_t *>(s.data());
  size_t left = s.size();
  int n = 0;
  while (left) {
    if (*p < 0x80) {
      p++, left--;
    } else {
      uint32_t c;
      int used = utf8_decode(p, left, &c);
      if (used <= 0) return -1;
      p += used, left -= size_t(used);
    }
    n++;
  }
  return n;
}

const char *keep_text(std::string_view s) { // under the lock
  if (table.text_left < s.size()) {
    table.text_free = static_cast<char *>(mem_alloc(MemKind::Atom, kTextBlock));
    table.text_left = kTextBlock;
  }
  char *p = table.text_free;
  memcpy(p, s.data(), s.size());
  table.text_free += s.size();
  table.text_left -= s.size();
  return p;
}

// Under the lock (or before other threads exist): appends an entry whose text stays where it is.
Term append(const char *text, std::string_view s, int chars, uint32_t hash) {
  uint32_t index = table.count.load(std::memory_order_relaxed);
  std::atomic<Entry *> &chunk = table.chunks[index >> kChunkBits];
  if (!chunk.load(std::memory_order_relaxed))
    chunk.store(static_cast<Entry *>(mem_alloc(MemKind::Atom, sizeof(Entry) << kChunkBits)), std::memory_order_release);
  Slots *slots = table.slots.load(std::memory_order_relaxed);
  if (size_t(index) * 2 > slots->mask) {
    Slots *bigger = new_slots((slots->mask + 1) * 4);
    for (size_t i = 0; i <= slots->mask; i++)
      if (uint64_t v = slots->at[i].load(std::memory_order_relaxed))
        put_slot(bigger, uint32_t(v >> 32), uint32_t(v) - 1);
    bigger->smaller = slots;
    table.slots.store(bigger, std::memory_order_release);
    slots = bigger;
  }
  entry(index) = {text, uint16_t(s.size()), uint16_t(chars), visible_hash(s), ordinal_of(s)};
  table.count.store(index + 1, std::memory_order_release);
  put_slot(slots, hash, index);
  return Term::atom(index);
}

// Latin-1 as UTF-8; `out` holds twice the bytes.
std::string_view to_utf8(std::string_view latin1, char *out) {
  char *o = out;
  for (char ch : latin1) {
    uint8_t c = uint8_t(ch);
    if (c < 0x80) {
      *o++ = ch;
    } else {
      *o++ = char(0xC0 | c >> 6);
      *o++ = char(0x80 | (c & 0x3F));
    }
  }
  return {out, size_t(o - out)};
}

} // namespace

void (*on_full)(size_t limit) = nullptr;

void init(size_t limit) {
  constexpr size_t predefined = sizeof(kPredefined) / sizeof(kPredefined[0]);
  static_assert(predefined == size_t(AtomId::predefined_count));
  if (table.chunks) return;
  table.limit = limit < 8192 ? 8192 : limit > 0x7FFFFFFF ? 0x7FFFFFFF : limit;
  size_t chunks = (table.limit + kChunkSize - 1) >> kChunkBits;
  table.chunks = static_cast<std::atomic<Entry *> *>(mem_alloc(MemKind::Atom, chunks * sizeof(Entry *)));
  memset(static_cast<void *>(table.chunks), 0, chunks * sizeof(Entry *));
  table.slots.store(new_slots(kFirstSlots));
  size_t bytes = 0;
  for (const Predefined &p : kPredefined) {
    append(p.text, {p.text, p.bytes}, p.bytes, lookup_hash(p.text, p.bytes)); // all of them are ASCII
    bytes += p.bytes;
  }
  table.bytes.store(bytes);
}

Term find(std::string_view utf8) {
  return probe(table.slots.load(std::memory_order_acquire), lookup_hash(utf8.data(), utf8.size()), utf8);
}

Term find_latin1(std::string_view latin1) {
  if (latin1.size() > kMaxChars) return Term::none();
  char buffer[2 * kMaxChars];
  return find(to_utf8(latin1, buffer));
}

Term intern(std::string_view utf8) {
  uint32_t hash = lookup_hash(utf8.data(), utf8.size());
  Term found = probe(table.slots.load(std::memory_order_acquire), hash, utf8);
  if (!found.is_none()) return found;
  if (utf8.size() > 4 * kMaxChars) return Term::none();
  int chars = characters(utf8);
  if (chars < 0 || size_t(chars) > kMaxChars) return Term::none();
  std::unique_lock guard(table.lock);
  found = probe(table.slots.load(std::memory_order_relaxed), hash, utf8);
  if (!found.is_none()) return found;
  if (table.count.load(std::memory_order_relaxed) >= table.limit) {
    table.full.store(true);
    guard.unlock();
    if (on_full) on_full(table.limit);
    return Term::none();
  }
  table.bytes.fetch_add(utf8.size(), std::memory_order_relaxed);
  return append(keep_text(utf8), utf8, chars, hash);
}

Term intern_latin1(std::string_view latin1) {
  if (latin1.size() > kMaxChars) return Term::none();
  char buffer[2 * kMaxChars];
  return intern(to_utf8(latin1, buffer));
}

std::string_view text(Term atom) {
  const Entry &e = entry(atom);
  return {e.text, e.bytes};
}
size_t char_count(Term atom) { return entry(atom).chars; }
uint32_t hash(Term atom) { return entry(atom).hash; }

int compare(Term a, Term b) {
  if (a == b) return 0;
  const Entry &x = entry(a), &y = entry(b);
  if (x.ordinal != y.ordinal) return x.ordinal < y.ordinal ? -1 : 1;
  // Bytes of UTF-8 are in the order of the characters.
  if (int c = memcmp(x.text, y.text, x.bytes < y.bytes ? x.bytes : y.bytes)) return c < 0 ? -1 : 1;
  return x.bytes < y.bytes ? -1 : x.bytes > y.bytes;
}

size_t count() { return table.count.load(std::memory_order_relaxed); }
size_t limit() { return table.limit; }
size_t bytes() { return table.bytes.load(std::memory_order_relaxed); }
bool table_full() { return table.full.load(std::memory_order_relaxed); }
bool valid_index(uint32_t index) { return index < table.count.load(std::memory_order_acquire); }

} // namespace joist::runtime::atom
