// What a file of the cache looks like: header, then the objects; little endian.
#include "jit/tier/cache.h"

#include <cstring>
#include <zlib.h>

namespace joist::jit {
namespace {
struct Header {
  char magic[8];
  uint32_t version, objects;
  uint64_t size; // of what follows
  uint32_t crc, adler;
};
constexpr char kMagic[9] = "JoistObj";
constexpr uint32_t kVersion = 1;

struct Writer {
  std::string out;
  template <class T> void number(T v) { out.append(reinterpret_cast<const char *>(&v), sizeof v); }
  void text(const std::string &s) {
    number(uint64_t(s.size()));
    out += s;
  }
  template <class T> void list(const std::vector<T> &v) {
    number(uint64_t(v.size()));
    out.append(reinterpret_cast<const char *>(v.data()), v.size() * sizeof(T));
  }
};

struct Reader {
  std::string_view in;
  bool ok = true;
  std::string_view take(uint64_t n) {
    if (n > in.size()) ok = false;
    if (!ok) return {};
    std::string_view taken = in.substr(0, n);
    in.remove_prefix(n);
    return taken;
  }
  template <class T> T number() {
    T v{};
    std::string_view s = take(sizeof v);
    if (ok) memcpy(&v, s.data(), sizeof v);
    return v;
  }
  std::string text() { return std::string(take(number<uint64_t>())); }
  template <class T> void list(std::vector<T> *v) {
    auto n = number<uint64_t>();
    if (n > in.size() / sizeof(T)) ok = false;
    std::string_view s = take(ok ? n * sizeof(T) : 0);
    if (!ok || !n) return;
    v->resize(n);
    memcpy(v->data(), s.data(), s.size());
  }
};

uint32_t crc_of(std::string_view s) {
  return uint32_t(crc32_z(0, reinterpret_cast<const Bytef *>(s.data()), s.size()));
}
uint32_t adler_of(std::string_view s) {
  return uint32_t(adler32_z(1, reinterpret_cast<const Bytef *>(s.data()), s.size()));
}
} // namespace

std::string cache_encode(const std::vector<CompiledObject> &objects) {
  Writer w;
  for (auto &o : objects) {
    w.text(o.elf);
    w.list(o.entries);
    w.list(o.direct);
    w.list(o.exits);
    w.number(uint64_t(o.names.size()));
    for (auto &n : o.names) {
      w.number(n.text);
      w.number(n.size);
      w.text(n.name);
    }
    w.number(o.exit_counters);
    w.number(o.text_size);
    w.number(o.interpreted);
  }
  Header h{{}, kVersion, uint32_t(objects.size()), w.out.size(), crc_of(w.out), adler_of(w.out)};
  memcpy(h.magic, kMagic, sizeof h.magic);
  return std::string(reinterpret_cast<const char *>(&h), sizeof h) + w.out;
}

bool cache_decode(std::string_view bytes, std::vector<CompiledObject> *objects) {
  Header h;
  objects->clear();
  if (bytes.size() < sizeof h) return false;
  memcpy(&h, bytes.data(), sizeof h);
  bytes.remove_prefix(sizeof h);
  if (memcmp(h.magic, kMagic, sizeof h.magic) != 0 || h.version != kVersion || h.size != bytes.size()) return false;
  if (h.crc != crc_of(bytes) || h.adler != adler_of(bytes)) return false;
  Reader r{bytes};
  for (uint32_t i = 0; i < h.objects && r.ok; i++) {
    CompiledObject o;
    o.elf = r.text();
    r.list(&o.entries);
    r.list(&o.direct);
    r.list(&o.exits);
    auto names = r.number<uint64_t>();
    for (uint64_t k = 0; k < names && r.ok; k++) {
      NativeName n;
      n.text = r.number<uint32_t>();
      n.size = r.number<uint32_t>();
      n.name = r.text();
      o.names.push_back(std::move(n));
    }
    o.exit_counters = r.number<uint32_t>();
    o.text_size = r.number<uint32_t>();
    o.interpreted = r.number<uint32_t>();
    objects->push_back(std::move(o));
  }
  if (r.ok && r.in.empty()) return true;
  objects->clear();
  return false;
}

} // namespace joist::jit
