// Included before every source: only standard headers that most files use. Sources still include what else they need.
#pragma once
#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>
