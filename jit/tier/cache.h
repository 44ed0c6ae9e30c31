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
// Might there be something for the module? Cheap.
bool cache_has(const ModuleCode *code);
// What is there for the module with its code laid out so; empty if nothing is, or it is damaged.
std::vector<CompiledObject> cache_load(const ModuleCode *code, uint64_t layout);
// Adds an object. Any thread; reads and writes files.
void cache_store(const ModuleCode *code, uint64_t layout, const CompiledObject &object);

// The contents of a file. decode: false if the bytes are not exactly what encode gave.
std::string cache_encode(const std::vector<CompiledObject> &objects);
bool cache_decode(std::string_view bytes, std::vector<CompiledObject> *objects);

} // namespace joist::jit
