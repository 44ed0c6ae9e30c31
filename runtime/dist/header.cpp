#include "runtime/dist/header.h"

#include "runtime/dist/etf.h"

namespace joist::runtime {
namespace {
constexpr uint8_t kAtomCacheRef = 82;
constexpr unsigned flag_bytes(unsigned atoms) { return atoms / 2 + 1; }

void put64(uint8_t *p, uint64_t v) {
  v = __builtin_bswap64(v);
  memcpy(p, &v, 8);
}
uint64_t get64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}
} // namespace

int AtomTable::index(Term atom) {
  uint32_t a = atom.atom_index();
  uint16_t slot = uint16_t((a * 2654435761u) >> 21);
  if (uint8_t i = by_slot_[slot]) return entries_[i - 1].atom == a ? i - 1 : -1;
  if (count_ == kMaxHeaderAtoms) return -1;
  entries_[count_] = {a, slot};
  by_slot_[slot] = uint8_t(count_ + 1);
  if (atom::text(atom).size() > 255) long_ = true;
  return int(count_++);
}

void AtomTable::clear() {
  for (unsigned i = 0; i < count_; i++) by_slot_[entries_[i].slot] = 0;
  count_ = 0;
  long_ = false;
}

bool AtomTable::hook(void *table, Term atom, EtfBuffer &out) {
  int i = static_cast<AtomTable *>(table)->index(atom);
  if (i < 0) return false;
  uint8_t *p = out.grow(2);
  p[0] = kAtomCacheRef, p[1] = uint8_t(i);
  return true;
}

size_t OutCache::room(const AtomTable *t) {
  size_t n = 2 + 16 + 1;
  if (!t || !t->size()) return n;
  n += flag_bytes(t->size());
  for (unsigned i = 0; i < t->size(); i++) n += 3 + atom::text(Term::atom(t->entry(i).atom)).size();
  return n;
}

uint8_t *OutCache::write(uint8_t *p, const AtomTable *t, FragmentInfo f) {
  *p++ = kDistMagic;
  *p++ = f.count > 1 ? kFragmentHeader : kDistHeader;
  if (f.count > 1) {
    put64(p, f.sequence), put64(p + 8, f.count);
    p += 16;
  }
  unsigned n = t ? t->size() : 0;
  *p++ = uint8_t(n);
  if (n == 0) return p;
  uint8_t *flags = p;
  memset(flags, 0, flag_bytes(n));
  p += flag_bytes(n);
  for (unsigned i = 0; i < n; i++) {
    auto [atom, slot] = t->entry(i);
    uint8_t nibble = uint8_t(slot >> 8);
    *p++ = uint8_t(slot);
    if (atoms_[slot] != atom + 1) {
      atoms_[slot] = atom + 1;
      nibble |= 8;
      std::string_view text = atom::text(Term::atom(atom));
      if (t->long_atoms()) *p++ = uint8_t(text.size() >> 8);
      *p++ = uint8_t(text.size());
      memcpy(p, text.data(), text.size());
      p += text.size();
    }
    flags[i / 2] |= uint8_t(nibble << (i & 1 ? 4 : 0));
  }
  if (t->long_atoms()) flags[n / 2] |= uint8_t(1 << (n & 1 ? 4 : 0));
  return p;
}

Term network_atom(std::string_view text) {
  // One atom in sixteen is kept for the node itself.
  if (atom::count() >= atom::limit() - atom::limit() / 16) return atom::find(text);
  return atom::intern(text);
}

bool InCache::read(const uint8_t *data, size_t size, ReadHeader *h) {
  const uint8_t *p = data, *end = data + size;
  auto left = [&] { return size_t(end - p); };
  if (left() < 2 || p[0] != kDistMagic) return false;
  uint8_t tag = p[1];
  p += 2;
  if (tag == kFragmentHeader || tag == kFragmentContinued) {
    if (left() < 16) return false;
    h->kind = tag == kFragmentHeader ? ReadHeader::Kind::First : ReadHeader::Kind::Continued;
    h->sequence = get64(p), h->fragment = get64(p + 8);
    p += 16;
    if (h->fragment == 0) return false;
  } else if (tag == kDistHeader) {
    h->kind = ReadHeader::Kind::Plain;
  } else {
    return false;
  }
  h->atoms.clear();
  if (tag != kFragmentContinued) {
    if (left() < 1) return false;
    unsigned n = *p++;
    if (n) {
      const uint8_t *flags = p;
      if (left() < flag_bytes(n)) return false;
      p += flag_bytes(n);
      bool wide = flags[n / 2] >> (n & 1 ? 4 : 0) & 1;
      h->atoms.reserve(n);
      for (unsigned i = 0; i < n; i++) {
        unsigned nibble = flags[i / 2] >> (i & 1 ? 4 : 0) & 15;
        if (left() < 1) return false;
        unsigned slot = (nibble & 7) << 8 | *p++;
        if (nibble & 8) {
          if (left() < (wide ? 2u : 1u)) return false;
          size_t length = *p++;
          if (wide) length = length << 8 | *p++;
          if (left() < length) return false;
          Term a = network_atom({reinterpret_cast<const char *>(p), length});
          p += length;
          if (a.is_none()) {
            h->atom_table_full = atom::count() >= atom::limit() - atom::limit() / 16;
            return false;
          }
          atoms_[slot] = a.atom_index() + 1;
        } else if (!atoms_[slot]) {
          return false;
        }
        h->atoms.push_back(Term::atom(atoms_[slot] - 1));
      }
    }
  }
  h->size = size_t(p - data);
  return true;
}
} // namespace joist::runtime
