// What erlang:memory/0,1 and the allocator items of system_info are made of. Joist's memory is mimalloc's, counted by
// kind (mem/alloc.h); here the kinds appear as the allocators that stock reports, with one instance each.
#include "bifs/system_info.h"

#include "bifs/build.h"
#include "runtime/mem/alloc.h"
#include "runtime/mem/literal.h"
#include "runtime/sched/erlang_timer.h"
#include "runtime/term/ref.h"

extern "C" char data_start, end; // where the linker puts initialised and other data

namespace joist::bifs {
namespace {
struct Allocator {
  std::string_view name;
  std::vector<MemKind> kinds; // whose bytes it stands for
};
const std::vector<Allocator> &allocators() {
  static const auto *list = new std::vector<Allocator>{
      {"temp_alloc", {}},
      {"sl_alloc", {}},
      {"std_alloc", {MemKind::System, MemKind::Signal}},
      {"ll_alloc", {MemKind::Code, MemKind::Atom}},
      {"eheap_alloc", {MemKind::Process}},
      {"ets_alloc", {MemKind::Ets}},
      {"fix_alloc", {MemKind::ProcessStruct}},
      {"literal_alloc", {}},
      {"binary_alloc", {MemKind::Binary}},
      {"driver_alloc", {MemKind::Driver}},
  };
  return *list;
}
size_t bytes(const Allocator &a) {
  size_t n = 0;
  for (MemKind k : a.kinds) n += mem_used(k);
  return n;
}
const Allocator *find(Term name) {
  if (!name.is_atom()) return nullptr;
  for (const Allocator &a : allocators())
    if (atom::text(name) == a.name) return &a;
  return nullptr;
}
// Asked for by name like an allocator, but without blocks of its own.
bool is_other_allocator(Term name) {
  if (!name.is_atom()) return false;
  std::string_view t = atom::text(name);
  return t == "sys_alloc" || t == "mseg_alloc" || t == "sys_aligned_alloc" || t == "literal_mmap" || t == "erts_mmap";
}

// {Name, Now, LastMax, Max}
Term counter(Heap &h, std::string_view name, size_t n) {
  Term v = make_uint(h, n);
  return make_tuple(h, named(name), v, v, v);
}

Term blocks(Heap &h, const Allocator &a, size_t n) {
  Term sizes = make_list(h, counter(h, "size", n));
  return pair(h, "blocks", n ? make_list(h, pair(h, a.name, sizes)) : Term::nil());
}

Term instance(Heap &h, const Allocator &a, MemoryInfo what) {
  size_t n = bytes(a), carriers = (n + 0x3ffff) & ~size_t{0x3ffff};
  std::vector<Term> l;
  if (what == MemoryInfo::Full) {
    Term v1 = make_string(h, "0.9", 3), v2 = make_string(h, "3.0", 3);
    l.push_back(make_tuple(h, named<"versions">(), v1, v2));
    l.push_back(pair(h, "options", make_list(h, pair(h, "e", atoms::true_), pair(h, "t", atoms::true_))));
  }
  if (a.name == "fix_alloc") {
    constexpr size_t kTimer = 128; // about what one takes
    Term v = make_uint(h, n), timers = make_uint(h, erlang_timer_count() * kTimer);
    l.push_back(
        pair(h, "fix_types",
             make_list(h, make_tuple(h, named<"proc">(), v, v), make_tuple(h, named<"bif_timer">(), timers, timers))));
  }
  l.push_back(pair(h, "mbcs", make_list(h, blocks(h, a, n), counter(h, "carriers_size", carriers))));
  Term empty = make_list(h, pair(h, "blocks", Term::nil()), counter(h, "carriers_size", 0));
  l.push_back(pair(h, "sbcs", empty));
  if (what == MemoryInfo::Full) l.push_back(pair(h, "calls", Term::nil()));
  return list_of(h, l);
}
} // namespace

namespace {
// Bytes of the executable's own data: no allocator's.
size_t static_data() { return size_t(&end - &data_start); }
} // namespace

Term allocated_areas(Process *p) {
  Heap &h = p->heap;
  auto area = [&](const char *name, size_t n) { return pair(h, name, make_uint(h, n)); };
  size_t atom_text = atom::bytes(), atom_all = std::max(mem_used(MemKind::Atom), atom_text);
  return list_of(h, {area("sys_misc", 0), area("static", 0),
                     make_tuple(h, named<"atom_space">(), make_uint(h, atom_all), make_uint(h, atom_text)),
                     area("atom_table", 0), area("module_table", 0), area("export_table", 0), area("export_list", 0),
                     area("register_table", 0), area("fun_table", 0), area("module_refs", 0),
                     area("loaded_code", mem_used(MemKind::Code)), area("dist_table", 0), area("node_table", 0),
                     area("bits_bufs_size", 0), area("bif_timer", erlang_timer_count() * 128), area("process_table", 0),
                     area("port_table", 0), area("ets_misc", 0),
                     area("external_alloc", static_data() + atom_all - std::min(atom_all, mem_used(MemKind::Atom)))});
}

Term alloc_util_allocators(Process *p) {
  std::vector<Term> l;
  for (const Allocator &a : allocators()) l.push_back(named(a.name));
  return list_of(p->heap, l);
}

// {Allocator, Version, Features, Settings}
Term allocator_info(Process *p) {
  Heap &h = p->heap;
  std::vector<Term> features, settings;
  for (const Allocator &a : allocators()) {
    features.push_back(named(a.name));
    settings.push_back(pair(h, a.name, make_list(h, pair(h, "e", atoms::true_), pair(h, "t", atoms::true_))));
  }
  return make_tuple(h, named<"mimalloc">(), make_list(h, Term::small(2)), list_of(h, features), list_of(h, settings));
}

Term send_memory_info(Process *p, Term ref, Term list, MemoryInfo what) {
  Heap &h = p->heap;
  std::vector<Term> data;
  for (; list.is_cons(); list = list.tail()) {
    Term name = list.head();
    if (const Allocator *a = find(name)) data.push_back(make_tuple(h, name, Term::small(0), instance(h, *a, what)));
    else if (is_other_allocator(name) && what != MemoryInfo::Internal)
      data.push_back(make_tuple(h, name, Term::small(0), Term::nil()));
    else return badarg(p);
  }
  if (!list.is_nil()) return badarg(p);
  message_send(p, p, make_tuple(h, ref, Term::small(0), list_of(h, data)));
  return atoms::true_;
}

// Answers of allocators come from one thread; erlang.erl counts this number less one.
Term erts_internal_no_aux_work_threads_0(Process *, const Term *) { return Term::small(2); }

// gather_carrier_info({AllocList, ThreadIds, HistWidth?, HistStart, Ref}) etc.: instrument's requests. There are no
// carriers to describe, which stock too may answer for allocators that are switched off.
namespace {
Term no_carriers(Process *p, Term arg, Word arity) {
  if (!is_tuple_of(arg, arity)) return badarg(p);
  Term *e = tuple_elements(arg);
  if (!e[0].is_atom() || !e[1].is_small() || !is_ref(e[arity - 1])) return badarg(p);
  return Term::small(0);
}
} // namespace
Term erts_internal_gather_alloc_histograms_1(Process *p, const Term *args) { return no_carriers(p, args[0], 5); }
Term erts_internal_gather_carrier_info_1(Process *p, const Term *args) { return no_carriers(p, args[0], 5); }
} // namespace joist::bifs
