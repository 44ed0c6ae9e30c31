#include "runtime/ets/store.h"

namespace joist::runtime::ets {

UpdatePlan::UpdatePlan(Updater &u, Object *old, Term key, Term default_tuple, Word keypos) {
  if (!old && default_tuple.is_none()) {
    result_ = UpdateResult::NoKey;
    return;
  }
  Term before = old ? view_.emplace(*old, keypos).tuple() : default_tuple;
  std::vector<Word> copy;
  if (!old) { // the default is seen with the key in its place
    copy.assign(before.box(), before.box() + tuple_arity(before) + 1);
    copy[keypos] = key.raw();
    before = Term::boxed(copy.data());
  }
  if (!u.apply(before)) {
    result_ = UpdateResult::Refused;
    return;
  }
  if (old && !old->compressed) {
    bool in_place = true;
    for (auto &[i, v] : u.changes) in_place = in_place && !v.is_pointer() && !Term(old->data[i]).is_pointer();
    if (in_place) {
      for (auto &[i, v] : u.changes) old->data[i] = v.raw();
      return;
    }
  }
  if (old) copy.assign(before.box(), before.box() + tuple_arity(before) + 1);
  for (auto &[i, v] : u.changes) copy[i] = v.raw();
  copy_ = std::move(copy);
}
} // namespace joist::runtime::ets
