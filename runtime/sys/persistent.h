// persistent_term: a table of {Key, Value} tuples that live in literal areas of their own.
//
// Protocol: readers look up without a lock; a slot holds a tuple, and tables are replaced whole when they grow. Writers
// hold a lock. A replaced tuple's area is given to literal_area_release_later, which frees it when no process refers to
// it any more; a replaced table is freed by thread progress.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/mem/literal.h"

#include <vector>

namespace joist::runtime {
// Value of key, or none. It is a literal: shared, not copied.
Term persistent_get(Term key);
void persistent_put(Term key, Term value);  // copies both
bool persistent_erase(Term key);
void persistent_erase_all();
// All {Key, Value} tuples. They stay valid until the caller's next quiescent point, or as long as a process holds them.
std::vector<Term> persistent_all();
size_t persistent_count();
size_t persistent_bytes();
// Frees `area` when no process refers to it any more. Provided by the part that collects literal areas; without it
// nothing is ever freed.
void literal_area_release_later(LiteralArea *area) __attribute__((weak));
} // namespace joist::runtime
