// The container of a .beam file: FOR1 <size> BEAM, then chunks of <id> <size> <bytes> padded to 4.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace joist::loader {
struct Chunk {
  std::string_view id, data;
};
// False: *error says why.
bool read_chunks(std::string_view file, std::vector<Chunk> *out, std::string *error);
std::string_view find_chunk(const std::vector<Chunk> &chunks, std::string_view id); // data() null if absent
// Unpacks a whole-file gzip; other data is left alone (answers it unchanged).
bool gunzip_if_needed(std::string_view file, std::string *storage, std::string_view *out);
// The file of a module as stock's emulator carries it inside: only what its code needs, no line numbers and attributes.
std::string preloaded_form(const std::vector<Chunk> &chunks);
bool inflate(std::string_view data, size_t size, std::string *out); // zlib format, exactly `size` bytes
// The module's MD5 as beam_lib and erlang:get_module_info(md5) define it: over the essential chunks.
void module_md5(const std::vector<Chunk> &chunks, uint8_t out[16]);
} // namespace joist::loader
