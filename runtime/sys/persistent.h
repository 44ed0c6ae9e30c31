// persistent_term: a table of {Key, Value} tuples that live in literal areas of their own.
//
// Protocol: readers look up without a lock; a slot holds a tuple, and tables are replaced whole when they grow. Writers
// hold a lock. A replaced tuple's area is retired (code/install.h) and freed when no process refers to
// it any more; a replaced table is freed by thread progress.
#pragma once
#include "runtime/mem/heap.h"
#include "runtime/mem/literal.h"

#include <vector>

namespace joist::runtime {
// Value of key, or none. It is a literal: shared, not copied.
Term persistent_get(Term key);
void persistent_put(Term key, Term value); // copies both
bool persistent_erase(Term key);
void persistent_erase_all();
// All {Key, Value} tuples. They stay valid until the caller's next quiescent point, or as long as a process holds them.
std::vector<Term> persistent_all();
size_t persistent_count();
size_t persistent_bytes();
size_t persistent_slots(); // of the table
} // namespace joist::runtime
