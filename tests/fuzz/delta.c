/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole delta file, with the chunk hashes and the memory put right so that the decoder is
 * reached. The base has bytes made up from their place; reads and writes must stay within
 * what the header names, and in the order that delta_decoder.h promises.
 */
#include "protocol/delta_decoder.h"
#include "tests/support/must.h"

#include <string.h>

struct storage {
	const struct rill_delta_header *header;
	uint64_t written; /* of all outputs, one after another */
};

/* Where an output begins; `object` is one of the header's. */
static uint64_t begin_of(const struct rill_delta_header *header, size_t object)
{
	uint64_t begin = 0;

	for (size_t i = 0; header->base_count + i < object; i++)
		begin += header->output[i].length;
	return begin;
}

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct storage *s = context;
	bool is_base = object < s->header->base_count;
	uint64_t begin = is_base ? 0 : begin_of(s->header, object);
	uint64_t end = is_base ? s->header->base[object].length : s->written;

	(void)error;
	must(n > 0 && n <= 32768 && begin <= end && offset <= end - begin &&
	     n <= end - begin - offset);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)((offset + i) * 7);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct storage *s = context;
	uint64_t begin = begin_of(s->header, object), end = begin_of(s->header, object + 1);

	(void)bytes, (void)error;
	must(n > 0 && n <= 32768 && s->written >= begin && s->written <= end &&
	     n <= end - s->written);
	s->written += n;
	return RILL_OK;
}

/* Gives each chunk that is there its hash, and returns the header to what it then is. */
static void put_right(struct rill_delta_header *header, const uint8_t *body, size_t n)
{
	uint8_t *hashes = (uint8_t *)(uintptr_t)header->chunk_sha256;

	for (size_t i = 0; i < header->chunk_count && i * RILL_DELTA_CHUNK < n; i++) {
		size_t left = n - i * RILL_DELTA_CHUNK;
		uint8_t digest[RILL_SHA256_SIZE];

		rill_sha256(body + i * RILL_DELTA_CHUNK,
			    left < RILL_DELTA_CHUNK ? left : RILL_DELTA_CHUNK, digest);
		memcpy(hashes + i * RILL_CHUNK_HASH_SIZE, digest, RILL_CHUNK_HASH_SIZE);
	}
}

static void decode(struct rill_delta_header *header, const uint8_t *bytes, size_t n)
{
	struct storage storage = {.header = header};
	const struct rill_decoder_io io = {&storage, read_object, write_object};
	struct rill_decoder *decoder;
	struct rill_error error;
	enum rill_code code = rill_decoder_new(&decoder, header, 16 << 20, io, &error);

	for (size_t at = header->length, some; code == RILL_OK && at < n; at += some) {
		some = n - at < 1000 ? n - at : 1000;
		code = rill_decoder_feed(decoder, bytes + at, some, &error);
	}
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, &error);
	if (code == RILL_OK)
		must(rill_decoder_written(decoder) == header->output_length &&
		     storage.written == header->output_length &&
		     n == header->length + header->body_length);
	rill_decoder_free(decoder);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
	struct rill_delta_header *header = calloc(1, sizeof *header);
	uint8_t *bytes = malloc(n + !n);
	struct rill_error error;
	uint32_t length;

	must(header && bytes);
	if (n)
		memcpy(bytes, input, n);
	if (rill_delta_header_length(bytes, n, &length, &error) == RILL_OK && length <= n &&
	    rill_delta_header_parse(header, bytes, length, &error) == RILL_OK) {
		put_right(header, bytes + length, n - length);
		decode(header, bytes, n);
	}
	free(bytes);
	free(header);
	return 0;
}
