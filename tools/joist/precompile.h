// `joist precompile`: fills the cache of compiled code ahead of time.
#pragma once

namespace joist {
// argv[2..]: emulator flags (+JPcache DIR, +JPlimit MB, +JPthreads N) and what to compile: names of applications of the OTP
// installation or of $ERL_LIBS, directories (searched to the bottom: an application, a release) and .beam files.
// The exit status: 0, or 1 if something could not be compiled.
int run_precompile(int argc, char **argv);
} // namespace joist
