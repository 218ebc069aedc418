/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_tally.h"

#include "host/scratch.h"
#include "protocol/delta_decoder.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

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
	tally->images += layout->image_count;
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

struct storage {
	const struct input *base;
	int output;
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct storage *storage = context;

	if (object == 0) {
		memcpy(bytes, storage->base->bytes + offset, n);
		return RILL_OK;
	}
	if (pread(storage->output, bytes, n, (off_t)offset) != (ssize_t)n)
		return rill_fail(error, RILL_IO, "scratch file: read: %s", strerror(errno));
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	const struct storage *storage = context;

	(void)object; /* there is one output */
	return scratch_write(storage->output, bytes, n, error);
}

static enum rill_code check_base(const struct rill_delta_header *header, const struct input *base,
				 struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];

	if (header->base_count != 1 || header->output_count != 1)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "the delta is of %zu bases and %zu outputs; a file has one each",
				 header->base_count, header->output_count);
	rill_sha256(base->bytes, base->length, digest);
	if (base->length == header->base[0].length &&
	    memcmp(digest, header->base[0].sha256, sizeof digest) == 0)
		return RILL_OK;
	rill_hex(header->base[0].sha256, RILL_SHA256_SIZE, hex);
	return rill_fail(error, RILL_WRONG_BASE,
			 "not the base of this delta, which has %llu bytes and SHA-256 %s",
			 (unsigned long long)header->base[0].length, hex);
}

static enum rill_code decode(struct rill_decoder *decoder, const struct rill_delta_header *header,
			     const struct input *delta, struct progress *progress,
			     struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t at = header->length; code == RILL_OK && at < delta->length;) {
		size_t some = delta->length - at;

		if (some > RILL_DELTA_CHUNK)
			some = RILL_DELTA_CHUNK;
		code = rill_decoder_feed(decoder, delta->bytes + at, some, error);
		at += some;
		progress_show(progress, rill_decoder_written(decoder), header->output_length);
	}
	return code == RILL_OK ? rill_decoder_finish(decoder, error) : code;
}

enum rill_code delta_tally_take(struct delta_tally *tally, const struct rill_delta_header *header,
				const struct input *base, const struct input *delta,
				struct progress *progress, struct rill_error *error)
{
	struct storage storage = {.base = base, .output = -1};
	const struct rill_decoder_io io = {&storage, read_object, write_object};
	struct rill_decoder *decoder = NULL;
	enum rill_code code = check_base(header, base, error);

	memset(tally, 0, sizeof *tally);
	if (code == RILL_OK)
		code = scratch_open(&storage.output, NULL, error);
	if (code == RILL_OK)
		code = rill_decoder_new(&decoder, header, UINT64_MAX, io, error);
	if (code == RILL_OK) {
		rill_decoder_watch(decoder, watch, tally);
		code = decode(decoder, header, delta, progress, error);
	}
	if (code == RILL_OK && tally->begun)
		end_step(tally, (header->within_length + header->body_length) * TALLY_BYTE,
			 header->output_length);
	rill_decoder_free(decoder);
	if (storage.output >= 0)
		close(storage.output);
	return code;
}
