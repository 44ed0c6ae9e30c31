// Distribution headers and their atom caches (ERTS user's guide, "External Term Format", distribution header).
//
// Every connection has a cache of 2048 atoms per direction. Terms of a message refer to its atoms by an index into the
// table of its header, which tells for each atom its slot in the cache and, where that slot is new, its text. So headers
// must be made in the order in which messages leave: AtomTable collects while a term is encoded, by any thread;
// OutCache::write makes the header when the message is queued, under the connection's lock.
#pragma once
#include "runtime/atom/atom.h"

#include <array>
#include <vector>

namespace joist::runtime {
class EtfBuffer;
inline constexpr unsigned kAtomCacheSlots = 2048, kMaxHeaderAtoms = 255;
inline constexpr uint8_t kDistMagic = 131, kDistHeader = 68, kFragmentHeader = 69, kFragmentContinued = 70;
inline constexpr uint8_t kPassThrough = 112;

// Atoms of one message.
class AtomTable {
public:
  // Index of the atom in the header, or -1: to be written in full (no room, or its slot is taken by another one).
  int index(Term atom);
  void clear();
  unsigned size() const { return count_; }
  struct Entry {
    uint32_t atom;
    uint16_t slot;
  };
  const Entry &entry(unsigned i) const { return entries_[i]; }
  bool long_atoms() const { return long_; }
  // For EtfEncoder::atom_hook.
  static bool hook(void *table, Term atom, EtfBuffer &out);

private:
  std::array<Entry, kMaxHeaderAtoms> entries_;
  std::array<uint8_t, kAtomCacheSlots> by_slot_{}; // index + 1, 0: free
  unsigned count_ = 0;
  bool long_ = false;
};

// Sequence id and number of fragments; 1: not fragmented.
struct FragmentInfo {
  uint64_t sequence = 0, count = 1;
};

class OutCache {
public:
  // Bytes that write() will need for this table, at most.
  static size_t room(const AtomTable *t);
  // Writes the header (from the magic byte on) and enters new atoms into the cache. t null: no atoms. Its end.
  uint8_t *write(uint8_t *out, const AtomTable *t, FragmentInfo f);

private:
  std::array<uint32_t, kAtomCacheSlots> atoms_{}; // atom index + 1
};

struct ReadHeader {
  enum class Kind : uint8_t { Plain, First, Continued } kind = Kind::Plain;
  uint64_t sequence = 0, fragment = 1;
  size_t size = 0; // bytes of the header
  std::vector<Term> atoms;
  bool atom_table_full = false; // set if that is why it was refused
};
class InCache {
public:
  // Reads a header; false if it is malformed or refers to what the cache does not have. New atoms are refused when the
  // atom table is nearly full: what comes from outside must not end the node.
  bool read(const uint8_t *data, size_t n, ReadHeader *h);

private:
  std::array<uint32_t, kAtomCacheSlots> atoms_{}; // atom index + 1
};
// Atom named by a remote node, with the reserve that InCache::read keeps. None: not UTF-8, too long or no room.
Term network_atom(std::string_view utf8);
} // namespace joist::runtime
