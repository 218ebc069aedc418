/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_tally.h"

#include "host/delta_apply.h"
#include <string.h>

const char *const tally_part_name[RILL_BODY_PARTS] = {
	[RILL_PART_STREAMS] = "streams",   [RILL_PART_SIZES] = "groups",
	[RILL_PART_LAYOUT] = "layout",	   [RILL_PART_COPIES] = "copies",
	[RILL_PART_LITERALS] = "literals", [RILL_PART_SPANS] = "unchanged",
	[RILL_PART_UNITS] = "corrections",
};

const char *const tally_class_name[RILL_REGION_CLASSES] = {
	[RILL_REGION_PLAIN] = "other bytes",
	[RILL_REGION_A64] = "arm64 code",
	[RILL_REGION_X64] = "x86-64 code",
	[RILL_REGION_POINTERS] = "data with addresses",
	[RILL_REGION_FRAMES] = "unwind tables",
	[RILL_REGION_TABLE] = "index of unwind tables",
	[RILL_REGION_SYMBOLS] = "symbols",
	[RILL_REGION_OFFSETS] = "data with jump tables",
	[RILL_REGION_RELOCATIONS] = "relocations",
	[RILL_REGION_HASH] = "symbol hashes",
	[RILL_REGION_GO_FUNCTIONS] = "Go functions",
	[RILL_REGION_GO_FUNCDATA] = "Go function data",
	[RILL_REGION_GO_TYPES] = "Go types",
};

const char *const tally_kind_name[RILL_KINDS] = {
	[RILL_KIND_PLAIN] = "bytes",
	[RILL_KIND_A64] = "instructions",
	[RILL_KIND_A64_BRANCH] = "calls and jumps",
	[RILL_KIND_A64_CONDITION] = "conditional jumps",
	[RILL_KIND_A64_LITERAL] = "loads of literals",
	[RILL_KIND_A64_TEST] = "bit tests",
	[RILL_KIND_A64_NEAR] = "near addresses",
	[RILL_KIND_A64_PAGE] = "pages",
	[RILL_KIND_A64_LOW_ADD] = "low parts, added",
	[RILL_KIND_A64_LOW_MEMORY] = "low parts, accessed",
	[RILL_KIND_X64] = "instructions",
	[RILL_KIND_X64_CALL] = "calls",
	[RILL_KIND_X64_JUMP] = "jumps",
	[RILL_KIND_X64_DATA] = "addresses of data",
	[RILL_KIND_POINTER] = "addresses",
	[RILL_KIND_HALF] = "words",
	[RILL_KIND_TABLE] = "distances from an origin",
	[RILL_KIND_RELATIVE] = "distances",
	[RILL_KIND_RANGE] = "lengths",
	[RILL_KIND_SIZE] = "sizes",
	[RILL_KIND_BACK] = "distances back",
	[RILL_KIND_NAME] = "names",
	[RILL_KIND_FRAME] = "instructions for unwinding",
	[RILL_KIND_INDEX] = "symbol numbers",
	[RILL_KIND_INNER] = "distances within the file",
};

/* log2 in units of 1/256, of a number that is not 0: by squaring, bit by bit. */
static uint64_t log2_of(uint32_t x)
{
	unsigned whole = rill_bit_length(x) - 1;
	uint64_t y = (uint64_t)x << (31 - whole), result = whole;

	for (unsigned i = 0; i < 8; i++) {
		y = y * y >> 31;
		result = result << 1 | y >> 32;
		y >>= y >> 32;
	}
	return result;
}

static void count_regions(struct delta_tally *tally, const struct rill_layout *layout)
{
	for (size_t i = 0; i < layout->region_count; i++) {
		tally->regions[layout->region[i].class]++;
		tally->region_bytes[layout->region[i].class] += layout->region[i].length;
	}
}

/* The last step's cost is known when the next one begins. */
static void end_step(struct delta_tally *tally, uint64_t position, uint64_t done)
{
	const struct rill_body_place *place = &tally->place;
	struct tally_item *item = &tally->item[place->part][place->class][place->kind];

	item->cost += position - tally->position;
	item->output += done - place->done;
	item->steps++;
}

static void watch(void *context, struct rill_body *body, uint64_t offset)
{
	struct delta_tally *tally = context;
	const struct rill_coder *coder = rill_body_coder(body);
	struct rill_body_place place = rill_body_place(body);
	/* A smaller range is more bits. Behind the code's end no more bytes are read. */
	uint64_t position = offset * TALLY_BYTE - log2_of(coder->range);

	if (position < tally->position || position >> 63)
		position = tally->position;
	if (tally->begun)
		end_step(tally, position, place.done);
	if (place.part >= RILL_PART_LITERALS && !tally->counted)
		count_regions(tally, place.layout);
	tally->counted = place.part >= RILL_PART_LITERALS;
	tally->begun = true;
	tally->place = place;
	tally->position = position;
}

enum rill_code delta_tally_take(struct delta_tally *tally, const struct rill_delta_header *header,
				const struct input *base, const struct input *delta,
				struct progress *progress, struct rill_error *error)
{
	const struct delta_watch watching = {watch, tally};
	struct output nowhere;
	enum rill_code code = output_open(&nowhere, "-", error);

	memset(tally, 0, sizeof *tally);
	if (code == RILL_OK)
		code = delta_apply_watched(base, delta, UINT64_MAX, &nowhere, &watching, progress,
					   error);
	if (code == RILL_OK && tally->begun)
		end_step(tally, (header->within_length + header->body_length) * TALLY_BYTE,
			 header->output_length);
	output_abandon(&nowhere);
	return code;
}
