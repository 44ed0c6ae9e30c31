// File name conversions of prim_file (the ones that stock implements in its emulator) and file:native_name_encoding/0.
#include "bifs/bifs.h"
#include "runtime/io/file_name.h"
#include "runtime/sys/flags.h"
#include "runtime/term/binary.h"

namespace joist::bifs {
namespace {
// What a directory listing does with names that are no valid UTF-8: +fnue, +fnui, +fnuw.
Term untranslatable() {
  return untranslatable_names_fail ? atoms::error : vm_flags.native_name_warn ? atoms::warning : atoms::ignore;
}
} // namespace

// To native bytes, NUL-terminated.
Term prim_file_internal_name2native_1(Process *p, const Term *args) {
  std::string name;
  if (!file_name_to_native(args[0], &name)) return badarg(p);
  p->bump(int64_t(name.size() / 64));
  return make_binary_from(p->heap, name.c_str(), name.size() + 1);
}

Term prim_file_internal_native2name_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  std::string_view bytes = bytes_of(args[0], scratch).view();
  p->bump(int64_t(bytes.size() / 64));
  if (bytes.empty()) return Term::nil();
  if (!file_names_utf8()) return make_string(p->heap, bytes.data(), bytes.size());
  if (!valid_utf8(bytes)) return make_tuple(p->heap, atoms::error, untranslatable());
  return utf8_to_list(p->heap, bytes);
}

// As a list of composed characters (what Mac OS needs, whose file systems decompose).
Term prim_file_internal_normalize_utf8_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  std::string_view bytes = bytes_of(args[0], scratch).view();
  if (!valid_utf8(bytes)) return badarg(p);
  if (bytes.empty()) return Term::nil();
  static const Export *compose = export_get_or_put(atoms::unicode, atoms::characters_to_nfc_list, 1);
  return trap_to(p, compose, args[0]);
}

Term prim_file_is_translatable_1(Process *p, const Term *args) {
  if (!is_binary(args[0])) return badarg(p);
  ByteScratch scratch;
  return bool_term(!file_names_utf8() || valid_utf8(bytes_of(args[0], scratch).view()));
}

Term file_native_name_encoding_0(Process *, const Term *) { return file_names_utf8() ? atoms::utf8 : atoms::latin1; }
} // namespace joist::bifs
