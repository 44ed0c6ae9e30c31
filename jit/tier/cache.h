// Compiled objects kept on disk, so that what was hot in earlier runs is native as soon as it is loaded.
//
// A directory for each key (VM build, compiler build, CPU), in it a file for each module (MD5) and layout of its code
// (loader/decode.h), in it the objects that were compiled for it. Any number of VMs use a cache at once:
//  * A file is never changed: a new one is written beside it and renamed over it. So a reader sees a whole file, and one
//    that was being written when its VM was killed is only a stray temporary file, deleted when it is a day old. Of two
//    VMs that add to the same file at once, one addition may be lost, and is compiled again some day.
//  * Nothing is synchronised to the disk: a file that a power failure has damaged does not pass its checksums, which, with
//    lengths and bounds, are verified before use. What does not pass is as if it were not there.
//  * The directory and all above it must belong to the user or root, and be writable by nobody else (or sticky): else
//    there is no cache. Files must be the user's own.
//  * Beyond the size limit the files written longest ago are deleted.
#pragma once
#include "jit/object.h"

namespace joist::jit {

// directory: empty for $XDG_CACHE_HOME/joist or ~/.cache/joist. False: no cache, *error says why. Once, before use.
bool cache_open(const std::string &directory, size_t limit_bytes, std::string *error);
bool cache_is_open();
std::string cache_directory(); // empty: there is none
struct CacheKey {
  uint8_t md5[16]; // of the module
  uint64_t layout; // of its code
};
CacheKey cache_key(const uint8_t (&md5)[16], uint64_t layout);
// What is there; nothing also if it is damaged.
std::vector<CompiledObject> cache_load(const CacheKey &key);
// Adds an object; nothing changes if all of it is there, unless it is to replace that. Any thread; reads and writes files.
void cache_store(const CacheKey &key, const CompiledObject &object, bool replace);
// Makes these all that is there.
bool cache_replace(const CacheKey &key, const std::vector<CompiledObject> &objects);
// Deletes what was written longest ago beyond the limit; stores do it now and then.
void cache_trim();

// The contents of a file. decode: false if the bytes are not exactly what encode gave.
std::string cache_encode(const std::vector<CompiledObject> &objects);
bool cache_decode(std::string_view bytes, std::vector<CompiledObject> *objects);

} // namespace joist::jit
