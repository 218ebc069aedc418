/* SPDX-License-Identifier: Apache-2.0
 *
 * A small executable with a section of each class that is predicted, for arm64 or x86-64, made
 * of the same bytes on every machine.
 */
#ifndef RILL_TESTS_SAMPLE_ELF_H
#define RILL_TESTS_SAMPLE_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SIZE 8192u
#define ELF_PART 512u /* of the file, for each section */

/* The sections; each lies at its number times ELF_PART, their headers behind the last one. */
enum {
	ELF_NONE,
	ELF_TEXT,
	ELF_RODATA,
	ELF_DATA,
	ELF_SYMBOLS,
	ELF_STRINGS,
	ELF_RELA,
	ELF_HASH,
	ELF_FRAMES,
	ELF_TABLE,
	ELF_GO,
	ELF_NAMES,
	ELF_SECTIONS
};

struct elf {
	_Alignas(8) uint8_t bytes[ELF_SIZE];
	size_t n;
};

/* For `machine`, loaded at `base`; to be freed. */
struct elf *elf_make(uint16_t machine, uint64_t base);

Elf64_Ehdr *elf_header_of(struct elf *elf);
Elf64_Phdr *elf_programs_of(struct elf *elf);
Elf64_Shdr *elf_sections_of(struct elf *elf);
void elf_put_address(struct elf *elf, size_t at, uint64_t address);

#endif
