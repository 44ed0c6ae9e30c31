#include "loader/prepare.h"

#include "loader/chunks.h"
#include "loader/emit.h"
#include "runtime/atom/atom.h"
#include "runtime/code/install.h"
#include "runtime/mem/literal.h"

namespace joist::loader {
namespace {

const Instr *label_address(const Emitted &e, uint32_t label) {
  return label && label < e.labels.size() ? e.labels[label] : nullptr;
}

// Entry of the function after the on_load instruction: the first one that the compiler put it into.
const Instr *on_load_entry(const BeamFile &file, const Emitted &emitted) {
  uint32_t label = 0;
  for (auto &op : file.ops) {
    if (op.op == 1) label = uint32_t(file.arg(op, 0).value);
    if (op.op == 149) return label_address(emitted, label);
  }
  return nullptr;
}

} // namespace

ModuleCode *prepare(const uint8_t *data, size_t size, Term expected, std::string *error) {
  BeamFile file;
  if (!beam_parse(data, size, &file, error)) return nullptr;
  if (!expected.is_none() && file.module != expected) {
    *error = "the file contains module " + std::string(runtime::atom::text(file.module));
    return nullptr;
  }
  if (!beam_validate(file, error)) return nullptr;
  for (auto &l : file.lambdas)
    l.entry = fun_entry_get_or_put(file.module, l.old_uniq, l.index, file.md5, l.arity, l.free_count);
  auto *code = new ModuleCode;
  code->module = file.module;
  memcpy(code->md5, file.md5, sizeof file.md5);
  code->attributes_bin = file.attributes;
  code->compile_info_bin = file.compile_info;
  for (auto &x : file.exports) code->exports.push_back({export_unordered(file.module, x.function, x.arity), nullptr});
  for (auto &i : file.imports) code->imports.push_back(export_unordered(i.mfa.module, i.mfa.function, i.mfa.arity));
  Emitted emitted;
  if (!emit_code(file, code, &emitted, error)) {
    prepared_code_free(code);
    return nullptr;
  }
  for (size_t i = 0; i < file.exports.size(); i++)
    code->exports[i].entry = label_address(emitted, file.exports[i].label);
  code->lambdas.clear();
  for (auto &l : file.lambdas) {
    l.entry->function = l.function;
    code->lambdas.push_back({l.entry, label_address(emitted, l.label)});
  }
  if (file.has_on_load) code->on_load = on_load_entry(file, emitted);
  return code;
}

bool load_preloaded(const uint8_t *data, size_t size, std::string *error) {
  std::vector<Chunk> chunks;
  if (!read_chunks({reinterpret_cast<const char *>(data), size}, &chunks, error)) return false;
  const std::string file = preloaded_form(chunks);
  ModuleCode *code = prepare(reinterpret_cast<const uint8_t *>(file.data()), file.size(), Term::none(), error);
  if (!code) return false;
  // erl_init calls what preloaded modules have as on_load itself.
  code->on_load = nullptr;
  std::vector<Term> refused;
  // Stock's emulator carries its preloaded modules without line tables, and stack traces show it.
  code->lines_offset.clear();
  code->lines_location.clear();
  preloaded_modules().insert(preloaded_modules().begin(), code->module);
  return install_code({code}, &refused);
}

namespace {

bool chunk_of(std::string_view file, std::string_view id, std::string_view *chunk) {
  std::string error;
  std::vector<Chunk> chunks;
  if (!read_chunks(file, &chunks, &error)) return false;
  *chunk = find_chunk(chunks, id);
  return chunk->data() != nullptr;
}

bool md5_of(std::string_view file, uint8_t md5[16]) {
  std::string storage, error;
  std::string_view bytes;
  std::vector<Chunk> chunks;
  if (!gunzip_if_needed(file, &storage, &bytes) || !read_chunks(bytes, &chunks, &error)) return false;
  module_md5(chunks, md5);
  return true;
}

} // namespace

void init() {
  prepare_code = prepare;
  beam_chunk = chunk_of;
  beam_md5 = md5_of;
}

} // namespace joist::loader
