// ETS tables: identity, access, ownership, fixation. The objects are in a Store.
//
// Protocol
//  * A table id is a magic reference to a TableHandle, which leads to the table while it exists. Names lead to tables through a hash
//    table that is read without a lock.
//  * Whoever has found a Table may use the pointer until its thread's next quiescent point (sched/progress.h): it is freed by thread
//    progress. It takes `lock` and then looks at `deleted`.
//  * Tables are read with the lock shared. Objects are changed with it exclusive, or shared in fine-locked tables, whose store locks its
//    parts. Everything else in this struct changes under the exclusive lock.
//  * Order of locks: names, table lock, fix_lock, process record (owner.cpp).
#pragma once
#include "runtime/ets/hash_store.h"
#include "runtime/ets/ordered_store.h"
#include "runtime/mem/magic.h"

namespace joist::runtime {
struct Process;
}
namespace joist::runtime::ets {

enum class Protection : uint8_t { Public, Protected, Private };
struct Table;

struct TableHandle {
  std::atomic<Table *> table{nullptr}; // null once the table is deleted
  uint32_t numbers[3];                 // of the reference: every term for this table is the same one
};

struct Fixer {
  Term pid;
  Word count;
};

struct Table {
  Table(const TableShape &s, Term name_atom, bool is_named, Protection prot, Term owner_pid);
  ~Table();
  Table(const Table &) = delete;

  const TableShape shape;
  const bool named;
  std::unique_ptr<Store> store;
  Magic<TableHandle> *handle;
  TableLock lock;
  // --- under lock
  Term name;
  Protection protection;
  Term owner; // local pid
  Term heir;  // local pid or the atom none
  StoredTerm heir_data;
  bool deleted = false;
  // --- fixation
  std::atomic<int> fix_count{0}; // all fixations, also those of running traversals
  std::mutex fix_lock;
  std::vector<Fixer> fixers;
  int64_t fix_monotonic = 0, fix_offset = 0; // when the first process fixed it
  // --- registry (table.cpp)
  Table *registry_next = nullptr, *registry_prev = nullptr;
  Table *owned_next = nullptr, *owned_prev = nullptr; // owner.cpp

  HashStore *hash() { return shape.type == TableType::OrderedSet ? nullptr : static_cast<HashStore *>(store.get()); }
  OrderedStore *ordered() {
    return shape.type == TableType::OrderedSet ? static_cast<OrderedStore *>(store.get()) : nullptr;
  }
  Term id(Heap &h) const; // the table's reference
};

enum class Access : uint8_t { Read, Write, Info };
enum class LockKind : uint8_t {
  Shared, // to read
  Change, // to change objects: shared in fine-locked tables, else exclusive
  Exclusive
};

// A found and locked table; unlocks when it goes.
class TableGuard {
public:
  TableGuard() = default;
  TableGuard(TableGuard &&o) noexcept : table_(o.table_), exclusive_(o.exclusive_) { o.table_ = nullptr; }
  TableGuard &operator=(TableGuard &&o) noexcept {
    std::swap(table_, o.table_);
    std::swap(exclusive_, o.exclusive_);
    return *this;
  }
  TableGuard(Table *t, LockKind kind);
  ~TableGuard() { unlock(); }
  void unlock();
  explicit operator bool() const { return table_; }
  Table *operator->() const { return table_; }
  Table *get() const { return table_; }
  Store &store() const { return *table_->store; }
  bool exclusive() const { return exclusive_; }
  // From shared to exclusive; others may get in between. False: the table has been deleted meanwhile (then nothing is held).
  bool make_exclusive();

private:
  Table *table_ = nullptr;
  bool exclusive_ = false;
};

// Finds a table by name or id. Null and *cause = id, type or access (what the error_info of badarg tells).
TableGuard find_table(Process *p, Term id, Access access, LockKind kind, Term *cause);
// Without locking; null if there is none. *cause as above.
Table *look_up_table(Term id, Term *cause);

// Makes a table visible: false if its name is taken (the table is then unchanged and still the caller's).
bool register_table(Table *t, Process *owner);
// With the table locked exclusively: nobody finds it any more, its fixations are gone. The caller then frees its objects (the garbage)
// and calls release_table.
std::unique_ptr<Garbage> unregister_table(Table *t);
void release_table(Table *t); // by thread progress
// With the table locked exclusively: gives the table another name. False: taken.
bool rename_table(Table *t, Term name);

// Every table, newest last. f is called with the registry locked: it must be quick.
void each_table(void (*f)(Table *, void *), void *arg);
size_t table_count();

// --- ownership (owner.cpp), with the table locked exclusively
// Makes `to` the owner. False: `to` is no longer alive, nothing has changed.
bool change_owner(Table *t, Process *to);
// {'ETS-TRANSFER', Table, From, Data}
void send_transfer(Table *t, Process *to, Term from, Term data);

// --- fixation by a process, with the table locked (shared at least)
void fix_table(Process *p, Table *t);
// Takes back one fixation of p; removes deleted objects after the last one, for which the lock is made exclusive where it has to be.
void unfix_table(Process *p, TableGuard &t);
// A fixation for the time that the caller holds the lock (of fine-locked tables).
class LocalFix {
public:
  explicit LocalFix(TableGuard &t);
  ~LocalFix();
  int count() const { return on_ ? 1 : 0; }

private:
  TableGuard &table_;
  bool on_;
};
void purge_if_unfixed(TableGuard &t);

// erts_internal:ets_super_user/1: p may read everything.
void set_super_user(Process *p, bool on);

} // namespace joist::runtime::ets
