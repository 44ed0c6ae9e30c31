// File names between Erlang and the operating system. Names are UTF-8 or Latin-1 (+fnu, +fnl, +fna); raw names are
// binaries and pass as they are.
#pragma once
#include "runtime/mem/heap.h"
#include <string>
namespace joist::runtime {
bool file_names_utf8();
extern bool untranslatable_names_fail; // +fnue: a name that is no valid UTF-8 makes listing its directory fail
// Bytes of a name given as (deep) list of characters, or binary; as an atom too if `atoms_too`. No NUL at the end.
// False: not a name, a character that the encoding lacks, or NUL in it.
bool file_name_to_native(Term name, std::string *out, bool atoms_too = false);
// Native bytes as a list of characters. Bytes that are no valid UTF-8 are taken as Latin-1.
Term file_name_from_native(Heap &h, std::string_view bytes);
bool valid_utf8(std::string_view bytes);
// Characters of valid UTF-8 as a list.
Term utf8_to_list(Heap &h, std::string_view bytes);
} // namespace joist::runtime
