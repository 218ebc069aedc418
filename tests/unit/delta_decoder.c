/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define OBJECTS 8

/* Base objects and the outputs that a delta shall make from them, one after another in one
 * block as the copy map sees them. */
struct objects {
	size_t base_count, output_count;
	uint64_t length[2 * OBJECTS]; /* bases, then outputs */
	uint64_t base_length, output_length;
	uint8_t *bytes;
};

/* A delta whose parts may be changed until seal() puts a header before them. */
struct delta {
	struct rill_delta_header header;
	uint8_t header_bytes[1 << 14], digests[1 << 13];
	uint8_t *body;
};

static struct objects make_objects(uint64_t seed, const uint64_t *bases, size_t base_count,
				   const uint64_t *outputs, size_t output_count)
{
	struct objects o = {.base_count = base_count, .output_count = output_count};

	for (size_t i = 0; i < base_count; i++)
		o.base_length += o.length[i] = bases[i];
	for (size_t i = 0; i < output_count; i++)
		o.output_length += o.length[base_count + i] = outputs[i];
	o.bytes = malloc(o.base_length + o.output_length + 1);
	assert_non_null(o.bytes);
	for (uint64_t i = 0; i < o.base_length + o.output_length; i++)
		o.bytes[i] = (uint8_t)next_random(&seed);
	return o;
}

/* One base and one output, equal but for a byte in fifty. */
static struct objects make_similar(uint64_t length)
{
	struct objects o = make_objects(7, &length, 1, &length, 1);

	for (uint64_t i = 0; i < length; i++)
		o.bytes[length + i] = (uint8_t)(o.bytes[i] + (i % 50 == 7));
	return o;
}

/* Puts what `bytes` are in `codec` to the end of the body, as section `index`. */
static void put_section(struct delta *delta, size_t index, enum rill_codec codec,
			const uint8_t *bytes, size_t n)
{
	uLongf coded = codec == RILL_CODEC_ZLIB ? compressBound(n) : n;
	uint64_t at = delta->header.body_length;

	delta->body = realloc(delta->body, at + coded + 1);
	assert_non_null(delta->body);
	if (codec == RILL_CODEC_ZLIB)
		assert_int_equal(compress2(delta->body + at, &coded, bytes, n, 9), Z_OK);
	else
		memcpy(delta->body + at, bytes, n);
	delta->header.section[index] = (struct rill_section){
		index ? RILL_SECTION_DATA : RILL_SECTION_COPIES, codec, n, coded};
	delta->header.body_length = at + coded;
	delta->header.section_count = 2;
}

/* Header with right chunk hashes for the body as it is: what who holds the keys can sign. */
static void seal(struct delta *delta)
{
	struct rill_delta_header *h = &delta->header;
	struct rill_error error;
	size_t n;

	h->body_length = 0;
	for (size_t i = 0; i < h->section_count; i++)
		h->body_length += h->section[i].coded_length;
	h->chunk_count = (size_t)((h->body_length + RILL_DELTA_CHUNK - 1) / RILL_DELTA_CHUNK);
	assert_true(h->chunk_count * RILL_SHA256_SIZE <= sizeof delta->digests);
	for (size_t i = 0; i < h->chunk_count; i++) {
		uint64_t at = (uint64_t)i * RILL_DELTA_CHUNK, left = h->body_length - at;

		rill_sha256(delta->body + at, left < RILL_DELTA_CHUNK ? left : RILL_DELTA_CHUNK,
			    delta->digests + i * RILL_SHA256_SIZE);
	}
	h->chunk_sha256 = delta->digests;
	h->memory = rill_decoder_memory(h);
	n = rill_delta_header_write(h, delta->header_bytes, sizeof delta->header_bytes);
	assert_int_not_equal(n, 0);
	assert_ok(rill_delta_header_parse(h, delta->header_bytes, n, &error), &error);
}

static void describe(struct delta *delta, const struct objects *o)
{
	const uint8_t *at = o->bytes;

	memset(delta, 0, sizeof *delta);
	delta->header.base_count = o->base_count;
	delta->header.output_count = o->output_count;
	for (size_t i = 0; i < o->base_count + o->output_count; i++) {
		struct rill_object *object = i < o->base_count
						     ? &delta->header.base[i]
						     : &delta->header.output[i - o->base_count];

		object->length = o->length[i];
		rill_sha256(at, o->length[i], object->sha256);
		at += o->length[i];
	}
}

/* The delta with these copies; with random ones when `copies` is NULL. */
static void make_delta(struct delta *delta, const struct objects *o, enum rill_codec codec,
		       const struct rill_copy *copies, uint64_t seed)
{
	uint8_t *map = malloc(1 << 16), *data = malloc(o->output_length + 1);
	const uint8_t *output = o->bytes + o->base_length;
	struct rill_writer writer = rill_writer(map, 1 << 16);
	uint64_t source_end = 0;

	assert_true(map && data);
	for (uint64_t at = 0; at < o->output_length;) {
		struct rill_copy copy = copies ? *copies++
					       : random_copy(&seed, at, o->output_length - at,
							     o->base_length);

		rill_copy_map_put(&writer, &copy, source_end);
		memcpy(data + at, output + at, copy.literal);
		at += copy.literal;
		for (uint64_t i = 0; i < copy.length; i++)
			data[at + i] = (uint8_t)(output[at + i] - o->bytes[copy.source + i]);
		at += copy.length;
		if (copy.length > 0)
			source_end = copy.source + copy.length;
	}
	assert_false(writer.full);
	describe(delta, o);
	put_section(delta, 0, codec, map, rill_writer_length(&writer));
	put_section(delta, 1, codec, data, o->output_length);
	seal(delta);
	free(map);
	free(data);
}

/* The caller's storage; it checks all that delta_decoder.h says of calls. */
struct store {
	const struct objects *o;
	const struct rill_delta_header *header;
	uint8_t *written;
	uint64_t fill;
	int reads_left, writes_left; /* then they fail; never when negative */
};

static uint64_t length_of(const struct store *store, size_t object)
{
	const struct rill_delta_header *h = store->header;

	assert_true(object < h->base_count + h->output_count);
	return object < h->base_count ? h->base[object].length
				      : h->output[object - h->base_count].length;
}

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	struct store *store = context;
	uint64_t start = 0;

	assert_true(n > 0 && n <= 32768);
	assert_true(offset < length_of(store, object) && n <= length_of(store, object) - offset);
	for (size_t i = 0; i < object; i++)
		start += length_of(store, i);
	start += offset;
	if (store->reads_left-- == 0)
		return rill_fail(error, RILL_IO, "read fails");
	if (object < store->header->base_count) {
		memcpy(bytes, store->o->bytes + start, n);
		return RILL_OK;
	}
	start -= store->header->base_length;
	assert_true(start + n <= store->fill);
	memcpy(bytes, store->written + start, n);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct store *store = context;
	size_t current = store->header->base_count;
	uint64_t before = 0;

	assert_true(n > 0 && n <= 32768);
	assert_true(n <= store->header->output_length - store->fill);
	while (before + length_of(store, current) <= store->fill)
		before += length_of(store, current++);
	assert_int_equal(object, current);
	assert_true(store->fill + n <= before + length_of(store, current));
	if (store->writes_left-- == 0)
		return rill_fail(error, RILL_NO_SPACE, "disk full");
	memcpy(store->written + store->fill, bytes, n);
	store->fill += n;
	return RILL_OK;
}

/* Decodes the first `n` bytes of `body` in pieces of `size` bytes: 0 whole, SIZE_MAX random.
 * What is accepted must be right. */
#define WHOLE 0
#define RANDOM SIZE_MAX
static enum rill_code decode(struct store *store, const struct delta *delta, uint64_t n,
			     size_t size, struct rill_error *error)
{
	const struct objects *o = store->o;
	struct rill_decoder_io io = {store, read_object, write_object};
	struct rill_delta_header header = delta->header;
	size_t hashes_size = header.chunk_count * RILL_SHA256_SIZE;
	uint8_t *hashes = malloc(hashes_size ? hashes_size : 1); /* to see a read beyond */
	struct rill_decoder *decoder;
	uint64_t seed = 99, at = 0;
	enum rill_code code;

	assert_non_null(hashes);
	memcpy(hashes, delta->digests, hashes_size);
	header.chunk_sha256 = hashes;
	store->header = &delta->header;
	store->fill = 0;
	store->written = malloc(delta->header.output_length + 1);
	assert_non_null(store->written);
	code = rill_decoder_new(&decoder, &header, header.memory, io, error);
	while (code == RILL_OK && at < n) {
		uint64_t some = size == WHOLE	 ? n
				: size == RANDOM ? 1 + next_random(&seed) % 5000
						 : size;
		uint8_t *piece;

		if (some > n - at)
			some = n - at;
		piece = malloc(some); /* its own block: a read beyond would be seen */
		assert_non_null(piece);
		memcpy(piece, delta->body + at, some);
		code = rill_decoder_feed(decoder, piece, some, error);
		free(piece);
		at += some;
		assert_true(rill_decoder_written(decoder) >= store->fill);
		assert_true(code != RILL_OK || rill_decoder_written(decoder) == store->fill);
	}
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	if (code == RILL_OK) {
		assert_true(store->fill == o->output_length);
		assert_memory_equal(store->written, o->bytes + o->base_length, store->fill);
	}
	rill_decoder_free(decoder);
	free(store->written);
	free(hashes);
	return code;
}

static enum rill_code decode_all(const struct objects *o, const struct delta *delta,
				 struct rill_error *error)
{
	struct store store = {.o = o, .reads_left = -1, .writes_left = -1};

	return decode(&store, delta, delta->header.body_length, WHOLE, error);
}

static void release(struct delta *delta, struct objects *o)
{
	free(delta->body);
	if (o)
		free(o->bytes);
}

static const enum rill_codec codecs[] = {RILL_CODEC_STORED, RILL_CODEC_ZLIB};

static void assert_decodes_in_pieces(struct objects *o, const struct rill_copy *copies)
{
	static const size_t sizes[] = {WHOLE, 1, 65536, 65537, RANDOM};
	static struct delta delta;
	struct rill_error error;

	for (size_t c = 0; c < 2; c++) {
		make_delta(&delta, o, codecs[c], copies, c + 1);
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			struct store store = {.o = o, .reads_left = -1, .writes_left = -1};

			assert_ok(
				decode(&store, &delta, delta.header.body_length, sizes[i], &error),
				&error);
		}
		release(&delta, NULL);
	}
	free(o->bytes);
}

static void pieces_of_any_size_make_the_outputs(void **state)
{
	static const struct {
		uint64_t base[OBJECTS], output[OBJECTS];
		size_t base_count, output_count;
	} cases[] = {
		{{1000}, {900}, 1, 1},
		{{0}, {1000}, 1, 1}, /* from nothing */
		{{1000}, {0}, 1, 1}, /* to nothing */
		{{0}, {0}, 1, 1},
		{{1, 0, 70000, 0, 5}, {0, 40000, 0, 0, 32768, 1, 0}, 5, 7},
		{{0, 0, 300}, {0, 0, 0}, 3, 3},
		{{32768, 32768}, {65536, 65536}, 2, 2}, /* all at the borders of blocks */
		{{100000}, {200000, 1}, 1, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct objects o = make_objects(i + 1, cases[i].base, cases[i].base_count,
						cases[i].output, cases[i].output_count);

		assert_decodes_in_pieces(&o, NULL);
	}
}

static void copies_from_output_and_over_objects_are_followed(void **state)
{
	static const uint64_t bases[] = {100, 0, 50}, outputs[] = {60, 0, 140};
	static const struct rill_copy copies[] = {
		{.output = 0, .literal = 10, .length = 40, .source = 80}, /* over three bases */
		{.output = 50, .length = 50, .source = 150}, /* the output so far, over a border */
		{.output = 100, .literal = 1, .length = 80, .source = 155}, /* of both outputs */
		{.output = 181, .literal = 19},
	};
	struct objects o = make_objects(5, bases, 3, outputs, 3);

	(void)state;
	assert_decodes_in_pieces(&o, copies);
}

static void memory_is_asked_for_and_bounded(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(1000);
	struct rill_decoder *decoder = NULL;
	struct rill_decoder_io io = {0};
	struct rill_error error;
	uint64_t needed;

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_ZLIB, NULL, 1);
	needed = rill_decoder_memory(&delta.header);
	assert_fails(rill_decoder_new(&decoder, &delta.header, needed - 1, io, &error), RILL_MEMORY,
		     &error, "the budget is");
	assert_null(decoder);
	assert_ok(rill_decoder_new(&decoder, &delta.header, needed, io, &error), &error);
	rill_decoder_free(decoder);
	/* What it states counts, even when it needs less. */
	delta.header.memory = needed + 1;
	assert_fails(rill_decoder_new(&decoder, &delta.header, needed, io, &error), RILL_MEMORY,
		     &error, "the budget is");
	delta.header.memory = needed - 1;
	assert_fails(rill_decoder_new(&decoder, &delta.header, UINT64_MAX, io, &error),
		     RILL_CORRUPT, &error, "bytes of memory but needs");
	/* A copy map of 2^48 bytes asks for its memory, and does not get it. */
	delta.header.section[0].raw_length = RILL_DELTA_LENGTH_MAX;
	delta.header.memory = rill_decoder_memory(&delta.header);
	assert_true(delta.header.memory > RILL_DELTA_LENGTH_MAX);
	assert_fails(rill_decoder_new(&decoder, &delta.header, 1 << 30, io, &error), RILL_MEMORY,
		     &error, "the budget is");
	assert_null(decoder);
	rill_decoder_free(NULL);
	release(&delta, &o);
}

static void other_sections_than_the_two_are_refused(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(1000);
	struct rill_delta_header *h = &delta.header;
	struct rill_error error;

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_ZLIB, NULL, 1);
	for (size_t count = 0; count < 4; count++) {
		h->section_count = count;
		if (count != 2)
			assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error,
				     "sections");
	}
	h->section_count = 2;
	h->section[0].kind = RILL_SECTION_DATA;
	assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error, "sections");
	h->section[1].kind = RILL_SECTION_COPIES;
	assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error, "sections");
	h->section[0].kind = RILL_SECTION_COPIES;
	h->section[1].kind = RILL_SECTION_DATA;
	h->section[1].raw_length++;
	assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error, "sections");
	release(&delta, &o);
}

/* Output that there is when the chunks before `chunk` were fed. */
static uint64_t written_before(const struct objects *o, const struct delta *delta, size_t chunk)
{
	struct store store = {.o = o, .reads_left = -1, .writes_left = -1};
	struct rill_error error;

	assert_fails(decode(&store, delta, (uint64_t)chunk * RILL_DELTA_CHUNK, WHOLE, &error),
		     RILL_CORRUPT, &error, "ends after");
	return store.fill;
}

static void nothing_is_written_of_a_damaged_chunk(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(200000);

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_STORED, NULL, 1);
	assert_int_equal(delta.header.chunk_count, 4);
	for (uint64_t at = 0; at < delta.header.body_length; at += 9973) {
		struct store store = {.o = &o, .reads_left = -1, .writes_left = -1};
		size_t chunk = (size_t)(at / RILL_DELTA_CHUNK);
		struct rill_error error;
		char name[48];

		snprintf(name, sizeof name, "chunk %zu of the delta", chunk);
		delta.body[at] ^= 0x40;
		assert_fails(decode(&store, &delta, delta.header.body_length, RANDOM, &error),
			     RILL_CORRUPT, &error, name);
		delta.body[at] ^= 0x40;
		assert_true(store.fill == written_before(&o, &delta, chunk));
	}
	release(&delta, &o);
}

/* An attacker who signs: the chunk hashes are right, whatever the body is. */
static void a_body_changed_before_it_was_signed_does_no_harm(void **state)
{
	static const uint64_t bases[] = {150, 0, 90}, outputs[] = {70, 0, 120};
	static const uint8_t flips[] = {0x01, 0x80, 0xff};
	static struct delta delta;

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		struct objects o = make_objects(11, bases, 3, outputs, 3);

		make_delta(&delta, &o, codecs[c], NULL, 21);
		for (uint64_t at = 0; at < delta.header.body_length; at++) {
			for (size_t f = 0; f < sizeof flips; f++) {
				struct rill_error error;
				enum rill_code code;

				delta.body[at] ^= flips[f];
				seal(&delta);
				code = decode_all(&o, &delta, &error);
				delta.body[at] ^= flips[f];
				/* decode() found the output right if this is RILL_OK. */
				if (code != RILL_OK)
					assert_fails(code, RILL_CORRUPT, &error, "");
			}
		}
		release(&delta, &o);
	}
}

static void a_section_cut_off_before_it_was_signed_is_refused(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(3000);

	(void)state;
	for (size_t section = 0; section < 2; section++) {
		uint64_t whole;

		make_delta(&delta, &o, RILL_CODEC_ZLIB, NULL, 4);
		whole = delta.header.section[section].coded_length;
		for (uint64_t cut = 1; cut <= whole; cut++) {
			uint64_t first = delta.header.section[0].coded_length;
			struct rill_error error;

			delta.header.section[section].coded_length = whole - cut;
			if (section == 0) /* the data moves up by the byte that is gone */
				memmove(delta.body + first - 1, delta.body + first,
					delta.header.section[1].coded_length);
			seal(&delta);
			assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error,
				     section ? "data section" : "copies section");
		}
		release(&delta, NULL);
	}
	free(o.bytes);
}

static void a_body_that_ends_early_is_noticed(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(80000);

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_STORED, NULL, 3);
	for (uint64_t n = 0; n < delta.header.body_length; n += n < 65500 ? 6550 : 7) {
		struct store store = {.o = &o, .reads_left = -1, .writes_left = -1};
		struct rill_error error;

		assert_fails(decode(&store, &delta, n, WHOLE, &error), RILL_CORRUPT, &error,
			     "the delta ends after");
	}
	release(&delta, &o);
}

static void bytes_after_the_end_are_refused(void **state)
{
	/* The body ends inside a chunk, and with it. The map has 8 bytes. */
	static const uint64_t lengths[] = {1000, RILL_DELTA_CHUNK - 8};

	(void)state;
	for (size_t i = 2; i-- > 0;) {
		static struct delta delta;
		struct objects o = make_objects(1, (const uint64_t[]){10}, 1, &lengths[i], 1);
		const struct rill_copy copies[] = {{.literal = 990, .length = 10},
						   {.output = 1000, .literal = lengths[i] - 1000}};
		static const uint64_t extra[] = {1, 31, RILL_DELTA_CHUNK, 3 * RILL_DELTA_CHUNK};

		make_delta(&delta, &o, RILL_CODEC_STORED, copies, 0);
		assert_true(i == 0 || delta.header.body_length == RILL_DELTA_CHUNK);
		delta.body = realloc(delta.body, delta.header.body_length + 3 * RILL_DELTA_CHUNK);
		assert_non_null(delta.body);
		memset(delta.body + delta.header.body_length, 0, 3 * RILL_DELTA_CHUNK);
		for (size_t e = 0; e < sizeof extra / sizeof extra[0]; e++) {
			struct store store = {.o = &o, .reads_left = -1, .writes_left = -1};
			struct rill_error error;

			assert_fails(decode(&store, &delta, delta.header.body_length + extra[e],
					    RANDOM, &error),
				     RILL_CORRUPT, &error, "after the delta's end");
		}
		release(&delta, &o);
	}
}

/* Both sections coded by zlib from these bytes, with the raw lengths that are said. */
static enum rill_code decode_sections(const struct objects *o, const uint8_t *map, size_t map_n,
				      uint64_t map_said, const uint8_t *data, size_t data_n,
				      struct rill_error *error)
{
	static struct delta delta;
	enum rill_code code;

	describe(&delta, o);
	put_section(&delta, 0, RILL_CODEC_ZLIB, map, map_n);
	put_section(&delta, 1, RILL_CODEC_ZLIB, data, data_n);
	delta.header.section[0].raw_length = map_said;
	delta.header.section[1].raw_length = o->output_length;
	seal(&delta);
	code = decode_all(o, &delta, error);
	release(&delta, NULL);
	return code;
}

static void a_section_has_its_raw_length(void **state)
{
	static const uint8_t map[] = {100, 0};
	const uint64_t length = 100;
	struct objects o = make_objects(1, &length, 1, &length, 1);
	const uint8_t *data = o.bytes + o.base_length;
	uint8_t *more = calloc(1, 101);
	struct rill_error error;

	(void)state;
	assert_non_null(more);
	memcpy(more, data, 100);
	assert_ok(decode_sections(&o, map, 2, 2, data, 100, &error), &error);
	assert_fails(decode_sections(&o, map, 2, 1, data, 100, &error), RILL_CORRUPT, &error,
		     "copies section");
	assert_fails(decode_sections(&o, map, 2, 3, data, 100, &error), RILL_CORRUPT, &error,
		     "copies section");
	assert_fails(decode_sections(&o, map, 2, 2, data, 99, &error), RILL_CORRUPT, &error,
		     "data section");
	assert_fails(decode_sections(&o, map, 2, 2, data, 0, &error), RILL_CORRUPT, &error,
		     "data section");
	assert_fails(decode_sections(&o, map, 2, 2, more, 101, &error), RILL_CORRUPT, &error,
		     "data section");
	free(more);
	free(o.bytes);
}

static void a_bomb_ends_at_the_raw_length(void **state)
{
	static const uint8_t map[] = {100, 0};
	const uint64_t length = 100;
	const size_t huge = 20 << 20;
	struct objects o = make_objects(1, &length, 1, &length, 1);
	uint8_t *zeros = calloc(1, huge);
	struct rill_error error;

	(void)state;
	assert_non_null(zeros);
	assert_fails(decode_sections(&o, map, 2, 2, zeros, huge, &error), RILL_CORRUPT, &error,
		     "more than its raw length");
	assert_fails(decode_sections(&o, zeros, huge, 2, o.bytes, 100, &error), RILL_CORRUPT,
		     &error, "more than its raw length");
	free(zeros);
	free(o.bytes);
}

static void bytes_behind_a_zlib_stream_are_refused(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(500);
	struct rill_error error;

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_ZLIB, NULL, 1);
	delta.body[delta.header.body_length] = 0; /* put_section() left room */
	delta.header.section[1].coded_length++;
	seal(&delta);
	assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error, "data section");
	release(&delta, &o);
}

/* Refused by the copy map's own rules, before any output. */
static void a_bad_copy_map_writes_nothing(void **state)
{
	static const uint8_t maps[][3] = {{0, 100, 1}, {0, 100, 2}, {99, 0, 0}, {0, 0, 0}};
	const uint64_t length = 100;
	struct objects o = make_objects(1, &length, 1, &length, 1);
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
		static struct delta delta;
		struct store store = {.o = &o, .reads_left = -1, .writes_left = -1};

		describe(&delta, &o);
		put_section(&delta, 0, RILL_CODEC_STORED, maps[i], 3);
		put_section(&delta, 1, RILL_CODEC_STORED, o.bytes + 100, 100);
		seal(&delta);
		assert_fails(decode(&store, &delta, delta.header.body_length, WHOLE, &error),
			     RILL_CORRUPT, &error, "copy map, offset");
		assert_int_equal(store.fill, 0);
		release(&delta, NULL);
	}
	free(o.bytes);
}

static void another_base_is_noticed_at_the_end(void **state)
{
	static const uint64_t bases[] = {1000, 1000}, outputs[] = {1000, 0, 1000};
	static const struct rill_copy copies[] = {{.length = 2000}};
	static struct delta delta;
	struct objects o = make_objects(2, bases, 2, outputs, 3);

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_ZLIB, copies, 0);
	for (size_t at = 0; at < o.base_length; at += 333) {
		struct rill_error error;

		o.bytes[at] ^= 1;
		assert_fails(decode_all(&o, &delta, &error), RILL_CORRUPT, &error, "SHA-256");
		o.bytes[at] ^= 1;
	}
	release(&delta, &o);
}

static void failures_of_the_caller_are_passed_on(void **state)
{
	static struct delta delta;
	struct objects o = make_similar(100000);
	struct rill_error error;

	(void)state;
	make_delta(&delta, &o, RILL_CODEC_STORED, (const struct rill_copy[]){{.length = 100000}},
		   0);
	for (int i = 0; i < 4; i++) {
		struct store store = {.o = &o, .reads_left = i, .writes_left = -1};

		assert_fails(decode(&store, &delta, delta.header.body_length, WHOLE, &error),
			     RILL_IO, &error, "read fails");
		store = (struct store){.o = &o, .reads_left = -1, .writes_left = i};
		assert_fails(decode(&store, &delta, delta.header.body_length, WHOLE, &error),
			     RILL_NO_SPACE, &error, "disk full");
	}
	release(&delta, &o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size_make_the_outputs),
		cmocka_unit_test(copies_from_output_and_over_objects_are_followed),
		cmocka_unit_test(memory_is_asked_for_and_bounded),
		cmocka_unit_test(other_sections_than_the_two_are_refused),
		cmocka_unit_test(nothing_is_written_of_a_damaged_chunk),
		cmocka_unit_test(a_body_changed_before_it_was_signed_does_no_harm),
		cmocka_unit_test(a_section_cut_off_before_it_was_signed_is_refused),
		cmocka_unit_test(a_body_that_ends_early_is_noticed),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(a_section_has_its_raw_length),
		cmocka_unit_test(a_bomb_ends_at_the_raw_length),
		cmocka_unit_test(bytes_behind_a_zlib_stream_are_refused),
		cmocka_unit_test(a_bad_copy_map_writes_nothing),
		cmocka_unit_test(another_base_is_noticed_at_the_end),
		cmocka_unit_test(failures_of_the_caller_are_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
