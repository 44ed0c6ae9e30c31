// Generic instructions -> internal instructions (isa.def) in their final place in low memory: specialisation by operand
// kind, super-instructions, packing. Also what a function body that is a BIF (or a static NIF) turns into.
#pragma once
#include "loader/beam_file.h"

namespace joist::loader {
struct Emitted {
  std::vector<const Instr *> labels; // address of each label; [0] unused
};
// Fills code->start/end, functions, lines_*, line_files, literals (takes file.area), lambdas[] (entry not yet published).
// Export references are made with export_get_or_put. Local functions whose M:F/A is a BIF get a body that calls the BIF.
bool emit_code(BeamFile &file, ModuleCode *code, Emitted *out, std::string *error);
} // namespace joist::loader
