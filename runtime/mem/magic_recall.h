// Magic references that come back: from another node, or from an external term or a text of this one. See the manual pages
// of erl_nif (resource objects) and of the modules that have such references.
#pragma once
#include "runtime/mem/heap.h"

namespace joist::runtime {
// Refs that leave as numbers (external terms, text) lead back to the object when they return, as long as it lives.
// remember: `ref`, a magic one, is about to leave. recall: the local reference of these numbers; a magic one if it has left
// as such and its object is alive. Any thread.
void magic_remember(Term ref);
Term ref_recall(Heap &h, const uint32_t numbers[3]);
// Of a magic object: size in bytes; BinData::capacity has a mark, too.
Word magic_size(const BinData *b);
} // namespace joist::runtime
