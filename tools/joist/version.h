#pragma once
namespace joist {
inline constexpr char kVersion[] = "0.1.0";
}
