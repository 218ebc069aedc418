/* SPDX-License-Identifier: Apache-2.0 */
#include "host/code_guess.h"

#include "protocol/reference.h"

#define BLOCK 4096u
#define LEAST_SHARE 24 /* percent of a block's words that are common instructions */
#define LEAST_CALLS 4 /* of them BL or RET */
#define LEAST_BLOCKS 4
#define GAP_BLOCKS 8 /* blocks of constants and the like within code */

/* Instructions that compiled code is full of, and other data is not. */
static bool is_common(uint32_t word)
{
	return (word & 0xfc000000u) == 0x94000000u || word == 0xd65f03c0u || /* BL, RET */
	       (word & 0x9f000000u) == 0x90000000u || /* ADRP */
	       (word & 0xffc00000u) == 0xa9000000u || (word & 0xffc00000u) == 0xa9400000u ||
	       (word & 0xffc00000u) == 0xf9400000u || (word & 0xffc00000u) == 0xb9400000u ||
	       (word & 0xffc00000u) == 0x91000000u || (word & 0xffe0ffe0u) == 0xaa0003e0u ||
	       (word & 0xff000010u) == 0x54000000u;
}

static bool is_code(const uint8_t *bytes)
{
	unsigned common = 0, calls = 0;

	for (unsigned i = 0; i < BLOCK; i += 4) {
		uint32_t word = rill_load32(bytes + i);

		common += is_common(word);
		calls += (word & 0xfc000000u) == 0x94000000u || word == 0xd65f03c0u;
	}
	return calls >= LEAST_CALLS && common * 100 >= LEAST_SHARE * (BLOCK / 4);
}

void code_guess(struct elf_regions *elf, const uint8_t *bytes, size_t n)
{
	size_t start = 0, end = 0, count = 0;

	for (size_t at = 0; at + BLOCK <= n && count < ELF_REGIONS_MAX; at += BLOCK) {
		if (!is_code(bytes + at))
			continue;
		if (end > 0 && at - end > GAP_BLOCKS * BLOCK) {
			if (end - start >= LEAST_BLOCKS * BLOCK)
				elf->region[count++] = (struct rill_region){
					.start = start,
					.length = end - start,
					.class = RILL_REGION_A64,
				};
			end = 0;
		}
		if (end == 0)
			start = at;
		end = at + BLOCK;
	}
	if (end - start >= LEAST_BLOCKS * BLOCK && count < ELF_REGIONS_MAX)
		elf->region[count++] = (struct rill_region){
			.start = start, .length = end - start, .class = RILL_REGION_A64};
	if (count == 0)
		return;
	elf->known = true;
	elf->code = RILL_REGION_A64;
	elf->segment[0] = (struct rill_segment){.file_size = n, .memory_size = n};
	elf->segment_count = 1;
	elf->region_count = count;
}
