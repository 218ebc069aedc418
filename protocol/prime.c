/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/prime.h"

#include "protocol/copy_map.h"
#include "protocol/layout.h"
#include <string.h>

#define SEGMENTS 4
#define REGIONS 9

/* A shared library as Debian's compiler and linker make it, and its successor. */
static const struct rill_segment segments[2 * SEGMENTS] = {
	{0x0, 0x0, 0xa000, 0xa000},	      {0xa000, 0xa000, 0x59000, 0x59000},
	{0x63000, 0x63000, 0x28ab0, 0x28ab0}, {0x8bab0, 0x8cab0, 0x5798, 0x60e0},
	{0x0, 0x0, 0xa000, 0xa000},	      {0xa000, 0xa000, 0x59000, 0x59000},
	{0x63000, 0x63000, 0x28ab0, 0x28ab0}, {0x8bab0, 0x8cab0, 0x5798, 0x60e0},
};

static const struct rill_region regions[REGIONS] = {
	{0x2a0, 0x1bd8, {{0x1e78, 0x1ea8}}, 0, RILL_REGION_SYMBOLS},
	{0x31a0, 0x5160, {{0x2a0, 0x2a0}}, 0, RILL_REGION_RELOCATIONS},
	{0x8300, 0x1d00, {{0x2a0, 0x2a0}}, 0, RILL_REGION_RELOCATIONS},
	{0xa000, 0x59000, {{0, 0}}, 0, RILL_REGION_X64},
	{0x63000, 0x1bb4c, {{0, 0}}, 0, RILL_REGION_OFFSETS},
	{0x7eb58, 0x1558, {{0x7eb4c, 0x7eb8c}}, 0, RILL_REGION_TABLE},
	{0x800b0, 0xba00, {{0, 0}}, 0, RILL_REGION_FRAMES},
	{0x8bab0, 0x5798, {{0, 0}}, 0, RILL_REGION_POINTERS},
	{0x92000, 0x4123, {{0, 0}}, 0, RILL_REGION_A64},
};

/* Some of the copies between them: the gap before, how much the diagonal moves, the length. */
static const struct {
	uint16_t gap;
	int16_t step;
	uint32_t length;
} copies[] = {
	{0, 0, 584},	 {20, 0, 2688},	   {0, -24, 2616},   {0, -24, 5673},  {16, -17, 320},
	{0, -1, 223},	 {0, -2, 216},	   {0, -2, 161},     {0, -2, 23611},  {8, -24, 2560},
	{8, -24, 1744},	 {0, 120, 2248},   {0, -16, 1706},   {6, -16, 91885}, {0, -2, 183},
	{3, 0, 21664},	 {0, -6, 419},	   {5, -2, 3177},    {0, 0, 204135},  {7, 4, 12},
	{23, -8, 31},	 {28, -5, 17},	   {28, 13, 31},     {0, 2, 17},      {8, -5, 290},
	{29, -1117, 13}, {5, 1139, 18},	   {0, -114, 25},    {4, 143, 12},    {0, 102, 5806},
	{5, -5169, 17},	 {0, 5168, 32352}, {0, 144, 107196}, {0, -27, 36},    {4, -27, 315},
	{0, -2, 169},	 {4, -8, 58852},   {0, 31, 8504},    {8, -8, 848},    {8, -8, 688},
	{0, -31, 12928}, {58, 0, 1998},
};

static void prime_layout(struct rill_number_model *numbers, const struct rill_bit_tables *tables,
			 struct rill_coder *coder)
{
	struct rill_image image = {0, SEGMENTS, SEGMENTS, SEGMENTS, 0, 0};
	struct rill_segment segment[2 * SEGMENTS];
	struct rill_region region[REGIONS];
	struct rill_layout layout = {&image, segment, region, 1, 2 * SEGMENTS, REGIONS};
	struct rill_layout_cursor cursor = {0};
	struct rill_error ignored;

	memcpy(segment, segments, sizeof segment);
	memcpy(region, regions, sizeof region);
	for (size_t i = 0; i < 1 + 2 * SEGMENTS + REGIONS; i++)
		rill_layout_code(&layout, &cursor, numbers, tables, coder, UINT64_MAX, &ignored);
}

static void prime_copies(struct rill_number_model *numbers, const struct rill_bit_tables *tables,
			 struct rill_coder *coder)
{
	struct rill_copy_cursor cursor = {0};
	uint64_t diagonal = 0;
	struct rill_error ignored;

	for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
		struct rill_copy copy = {.output = cursor.output + copies[i].gap,
					 .length = copies[i].length};

		diagonal += (uint64_t)copies[i].step;
		copy.source = copy.output + diagonal;
		rill_copy_code(&cursor, numbers, tables, coder, UINT64_MAX, UINT64_MAX, &copy,
			       &ignored);
	}
}

void rill_prime_numbers(struct rill_number_model *numbers, const struct rill_bit_tables *tables)
{
	struct rill_coder coder;

	rill_coder_learn(&coder);
	prime_layout(numbers, tables, &coder);
	prime_copies(numbers, tables, &coder);
}
