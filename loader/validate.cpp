#include "loader/validate.h"

namespace joist::loader {

bool beam_validate(BeamFile &file, std::string *error) {
  error->clear();
  CodeShape shape;
  if (!read_shape(file, &shape, error)) return false;
  FlowChecker flow(file, shape, error);
  for (auto &f : shape.functions)
    if (!flow.check(f)) return false;
  return true;
}

} // namespace joist::loader
