/* SPDX-License-Identifier: Apache-2.0 */
#include "host/elf_file.h"

#include <stdlib.h>
#include <string.h>

#define GAP_MOST 65536u
#define GO_MODULE_TEXT 176 /* offsets in runtime.moduledata */
#define GO_MODULE_TYPES 296
#define GO_MODULE_FUNCDATA 320

bool elf_get(const struct elf_file *file, uint64_t offset, void *to, size_t n)
{
	if (offset > file->n || n > file->n - offset)
		return false;
	memcpy(to, file->bytes + offset, n);
	return true;
}

static void read_segments(struct elf_regions *elf, const struct elf_file *file,
			  const Elf64_Ehdr *header)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr program;

		if (!elf_get(file, header->e_phoff + (uint64_t)i * header->e_phentsize, &program,
			     sizeof program))
			return;
		if (program.p_type != PT_LOAD || elf->segment_count >= RILL_SEGMENTS_MAX ||
		    program.p_offset > file->n || program.p_filesz > file->n - program.p_offset)
			continue;
		elf->segment[elf->segment_count++] = (struct rill_segment){
			.offset = program.p_offset,
			.address = program.p_vaddr,
			.file_size = program.p_filesz,
			.memory_size = program.p_memsz,
		};
	}
}

void elf_add_region(struct elf_regions *elf, const struct elf_file *file, uint64_t start,
		    uint64_t length, uint64_t origin, enum rill_region_class class)
{
	if (elf->region_count >= ELF_REGIONS_MAX || start >= file->n || length == 0)
		return;
	if (length > file->n - start)
		length = file->n - start;
	elf->region[elf->region_count++] = (struct rill_region){
		.start = start, .length = length, .origin = {{.old = origin}}, .class = class};
}

/* Where Go's module data begins: with the addresses of the function table and its names. */
static bool find_module(const struct elf_regions *elf, const struct elf_file *file, uint64_t table,
			uint64_t names, uint64_t *module)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct rill_segment *segment = &elf->segment[i];

		for (uint64_t at = 0; at + 16 <= segment->file_size; at += 8) {
			uint64_t pair[2];

			if (elf_get(file, segment->offset + at, pair, sizeof pair) &&
			    pair[0] == table && pair[1] == names) {
				*module = segment->offset + at;
				return true;
			}
		}
	}
	return false;
}

/* The header says where the table's parts are; the addresses that entries and funcdata count from
 * are in the module data. */
void elf_add_go_table(struct elf_regions *elf, const struct elf_file *file, uint64_t start,
		      uint64_t length, uint64_t address)
{
	struct rill_region *region;
	uint64_t header[9], module, text, funcdata, end;

	/* One is enough: it takes a search. */
	if (elf->go_seen || length < sizeof header ||
	    !elf_get(file, start, header, sizeof header) || (uint32_t)header[0] != ELF_GO_MAGIC ||
	    header[8] >= length)
		return;
	elf->go_seen = true;
	if (!find_module(elf, file, address, address + header[4], &module) ||
	    !elf_get(file, module + GO_MODULE_TEXT, &text, sizeof text) ||
	    !elf_get(file, module + GO_MODULE_FUNCDATA, &funcdata, sizeof funcdata))
		return;
	end = funcdata - address < length ? funcdata - address : length;
	if (end <= header[8] || elf->region_count >= ELF_REGIONS_MAX)
		return;
	elf_add_region(elf, file, start + header[8], end - header[8], text,
		       RILL_REGION_GO_FUNCTIONS);
	region = &elf->region[elf->region_count - 1];
	region->origin[1].old = start + header[4];
	region->origin[2].old = start + header[7];
	region->origin[3].old = start + header[8];
	region->origin[4].old = funcdata;
	region->origin[5].old = start + header[5];
	if (end < length && elf->region_count < ELF_REGIONS_MAX)
		elf_add_region(elf, file, start + end, length - end, start + header[4],
			       RILL_REGION_GO_FUNCDATA);
	elf->go_text = text;
	elf_get(file, module + GO_MODULE_TYPES, &elf->go_types, sizeof elf->go_types);
}

/* Go's types begin where the module data says, in .rodata; their list is sorted by name. */
static void finish_go(struct elf_regions *elf)
{
	uint64_t address;

	if (elf->go_types == 0)
		return;
	for (size_t i = 0; i < elf->region_count; i++) {
		struct rill_region *region = &elf->region[i];

		if (rill_segment_address(elf->segment, (uint32_t)elf->segment_count, region->start,
					 &address) &&
		    elf->go_types - address < region->length &&
		    (region->class == RILL_REGION_POINTERS ||
		     region->class == RILL_REGION_OFFSETS)) {
			region->class = RILL_REGION_GO_TYPES;
			region->origin[0].old = elf->go_types;
			region->origin[1].old = elf->go_text;
			region->origin[2].old = region->start + (elf->go_types - address);
		}
	}
}

enum rill_region_class elf_rodata_class(const struct elf_regions *elf)
{
	return !elf->fixed && elf->code == RILL_REGION_X64 ? RILL_REGION_OFFSETS
							   : RILL_REGION_POINTERS;
}

static enum rill_region_class class_of(const struct elf_regions *elf, const Elf64_Shdr *section,
				       const char *name)
{
	if (section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM)
		return RILL_REGION_SYMBOLS;
	if (section->sh_type == SHT_RELA)
		return RILL_REGION_RELOCATIONS;
	if (section->sh_type == SHT_GNU_HASH)
		return RILL_REGION_HASH;
	if (section->sh_type == SHT_STRTAB || !(section->sh_flags & SHF_ALLOC))
		return RILL_REGION_PLAIN;
	if (section->sh_flags & SHF_EXECINSTR)
		return elf->code;
	if (strcmp(name, ".eh_frame") == 0)
		return RILL_REGION_FRAMES;
	if (strcmp(name, ".eh_frame_hdr") == 0)
		return RILL_REGION_TABLE;
	if (strncmp(name, ".rodata", 7) == 0)
		return elf_rodata_class(elf);
	if (strncmp(name, ".gcc_except", 11) == 0)
		return RILL_REGION_PLAIN;
	return RILL_REGION_POINTERS;
}

static void read_sections(struct elf_regions *elf, const struct elf_file *file,
			  const Elf64_Ehdr *header)
{
	Elf64_Shdr names = {0}, section, link;

	if (header->e_shentsize < sizeof section ||
	    !elf_get(file, header->e_shoff + (uint64_t)header->e_shstrndx * header->e_shentsize,
		     &names, sizeof names))
		return;
	for (unsigned i = 0; i < header->e_shnum; i++) {
		char name[32] = "";
		enum rill_region_class class;
		uint64_t origin;

		if (!elf_get(file, header->e_shoff + (uint64_t)i * header->e_shentsize, &section,
			     sizeof section))
			return;
		if (section.sh_type == SHT_NULL || section.sh_type == SHT_NOBITS)
			continue;
		if (elf_get(file, names.sh_offset + section.sh_name, name, sizeof name - 1))
			name[sizeof name - 1] = 0;
		class = class_of(elf, &section, name);
		origin = section.sh_addr;
		if ((class == RILL_REGION_SYMBOLS || class == RILL_REGION_RELOCATIONS ||
		     class == RILL_REGION_HASH) &&
		    elf_get(file, header->e_shoff + (uint64_t)section.sh_link * header->e_shentsize,
			    &link, sizeof link))
			origin = link.sh_offset;
		if (strcmp(name, ".gopclntab") == 0)
			elf_add_go_table(elf, file, section.sh_offset, section.sh_size,
					 section.sh_addr);
		else if (class == RILL_REGION_TABLE)
			elf_add_region(elf, file, section.sh_offset + ELF_FRAME_TABLE_HEADER,
				       section.sh_size > ELF_FRAME_TABLE_HEADER
					       ? section.sh_size - ELF_FRAME_TABLE_HEADER
					       : 0,
				       origin, class);
		else if (class != RILL_REGION_PLAIN)
			elf_add_region(elf, file, section.sh_offset, section.sh_size, origin,
				       class);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct rill_region *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->length < y->length ? -1 : x->length > y->length;
}

/* Puts the regions in order; of two that overlap the first one stays; two alike that touch,
 * but for small gaps, are made one. */
static void tidy(struct elf_regions *elf)
{
	size_t kept = 0;

	qsort(elf->region, elf->region_count, sizeof elf->region[0], by_start);
	for (size_t i = 0; i < elf->region_count; i++) {
		struct rill_region *next = &elf->region[i];
		struct rill_region *last = kept ? &elf->region[kept - 1] : NULL;
		uint64_t end = last ? last->start + last->length : 0;

		if (last && next->start < end)
			continue;
		if (last && last->class == next->class && next->start - end < 64 &&
		    (next->start - last->start) % 8 == 0 &&
		    (next->class == elf->code || next->class == RILL_REGION_POINTERS)) {
			last->length = next->start + next->length - last->start;
			continue;
		}
		elf->region[kept++] = *next;
	}
	elf->region_count = kept;
}

static bool is_zero(const struct elf_file *file, uint64_t start, uint64_t end)
{
	for (uint64_t i = start; i < end; i++)
		if (file->bytes[i] != 0)
			return false;
	return true;
}

/* Segments go on to where the next one begins, and regions to the end of theirs, when there is
 * only padding between: so the table is shorter. */
static void close_gaps(struct elf_regions *elf, const struct elf_file *file)
{
	for (size_t i = 0; i + 1 < elf->segment_count; i++) {
		struct rill_segment *s = &elf->segment[i];
		uint64_t more = s[1].offset - s->offset;

		if (s->file_size == s->memory_size && more > s->file_size &&
		    more - s->file_size < GAP_MOST && s[1].address - s->address >= more &&
		    is_zero(file, s->offset + s->file_size, s[1].offset))
			s->file_size = s->memory_size = more;
	}
	for (size_t i = 0; i < elf->region_count; i++) {
		struct rill_region *region = &elf->region[i];
		uint64_t end = region->start + region->length;
		uint64_t next = i + 1 < elf->region_count ? region[1].start : file->n;

		for (size_t k = 0; k < elf->segment_count; k++) {
			uint64_t to = elf->segment[k].offset + elf->segment[k].file_size;

			if (end > elf->segment[k].offset && end < to && to <= next &&
			    to - end < GAP_MOST && is_zero(file, end, to))
				region->length = to - region->start;
		}
	}
}

bool elf_origin_is_offset(enum rill_region_class class, unsigned k)
{
	switch (class) {
	case RILL_REGION_SYMBOLS:
	case RILL_REGION_RELOCATIONS:
	case RILL_REGION_HASH:
	case RILL_REGION_GO_FUNCDATA: return true;
	case RILL_REGION_GO_TYPES: return k == 2;
	case RILL_REGION_GO_FUNCTIONS: return k == 1 || k == 2 || k == 3 || k == 5;
	default: return false;
	}
}

void elf_regions_read(struct elf_regions *elf, const uint8_t *bytes, size_t n)
{
	struct elf_file file = {bytes, n};
	Elf64_Ehdr header;

	memset(elf, 0, sizeof *elf);
	if (!elf_get(&file, 0, &header, sizeof header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return;
	if (header.e_machine != EM_AARCH64 && header.e_machine != EM_X86_64)
		return;
	elf->code = header.e_machine == EM_AARCH64 ? RILL_REGION_A64 : RILL_REGION_X64;
	elf->fixed = header.e_type == ET_EXEC;
	elf->known = true;
	read_segments(elf, &file, &header);
	read_sections(elf, &file, &header);
	if (elf->region_count == 0)
		elf_stripped_read(elf, &file, &header);
	finish_go(elf);
	tidy(elf);
	close_gaps(elf, &file);
}
