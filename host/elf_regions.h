/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads from an ELF file (System V ABI, 64 bits, little-endian, arm64 or x86-64) where its
 * segments are and what its sections hold, as far as references are predicted there. Every
 * offset is checked; of a damaged file it reports what makes sense. Without section
 * headers it goes by what the program is run by.
 */
#ifndef RILL_ELF_REGIONS_H
#define RILL_ELF_REGIONS_H

#include "protocol/layout.h"

#define ELF_REGIONS_MAX 96

struct elf_regions {
	bool known; /* an ELF file of a kind that is understood */
	bool fixed; /* loaded at the addresses that it says (ET_EXEC) */
	enum rill_region_class code; /* of its instructions */
	struct rill_segment segment[RILL_SEGMENTS_MAX];
	size_t segment_count;
	/* In the order of the file, not overlapping; `old_origin` is this file's. */
	struct rill_region region[ELF_REGIONS_MAX];
	size_t region_count;
	bool go_seen; /* Go's function table was looked at */
	uint64_t go_types, go_text; /* addresses, 0: not a Go program */
};

/* Whether a class's origin of number `k` is an offset in the file, not an address. */
bool elf_origin_is_offset(enum rill_region_class class, unsigned k);

void elf_regions_read(struct elf_regions *elf, const uint8_t *bytes, size_t n);

#endif
