// What can be told about keys from the head of a match specification clause: whether it names one key, a range of keys of an
// ordered_set ({a,'_'} is all keys from {a,...} to {a,...}), or none at all.
#pragma once
#include "runtime/term/boxed.h"

namespace joist::runtime::ets {

// N of the atom '$N' ('$0', '$1', ... without leading zeros); -1 for anything else.
int64_t pattern_variable(Term t);
bool is_wildcard(Term t);        // '_' or a variable
bool has_variable(Term pattern); // contains a wildcard
bool has_map(Term pattern);
// Exactly the terms that are =:= to it. Not maps, which match larger ones, nor floats (0.0 =:= -0.0).
bool matches_itself_only(Term pattern);

// Boundness in the order of "less is known".
enum class KeyBound : uint8_t { Unbound, Partial, Bound, Impossible };
// Of one head. *key is set for Partial and Bound. Only tables that are ordered have ranges (Partial).
KeyBound key_bound(Term head, Word keypos, bool ordered, Term *key);

// Compares a partly bound key with a key; wildcards end the comparison as equal. All keys that the pattern can match compare equal.
int compare_partly_bound(Term pattern, Term key);
// Can `a` match keys below (sign < 0) or above (sign > 0) all those that `b` matches?
bool can_match_beyond(Term a, Term b, int sign);

// True if the clause always answers a tuple with the key of the object it matched (what ets:select_replace/2 insists on).
bool keeps_key(Word keypos, Term head, Term body);

} // namespace joist::runtime::ets
