// Unique references and integers.
//
// The three numbers of a local reference: n0 18 bits and n1 of a counter, n2 a salt drawn at start (plus the counter's
// carry), printed as #Ref<0.n2.n1.n0>. Bit 31 of n1 marks a pid reference: its low 28 bits are then the pid's payload,
// so that a reference that comes back from outside leads to its process. Bit 30 marks a magic reference.
#pragma once
#include "runtime/mem/heap.h"
namespace joist::runtime {
inline constexpr uint32_t kRefPidMark = 1u << 31, kRefMagicMark = 1u << 30;
inline constexpr uint32_t kRefMaxN0 = 1u << 18;
Term make_ref(Heap &h);                     // never equal to another one of this node
Term make_pid_ref(Heap &h, Term local_pid); // alias reference: carries the pid
Term pid_of_ref(Term pid_ref);              // local pid, or none
uint64_t ref_id(Term local_ref);         // 64 bits unique among live local refs (n1,n2), for receive markers and tables
void ref_fresh_numbers(uint32_t out[3]); // numbers of an ordinary reference
void ref_fresh_magic_numbers(uint32_t out[3]);
Term make_ref_of_numbers(Heap &h, const uint32_t numbers[3]); // an ordinary or a pid reference, as the numbers tell
uint64_t ref_id_of_numbers(const uint32_t numbers[3]);
int64_t unique_integer_monotonic(); // as stock: strictly increasing from kUniqueMin
uint64_t unique_integer_raw();      // 64 bits; unique in this VM instance, from 0 up per thread block
inline constexpr int64_t kUniqueMin = -(int64_t{1} << 59); // stock's smallest: -576460752303423488
} // namespace joist::runtime
