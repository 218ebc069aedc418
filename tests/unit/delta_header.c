/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/bytes.h"
#include "protocol/delta_header.h"
#include "protocol/layout.h"
#include "protocol/packing.h"
#include <stdlib.h>
#include <string.h>

/* A header as it lies in a file, with any value in any field. */
struct raw {
	uint8_t magic, version, flags;
	uint32_t length; /* 0: the right one */
	uint64_t base_count, base_length; /* all have this length */
	uint64_t output_count, output_length;
	uint64_t most_entries, most_copies, most_streams, largest_stream, body_length;
	size_t hash_bytes;
};

static const struct raw usual = {
	.magic = 0x89,
	.version = RILL_DELTA_VERSION,
	.base_count = 2,
	.base_length = 300,
	.output_count = 3,
	.output_length = 70000,
	.most_entries = 20,
	.most_copies = 5000,
	.most_streams = 3,
	.largest_stream = 70000,
	.body_length = 140000,
	.hash_bytes = 3 * RILL_CHUNK_HASH_SIZE,
};

static void put_objects(struct rill_writer *writer, uint64_t count, uint64_t length)
{
	static const uint8_t digest[RILL_SHA256_SIZE] = {1, 2, 3};

	rill_put_varint(writer, count);
	for (uint64_t i = 0; i < count && i <= RILL_DELTA_OBJECTS_MAX; i++) {
		rill_put_varint(writer, length);
		rill_put_bytes(writer, digest, sizeof digest);
	}
}

static size_t put_raw(uint8_t *bytes, size_t capacity, const struct raw *raw)
{
	struct rill_writer writer = rill_writer(bytes, capacity), length;

	rill_put_u8(&writer, raw->magic);
	rill_put_bytes(&writer, (const uint8_t *)"RIL", 3);
	rill_put_u8(&writer, raw->version);
	rill_put_u8(&writer, raw->flags);
	length = writer;
	rill_put_u32(&writer, raw->length);
	put_objects(&writer, raw->base_count, raw->base_length);
	put_objects(&writer, raw->output_count, raw->output_length);
	rill_put_varint(&writer, raw->most_entries);
	rill_put_varint(&writer, raw->most_copies);
	rill_put_varint(&writer, raw->most_streams);
	if (raw->most_streams > 0)
		rill_put_varint(&writer, raw->largest_stream);
	rill_put_varint(&writer, raw->body_length);
	for (size_t i = 0; i < raw->hash_bytes; i++)
		rill_put_u8(&writer, (uint8_t)i);
	assert_false(writer.full);
	if (raw->length == 0)
		rill_put_u32(&length, (uint32_t)rill_writer_length(&writer));
	return rill_writer_length(&writer);
}

/* Parses from a block of its own, so that a read beyond it would be seen. */
static enum rill_code parse(struct rill_delta_header *header, const uint8_t *bytes, size_t n,
			    struct rill_error *error)
{
	uint8_t *copy = malloc(n + 1);
	enum rill_code code;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	copy = realloc(copy, n ? n : 1);
	assert_non_null(copy);
	memset(header, 0xee, sizeof *header);
	code = rill_delta_header_parse(header, copy, n, error);
	if (code == RILL_OK && header->chunk_count > 0)
		assert_memory_equal(header->chunk_sha256,
				    bytes + n - RILL_CHUNK_HASH_SIZE * header->chunk_count,
				    RILL_CHUNK_HASH_SIZE * header->chunk_count);
	header->chunk_sha256 = NULL;
	free(copy);
	return code;
}

static enum rill_code parse_raw(const struct raw *raw, struct rill_error *error)
{
	static uint8_t bytes[1 << 16];
	struct rill_delta_header header;

	return parse(&header, bytes, put_raw(bytes, sizeof bytes, raw), error);
}

/* What delta_header.h promises of a header that was parsed. */
static void assert_within_limits(const struct rill_delta_header *h, size_t n)
{
	uint64_t base = 0, output = 0;

	assert_int_equal(h->length, n);
	assert_true(h->length <= RILL_DELTA_HEADER_MAX);
	assert_true(h->base_count <= RILL_DELTA_OBJECTS_MAX);
	assert_true(h->output_count <= RILL_DELTA_OBJECTS_MAX);
	assert_true(h->most_entries <= RILL_LAYOUT_MAX);
	assert_true(h->most_copies <= h->output_length);
	for (size_t i = 0; i < h->base_count; i++) {
		assert_true(h->base[i].length <= RILL_DELTA_LENGTH_MAX);
		base += h->base[i].length;
	}
	for (size_t i = 0; i < h->output_count; i++) {
		assert_true(h->output[i].length <= RILL_DELTA_LENGTH_MAX);
		output += h->output[i].length;
	}
	assert_true(h->base_length == base && h->output_length == output);
	assert_true(h->body_length <= RILL_DELTA_LENGTH_MAX);
	assert_true(h->chunk_count ==
		    h->body_length / RILL_DELTA_CHUNK + (h->body_length % RILL_DELTA_CHUNK != 0));
}

static void a_header_comes_back(void **state)
{
	static const uint8_t digests[3 * RILL_CHUNK_HASH_SIZE] = {9, 8, 7};
	static struct rill_delta_header in, out;
	struct rill_error error;
	uint8_t bytes[1024];
	uint32_t length;
	size_t n;

	(void)state;
	in = (struct rill_delta_header){
		.most_entries = 7,
		.most_copies = 123456,
		.most_streams = 9,
		.largest_stream = 1000,
		.body_length = 131073,
		.base_count = 2,
		.output_count = 1,
		.chunk_count = 3,
		.chunk_sha256 = digests,
		.base = {{.length = 5, .sha256 = {1}}, {.length = 0, .sha256 = {2}}},
		.output = {{.length = RILL_DELTA_LENGTH_MAX, .sha256 = {3}}},
	};
	n = rill_delta_header_write(&in, bytes, sizeof bytes);
	assert_int_equal(n, in.length);
	assert_memory_equal(bytes, "\x89RIL\5\0", 6);
	assert_ok(rill_delta_header_length(bytes, RILL_DELTA_PREAMBLE, &length, &error), &error);
	assert_int_equal(length, n);
	assert_ok(rill_delta_header_parse(&out, bytes, n, &error), &error);
	assert_within_limits(&out, n);
	assert_int_equal(out.most_entries, 7);
	assert_int_equal(out.most_copies, 123456);
	assert_int_equal(out.most_streams, 9);
	assert_int_equal(out.largest_stream, 1000);
	assert_true(out.base_length == 5 && in.base_length == 5);
	assert_true(out.output_length == RILL_DELTA_LENGTH_MAX);
	assert_int_equal(out.body_length, 131073);
	assert_int_equal(out.base_count, 2);
	assert_int_equal(out.output_count, 1);
	assert_memory_equal(out.base, in.base, 2 * sizeof in.base[0]);
	assert_memory_equal(out.output, in.output, sizeof in.output[0]);
	assert_int_equal(out.chunk_count, 3);
	assert_memory_equal(out.chunk_sha256, digests, sizeof digests);
	assert_ptr_equal(out.chunk_sha256, bytes + n - sizeof digests);
	/* Whatever room is too small, nothing is written beyond it. */
	for (size_t room = 0; room < n; room++) {
		uint8_t *small = malloc(room ? room : 1);

		assert_int_equal(rill_delta_header_write(&in, small, room), 0);
		free(small);
	}
	assert_int_equal(rill_delta_header_write(&in, bytes, n), n);
}

static void the_smallest_and_the_largest_counts_come_back(void **state)
{
	struct rill_error error;
	struct raw raw = usual;

	(void)state;
	raw.base_count = raw.output_count = 1;
	raw.most_entries = raw.most_copies = raw.most_streams = raw.body_length = raw.hash_bytes =
		0;
	assert_ok(parse_raw(&raw, &error), &error);
	raw.base_count = raw.output_count = RILL_DELTA_OBJECTS_MAX;
	raw.base_length = raw.output_length = RILL_DELTA_LENGTH_MAX;
	raw.most_entries = RILL_LAYOUT_MAX;
	raw.most_copies = RILL_DELTA_LENGTH_MAX;
	raw.most_streams = RILL_PACKED_COUNT_MOST;
	raw.largest_stream = RILL_PACKED_MOST;
	raw.body_length = 65536;
	raw.hash_bytes = RILL_CHUNK_HASH_SIZE;
	assert_ok(parse_raw(&raw, &error), &error);
}

static void a_header_cut_off_anywhere_is_refused(void **state)
{
	uint8_t bytes[1024];
	size_t n = put_raw(bytes, sizeof bytes, &usual);
	struct rill_delta_header header;
	struct rill_error error;
	uint32_t length;

	(void)state;
	assert_ok(parse(&header, bytes, n, &error), &error);
	for (size_t cut = 0; cut < n; cut++) {
		assert_fails(parse(&header, bytes, cut, &error), RILL_CORRUPT, &error, "");
		if (cut < RILL_DELTA_PREAMBLE) {
			assert_fails(rill_delta_header_length(bytes, cut, &length, &error),
				     RILL_CORRUPT, &error, "");
			continue;
		}
		assert_ok(rill_delta_header_length(bytes, cut, &length, &error), &error);
		/* With a length that agrees with the cut. */
		struct rill_writer field = rill_writer(bytes + 6, 4);

		rill_put_u32(&field, (uint32_t)cut);
		assert_fails(parse(&header, bytes, cut, &error), RILL_CORRUPT, &error, "offset ");
		field = rill_writer(bytes + 6, 4);
		rill_put_u32(&field, (uint32_t)n);
	}
	bytes[n] = 0;
	assert_fails(parse(&header, bytes, n + 1, &error), RILL_CORRUPT, &error, "should have");
}

static void no_byte_that_is_changed_breaks_a_limit(void **state)
{
	uint8_t bytes[1024];
	size_t n = put_raw(bytes, sizeof bytes, &usual);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const uint8_t was = bytes[i];
		const uint8_t values[] = {0,
					  1,
					  0x7f,
					  0x80,
					  0xff,
					  (uint8_t)(was + 1),
					  (uint8_t)(was - 1),
					  (uint8_t)(was ^ 0x80),
					  (uint8_t)(was ^ 0x10)};

		for (size_t v = 0; v < sizeof values; v++) {
			static struct rill_delta_header header;
			struct rill_error error;
			enum rill_code code;

			bytes[i] = values[v];
			code = parse(&header, bytes, n, &error);
			if (code == RILL_OK)
				assert_within_limits(&header, n);
			else
				assert_true(code == RILL_CORRUPT || code == RILL_UNSUPPORTED);
			if (i < 4 && values[v] != was)
				assert_fails(code, RILL_CORRUPT, &error, "not a Rill delta");
		}
		bytes[i] = was;
	}
}

/* A body within the header comes back; it is as long as it says, and short. */
static void a_body_within(void **state)
{
	static const uint8_t body[RILL_DELTA_WITHIN + 1] = {1, 2, 3};
	static const size_t lengths[] = {1, 3, RILL_DELTA_WITHIN};
	static uint8_t bytes[4096];
	struct rill_delta_header in = {.base_count = 1, .output_count = 1, .within = body}, out;
	struct rill_error error;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		in.within_length = lengths[i];
		n = rill_delta_header_write(&in, bytes, sizeof bytes);
		assert_int_equal(n, in.length);
		assert_int_equal(bytes[5], RILL_DELTA_BODY_WITHIN);
		assert_ok(rill_delta_header_parse(&out, bytes, n, &error), &error);
		assert_int_equal(out.within_length, lengths[i]);
		assert_memory_equal(out.within, body, lengths[i]);
		assert_true(out.body_length == 0 && out.chunk_count == 0);
		bytes[6]--;
		assert_fails(rill_delta_header_parse(&out, bytes, n - 1, &error), RILL_CORRUPT,
			     &error, "does not fit");
	}
	in.within_length = RILL_DELTA_WITHIN + 1;
	n = rill_delta_header_write(&in, bytes, sizeof bytes);
	assert_fails(rill_delta_header_parse(&out, bytes, n, &error), RILL_CORRUPT, &error,
		     "does not fit");
}

static void what_this_build_does_not_know_is_unsupported(void **state)
{
	struct rill_error error;
	struct raw raw;

	(void)state;
	for (int version = 0; version < 256; version++) {
		raw = usual;
		raw.version = (uint8_t)version;
		if (version != RILL_DELTA_VERSION)
			assert_fails(parse_raw(&raw, &error), RILL_UNSUPPORTED, &error, "version");
	}
	for (int flags = 4; flags < 256; flags++) { /* 1: of images, 2: a body within */
		raw = usual;
		raw.flags = (uint8_t)flags;
		assert_fails(parse_raw(&raw, &error), RILL_UNSUPPORTED, &error, "flags");
	}
}

static void impossible_header_lengths_are_refused(void **state)
{
	static const uint32_t bad[] = {0, 1, 9, RILL_DELTA_HEADER_MAX + 1, INT32_MAX, UINT32_MAX};
	static const uint32_t good[] = {RILL_DELTA_PREAMBLE, 211, RILL_DELTA_HEADER_MAX};
	uint8_t bytes[RILL_DELTA_PREAMBLE] = "\x89RIL\5\0";
	struct rill_error error;
	uint32_t length;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rill_writer field = rill_writer(bytes + 6, 4);

		rill_put_u32(&field, bad[i]);
		assert_fails(rill_delta_header_length(bytes, sizeof bytes, &length, &error),
			     RILL_CORRUPT, &error, "impossible header length");
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct rill_writer field = rill_writer(bytes + 6, 4);

		rill_put_u32(&field, good[i]);
		assert_ok(rill_delta_header_length(bytes, sizeof bytes, &length, &error), &error);
		assert_int_equal(length, good[i]);
	}
}

static void refused(size_t field, uint64_t value, const char *fragment)
{
	struct raw raw = usual;
	struct rill_error error;

	memcpy((char *)&raw + field, &value, sizeof value);
	assert_fails(parse_raw(&raw, &error), RILL_CORRUPT, &error, fragment);
	assert_non_null(strstr(error.text, "offset "));
}

static void counts_and_lengths_beyond_the_limits_are_refused(void **state)
{
	static const uint64_t too_long[] = {RILL_DELTA_LENGTH_MAX + 1, UINT64_C(1) << 63,
					    UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof too_long / sizeof too_long[0]; i++) {
		refused(offsetof(struct raw, base_length), too_long[i], "a base's length");
		refused(offsetof(struct raw, output_length), too_long[i], "an output's length");
		refused(offsetof(struct raw, most_entries), too_long[i], "layout entries");
		refused(offsetof(struct raw, most_copies), too_long[i], "copies");
		refused(offsetof(struct raw, most_streams), too_long[i], "number of streams");
		refused(offsetof(struct raw, largest_stream), too_long[i], "length of a stream");
		refused(offsetof(struct raw, body_length), too_long[i], "length of the body");
		refused(offsetof(struct raw, base_count), too_long[i], "number of objects");
		refused(offsetof(struct raw, output_count), too_long[i], "number of objects");
	}
	refused(offsetof(struct raw, base_count), 0, "number of objects");
	refused(offsetof(struct raw, output_count), 0, "number of objects");
	refused(offsetof(struct raw, base_count), RILL_DELTA_OBJECTS_MAX + 1, "number of objects");
	refused(offsetof(struct raw, output_count), RILL_DELTA_OBJECTS_MAX + 1,
		"number of objects");
	refused(offsetof(struct raw, most_entries), RILL_LAYOUT_MAX + 1, "layout entries");
	refused(offsetof(struct raw, most_copies), 3 * 70000 + 1, "copies"); /* one a byte */
	refused(offsetof(struct raw, most_streams), RILL_PACKED_COUNT_MOST + 1,
		"number of streams");
	refused(offsetof(struct raw, largest_stream), 0, "length of a stream");
	refused(offsetof(struct raw, largest_stream), RILL_PACKED_MOST + 1, "length of a stream");
}

static void the_chunk_hashes_are_as_many_as_the_chunks(void **state)
{
	static const struct {
		uint64_t body;
		size_t chunks;
	} right[] = {{0, 0}, {1, 1}, {65535, 1}, {65536, 1}, {65537, 2}, {131072, 2}, {131073, 3}};
	struct rill_error error;
	struct raw raw = usual;

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
		size_t bytes = right[i].chunks * RILL_CHUNK_HASH_SIZE;
		const size_t wrong[] = {bytes - RILL_CHUNK_HASH_SIZE, bytes + RILL_CHUNK_HASH_SIZE,
					bytes - 1, bytes + 1};

		raw.body_length = right[i].body;
		raw.hash_bytes = bytes;
		assert_ok(parse_raw(&raw, &error), &error);
		for (size_t w = bytes ? 0 : 1; w < 4; w++) {
			raw.hash_bytes = wrong[w];
			if (bytes || w != 2)
				assert_fails(parse_raw(&raw, &error), RILL_CORRUPT, &error,
					     "chunk hashes");
		}
	}
	raw.body_length = RILL_DELTA_LENGTH_MAX; /* its hashes do not fit any header */
	raw.hash_bytes = 0;
	assert_fails(parse_raw(&raw, &error), RILL_CORRUPT, &error, "chunk hashes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_comes_back),
		cmocka_unit_test(the_smallest_and_the_largest_counts_come_back),
		cmocka_unit_test(a_header_cut_off_anywhere_is_refused),
		cmocka_unit_test(no_byte_that_is_changed_breaks_a_limit),
		cmocka_unit_test(a_body_within),
		cmocka_unit_test(what_this_build_does_not_know_is_unsupported),
		cmocka_unit_test(impossible_header_lengths_are_refused),
		cmocka_unit_test(counts_and_lengths_beyond_the_limits_are_refused),
		cmocka_unit_test(the_chunk_hashes_are_as_many_as_the_chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
