// Values of options and control messages between C and Erlang.
#pragma once
#include "otp_stubs/native.h"

#include <sys/time.h>

namespace joist::stubs {
Term tos_term(int tos); // lowdelay, throughput, reliability, mincost, or the number
bool tos_number(Term t, int *out);
Term time_term(Heap &h, const timeval &v); // #{sec, usec}
bool time_value(Term t, timeval *out);
} // namespace joist::stubs
