// The global atom table. Atoms are never freed; at most `limit()` (default 1,048,576, flag +t) exist.
// Protocol: look-ups and insertions are safe from any thread; an entry is immutable once its index has been
// published, so text(), ordinal() and hash() take no lock.
#pragma once
#include "runtime/term/term.h"

#include <string_view>

namespace joist::runtime {

enum class AtomId : uint32_t {
#define JOIST_ATOM(id, text) id,
#include "runtime/atom/names.def"
#undef JOIST_ATOM
  predefined_count
};
namespace atoms {
#define JOIST_ATOM(id, text) inline constexpr Term id = Term::atom(uint32_t(AtomId::id));
#include "runtime/atom/names.def"
#undef JOIST_ATOM
} // namespace atoms

inline constexpr Term bool_term(bool b) { return b ? atoms::true_ : atoms::false_; }

namespace atom {
inline constexpr size_t kMaxChars = 255;

void init(size_t limit); // once, before anything else; predefined atoms get their ids
// Atom of UTF-8 text. None if the text is not valid UTF-8, has over 255 characters or the table is full
// (then table_full() is true: callers raise system_limit).
Term intern(std::string_view utf8);
Term intern_latin1(std::string_view latin1);
Term find(std::string_view utf8); // existing atom or none
Term find_latin1(std::string_view latin1);
std::string_view text(Term atom); // UTF-8
size_t char_count(Term atom);
uint32_t hash(Term atom); // stock's atom hash (hashpjw over UTF-8), what phash2 uses
// Ordering of atoms by character; <0, 0, >0.
int compare(Term a, Term b);
size_t count();
size_t limit();
size_t bytes(); // memory for names in use, for erlang:memory(atom_used)
bool table_full();
bool valid_index(uint32_t index);
} // namespace atom
} // namespace joist::runtime
