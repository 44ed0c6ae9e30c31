// Traversal of tables by match specifications. Private to the ets_select*.cpp files.
#pragma once
#include "bifs/ets_common.h"
#include "runtime/ets/key_pattern.h"
#include "runtime/ets/match_program.h"

namespace joist::bifs {

inline constexpr int64_t kSelectBudget = 1000; // objects a slice

enum class SelectKind : uint8_t { List, Count, Delete, Replace };

// A compiled specification and what it tells about keys.
struct SelectPlan {
  ets::MatchProgramRef *program = nullptr; // one reference
  // hash tables
  bool impossible = true; // no clause can match
  bool only_keys = true;  // all clauses name their key
  std::vector<Term> keys;
  // ordered_set
  ets::KeyBound bound = ets::KeyBound::Impossible;
  Term least = Term::none(), most = Term::none();

  SelectPlan() = default;
  SelectPlan(const SelectPlan &) = delete;
  ~SelectPlan() {
    if (program) bin_unref(program);
  }
  // False: raised.
  bool make(Process *p, const TableGuard &t, Term spec, SelectKind kind);
};

// Fixes a hash table over the slices of a traversal, where others could change it between them.
// Trees need none: they are searched by key anew.
bool must_fix(Process *p, const TableGuard &t);

// What a visited object does; shared by the visitors of both kinds of store.
struct SelectVisit {
  Process *p;
  const ets::MatchProgram &m;
  SelectKind kind;
  Word keypos;
  Term list = Term::nil(); // results, newest first
  FragmentHeap replacements;
  // Pass, Count, Delete or Replace as the stores' visitors have them.
  enum class Action : uint8_t { Pass, Count, Delete, Replace };
  Action visit(const ets::Object &o, Term *replacement);
};

// One slice over a hash table from t.slot on; false: no such slot. A tree: t says where.
bool select_hash(TableGuard &t, ets::HashStore::Traversal &traversal, SelectVisit &v);
void select_ordered(TableGuard &t, ets::OrderedStore::Traversal &traversal, SelectVisit &v);

} // namespace joist::bifs
