// What ETS notes about processes: the tables they own and those they keep fixed. Private to runtime/ets.
#pragma once
#include "runtime/ets/table.h"

namespace joist::runtime::ets {
void own_table(Table *t, Process *p); // t->owner is p already
void forget_owner(Table *t);
void forget_fixers(Table *t); // with the table locked exclusively
bool is_super_user(Process *p);
} // namespace joist::runtime::ets
