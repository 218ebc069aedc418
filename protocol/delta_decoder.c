/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/delta_decoder.h"

#include "protocol/copy_map.h"
#include "protocol/unpack.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 32768u

struct rill_decoder {
	const struct rill_delta_header *header;
	struct rill_decoder_io io;

	/* The body as it comes: what is there of the current chunk. */
	size_t chunk, chunk_fill;
	uint8_t chunk_bytes[RILL_DELTA_CHUNK];

	/* The section being unpacked; all are done when it is section_count. */
	size_t section;
	struct rill_unpack unpack;
	bool unpacking; /* `unpack` holds resources */
	uint8_t raw[BLOCK];

	/* The copy map, whole before the data begins; then the entry at work. */
	uint8_t *map_bytes;
	size_t map_fill;
	struct rill_copy_map map;
	struct rill_copy copy; /* what is left of it */

	/* The output being written. */
	size_t output;
	uint64_t output_fill, written;
	struct rill_sha256 hash;
	uint8_t source[BLOCK];
};

/* The structure above and the header's, rounded up so that they do not depend on the machine. */
#define FIXED_MEMORY (144u << 10)
#define HEADER_MEMORY (16u << 10)
_Static_assert(sizeof(struct rill_decoder) <= FIXED_MEMORY, "FIXED_MEMORY is too small");
_Static_assert(sizeof(struct rill_delta_header) <= HEADER_MEMORY, "HEADER_MEMORY is too small");

uint64_t rill_decoder_memory(const struct rill_delta_header *header)
{
	return FIXED_MEMORY + HEADER_MEMORY + RILL_UNPACK_MEMORY +
	       (uint64_t)header->chunk_count * RILL_SHA256_SIZE + header->section[0].raw_length;
}

static bool has_expected_sections(const struct rill_delta_header *header)
{
	return header->section_count == 2 && header->section[0].kind == RILL_SECTION_COPIES &&
	       header->section[1].kind == RILL_SECTION_DATA &&
	       header->section[1].raw_length == header->output_length;
}

/* Ends each output that is complete, and those of length 0 behind it. */
static enum rill_code end_outputs(struct rill_decoder *d, struct rill_error *error)
{
	while (d->output < d->header->output_count &&
	       d->output_fill == d->header->output[d->output].length) {
		uint8_t digest[RILL_SHA256_SIZE];

		rill_sha256_finish(&d->hash, digest);
		if (memcmp(digest, d->header->output[d->output].sha256, sizeof digest) != 0)
			return rill_fail(error, RILL_CORRUPT,
					 "the result's SHA-256 is not the delta's: the base is "
					 "another one, or the delta is damaged");
		d->output++;
		d->output_fill = 0;
		rill_sha256_start(&d->hash);
	}
	return RILL_OK;
}

enum rill_code rill_decoder_new(struct rill_decoder **decoder,
				const struct rill_delta_header *header, uint64_t budget,
				struct rill_decoder_io io, struct rill_error *error)
{
	struct rill_decoder *d;

	*decoder = NULL;
	if (!has_expected_sections(header))
		return rill_fail(error, RILL_CORRUPT,
				 "the delta's sections are not a copy map and data for its output");
	if (header->memory < rill_decoder_memory(header))
		return rill_fail(error, RILL_CORRUPT,
				 "the delta states %" PRIu64 " bytes of memory but needs %" PRIu64,
				 header->memory, rill_decoder_memory(header));
	if (header->memory > budget)
		return rill_fail(error, RILL_MEMORY,
				 "the delta needs %" PRIu64 " bytes of memory; the budget is "
				 "%" PRIu64,
				 header->memory, budget);
	if (header->section[0].raw_length >= SIZE_MAX)
		return rill_fail(error, RILL_MEMORY, "the copy map does not fit this machine");
	d = calloc(1, sizeof *d);
	if (d)
		d->map_bytes = malloc((size_t)header->section[0].raw_length + 1);
	if (!d || !d->map_bytes) {
		free(d);
		return rill_fail(error, RILL_MEMORY, "no memory for the decoder");
	}
	d->header = header;
	d->io = io;
	rill_sha256_start(&d->hash);
	*decoder = d;
	return RILL_OK;
}

static enum rill_code emit(struct rill_decoder *d, const uint8_t *bytes, size_t n,
			   struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		uint64_t room;
		size_t some = n;

		code = end_outputs(d, error); /* an empty one may come first */
		if (code != RILL_OK)
			break;
		room = d->header->output[d->output].length - d->output_fill;
		if (some > room)
			some = (size_t)room;
		rill_sha256_update(&d->hash, bytes, some);
		code = d->io.write(d->io.context, d->header->base_count + d->output, bytes, some,
				   error);
		d->output_fill += some;
		d->written += some;
		bytes += some;
		n -= some;
	}
	return code;
}

/* Reads up to `n` bytes of the address space, as far as they lie in one object. */
static enum rill_code read_source(struct rill_decoder *d, uint64_t address, size_t *n,
				  struct rill_error *error)
{
	const struct rill_delta_header *h = d->header;
	size_t object = 0;
	uint64_t length;

	for (;; object++) {
		length = object < h->base_count ? h->base[object].length
						: h->output[object - h->base_count].length;
		if (address < length)
			break;
		address -= length;
	}
	if (*n > length - address)
		*n = (size_t)(length - address);
	return d->io.read(d->io.context, object, address, d->source, *n, error);
}

/* Some bytes of the entry at work: literals, or residuals on its source. */
static enum rill_code take_data(struct rill_decoder *d, uint8_t *bytes, size_t *n,
				struct rill_error *error)
{
	enum rill_code code;

	if (d->copy.literal > 0) {
		if (*n > d->copy.literal)
			*n = (size_t)d->copy.literal;
		d->copy.literal -= *n;
		return emit(d, bytes, *n, error);
	}
	if (*n > d->copy.length)
		*n = (size_t)d->copy.length;
	code = read_source(d, d->copy.source, n, error);
	if (code != RILL_OK)
		return code;
	for (size_t i = 0; i < *n; i++)
		bytes[i] = (uint8_t)(bytes[i] + d->source[i]);
	d->copy.source += *n;
	d->copy.length -= *n;
	return emit(d, bytes, *n, error);
}

static enum rill_code take_raw(struct rill_decoder *d, size_t n, struct rill_error *error)
{
	uint8_t *bytes = d->raw;

	if (d->header->section[d->section].kind == RILL_SECTION_COPIES) {
		memcpy(d->map_bytes + d->map_fill, bytes, n);
		d->map_fill += n;
		return RILL_OK;
	}
	while (n > 0) {
		size_t some = n;
		enum rill_code code = RILL_OK;

		if (d->copy.literal == 0 && d->copy.length == 0)
			code = rill_copy_map_next(&d->map, &d->copy, error);
		if (code == RILL_OK)
			code = take_data(d, bytes, &some, error);
		if (code != RILL_OK)
			return code;
		bytes += some;
		n -= some;
	}
	return RILL_OK;
}

static enum rill_code end_section(struct rill_decoder *d, struct rill_error *error)
{
	enum rill_code code = rill_unpack_finish(&d->unpack, error);

	rill_unpack_end(&d->unpack);
	d->unpacking = false;
	if (code == RILL_OK && d->header->section[d->section].kind == RILL_SECTION_COPIES) {
		d->map = rill_copy_map(d->map_bytes, d->map_fill, d->header->base_length,
				       d->header->output_length);
		code = rill_copy_map_check(d->map, error);
	}
	d->section++;
	return code;
}

/* Unpacks what it can. A section ends when its coded bytes are taken and nothing more
 * comes out; so an empty one ends at once, and the last one with the last chunk. */
static enum rill_code decode(struct rill_decoder *d, struct rill_reader *in,
			     struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && d->section < d->header->section_count) {
		const struct rill_section *section = &d->header->section[d->section];
		size_t produced = 0;

		if (!d->unpacking) {
			code = rill_unpack_start(&d->unpack, section, error);
			d->unpacking = true;
		}
		if (code == RILL_OK)
			code = rill_unpack(&d->unpack, in, d->raw, sizeof d->raw, &produced, error);
		if (code == RILL_OK)
			code = take_raw(d, produced, error);
		if (code != RILL_OK || produced == sizeof d->raw)
			continue;
		if (d->unpack.coded < section->coded_length)
			break; /* the rest comes with the next chunk */
		code = end_section(d, error);
	}
	return code;
}

/* The chunk is complete: check it, then let the decoder see it. */
static enum rill_code end_chunk(struct rill_decoder *d, struct rill_error *error)
{
	struct rill_reader in = rill_reader(d->chunk_bytes, d->chunk_fill);
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256(d->chunk_bytes, d->chunk_fill, digest);
	if (memcmp(digest, d->header->chunk_sha256 + d->chunk * RILL_SHA256_SIZE, sizeof digest) !=
	    0)
		return rill_fail(
			error, RILL_CORRUPT,
			"chunk %zu of the delta (offset %" PRIu64 ") is damaged: fetch it again",
			d->chunk, d->header->length + (uint64_t)d->chunk * RILL_DELTA_CHUNK);
	d->chunk++;
	d->chunk_fill = 0;
	return decode(d, &in, error);
}

enum rill_code rill_decoder_feed(struct rill_decoder *d, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	while (n > 0) {
		uint64_t left = d->header->body_length - (uint64_t)d->chunk * RILL_DELTA_CHUNK;
		size_t size = left < RILL_DELTA_CHUNK ? (size_t)left : RILL_DELTA_CHUNK;
		size_t some = size - d->chunk_fill;
		enum rill_code code = RILL_OK;

		if (d->chunk == d->header->chunk_count)
			return rill_fail(error, RILL_CORRUPT, "bytes after the delta's end");
		if (some > n)
			some = n;
		memcpy(d->chunk_bytes + d->chunk_fill, bytes, some);
		d->chunk_fill += some;
		bytes += some;
		n -= some;
		if (d->chunk_fill == size)
			code = end_chunk(d, error);
		if (code != RILL_OK)
			return code;
	}
	return RILL_OK;
}

uint64_t rill_decoder_written(const struct rill_decoder *decoder)
{
	return decoder->written;
}

enum rill_code rill_decoder_finish(struct rill_decoder *d, struct rill_error *error)
{
	struct rill_reader nothing = rill_reader(d->chunk_bytes, 0);
	enum rill_code code;

	if (d->chunk < d->header->chunk_count)
		return rill_fail(error, RILL_CORRUPT,
				 "the delta ends after %" PRIu64 " of %" PRIu64
				 " bytes of its body",
				 (uint64_t)d->chunk * RILL_DELTA_CHUNK + d->chunk_fill,
				 d->header->body_length);
	code = decode(d, &nothing, error); /* a body of no bytes has its sections still to end */
	if (code == RILL_OK)
		code = end_outputs(d, error);
	if (code == RILL_OK &&
	    (d->section < d->header->section_count || d->output < d->header->output_count))
		code = rill_fail(error, RILL_CORRUPT, "the delta's sections are incomplete");
	return code;
}

void rill_decoder_free(struct rill_decoder *decoder)
{
	if (!decoder)
		return;
	if (decoder->unpacking)
		rill_unpack_end(&decoder->unpack);
	free(decoder->map_bytes);
	free(decoder);
}
