// What builds with a sanitizer (tools/build --sanitize thread|address) do besides; in others these are nothing.
#pragma once
#include <cstddef>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

namespace joist::runtime {
#if __has_feature(address_sanitizer)
// Before the VM ends: says on standard error what was allocated and is referred to from nowhere, and ends with exit
// status 1 if there is anything. Other threads are stopped meanwhile. Once; what comes from outside the C library's
// heap must have been named with sanitizer_root.
void sanitizer_check_leaks();
// Memory of our own making that may refer to what the C library allocated, as [from, from + bytes) when the check comes.
// `extent` answers the bytes in use.
void sanitizer_root(const void *from, size_t (*extent)(const void *owner), const void *owner);
// Memory nobody may touch, and memory that may be used (again).
void sanitizer_poison(const void *p, size_t bytes);
void sanitizer_unpoison(const void *p, size_t bytes);
#else
inline void sanitizer_check_leaks() {}
inline void sanitizer_root(const void *, size_t (*)(const void *), const void *) {}
inline void sanitizer_poison(const void *, size_t) {}
inline void sanitizer_unpoison(const void *, size_t) {}
#endif
} // namespace joist::runtime
