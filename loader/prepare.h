// From the bytes of a .beam file to a generation that can be installed (runtime/code/install.h).
#pragma once
#include "loader/beam_file.h"

namespace joist::loader {
// Parses, validates and emits. expected: the module's name must be this (none: any). Null: *error is one line.
ModuleCode *prepare(const uint8_t *data, size_t size, Term expected, std::string *error);
// Loads a preloaded module at start and makes it current. False: *error.
bool load_preloaded(const uint8_t *data, size_t size, std::string *error);
void init(); // sets runtime's prepare_code hook
} // namespace joist::loader
