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
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 8192u
#define PART 512u /* of the file, for each section */
#define GO_MAGIC 0xfffffff1u

enum { NONE, TEXT, RODATA, DATA, SYMBOLS, STRINGS, RELA, HASH, FRAMES, TABLE, GO, NAMES, SECTIONS };

struct elf {
	uint8_t bytes[SIZE];
	size_t n;
};

static Elf64_Ehdr *header_of(struct elf *elf)
{
	return (Elf64_Ehdr *)(void *)elf->bytes;
}

static Elf64_Phdr *programs_of(struct elf *elf)
{
	return (Elf64_Phdr *)(void *)(elf->bytes + sizeof(Elf64_Ehdr));
}

static Elf64_Shdr *sections_of(struct elf *elf)
{
	return (Elf64_Shdr *)(void *)(elf->bytes + SECTIONS * PART);
}

static void put_word(struct elf *elf, size_t at, uint32_t word)
{
	memcpy(elf->bytes + at, &word, 4);
}

static void put_address(struct elf *elf, size_t at, uint64_t address)
{
	memcpy(elf->bytes + at, &address, 8);
}

/* References from everywhere to everywhere; the file is loaded at `base`. */
static void fill_parts(struct elf *elf, uint16_t machine, uint64_t base)
{
	uint64_t random = 5;

	for (uint32_t i = 0; i < PART; i += 4) {
		uint32_t r = (uint32_t)(next_random(&random) >> 32) % 0x1000 & ~3u;

		put_word(elf, TEXT * PART + i,
			 machine == EM_AARCH64 ? 0x94000000u | r >> 2
			 : i % 8	       ? r
					       : 0xe8909090u);
		put_word(elf, RODATA * PART + i, 0xfffff000u + r);
		put_word(elf, TABLE * PART + i, r);
		put_word(elf, HASH * PART + i, i < 16 ? 4 : r % 20);
		put_word(elf, FRAMES * PART + i, i % 32 == 0 ? 28 : i % 32 == 4 ? i : r);
		put_word(elf, GO * PART + i, r % 200);
	}
	put_word(elf, FRAMES * PART + 4, 0);
	for (uint32_t i = 0; i < PART; i += 8)
		put_address(elf, DATA * PART + i, base + i * 8);
	for (uint32_t i = 0; i + 24 <= PART; i += 24) {
		const Elf64_Sym symbol = {.st_name = i, .st_value = base + i * 3, .st_size = 8};
		const Elf64_Rela relocation = {base + DATA * PART + i / 3 * 8,
					       ELF64_R_INFO(i / 24, 1), (int64_t)base + i * 5};

		memcpy(elf->bytes + SYMBOLS * PART + i, &symbol, 24);
		memcpy(elf->bytes + RELA * PART + i, &relocation, 24);
	}
	memset(elf->bytes + STRINGS * PART, 'a', PART);
	for (uint32_t i = 7; i < PART; i += 12)
		elf->bytes[STRINGS * PART + i] = 0;
}

/* The parts of Go's function table, and where the module data says it is. */
static void fill_go(struct elf *elf, uint64_t base)
{
	const uint64_t header[9] = {GO_MAGIC, 3, 0, 0, 72, 100, 0, 120, 160};

	memcpy(elf->bytes + GO * PART, header, sizeof header);
	put_address(elf, DATA * PART, base + GO * PART);
	put_address(elf, DATA * PART + 8, base + GO * PART + 72);
	put_address(elf, DATA * PART + 176, base + TEXT * PART);
	put_address(elf, DATA * PART + 296, base + RODATA * PART);
	put_address(elf, DATA * PART + 320, base + GO * PART + 400);
}

static struct elf *make(uint16_t machine, uint64_t base)
{
	static const struct {
		uint32_t type;
		uint64_t flags;
		const char *name;
		uint32_t link;
	} parts[SECTIONS] = {
		[TEXT] = {SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, ".text", 0},
		[RODATA] = {SHT_PROGBITS, SHF_ALLOC, ".rodata", 0},
		[DATA] = {SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, ".data", 0},
		[SYMBOLS] = {SHT_DYNSYM, SHF_ALLOC, ".dynsym", STRINGS},
		[STRINGS] = {SHT_STRTAB, SHF_ALLOC, ".dynstr", 0},
		[RELA] = {SHT_RELA, SHF_ALLOC, ".rela.dyn", SYMBOLS},
		[HASH] = {SHT_GNU_HASH, SHF_ALLOC, ".gnu.hash", SYMBOLS},
		[FRAMES] = {SHT_PROGBITS, SHF_ALLOC, ".eh_frame", 0},
		[TABLE] = {SHT_PROGBITS, SHF_ALLOC, ".eh_frame_hdr", 0},
		[GO] = {SHT_PROGBITS, SHF_ALLOC, ".gopclntab", 0},
		[NAMES] = {SHT_STRTAB, 0, ".shstrtab", 0},
	};
	struct elf *elf = calloc(1, sizeof *elf);
	uint32_t name = 1;

	assert_non_null(elf);
	elf->n = SIZE;
	*header_of(elf) = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shoff = SECTIONS * PART,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES,
	};
	programs_of(elf)[0] = (Elf64_Phdr){.p_type = PT_LOAD,
					   .p_flags = PF_X,
					   .p_vaddr = base,
					   .p_filesz = NAMES * PART,
					   .p_memsz = NAMES * PART};
	programs_of(elf)[1] = (Elf64_Phdr){.p_type = PT_LOAD,
					   .p_vaddr = base + 0x8000,
					   .p_offset = SECTIONS * PART,
					   .p_filesz = 64,
					   .p_memsz = 4096};
	fill_parts(elf, machine, base);
	fill_go(elf, base);
	for (unsigned i = 1; i < SECTIONS; i++) {
		sections_of(elf)[i] = (Elf64_Shdr){.sh_name = name,
						   .sh_type = parts[i].type,
						   .sh_flags = parts[i].flags,
						   .sh_addr = base + i * PART,
						   .sh_offset = i * PART,
						   .sh_size = PART,
						   .sh_link = parts[i].link};
		strcpy((char *)elf->bytes + NAMES * PART + name, parts[i].name);
		name += (uint32_t)strlen(parts[i].name) + 1;
	}
	return elf;
}

static size_t round_trip(const struct elf *old, const struct elf *new)
{
	struct engine_options options = ENGINE_DEFAULTS;
	struct growing delta = {0};
	uint8_t output[SIZE];
	/* Copies of their exact lengths, so that ASan sees a read beyond them. */
	uint8_t *old_bytes = malloc(old->n + !old->n), *new_bytes = malloc(new->n + !new->n);
	const uint64_t old_n = old->n, new_n = new->n;
	const struct sources sources = {old_bytes, new_bytes, old_n, new_n, &old_n, &new_n, 1, 1};
	struct craft_decode decode = {.base = old_bytes,
				      .base_length = old->n,
				      .output = output,
				      .capacity = SIZE,
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
	struct elf *old = make(machine, 0x1000), *new = make(machine, 0x1100);

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
		struct elf *old = make(machines[i], 0x1000), *new = make(machines[i], 0x1100);
		size_t with = round_trip(old, new), without;

		header_of(old)->e_machine = header_of(new)->e_machine = EM_RISCV;
		without = round_trip(old, new);
		assert_true(with < without);
		free(old);
		free(new);
	}
}

static const uint64_t numbers[] = {0,
				   1,
				   7,
				   SIZE - 1,
				   SIZE,
				   0xffff,
				   UINT32_MAX,
				   UINT64_C(1) << 32,
				   UINT64_C(1) << 63,
				   UINT64_MAX - SIZE,
				   UINT64_MAX - 63,
				   UINT64_MAX};

/* Where the field of the header, of a program header or a section header is, in two or four
 * bytes: `value` is place * 256 + width * 16 + the number. */
static void set_field(struct elf *elf, uint64_t value)
{
	size_t place = (size_t)(value >> 8), width = value >> 4 & 15;

	memcpy(elf->bytes + place, &numbers[value & 15], width);
}

static void set_fields(size_t from, const uint8_t *widths, size_t count)
{
	for (size_t i = 0; i < count; from += widths[i++])
		for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
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
	set_fields(0, widths, sizeof widths);
}

static void any_number_in_any_field_of_a_segment(void **state)
{
	static const uint8_t widths[] = {4, 4, 8, 8, 8, 8, 8, 8};

	(void)state;
	set_fields(sizeof(Elf64_Ehdr), widths, sizeof widths);
}

static void any_number_in_any_field_of_a_section(void **state)
{
	static const uint8_t widths[] = {4, 4, 8, 8, 8, 8, 4, 4, 8, 8};

	(void)state;
	for (unsigned i = 0; i < SECTIONS; i++)
		set_fields(SECTIONS * PART + i * sizeof(Elf64_Shdr), widths, sizeof widths);
}

static void cut_off(struct elf *elf, uint64_t value)
{
	elf->n = (size_t)value;
}

static void files_cut_off_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < SIZE; n += n < 70 ? 13 : 797)
		for_both(cut_off, n);
}

static void overlap(struct elf *elf, uint64_t value)
{
	for (unsigned i = 1; i < SECTIONS; i++) {
		sections_of(elf)[i].sh_offset = value ? i * 16 : 0;
		sections_of(elf)[i].sh_size = SIZE - i * value;
	}
}

static void link_to(struct elf *elf, uint64_t value)
{
	for (unsigned i = 0; i < SECTIONS; i++)
		sections_of(elf)[i].sh_link = value == 99 ? i : (uint32_t)value;
}

static void type_all(struct elf *elf, uint64_t value)
{
	for (unsigned i = 0; i < SECTIONS; i++) {
		sections_of(elf)[i].sh_type = (uint32_t)value;
		sections_of(elf)[i].sh_flags = SHF_ALLOC;
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
	for_both(link_to, RELA);
	for_both(link_to, UINT32_MAX);
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		for_both(type_all, types[i]);
}

/* The headers of all sections, or of all segments, stand one in the other. */
static void many_headers(struct elf *elf, uint64_t value)
{
	Elf64_Ehdr *header = header_of(elf);

	header->e_shnum = header->e_phnum = UINT16_MAX; /* PN_XNUM, too */
	header->e_shentsize = (uint16_t)value;
	header->e_phentsize = (uint16_t)value;
}

static void no_sections(struct elf *elf, uint64_t value)
{
	header_of(elf)->e_shnum = 0;
	header_of(elf)->e_shoff = value;
	sections_of(elf)[0].sh_size = UINT64_MAX; /* the number of sections, then */
	header_of(elf)->e_shstrndx = SHN_XINDEX;
	sections_of(elf)[0].sh_link = UINT32_MAX;
}

/* Forty loaded segments; all the same when `value` is 0. */
static void many_segments(struct elf *elf, uint64_t value)
{
	header_of(elf)->e_phnum = 40;
	header_of(elf)->e_phoff = SIZE - 40 * sizeof(Elf64_Phdr);
	for (unsigned i = 0; i < 40; i++) {
		const Elf64_Phdr program = {.p_type = PT_LOAD,
					    .p_offset = i * value,
					    .p_vaddr = i * value,
					    .p_filesz = SIZE / 2,
					    .p_memsz = UINT64_MAX};

		memcpy(elf->bytes + SIZE - (40 - i) * sizeof program, &program, sizeof program);
	}
}

static void counts_that_are_too_large_or_none(void **state)
{
	static const uint64_t sizes[] = {0, 1, 8, 63, 64, 65, UINT16_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for_both(many_headers, sizes[i]);
	for_both(no_sections, 0);
	for_both(no_sections, SECTIONS * PART);
	for_both(many_segments, 0);
	for_both(many_segments, 16);
	for_both(many_segments, UINT64_C(1) << 58);
}

/* One section's bytes all the same. */
static void fill_part(struct elf *elf, uint64_t value)
{
	memset(elf->bytes + (value >> 8) * PART, (int)(value & 255), PART);
}

/* Symbols, relocations, hashes, frames and Go's tables that lead to nowhere. */
static void contents_that_make_no_sense(void **state)
{
	static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff};

	(void)state;
	for (unsigned part = 1; part < SECTIONS; part++)
		for (size_t i = 0; i < sizeof bytes; i++)
			survives(machines[(part + i) % 2], fill_part, part << 8 | bytes[i],
				 1 + (part + (unsigned)i) % 3);
}

/* Names without an end, at the end of the file. */
static void endless_names(struct elf *elf, uint64_t value)
{
	sections_of(elf)[NAMES].sh_offset = SIZE - value;
	sections_of(elf)[STRINGS].sh_offset = SIZE - value;
	memset(elf->bytes + SIZE - 40, 'n', 40);
}

static void go_header(struct elf *elf, uint64_t value)
{
	put_address(elf, GO * PART + 8 * (size_t)(value >> 4), numbers[value & 15]);
	put_address(elf, DATA * PART + 8, 0x1000 + GO * PART + numbers[value & 15]);
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
	struct elf *arm = make(EM_AARCH64, 0x1000), *intel = make(EM_X86_64, 0x1000);

	(void)state;
	round_trip(arm, intel);
	round_trip(intel, arm);
	header_of(arm)->e_ident[EI_CLASS] = ELFCLASS32;
	round_trip(arm, intel);
	header_of(arm)->e_ident[EI_CLASS] = ELFCLASS64;
	header_of(arm)->e_ident[EI_DATA] = ELFDATA2MSB;
	round_trip(intel, arm);
	header_of(arm)->e_type = ET_REL;
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
		struct elf *small = make(EM_AARCH64, 0x1000);

		header_of(small)->e_shnum = COUNT;
		header_of(small)->e_shoff = AT;
		header_of(small)->e_shstrndx = NAMES;
		sections_of(small)[NAMES].sh_offset = NAMES * PART;
		sections_of(small)[GO].sh_type = types[i];
		sections_of(small)[GO].sh_link = GO;
		sections_of(small)[GO].sh_offset = i ? GO * PART : 0;
		sections_of(small)[GO].sh_size = BYTES;
		put_address(small, DATA * PART, 0); /* the search finds nothing */
		memset(bytes, 'x', BYTES);
		memcpy(bytes, small->bytes, SIZE);
		for (size_t k = 0; k < COUNT; k++)
			memcpy(bytes + AT + k * 64, &sections_of(small)[k == NAMES ? NAMES : GO],
			       64);
		alarm(120);
		elf_regions_read(regions, bytes, BYTES);
		symbol_slots_read(&slots, bytes, BYTES);
		alarm(0);
		assert_true(regions->region_count <= ELF_REGIONS_MAX);
		assert_true(slots.n <= BYTES / sizeof(Elf64_Rela));
		symbol_slots_free(&slots);
		free(small);
	}
	free(regions);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
