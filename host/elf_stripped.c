/* SPDX-License-Identifier: Apache-2.0
 *
 * A file that was stripped of its section headers still has what it is run by: the dynamic section
 * says where symbols, relocations and the hash table are (System V ABI, "Dynamic Section"), and the
 * segment of .eh_frame_hdr where the frames are (LSB, "Exception Frames"); the frames, where code
 * ends. What follows the code in its segment, and the linker's tables in theirs, are
 * constants.
 */
#include "host/elf_file.h"

#include <string.h>

#define FINI_MOST 32u /* bytes of .fini, which has no frame */
#define TAIL_MOST 4096u /* padding behind code that is not worth a region */
#define GO_HEADER 72u

struct tables {
	uint64_t value[DT_NUM], hash;
	uint64_t code_end; /* an address, by the frames; 0: not known */
};

static bool offset_of(const struct elf_regions *elf, uint64_t address, uint64_t *offset)
{
	const struct rill_segment *segment = rill_segment_at(elf->segment,
							     (uint32_t)elf->segment_count, address);

	if (address == 0 || !segment || address - segment->address >= segment->file_size)
		return false;
	*offset = segment->offset + (address - segment->address);
	return true;
}

static void read_dynamic(struct tables *tables, const struct elf_file *file,
			 const Elf64_Phdr *program)
{
	Elf64_Dyn entry;

	for (uint64_t at = 0; at + sizeof entry <= program->p_filesz; at += sizeof entry) {
		if (!elf_get(file, program->p_offset + at, &entry, sizeof entry) ||
		    entry.d_tag == DT_NULL)
			return;
		if (entry.d_tag > 0 && entry.d_tag < DT_NUM)
			tables->value[entry.d_tag] = entry.d_un.d_val;
		else if (entry.d_tag == DT_GNU_HASH)
			tables->hash = entry.d_un.d_ptr;
	}
}

/* The GNU hash table: buckets of chains, which end with an odd number. Its length, and how many
 * symbols there are, 0 when that cannot be told. */
static uint64_t read_hash(const struct elf_file *file, uint64_t start, uint64_t *symbols)
{
	uint32_t header[4], last = 0, link; /* buckets, first symbol, words of the filter, shift */
	uint64_t buckets, chains;

	*symbols = 0;
	if (!elf_get(file, start, header, sizeof header))
		return 0;
	buckets = start + sizeof header + (uint64_t)header[2] * 8;
	chains = buckets + (uint64_t)header[0] * 4;
	for (uint32_t i = 0; i < header[0]; i++) {
		if (!elf_get(file, buckets + (uint64_t)i * 4, &link, sizeof link))
			return 0;
		last = link > last ? link : last;
	}
	if (last < header[1])
		return 0;
	do {
		if (!elf_get(file, chains + (uint64_t)(last - header[1]) * 4, &link, sizeof link))
			return 0;
		last++;
	} while (!(link & 1) && last);
	*symbols = last;
	return chains + (uint64_t)(last - header[1]) * 4 - start;
}

static void add_linker_tables(struct elf_regions *elf, const struct elf_file *file,
			      const struct tables *tables)
{
	const uint64_t *value = tables->value;
	uint64_t symtab = 0, strtab = 0, at, symbols = 0, length;

	offset_of(elf, value[DT_SYMTAB], &symtab);
	offset_of(elf, value[DT_STRTAB], &strtab);
	if (offset_of(elf, tables->hash, &at)) {
		length = read_hash(file, at, &symbols);
		elf_add_region(elf, file, at, length, symtab, RILL_REGION_HASH);
	}
	/* The strings usually follow the symbols. */
	if (symbols == 0 && strtab > symtab)
		symbols = (strtab - symtab) / sizeof(Elf64_Sym);
	if (symtab && symbols <= file->n / sizeof(Elf64_Sym))
		elf_add_region(elf, file, symtab, symbols * sizeof(Elf64_Sym), strtab,
			       RILL_REGION_SYMBOLS);
	if (offset_of(elf, value[DT_RELA], &at))
		elf_add_region(elf, file, at, value[DT_RELASZ], symtab, RILL_REGION_RELOCATIONS);
	if (offset_of(elf, value[DT_JMPREL], &at))
		elf_add_region(elf, file, at, value[DT_PLTRELSZ], symtab, RILL_REGION_RELOCATIONS);
}

/* The length of .eh_frame, which ends with a record of no length. */
static uint64_t frames_length(const struct elf_file *file, uint64_t start)
{
	uint64_t at = start;
	uint32_t length;

	while (elf_get(file, at, &length, sizeof length) && length != UINT32_MAX) {
		at += sizeof length + length;
		if (length == 0)
			break;
	}
	return at - start;
}

/* The table of .eh_frame_hdr is sorted by where functions begin; a frame says how long its one
 * is. */
static void add_frames(struct elf_regions *elf, const struct elf_file *file, struct tables *tables,
		       const Elf64_Phdr *program)
{
	static const uint8_t usual[4] = {1, 0x1b, 0x03, 0x3b}; /* the version, and encodings */
	uint64_t table = program->p_offset + ELF_FRAME_TABLE_HEADER, frames, last;
	int32_t header[3], final[2];
	uint32_t frame[4], count;

	if (!elf_get(file, program->p_offset, header, sizeof header) ||
	    memcmp(header, usual, sizeof usual) != 0)
		return;
	count = (uint32_t)header[2];
	elf_add_region(elf, file, table, (uint64_t)count * 8, program->p_vaddr, RILL_REGION_TABLE);
	if (offset_of(elf, program->p_vaddr + 4 + (uint64_t)header[1], &frames))
		elf_add_region(elf, file, frames, frames_length(file, frames),
			       program->p_vaddr + 4 + (uint64_t)header[1], RILL_REGION_FRAMES);
	if (count == 0 || !elf_get(file, table + (uint64_t)(count - 1) * 8, final, sizeof final) ||
	    !offset_of(elf, program->p_vaddr + (uint64_t) final[1], &last) ||
	    !elf_get(file, last, frame, sizeof frame))
		return;
	tables->code_end = program->p_vaddr + (uint64_t) final[0] + frame[3];
}

/* What of a part of the file no region has yet. */
static void fill(struct elf_regions *elf, const struct elf_file *file, uint64_t start, uint64_t end,
		 enum rill_region_class class)
{
	const size_t before = elf->region_count;

	while (start < end) {
		uint64_t next = end, behind = start, address = 0;

		for (size_t i = 0; i < before; i++) {
			const struct rill_region *region = &elf->region[i];

			if (region->start <= start && start - region->start < region->length)
				behind = region->start + region->length;
			else if (region->start > start && region->start < next)
				next = region->start;
		}
		if (behind == start) {
			rill_segment_address(elf->segment, (uint32_t)elf->segment_count, start,
					     &address);
			elf_add_region(elf, file, start, next - start, address, class);
			behind = next;
		}
		start = behind;
	}
}

/* Go's function table is the last thing in its segment, and does not say where it is. */
static void find_go_table(struct elf_regions *elf, const struct elf_file *file,
			  const Elf64_Phdr *program)
{
	uint64_t end = program->p_offset + program->p_filesz;
	uint32_t header[2];

	for (uint64_t at = program->p_offset; !elf->go_seen && at + GO_HEADER <= end; at += 32)
		if (elf_get(file, at, header, sizeof header) && header[0] == ELF_GO_MAGIC &&
		    (header[1] & 0xff00ffffu) == 0x08000000u)
			elf_add_go_table(elf, file, at, end - at,
					 program->p_vaddr + (at - program->p_offset));
}

/* The end of the linker's tables in a segment, which begins with them. */
static uint64_t end_of_tables(const struct elf_regions *elf, uint64_t start, uint64_t end)
{
	uint64_t result = start;

	for (size_t i = 0; i < elf->region_count; i++) {
		const struct rill_region *region = &elf->region[i];
		uint64_t behind = region->start + region->length;

		if (region->start >= start && behind <= end && behind > result &&
		    (region->class == RILL_REGION_SYMBOLS || region->class == RILL_REGION_HASH ||
		     region->class == RILL_REGION_RELOCATIONS))
			result = behind;
	}
	return result;
}

static void add_segment(struct elf_regions *elf, const struct elf_file *file,
			const struct tables *tables, const Elf64_Phdr *program)
{
	uint64_t start = program->p_offset, end = start + program->p_filesz, code_end = end, fini;

	if (!(program->p_flags & PF_W))
		start = end_of_tables(elf, start, end);
	if (!(program->p_flags & PF_X)) {
		fill(elf, file, start, end,
		     program->p_flags & PF_W ? RILL_REGION_POINTERS : elf_rodata_class(elf));
		return;
	}
	if (!offset_of(elf, tables->code_end, &code_end) || code_end <= start || code_end > end)
		code_end = end;
	if (offset_of(elf, tables->value[DT_FINI], &fini) && fini >= code_end && fini < end &&
	    end - fini >= FINI_MOST)
		code_end = fini + FINI_MOST;
	if (end - code_end < TAIL_MOST)
		code_end = end;
	fill(elf, file, start, code_end, elf->code);
	fill(elf, file, code_end, end, elf_rodata_class(elf));
}

void elf_stripped_read(struct elf_regions *elf, const struct elf_file *file,
		       const Elf64_Ehdr *header)
{
	/* The linker's tables come first, the segments take what is left. More than so many are a
	 * damaged file, and each takes a search. */
	static const uint32_t types[] = {PT_DYNAMIC, PT_GNU_EH_FRAME, PT_LOAD};
	static const unsigned most[] = {1, 1, RILL_SEGMENTS_MAX};
	struct tables tables = {0};

	for (size_t pass = 0; pass < sizeof types / sizeof types[0]; pass++)
		for (unsigned i = 0, seen = 0; i < header->e_phnum && seen < most[pass]; i++) {
			Elf64_Phdr program;

			if (!elf_get(file, header->e_phoff + (uint64_t)i * header->e_phentsize,
				     &program, sizeof program))
				break;
			if (program.p_type != types[pass] || program.p_offset > file->n ||
			    program.p_filesz > file->n - program.p_offset)
				continue;
			seen++;
			if (program.p_type == PT_DYNAMIC) {
				read_dynamic(&tables, file, &program);
				add_linker_tables(elf, file, &tables);
			} else if (program.p_type == PT_GNU_EH_FRAME) {
				add_frames(elf, file, &tables, &program);
			} else {
				if (!(program.p_flags & (PF_W | PF_X)))
					find_go_table(elf, file, &program);
				add_segment(elf, file, &tables, &program);
			}
		}
}
