// Any bytes as a compiled object, and as a file of the cache: refused or placed, never an access outside of them.
#include "jit/tier/cache.h"
#include "jit/tier/link.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace joist::jit;
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  std::string error;
  ObjectImage image;
  if (image.parse(bytes, &error) && image.code_size() < (1 << 20)) {
    std::vector<uint8_t> to(image.code_size());
    auto resolve = [](void *, std::string_view name, uint64_t *value) {
      *value = name.size() * 4096;
      return name.front() != 'q';
    };
    image.place(to.data(), 0x10000000, 0x20000000, resolve, nullptr, &error);
  }
  std::vector<CompiledObject> objects;
  cache_decode(bytes, &objects);
  return 0;
}
