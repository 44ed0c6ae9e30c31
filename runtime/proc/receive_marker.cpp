#include "runtime/mem/alloc.h"
#include "runtime/proc/receive.h"
#include "runtime/term/ref.h"

#include <new>

namespace joist::runtime {
Term receive_marker_reserve(Process *p) {
  Mailbox &box = p->mailbox;
  if (!box.markers) box.markers = new (mem_alloc(MemKind::Signal, sizeof(Markers))) Markers;
  Markers &all = *box.markers;
  int at = -1;
  for (int i = 0; i < Markers::kSlots; i++)
    if (!all.slots[i].position) {
      at = i;
      break;
    }
  if (at < 0) at = int(all.next++ % Markers::kSlots);
  // What is still in the inbox came before the reference that is about to be made: it does no harm to search it.
  all.slots[at].position = box.last;
  all.slots[at].ref = 0;
  return Term::small(at + 1);
}

void receive_marker_bind(Process *p, Term marker, Term ref) {
  if (!p->mailbox.markers || !marker.is_small() || !is_local_ref(ref)) return;
  int64_t i = marker.small_value() - 1;
  if (i >= 0 && i < Markers::kSlots) p->mailbox.markers->slots[i].ref = ref_id(ref);
}

namespace {
Markers::Slot *slot_of(Process *p, Term ref) {
  if (!p->mailbox.markers || !is_local_ref(ref)) return nullptr;
  uint64_t id = ref_id(ref);
  for (auto &s : p->mailbox.markers->slots)
    if (s.position && s.ref == id) return &s;
  return nullptr;
}
} // namespace

void receive_marker_use(Process *p, Term ref) {
  if (auto *s = slot_of(p, ref)) p->mailbox.save = s->position;
}

void receive_marker_clear(Process *p, Term ref) {
  if (ref.is_small() && p->mailbox.markers) { // a marker that was never bound
    int64_t i = ref.small_value() - 1;
    if (i >= 0 && i < Markers::kSlots) p->mailbox.markers->slots[i].position = nullptr;
  } else if (auto *s = slot_of(p, ref)) {
    s->position = nullptr;
  }
}

void receive_markers_free(Process *p) {
  mem_free(MemKind::Signal, p->mailbox.markers);
  p->mailbox.markers = nullptr;
}
} // namespace joist::runtime
