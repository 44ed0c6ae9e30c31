// Internal to the parser: the tables of a .beam file, then its code.
#pragma once
#include "loader/beam_file.h"
#include "loader/chunks.h"
#include "runtime/mem/heap.h"

namespace joist::loader {
// Terms of a file while it is parsed. At the end they move into one literal area; slots registered here are updated.
struct LiteralBuilder {
  FragmentHeap heap;
  std::vector<Term *> slots; // places that hold a term of `heap`
  void keep(Term *slot) {
    if (slot->is_pointer()) slots.push_back(slot);
  }
  LiteralArea *finish(); // null if nothing needs an area
};
bool parse_tables(const std::vector<Chunk> &chunks, BeamFile *out, LiteralBuilder *literals, std::string *error);
// A big integer in the code: its slot in operands or extended is told by position, as those vectors still grow.
struct BigOperand {
  bool in_extended;
  size_t index;
};
bool parse_code(std::string_view code, BeamFile *out, LiteralBuilder *literals, std::vector<BigOperand> *bigs,
                std::string *error);
} // namespace joist::loader
