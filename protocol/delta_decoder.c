/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/delta_decoder.h"

#include "protocol/delta_body.h"
#include "protocol/unpacked.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct rill_decoder {
	const struct rill_delta_header *header;
	struct rill_decoder_io io;

	/* The body as it comes: code that waits, then what is there of the current chunk. */
	size_t chunk, waiting, chunk_fill;
	uint8_t code[RILL_BODY_STEP + RILL_DELTA_CHUNK];

	bool started;
	struct rill_body *body;
	void (*watch)(void *context, struct rill_body *body, uint64_t offset); /* or NULL */
	void *watch_context;
	struct rill_packing packing;
	struct rill_unpacked *unpacked;

	/* The output being written. */
	size_t output;
	uint64_t output_fill, written;
	struct rill_sha256 hash;
};

/* The structure above and the header's, rounded up so that they do not depend on the machine. */
#define FIXED_MEMORY (80u << 10)
#define HEADER_MEMORY (24u << 10)
_Static_assert(sizeof(struct rill_decoder) <= FIXED_MEMORY, "FIXED_MEMORY is too small");
_Static_assert(sizeof(struct rill_delta_header) <= HEADER_MEMORY, "HEADER_MEMORY is too small");

static struct rill_body_size body_size(const struct rill_delta_header *header)
{
	return (struct rill_body_size){
		.most_entries = header->most_entries,
		.most_copies = header->most_copies,
		.most_streams = header->most_streams,
		.largest_stream = header->largest_stream,
		.base_length = header->base_length,
		.output_length = header->output_length,
	};
}

uint64_t rill_decoder_memory(const struct rill_delta_header *header)
{
	struct rill_body_size size = body_size(header);

	return FIXED_MEMORY + HEADER_MEMORY + (uint64_t)header->chunk_count * RILL_CHUNK_HASH_SIZE +
	       header->within_length + rill_body_memory(&size) +
	       rill_packing_memory(header->most_streams, header->largest_stream);
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

/* The body's output goes to the objects in turn. */
static enum rill_code write_output(void *context, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct rill_decoder *d = context;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		uint64_t room;
		size_t some = n;

		code = end_outputs(d, error); /* an empty one may come first */
		if (code == RILL_OK && d->output == d->header->output_count)
			code = rill_fail(error, RILL_CORRUPT, "the result is longer than it says");
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

/* Reads of one side may go over the borders of objects. */
static enum rill_code read_objects(void *context, bool of_output, uint64_t offset, uint8_t *bytes,
				   size_t n, struct rill_error *error)
{
	struct rill_decoder *d = context;
	const struct rill_delta_header *h = d->header;
	const struct rill_object *objects = of_output ? h->output : h->base;
	size_t count = of_output ? h->output_count : h->base_count;
	enum rill_code code = RILL_OK;

	if (of_output && (offset > d->written || n > d->written - offset))
		return rill_fail(error, RILL_CORRUPT, "a read of what is not written yet");
	for (size_t i = 0; n > 0 && code == RILL_OK; i++) {
		size_t some = n;

		if (i == count)
			return rill_fail(error, RILL_CORRUPT, "a read behind the last object");
		if (offset >= objects[i].length) {
			offset -= objects[i].length;
			continue;
		}
		if (some > objects[i].length - offset)
			some = (size_t)(objects[i].length - offset);
		code = d->io.read(d->io.context, of_output ? h->base_count + i : i, offset, bytes,
				  some, error);
		bytes += some;
		n -= some;
		offset = 0;
	}
	return code;
}

static enum rill_code read_source(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	struct rill_decoder *d = context;

	return rill_unpacked_read(d->unpacked, offset, bytes, n, error);
}

static enum rill_code write_body(void *context, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	struct rill_decoder *d = context;

	return rill_unpacked_write(d->unpacked, bytes, n, error);
}

enum rill_code rill_decoder_check_memory(const struct rill_delta_header *header, uint64_t budget,
					 struct rill_error *error)
{
	uint64_t memory = rill_decoder_memory(header);

	if (memory > budget || memory > SIZE_MAX / 2)
		return rill_fail(error, RILL_MEMORY,
				 "the delta needs %" PRIu64 " bytes of memory; the budget is "
				 "%" PRIu64,
				 memory, budget);
	return RILL_OK;
}

enum rill_code rill_decoder_new(struct rill_decoder **decoder,
				const struct rill_delta_header *header, uint64_t budget,
				struct rill_decoder_io io, struct rill_error *error)
{
	struct rill_body_size size = body_size(header);
	struct rill_body_io body_io = {.write = write_body};
	struct rill_decoder *d;
	enum rill_code code = rill_decoder_check_memory(header, budget, error);

	*decoder = NULL;
	if (code != RILL_OK)
		return code;
	d = calloc(1, sizeof *d);
	if (!d)
		return rill_fail(error, RILL_MEMORY, "no memory for the decoder");
	d->header = header;
	d->io = io;
	body_io.context = d;
	body_io.source = (struct rill_source){.context = d, .read = read_source};
	body_io.packing = &d->packing;
	rill_sha256_start(&d->hash);
	code = rill_body_new(&d->body, &size, &body_io, error);
	if (code == RILL_OK)
		code = rill_packing_new(&d->packing, (size_t)header->most_streams,
					header->base_length, header->output_length, error);
	if (code == RILL_OK)
		code = rill_unpacked_new(&d->unpacked, &d->packing, header->largest_stream,
					 (struct rill_packed_io){.context = d,
								 .read = read_objects,
								 .write = write_output},
					 error);
	if (code != RILL_OK) {
		rill_decoder_free(d);
		return code;
	}
	*decoder = d;
	return RILL_OK;
}

void rill_decoder_watch(struct rill_decoder *d,
			void (*watch)(void *context, struct rill_body *body, uint64_t offset),
			void *context)
{
	d->watch = watch;
	d->watch_context = context;
}

/* One step; `left` bytes of the chunks so far are not used yet. */
static enum rill_code step(struct rill_decoder *d, size_t left, struct rill_error *error)
{
	uint64_t given = (uint64_t)d->chunk * RILL_DELTA_CHUNK;
	uint64_t length = d->header->within_length + d->header->body_length;

	if (d->watch)
		d->watch(d->watch_context, d->body,
			 (d->chunk > 0 && given < length ? given : length) - left);
	return rill_body_step(d->body, error);
}

/* Decodes what it can of `n` bytes of code at hand, which are the `last` ones or not; what
 * waits for more is moved to the front. */
static enum rill_code decode(struct rill_decoder *d, size_t n, bool last, struct rill_error *error)
{
	struct rill_coder *coder = rill_body_coder(d->body);
	const uint8_t *end = d->code + n;
	enum rill_code code = RILL_OK;

	if (d->started || last || n >= RILL_BODY_STEP) {
		if (!d->started)
			rill_coder_decode(coder, d->code, end);
		else
			coder->at = d->code;
		d->started = true;
		coder->end = end;
		while (code == RILL_OK && !rill_body_done(d->body) &&
		       (last || (size_t)(end - coder->at) >= RILL_BODY_STEP))
			code = step(d, (size_t)(end - coder->at), error);
		d->waiting = (size_t)(end - coder->at);
		memmove(d->code, coder->at, d->waiting);
	} else {
		d->waiting = n;
	}
	if (code == RILL_OK && rill_body_done(d->body) && (!last || d->waiting > 0))
		code = rill_fail(error, RILL_CORRUPT, "the delta's code goes on after its end");
	return code;
}

/* The chunk is complete: check it, then let the body see it. */
static enum rill_code end_chunk(struct rill_decoder *d, struct rill_error *error)
{
	const uint8_t *bytes = d->code + d->waiting;
	uint8_t digest[RILL_SHA256_SIZE];
	size_t n = d->chunk_fill;

	rill_sha256(bytes, n, digest);
	if (memcmp(digest, d->header->chunk_sha256 + d->chunk * RILL_CHUNK_HASH_SIZE,
		   RILL_CHUNK_HASH_SIZE) != 0)
		return rill_fail(
			error, RILL_CORRUPT,
			"chunk %zu of the delta (offset %" PRIu64 ") is damaged: fetch it again",
			d->chunk, d->header->length + (uint64_t)d->chunk * RILL_DELTA_CHUNK);
	d->chunk++;
	d->chunk_fill = 0;
	return decode(d, d->waiting + n, d->chunk == d->header->chunk_count, error);
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
		memcpy(d->code + d->waiting + d->chunk_fill, bytes, some);
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
	enum rill_code code;

	if (d->chunk < d->header->chunk_count)
		return rill_fail(error, RILL_CORRUPT,
				 "the delta ends after %" PRIu64 " of %" PRIu64
				 " bytes of its body",
				 (uint64_t)d->chunk * RILL_DELTA_CHUNK + d->chunk_fill,
				 d->header->body_length);
	if (d->header->within_length > 0) {
		memcpy(d->code, d->header->within, d->header->within_length);
		d->waiting = d->header->within_length;
	}
	code = decode(d, d->waiting, true, error); /* a body of no bytes means something, too */
	if (code == RILL_OK)
		code = end_outputs(d, error);
	if (code == RILL_OK && d->output < d->header->output_count)
		code = rill_fail(error, RILL_CORRUPT, "the result is shorter than it says");
	return code;
}

void rill_decoder_free(struct rill_decoder *decoder)
{
	if (!decoder)
		return;
	rill_body_free(decoder->body);
	rill_unpacked_free(decoder->unpacked);
	rill_packing_free(&decoder->packing);
	free(decoder);
}
