// The environment as Erlang code sees and changes it: a copy taken at the first use, safe for all threads. The C
// library's environ stays as it was at start; child processes get this copy (io/).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joist::runtime {
std::optional<std::string> env_get(std::string_view name);   // bytes
void env_put(std::string_view name, std::string_view value); // name must not be empty, nor hold '=' or NUL
void env_unset(std::string_view name);
std::vector<std::string> env_all(); // "NAME=value"
} // namespace joist::runtime
