/* SPDX-License-Identifier: Apache-2.0
 *
 * What the readers of ELF files share; elf_regions.h is for everybody else.
 */
#ifndef RILL_ELF_FILE_H
#define RILL_ELF_FILE_H

#include "host/elf_regions.h"

#include <elf.h>

#define ELF_FRAME_TABLE_HEADER 12 /* of .eh_frame_hdr, with the encodings that are usual */
#define ELF_GO_MAGIC 0xfffffff1u /* of the function table, since Go 1.20 */

struct elf_file {
	const uint8_t *bytes;
	size_t n;
};

/* A structure of the file by value; false outside the file. */
bool elf_get(const struct elf_file *file, uint64_t offset, void *to, size_t n);

/* Cut off at the file's end. */
void elf_add_region(struct elf_regions *elf, const struct elf_file *file, uint64_t start,
		    uint64_t length, uint64_t origin, enum rill_region_class class);
/* Go's function table (predict_go.c), if it is one. */
void elf_add_go_table(struct elf_regions *elf, const struct elf_file *file, uint64_t start,
		      uint64_t length, uint64_t address);
/* Of constants: jump tables count from themselves in x86-64 code that may lie anywhere. */
enum rill_region_class elf_rodata_class(const struct elf_regions *elf);

/* The regions of a file without section headers: from its segments, and what the dynamic linker
 * and the unwinder find by them (elf_stripped.c). */
void elf_stripped_read(struct elf_regions *elf, const struct elf_file *file,
		       const Elf64_Ehdr *header);

#endif
