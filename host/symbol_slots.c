/* SPDX-License-Identifier: Apache-2.0 */
#include "host/symbol_slots.h"

#include "host/elf_file.h"

#include <stdbool.h>
#include <stdlib.h>

#define NAME_MOST 4096u

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), of a name that ends within the file; of its begin
 * when it has no end. */
static uint64_t hash_name(const struct elf_file *file, uint64_t offset)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned n = 0; n < NAME_MOST && offset < file->n && file->bytes[offset]; n++)
		hash = (hash ^ file->bytes[offset++]) * UINT64_C(0x100000001b3);
	return hash;
}

static void add(struct symbol_slots *slots, uint64_t address, uint64_t name)
{
	if (slots->n == slots->capacity) {
		size_t capacity = slots->capacity * 2 + 256;
		struct symbol_slot *larger = realloc(slots->slot, capacity * sizeof *larger);

		if (!larger)
			return;
		slots->slot = larger;
		slots->capacity = capacity;
	}
	slots->slot[slots->n++] = (struct symbol_slot){.address = address, .name = name};
}

static const struct rill_region *symbols_at(const struct elf_regions *elf, uint64_t start)
{
	for (size_t i = 0; i < elf->region_count; i++)
		if (elf->region[i].class == RILL_REGION_SYMBOLS && elf->region[i].start == start)
			return &elf->region[i];
	return NULL;
}

static void read_relocations(struct symbol_slots *slots, const struct elf_file *file,
			     const struct rill_region *relocations,
			     const struct rill_region *symbols)
{
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	for (uint64_t at = 0; at + sizeof relocation <= relocations->length;
	     at += sizeof relocation) {
		uint64_t index;

		if (!elf_get(file, relocations->start + at, &relocation, sizeof relocation))
			return;
		index = ELF64_R_SYM(relocation.r_info);
		if (index == 0 || index >= symbols->length / sizeof symbol ||
		    !elf_get(file, symbols->start + index * sizeof symbol, &symbol, sizeof symbol))
			continue;
		add(slots, relocation.r_offset,
		    hash_name(file, symbols->origin[0].old + symbol.st_name));
	}
}

static int by_address(const void *a, const void *b)
{
	const struct symbol_slot *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

void symbol_slots_read(struct symbol_slots *slots, const struct elf_regions *elf,
		       const uint8_t *bytes, size_t n)
{
	const struct elf_file file = {bytes, n};

	*slots = (struct symbol_slots){0};
	for (size_t i = 0; i < elf->region_count; i++) {
		const struct rill_region *region = &elf->region[i];
		const struct rill_region *symbols = region->class == RILL_REGION_RELOCATIONS
							    ? symbols_at(elf, region->origin[0].old)
							    : NULL;

		if (symbols)
			read_relocations(slots, &file, region, symbols);
	}
	if (slots->n > 0)
		qsort(slots->slot, slots->n, sizeof *slots->slot, by_address);
}

void symbol_slots_free(struct symbol_slots *slots)
{
	free(slots->slot);
	*slots = (struct symbol_slots){0};
}

const struct symbol_slot *symbol_slot_at(const struct symbol_slots *slots, uint64_t address)
{
	size_t low = 0, high = slots->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (slots->slot[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < slots->n && slots->slot[low].address == address ? &slots->slot[low] : NULL;
}
