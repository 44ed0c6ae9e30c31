// Unique references and integers.
#pragma once
#include "runtime/mem/heap.h"
namespace joist::runtime {
Term make_ref(Heap &h);                       // never equal to another one of this node
Term make_pid_ref(Heap &h, Term local_pid);   // alias reference: carries the pid
Term pid_of_ref(Term pid_ref);                // local pid, or none
uint64_t ref_id(Term local_ref);              // 64 bits unique among live local refs (n1,n2), for receive markers and tables
int64_t unique_integer_monotonic();
uint64_t unique_integer_raw();
} // namespace joist::runtime
