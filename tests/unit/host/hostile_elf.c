/* SPDX-License-Identifier: Apache-2.0
 *
 * Executables that are damaged or made to mislead: the encoder makes of them what it can, and
 * the delta gives the new file, byte for byte. They are tried as the old file, as the new one,
 * and as both.
 */
#include "tests/unit/support.h"

#include "host/elf_regions.h"
#include "host/engine.h"
#include "host/symbol_slots.h"
#include "tests/support/craft.h"
#include "tests/support/sample_elf.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t round_trip(const struct elf *old, const struct elf *new)
{
	struct engine_options options = ENGINE_DEFAULTS;
	struct growing delta = {0};
	uint8_t output[ELF_SIZE];
	/* Copies of their exact lengths, so that ASan sees a read beyond them. */
	uint8_t *old_bytes = malloc(old->n + !old->n), *new_bytes = malloc(new->n + !new->n);
	const uint64_t old_n = old->n, new_n = new->n;
	const struct sources sources = {.old = old_bytes,
					.new = new_bytes,
					.old_n = old_n,
					.new_n = new_n,
					.old_object = &old_n,
					.new_object = &new_n,
					.old_objects = 1,
					.new_objects = 1};
	struct craft_decode decode = {.base = old_bytes,
				      .base_length = old->n,
				      .output = output,
				      .capacity = ELF_SIZE,
				      .budget = ENGINE_DECODER_MEMORY,
				      .piece = 1000,
				      .base_alone = true};
	struct rill_error error;
	size_t n;

	assert_non_null(old_bytes);
	assert_non_null(new_bytes);
	memcpy(old_bytes, old->bytes, old->n);
	memcpy(new_bytes, new->bytes, new->n);
	options.passes = 1;
	assert_ok(encode_delta(&sources, &options, &delta, NULL, &error), &error);
	assert_ok(craft_decode(&decode, delta.bytes, delta.n, &error), &error);
	assert_int_equal(decode.written, new->n);
	assert_memory_equal(output, new->bytes, new->n);
	n = delta.n;
	growing_free(&delta);
	free(old_bytes);
	free(new_bytes);
	return n;
}

typedef void (*damage_function)(struct elf *elf, uint64_t value);

enum { OLD = 1, NEW = 2, BOTH = 3 };

/* Damages the old file, the new one, or both. */
static void survives(uint16_t machine, damage_function damage, uint64_t value, unsigned which)
{
	struct elf *old = elf_make(machine, 0x1000), *new = elf_make(machine, 0x1100);

	if (which & OLD)
		damage(old, value);
	if (which & NEW)
		damage(new, value);
	round_trip(old, new);
	free(old);
	free(new);
}

static const uint16_t machines[] = {EM_AARCH64, EM_X86_64};

static void for_both(damage_function damage, uint64_t value)
{
	for (unsigned which = OLD; which <= BOTH; which++) {
		survives(EM_AARCH64, damage, value, which);
		survives(EM_X86_64, damage, value, which);
	}
}

/* The synthetic files are read as they are meant: references cost next to nothing. */
static void good_files_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct elf *old = elf_make(machines[i], 0x1000),
			   *new = elf_make(machines[i], 0x1100);
		size_t with = round_trip(old, new), without;

		elf_header_of(old)->e_machine = elf_header_of(new)->e_machine = EM_RISCV;
		without = round_trip(old, new);
		assert_true(with < without);
		free(old);
		free(new);
	}
}

static const uint64_t numbers[] = {0,
				   1,
				   7,
				   ELF_SIZE - 1,
				   ELF_SIZE,
				   0xffff,
				   UINT32_MAX,
				   UINT64_C(1) << 32,
				   UINT64_C(1) << 63,
				   UINT64_MAX - ELF_SIZE,
				   UINT64_MAX - 63,
				   UINT64_MAX};

/* Where the field of the header, of a program header or a section header is, in two or four
 * bytes: `value` is place * 256 + width * 16 + the number. */
static void set_field(struct elf *elf, uint64_t value)
{
	size_t place = (size_t)(value >> 8), width = value >> 4 & 15;

	memcpy(elf->bytes + place, &numbers[value & 15], width);
}

/* Each `step`th number only, another one first in each field. */
static void set_fields(size_t from, const uint8_t *widths, size_t count, size_t step)
{
	for (size_t i = 0; i < count; from += widths[i++])
		for (size_t k = (from / 4 + i) % step; k < sizeof numbers / sizeof numbers[0];
		     k += step)
			if (widths[i] > 2 || k < 7)
				survives(machines[(i + k) % 2], set_field,
					 from << 8 | (uint64_t)widths[i] << 4 | k,
					 1 + (unsigned)(from + k) % 3);
}

static void any_number_in_any_field_of_the_header(void **state)
{
	static const uint8_t widths[] = {1, 1, 1, 1, 1, 1, 1, 1, 8, 2, 2,
					 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2};

	(void)state;
	set_fields(0, widths, sizeof widths, 1);
}

static void any_number_in_any_field_of_a_segment(void **state)
{
	static const uint8_t widths[] = {4, 4, 8, 8, 8, 8, 8, 8};

	(void)state;
	set_fields(sizeof(Elf64_Ehdr), widths, sizeof widths, 1);
}

static void any_number_in_any_field_of_a_section(void **state)
{
	static const uint8_t widths[] = {4, 4, 8, 8, 8, 8, 4, 4, 8, 8};

	(void)state;
	for (unsigned i = 0; i < ELF_SECTIONS; i++)
		set_fields(ELF_SECTIONS * ELF_PART + i * sizeof(Elf64_Shdr), widths, sizeof widths,
			   4);
}

static void cut_off(struct elf *elf, uint64_t value)
{
	elf->n = (size_t)value;
}

static void files_cut_off_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < ELF_SIZE; n += n < 70 ? 13 : 797)
		for_both(cut_off, n);
}

static void overlap(struct elf *elf, uint64_t value)
{
	for (unsigned i = 1; i < ELF_SECTIONS; i++) {
		elf_sections_of(elf)[i].sh_offset = value ? i * 16 : 0;
		elf_sections_of(elf)[i].sh_size = ELF_SIZE - i * value;
	}
}

static void link_to(struct elf *elf, uint64_t value)
{
	for (unsigned i = 0; i < ELF_SECTIONS; i++)
		elf_sections_of(elf)[i].sh_link = value == 99 ? i : (uint32_t)value;
}

static void type_all(struct elf *elf, uint64_t value)
{
	for (unsigned i = 0; i < ELF_SECTIONS; i++) {
		elf_sections_of(elf)[i].sh_type = (uint32_t)value;
		elf_sections_of(elf)[i].sh_flags = SHF_ALLOC;
	}
}

static void sections_that_overlap_and_links_in_circles(void **state)
{
	static const uint32_t types[] = {SHT_SYMTAB,   SHT_RELA,   SHT_GNU_HASH, SHT_STRTAB,
					 SHT_PROGBITS, SHT_NOBITS, SHT_NULL};

	(void)state;
	for (uint64_t i = 0; i < 3; i++)
		for_both(overlap, i);
	for_both(link_to, 99);
	for_both(link_to, ELF_RELA);
	for_both(link_to, UINT32_MAX);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		for_both(type_all, types[i]);
}

/* The headers of all sections, or of all segments, stand one in the other. */
static void many_headers(struct elf *elf, uint64_t value)
{
	Elf64_Ehdr *header = elf_header_of(elf);

	header->e_shnum = header->e_phnum = UINT16_MAX; /* PN_XNUM, too */
	header->e_shentsize = (uint16_t)value;
	header->e_phentsize = (uint16_t)value;
}

static void no_sections(struct elf *elf, uint64_t value)
{
	elf_header_of(elf)->e_shnum = 0;
	elf_header_of(elf)->e_shoff = value;
	elf_sections_of(elf)[0].sh_size = UINT64_MAX; /* the number of sections, then */
	elf_header_of(elf)->e_shstrndx = SHN_XINDEX;
	elf_sections_of(elf)[0].sh_link = UINT32_MAX;
}

/* Forty loaded segments; all the same when `value` is 0. */
static void many_segments(struct elf *elf, uint64_t value)
{
	elf_header_of(elf)->e_phnum = 40;
	elf_header_of(elf)->e_phoff = ELF_SIZE - 40 * sizeof(Elf64_Phdr);
	for (unsigned i = 0; i < 40; i++) {
		const Elf64_Phdr program = {.p_type = PT_LOAD,
					    .p_offset = i * value,
					    .p_vaddr = i * value,
					    .p_filesz = ELF_SIZE / 2,
					    .p_memsz = UINT64_MAX};

		memcpy(elf->bytes + ELF_SIZE - (40 - i) * sizeof program, &program, sizeof program);
	}
}

static void counts_that_are_too_large_or_none(void **state)
{
	static const uint64_t sizes[] = {0, 1, 8, 63, 64, 65, UINT16_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for_both(many_headers, sizes[i]);
	for_both(no_sections, 0);
	for_both(no_sections, ELF_SECTIONS * ELF_PART);
	for_both(many_segments, 0);
	for_both(many_segments, 16);
	for_both(many_segments, UINT64_C(1) << 58);
}

/* One section's bytes all the same. */
static void fill_part(struct elf *elf, uint64_t value)
{
	memset(elf->bytes + (value >> 8) * ELF_PART, (int)(value & 255), ELF_PART);
}

/* Symbols, relocations, hashes, frames and Go's tables that lead to nowhere. */
static void contents_that_make_no_sense(void **state)
{
	static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff};

	(void)state;
	for (unsigned part = 1; part < ELF_SECTIONS; part++)
		for (size_t i = 0; i < sizeof bytes; i++)
			survives(machines[(part + i) % 2], fill_part, part << 8 | bytes[i],
				 1 + (part + (unsigned)i) % 3);
}

/* Names without an end, at the end of the file. */
static void endless_names(struct elf *elf, uint64_t value)
{
	elf_sections_of(elf)[ELF_NAMES].sh_offset = ELF_SIZE - value;
	elf_sections_of(elf)[ELF_STRINGS].sh_offset = ELF_SIZE - value;
	memset(elf->bytes + ELF_SIZE - 40, 'n', 40);
}

static void go_header(struct elf *elf, uint64_t value)
{
	elf_put_address(elf, ELF_GO * ELF_PART + 8 * (size_t)(value >> 4), numbers[value & 15]);
	elf_put_address(elf, ELF_DATA * ELF_PART + 8,
			0x1000 + ELF_GO * ELF_PART + numbers[value & 15]);
}

static void names_and_tables_at_the_edges(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 40; n += 13)
		for_both(endless_names, n);
	for (uint64_t field = 0; field < 9; field++)
		for (uint64_t k = 0; k < sizeof numbers / sizeof numbers[0]; k += 2)
			survives(machines[k / 2 % 2], go_header, field << 4 | (k + field % 2),
				 1 + (unsigned)k % 3);
}

static void files_of_different_kinds(void **state)
{
	struct elf *arm = elf_make(EM_AARCH64, 0x1000), *intel = elf_make(EM_X86_64, 0x1000);

	(void)state;
	round_trip(arm, intel);
	round_trip(intel, arm);
	elf_header_of(arm)->e_ident[EI_CLASS] = ELFCLASS32;
	round_trip(arm, intel);
	elf_header_of(arm)->e_ident[EI_CLASS] = ELFCLASS64;
	elf_header_of(arm)->e_ident[EI_DATA] = ELFDATA2MSB;
	round_trip(intel, arm);
	elf_header_of(arm)->e_type = ET_REL;
	round_trip(arm, intel);
	free(arm);
	free(intel);
}

/* Each of 65,534 section headers says that its section is the whole file of 6 MB, where every
 * relocation has a name that never ends, and every Go table must be searched for. */
static void headers_that_ask_for_endless_work(void **state)
{
	static const uint32_t types[] = {SHT_RELA, SHT_PROGBITS};
	enum { COUNT = 0xfffe, BYTES = 6 << 20, AT = BYTES - COUNT * 64 };
	uint8_t *bytes = malloc(BYTES);
	struct elf_regions *regions = malloc(sizeof *regions);
	struct symbol_slots slots;

	(void)state;
	assert_non_null(bytes);
	assert_non_null(regions);
	for (size_t i = 0; i < 2; i++) {
		struct elf *small = elf_make(EM_AARCH64, 0x1000);

		elf_header_of(small)->e_shnum = COUNT;
		elf_header_of(small)->e_shoff = AT;
		elf_header_of(small)->e_shstrndx = ELF_NAMES;
		elf_sections_of(small)[ELF_NAMES].sh_offset = ELF_NAMES * ELF_PART;
		elf_sections_of(small)[ELF_GO].sh_type = types[i];
		elf_sections_of(small)[ELF_GO].sh_link = ELF_GO;
		elf_sections_of(small)[ELF_GO].sh_offset = i ? ELF_GO * ELF_PART : 0;
		elf_sections_of(small)[ELF_GO].sh_size = BYTES;
		elf_put_address(small, ELF_DATA * ELF_PART, 0); /* the search finds nothing */
		memset(bytes, 'x', BYTES);
		memcpy(bytes, small->bytes, ELF_SIZE);
		for (size_t k = 0; k < COUNT; k++)
			memcpy(bytes + AT + k * 64,
			       &elf_sections_of(small)[k == ELF_NAMES ? ELF_NAMES : ELF_GO], 64);
		alarm(120);
		elf_regions_read(regions, bytes, BYTES);
		symbol_slots_read(&slots, regions, bytes, BYTES);
		alarm(0);
		assert_true(regions->region_count <= ELF_REGIONS_MAX);
		assert_true(slots.n <= BYTES / sizeof(Elf64_Rela));
		symbol_slots_free(&slots);
		free(small);
	}
	free(regions);
	free(bytes);
}

/* Without section headers: each of 65,534 program headers says that its segment is the whole file,
 * full of Go's magic numbers, of frames without an end, or of symbols in one chain. */
static void segments_that_ask_for_endless_work(void **state)
{
	static const uint32_t types[] = {PT_LOAD, PT_GNU_EH_FRAME, PT_DYNAMIC};
	static const uint8_t magic[8] = {0xf1, 0xff, 0xff, 0xff, 0, 0, 4, 8};
	enum { COUNT = 0xfffe, BYTES = 8 << 20, AT = BYTES - COUNT * 56 };
	uint8_t *bytes = malloc(BYTES);
	struct elf_regions *regions = malloc(sizeof *regions);

	(void)state;
	assert_non_null(bytes);
	assert_non_null(regions);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		struct elf *small = elf_make(EM_AARCH64, 0x1000);
		Elf64_Ehdr *header = elf_header_of(small);
		Elf64_Phdr program = {.p_type = types[i],
				      .p_flags = PF_R,
				      .p_vaddr = 0x1000,
				      .p_filesz = BYTES,
				      .p_memsz = BYTES};

		for (size_t at = 0; at < BYTES; at += 8)
			memcpy(bytes + at, magic, sizeof magic);
		header->e_shnum = 0;
		header->e_shoff = 0;
		header->e_phnum = COUNT;
		header->e_phoff = AT;
		memcpy(bytes, small->bytes, sizeof *header);
		for (size_t k = 0; k < COUNT; k++)
			memcpy(bytes + AT + k * sizeof program, &program, sizeof program);
		alarm(60);
		elf_regions_read(regions, bytes, BYTES);
		alarm(0);
		assert_true(regions->region_count <= ELF_REGIONS_MAX);
		free(small);
	}
	free(regions);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_that_ask_for_endless_work),
		cmocka_unit_test(good_files_are_understood),
		cmocka_unit_test(any_number_in_any_field_of_the_header),
		cmocka_unit_test(any_number_in_any_field_of_a_segment),
		cmocka_unit_test(any_number_in_any_field_of_a_section),
		cmocka_unit_test(files_cut_off_anywhere),
		cmocka_unit_test(sections_that_overlap_and_links_in_circles),
		cmocka_unit_test(counts_that_are_too_large_or_none),
		cmocka_unit_test(contents_that_make_no_sense),
		cmocka_unit_test(names_and_tables_at_the_edges),
		cmocka_unit_test(files_of_different_kinds),
		cmocka_unit_test(headers_that_ask_for_endless_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
