/* SPDX-License-Identifier: Apache-2.0
 *
 * Slots that the dynamic linker fills with a symbol's address: the GOT, the PLT's part of it,
 * pointers in data. One looks like the other in the file; only the relocation tells whose it
 * is. Matching by what is in the file puts them a few entries off wherever a symbol was
 * added, and with them every call through the PLT; so for matching (reference_view.h) a
 * slot and each reference to it count as the symbol's name.
 */
#ifndef RILL_SYMBOL_SLOTS_H
#define RILL_SYMBOL_SLOTS_H

#include "host/elf_regions.h"

struct symbol_slot {
	uint64_t address, name; /* where it is; a hash of the symbol's name */
};

struct symbol_slots {
	struct symbol_slot *slot; /* by address */
	size_t n, capacity;
};

/* Reads the relocations of an ELF file, whose regions are `elf`. Where the file is damaged or
 * memory runs out there are fewer slots, which only makes worse matches. */
void symbol_slots_read(struct symbol_slots *slots, const struct elf_regions *elf,
		       const uint8_t *bytes, size_t n);
void symbol_slots_free(struct symbol_slots *slots);

/* The slot at an address; NULL when there is none. */
const struct symbol_slot *symbol_slot_at(const struct symbol_slots *slots, uint64_t address);

#endif
