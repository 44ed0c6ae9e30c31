#include "loader/chunks.h"

#include <openssl/evp.h>
#include <zlib.h>

namespace joist::loader {
namespace {

uint32_t be32(const char *p) {
  auto *b = reinterpret_cast<const uint8_t *>(p);
  return uint32_t(b[0]) << 24 | uint32_t(b[1]) << 16 | uint32_t(b[2]) << 8 | b[3];
}

constexpr size_t kMaxUnpacked = size_t{1} << 30;

} // namespace

bool read_chunks(std::string_view file, std::vector<Chunk> *out, std::string *error) {
  if (file.size() < 12 || file.substr(0, 4) != "FOR1" || file.substr(8, 4) != "BEAM") {
    *error = "not a BEAM file";
    return false;
  }
  size_t size = be32(file.data() + 4);
  if (size + 8 > file.size()) {
    *error = "the file is truncated";
    return false;
  }
  std::string_view rest = file.substr(12, size - 4);
  while (!rest.empty()) {
    if (rest.size() < 8) {
      *error = "a chunk header is truncated";
      return false;
    }
    size_t n = be32(rest.data() + 4), padded = (n + 3) & ~size_t{3};
    if (n > rest.size() - 8) {
      *error = "chunk " + std::string(rest.substr(0, 4)) + " is longer than the file";
      return false;
    }
    out->push_back({rest.substr(0, 4), rest.substr(8, n)});
    rest.remove_prefix(std::min(rest.size(), 8 + padded));
  }
  return true;
}

std::string_view find_chunk(const std::vector<Chunk> &chunks, std::string_view id) {
  for (auto &c : chunks)
    if (c.id == id) return c.data;
  return {};
}

std::string preloaded_form(const std::vector<Chunk> &chunks) {
  auto number = [](std::string *to, size_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) *to += char(n >> shift);
  };
  std::string body = "BEAM", file = "FOR1";
  for (const char *id : {"AtU8", "Code", "ExpT", "FunT", "ImpT", "LitT", "StrT", "Type"}) {
    auto data = find_chunk(chunks, id);
    if (!data.data()) continue;
    body += id;
    number(&body, data.size());
    body += data;
    body.resize((body.size() + 3) & ~size_t{3});
  }
  number(&file, body.size());
  return file + body;
}

bool gunzip_if_needed(std::string_view file, std::string *storage, std::string_view *out) {
  *out = file;
  if (file.size() < 2 || uint8_t(file[0]) != 0x1f || uint8_t(file[1]) != 0x8b) return true;
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return false;
  z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(file.data()));
  z.avail_in = uInt(file.size());
  int status = Z_OK;
  char buffer[16384];
  while (status == Z_OK && storage->size() < kMaxUnpacked) {
    z.next_out = reinterpret_cast<Bytef *>(buffer);
    z.avail_out = sizeof buffer;
    status = inflate(&z, Z_NO_FLUSH);
    storage->append(buffer, sizeof buffer - z.avail_out);
    if (status == Z_OK && z.avail_in == 0 && z.avail_out != 0) break;
  }
  inflateEnd(&z);
  *out = *storage;
  return status == Z_STREAM_END;
}

bool inflate(std::string_view data, size_t size, std::string *out) {
  if (size > kMaxUnpacked || size / 1100 > data.size()) return false; // deflate packs at most about 1:1032
  out->resize(size);
  uLongf n = uLongf(size);
  return uncompress(reinterpret_cast<Bytef *>(out->data()), &n, reinterpret_cast<const Bytef *>(data.data()),
                    uLong(data.size())) == Z_OK &&
         n == size;
}

void module_md5(const std::vector<Chunk> &chunks, uint8_t out[16]) {
  EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_DigestInit_ex(ctx, EVP_md5(), nullptr);
  auto add = [ctx](std::string_view s) { EVP_DigestUpdate(ctx, s.data(), s.size()); };
  // beam_lib:md5_chunks/0: whichever of the two atom chunks there is counts first.
  auto atoms = find_chunk(chunks, "Atom");
  add(atoms.data() ? atoms : find_chunk(chunks, "AtU8"));
  for (const char *id : {"Code", "StrT", "ImpT", "ExpT"}) add(find_chunk(chunks, id));
  if (auto funs = find_chunk(chunks, "FunT"); funs.size() >= 4) {
    // The old_uniq field of each entry (its sixth word) depends on compiler internals and counts as zero.
    std::string copy(funs);
    for (size_t at = 4; at + 24 <= copy.size(); at += 24) copy.replace(at + 20, 4, 4, '\0');
    add(copy);
  }
  add(find_chunk(chunks, "LitT"));
  add(find_chunk(chunks, "Meta"));
  EVP_DigestFinal_ex(ctx, out, nullptr);
  EVP_MD_CTX_free(ctx);
}

} // namespace joist::loader
