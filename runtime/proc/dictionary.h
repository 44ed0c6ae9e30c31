// Process dictionary: put/get/erase. A small open-addressing table on the C++ side that keeps `[{Key,Value}|..]`
// order as stock's get/0 shows it where that is specified. Terms in it live on the process heap and are roots.
#pragma once
#include "runtime/proc/process.h"

namespace joist::runtime {
Term dictionary_put(Process *p, Term key, Term value); // previous value or undefined
Term dictionary_get(Process *p, Term key);             // value or undefined
Term dictionary_erase(Process *p, Term key);           // previous value or undefined
Term dictionary_erase_all(Process *p);                 // all, as list
Term dictionary_all(Process *p, Heap &h);              // list of {Key, Value}
Term dictionary_keys(Process *p, Heap &h, Term value); // keys; of those with `value` if it is not none
Word dictionary_words(const Process *p);
void dictionary_each_root(Process *p, void (*f)(Term *, void *), void *arg);
void dictionary_free(Process *p);
} // namespace joist::runtime
