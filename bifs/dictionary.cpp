// The process dictionary: put/2, get/0,1, get_keys/0,1, erase/0,1.
#include "bifs/bifs.h"

#include "runtime/proc/dictionary.h"

namespace joist::bifs {
Term erlang_put_2(Process *p, const Term *args) { return dictionary_put(p, args[0], args[1]); }
Term erlang_get_0(Process *p, const Term *) { return dictionary_all(p, p->heap); }
Term erlang_get_1(Process *p, const Term *args) { return dictionary_get(p, args[0]); }
Term erlang_get_keys_0(Process *p, const Term *) { return dictionary_keys(p, p->heap, Term::none()); }
Term erlang_get_keys_1(Process *p, const Term *args) { return dictionary_keys(p, p->heap, args[0]); }
Term erlang_erase_0(Process *p, const Term *) { return dictionary_erase_all(p); }
Term erlang_erase_1(Process *p, const Term *args) { return dictionary_erase(p, args[0]); }
} // namespace joist::bifs
