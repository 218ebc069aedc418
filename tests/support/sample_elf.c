/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/sample_elf.h"

#include "tests/support/must.h"
#include <string.h>

#define GO_MAGIC 0xfffffff1u

Elf64_Ehdr *elf_header_of(struct elf *elf)
{
	return (Elf64_Ehdr *)(void *)elf->bytes;
}

Elf64_Phdr *elf_programs_of(struct elf *elf)
{
	return (Elf64_Phdr *)(void *)(elf->bytes + sizeof(Elf64_Ehdr));
}

Elf64_Shdr *elf_sections_of(struct elf *elf)
{
	return (Elf64_Shdr *)(void *)(elf->bytes + ELF_SECTIONS * ELF_PART);
}

static void put_word(struct elf *elf, size_t at, uint32_t word)
{
	memcpy(elf->bytes + at, &word, 4);
}

void elf_put_address(struct elf *elf, size_t at, uint64_t address)
{
	memcpy(elf->bytes + at, &address, 8);
}

/* xorshift64 */
static uint64_t next_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* References from everywhere to everywhere; the file is loaded at `base`. */
static void fill_parts(struct elf *elf, uint16_t machine, uint64_t base)
{
	uint64_t random = 5;

	for (uint32_t i = 0; i < ELF_PART; i += 4) {
		uint32_t r = (uint32_t)(next_number(&random) >> 32) % 0x1000 & ~3u;

		put_word(elf, ELF_TEXT * ELF_PART + i,
			 machine == EM_AARCH64 ? 0x94000000u | r >> 2
			 : i % 8	       ? r
					       : 0xe8909090u);
		put_word(elf, ELF_RODATA * ELF_PART + i, 0xfffff000u + r);
		put_word(elf, ELF_TABLE * ELF_PART + i, r);
		put_word(elf, ELF_HASH * ELF_PART + i, i < 16 ? 4 : r % 20);
		put_word(elf, ELF_FRAMES * ELF_PART + i, i % 32 == 0 ? 28 : i % 32 == 4 ? i : r);
		put_word(elf, ELF_GO * ELF_PART + i, r % 200);
	}
	put_word(elf, ELF_FRAMES * ELF_PART + 4, 0);
	for (uint32_t i = 0; i < ELF_PART; i += 8)
		elf_put_address(elf, ELF_DATA * ELF_PART + i, base + i * 8);
	for (uint32_t i = 0; i + 24 <= ELF_PART; i += 24) {
		const Elf64_Sym symbol = {.st_name = i, .st_value = base + i * 3, .st_size = 8};
		const Elf64_Rela relocation = {base + ELF_DATA * ELF_PART + i / 3 * 8,
					       ELF64_R_INFO(i / 24, 1), (int64_t)base + i * 5};

		memcpy(elf->bytes + ELF_SYMBOLS * ELF_PART + i, &symbol, 24);
		memcpy(elf->bytes + ELF_RELA * ELF_PART + i, &relocation, 24);
	}
	memset(elf->bytes + ELF_STRINGS * ELF_PART, 'a', ELF_PART);
	for (uint32_t i = 7; i < ELF_PART; i += 12)
		elf->bytes[ELF_STRINGS * ELF_PART + i] = 0;
}

/* The parts of Go's function table, and where the module data says it is. */
static void fill_go(struct elf *elf, uint64_t base)
{
	const uint64_t header[9] = {GO_MAGIC, 3, 0, 0, 72, 100, 0, 120, 160};

	memcpy(elf->bytes + ELF_GO * ELF_PART, header, sizeof header);
	elf_put_address(elf, ELF_DATA * ELF_PART, base + ELF_GO * ELF_PART);
	elf_put_address(elf, ELF_DATA * ELF_PART + 8, base + ELF_GO * ELF_PART + 72);
	elf_put_address(elf, ELF_DATA * ELF_PART + 176, base + ELF_TEXT * ELF_PART);
	elf_put_address(elf, ELF_DATA * ELF_PART + 296, base + ELF_RODATA * ELF_PART);
	elf_put_address(elf, ELF_DATA * ELF_PART + 320, base + ELF_GO * ELF_PART + 400);
}

struct elf *elf_make(uint16_t machine, uint64_t base)
{
	static const struct {
		uint32_t type;
		uint64_t flags;
		const char *name;
		uint32_t link;
	} parts[ELF_SECTIONS] = {
		[ELF_TEXT] = {SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, ".text", 0},
		[ELF_RODATA] = {SHT_PROGBITS, SHF_ALLOC, ".rodata", 0},
		[ELF_DATA] = {SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, ".data", 0},
		[ELF_SYMBOLS] = {SHT_DYNSYM, SHF_ALLOC, ".dynsym", ELF_STRINGS},
		[ELF_STRINGS] = {SHT_STRTAB, SHF_ALLOC, ".dynstr", 0},
		[ELF_RELA] = {SHT_RELA, SHF_ALLOC, ".rela.dyn", ELF_SYMBOLS},
		[ELF_HASH] = {SHT_GNU_HASH, SHF_ALLOC, ".gnu.hash", ELF_SYMBOLS},
		[ELF_FRAMES] = {SHT_PROGBITS, SHF_ALLOC, ".eh_frame", 0},
		[ELF_TABLE] = {SHT_PROGBITS, SHF_ALLOC, ".eh_frame_hdr", 0},
		[ELF_GO] = {SHT_PROGBITS, SHF_ALLOC, ".gopclntab", 0},
		[ELF_NAMES] = {SHT_STRTAB, 0, ".shstrtab", 0},
	};
	struct elf *elf = calloc(1, sizeof *elf);
	uint32_t name = 1;
	size_t n;

	must(elf);
	elf->n = ELF_SIZE;
	*elf_header_of(elf) = (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = machine,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shoff = ELF_SECTIONS * ELF_PART,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = ELF_SECTIONS,
		.e_shstrndx = ELF_NAMES,
	};
	elf_programs_of(elf)[0] = (Elf64_Phdr){.p_type = PT_LOAD,
					       .p_flags = PF_X,
					       .p_vaddr = base,
					       .p_filesz = ELF_NAMES * ELF_PART,
					       .p_memsz = ELF_NAMES * ELF_PART};
	elf_programs_of(elf)[1] = (Elf64_Phdr){.p_type = PT_LOAD,
					       .p_vaddr = base + 0x8000,
					       .p_offset = ELF_SECTIONS * ELF_PART,
					       .p_filesz = 64,
					       .p_memsz = 4096};
	fill_parts(elf, machine, base);
	fill_go(elf, base);
	for (unsigned i = 1; i < ELF_SECTIONS; i++) {
		elf_sections_of(elf)[i] = (Elf64_Shdr){.sh_name = name,
						       .sh_type = parts[i].type,
						       .sh_flags = parts[i].flags,
						       .sh_addr = base + i * ELF_PART,
						       .sh_offset = i * ELF_PART,
						       .sh_size = ELF_PART,
						       .sh_link = parts[i].link};
		n = strlen(parts[i].name) + 1;
		memcpy(elf->bytes + ELF_NAMES * ELF_PART + name, parts[i].name, n);
		name += (uint32_t)n;
	}
	return elf;
}
