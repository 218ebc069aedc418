/* SPDX-License-Identifier: Apache-2.0 */
#include "host/symbol_slots.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 4096u

struct file {
	const uint8_t *bytes;
	size_t n;
	Elf64_Ehdr header;
	size_t relocations; /* that it has room for, when no two are one */
};

static bool get(const struct file *file, uint64_t offset, void *to, size_t n)
{
	if (offset > file->n || n > file->n - offset)
		return false;
	memcpy(to, file->bytes + offset, n);
	return true;
}

static bool get_section(const struct file *file, uint64_t index, Elf64_Shdr *section)
{
	return index < file->header.e_shnum && file->header.e_shentsize >= sizeof *section &&
	       get(file, file->header.e_shoff + index * file->header.e_shentsize, section,
		   sizeof *section);
}

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), of a name that ends within the file; of its begin
 * when it has no end. */
static uint64_t hash_name(const struct file *file, uint64_t offset)
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

static void read_relocations(struct symbol_slots *slots, struct file *file,
			     const Elf64_Shdr *section)
{
	Elf64_Shdr symbols, names;
	Elf64_Rela relocation;
	Elf64_Sym symbol;

	if (!get_section(file, section->sh_link, &symbols) ||
	    !get_section(file, symbols.sh_link, &names))
		return;
	for (uint64_t at = 0; at + sizeof relocation <= section->sh_size; at += sizeof relocation) {
		uint64_t index;

		if (file->relocations == 0 ||
		    !get(file, section->sh_offset + at, &relocation, sizeof relocation))
			return;
		file->relocations--;
		index = ELF64_R_SYM(relocation.r_info);
		if (index == 0 || index >= symbols.sh_size / sizeof symbol ||
		    !get(file, symbols.sh_offset + index * sizeof symbol, &symbol, sizeof symbol) ||
		    symbol.st_name >= names.sh_size)
			continue;
		add(slots, relocation.r_offset, hash_name(file, names.sh_offset + symbol.st_name));
	}
}

static int by_address(const void *a, const void *b)
{
	const struct symbol_slot *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

void symbol_slots_read(struct symbol_slots *slots, const uint8_t *bytes, size_t n)
{
	struct file file = {.bytes = bytes, .n = n, .relocations = n / sizeof(Elf64_Rela)};
	Elf64_Shdr section;

	*slots = (struct symbol_slots){0};
	if (!get(&file, 0, &file.header, sizeof file.header) ||
	    memcmp(file.header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    file.header.e_ident[EI_CLASS] != ELFCLASS64)
		return;
	for (unsigned i = 0; get_section(&file, i, &section); i++)
		if (section.sh_type == SHT_RELA && section.sh_offset <= n &&
		    section.sh_size <= n - section.sh_offset)
			read_relocations(slots, &file, &section);
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
