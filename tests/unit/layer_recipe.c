/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/layer_recipe.h"
#include <string.h>
#include <zlib.h>

enum { PLAIN = 100000, ROOM = 400000 };

static const uint8_t header[] = {0x1f, 0x8b, 8, 8, 1, 2, 3, 4, 2, 3, 'n', 'a', 'm', 'e', 0};

struct output {
	uint8_t bytes[ROOM];
	size_t n;
};

static enum rill_code append(void *context, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	struct output *out = context;

	(void)error;
	assert_true(n <= ROOM - out->n);
	memcpy(out->bytes + out->n, bytes, n);
	out->n += n;
	return RILL_OK;
}

static void fill(uint8_t *plain)
{
	uint64_t random = 3;

	for (size_t i = 0; i < PLAIN; i++)
		plain[i] = (uint8_t)("abcdefgh"[next_random(&random) % 8]);
}

/* A member as zlib makes it, and its part of the recipe. */
static void add_member(struct output *file, struct rill_writer *recipe, const uint8_t *plain,
		       size_t n, int level)
{
	const struct rill_gzip_member member = {.header = header,
						.header_length = sizeof header,
						.deflate = {.kind = RILL_DEFLATE_ZLIB,
							    .level = (uint8_t)level,
							    .memory = 8,
							    .window = 15},
						.plain_length = n};
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)plain, .avail_in = (unsigned)n};
	uint32_t crc = (uint32_t)crc32(0, plain, (unsigned)n);
	struct rill_writer trailer;

	rill_gzip_member_put(&member, recipe);
	memcpy(file->bytes + file->n, header, sizeof header);
	file->n += sizeof header;
	z.next_out = file->bytes + file->n;
	z.avail_out = (unsigned)(ROOM - file->n);
	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, 0), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	file->n += z.total_out;
	deflateEnd(&z);
	trailer = rill_writer(file->bytes + file->n, 8);
	rill_put_u32(&trailer, crc);
	rill_put_u32(&trailer, (uint32_t)n);
	file->n += 8;
}

/* Three members, one of nothing, and rubbish behind. */
struct sample {
	uint8_t plain[PLAIN];
	struct output file;
	uint8_t recipe[256];
	size_t n;
};

static struct sample sample;

static int setup(void **state)
{
	struct rill_writer recipe = rill_writer(sample.recipe, sizeof sample.recipe);

	(void)state;
	fill(sample.plain);
	rill_put_varint(&recipe, 3);
	add_member(&sample.file, &recipe, sample.plain, 60000, 6);
	add_member(&sample.file, &recipe, NULL, 0, 9);
	add_member(&sample.file, &recipe, sample.plain + 60000, PLAIN - 60000, 1);
	rill_put_varint(&recipe, 7);
	rill_put_bytes(&recipe, (const uint8_t *)"rubbish", 7);
	memcpy(sample.file.bytes + sample.file.n, "rubbish", 7);
	sample.file.n += 7;
	sample.n = rill_writer_length(&recipe);
	return 0;
}

/* Makes the file again from `n` plain bytes, in pieces of up to `most`. */
static enum rill_code make_again(size_t n, size_t most, struct output *out,
				 struct rill_error *error)
{
	struct rill_gzip_again *again;
	uint64_t random = most;
	enum rill_code code = rill_gzip_again_new(&again, sample.recipe, sample.n,
						  (struct rill_deflate_sink){out, append}, error);

	for (size_t at = 0; at < n && code == RILL_OK;) {
		size_t some = 1 + (size_t)(next_random(&random) % most);

		some = some < n - at ? some : n - at;
		code = rill_gzip_again_feed(again, sample.plain + at % PLAIN, some, error);
		at += some;
	}
	if (code == RILL_OK)
		code = rill_gzip_again_finish(again, error);
	rill_gzip_again_free(again);
	return code;
}

static void the_file_comes_back(void **state)
{
	static struct output out;
	struct rill_reader reader = rill_reader(sample.recipe, sample.n);
	struct rill_error error;
	uint64_t length;

	(void)state;
	assert_ok(rill_layer_recipe_skip(&reader, &length, &error), &error);
	assert_int_equal(length, PLAIN);
	assert_int_equal(rill_reader_left(&reader), 0);
	for (size_t most = 1; most <= 100000; most *= 10) {
		out.n = 0;
		assert_ok(make_again(PLAIN, most, &out, &error), &error);
		assert_int_equal(out.n, sample.file.n);
		assert_memory_equal(out.bytes, sample.file.bytes, out.n);
	}
}

static void other_lengths_are_refused(void **state)
{
	static struct output out;
	struct rill_error error;

	(void)state;
	assert_fails(make_again(PLAIN - 1, 1000, &out, &error), RILL_CORRUPT, &error, "fewer");
	out.n = 0;
	assert_fails(make_again(0, 1000, &out, &error), RILL_CORRUPT, &error, "fewer");
	out.n = 0;
	assert_fails(make_again(PLAIN + 1, PLAIN, &out, &error), RILL_CORRUPT, &error, "more");
}

static void recipes_cut_short_are_refused(void **state)
{
	struct rill_error error;
	uint64_t length;

	(void)state;
	for (size_t n = 0; n < sample.n; n++) {
		struct rill_reader reader = rill_reader(sample.recipe, n);

		assert_fails(rill_layer_recipe_skip(&reader, &length, &error), RILL_CORRUPT, &error,
			     "recipe");
	}
}

static void lengths_that_overflow_are_refused(void **state)
{
	uint8_t bytes[64];
	struct rill_writer writer = rill_writer(bytes, sizeof bytes);
	const struct rill_gzip_member member = {
		.header = header,
		.header_length = sizeof header,
		.deflate = {.kind = RILL_DEFLATE_STORED, .block = 100},
		.plain_length = UINT64_MAX};
	struct rill_reader reader;
	struct rill_error error;
	uint64_t length;

	(void)state;
	rill_put_varint(&writer, 2);
	rill_gzip_member_put(&member, &writer);
	reader = rill_reader(bytes, sizeof bytes);
	memcpy(bytes + rill_writer_length(&writer), bytes + 1, rill_writer_length(&writer) - 1);
	assert_fails(rill_layer_recipe_skip(&reader, &length, &error), RILL_CORRUPT, &error,
		     "impossible");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_comes_back),
		cmocka_unit_test(other_lengths_are_refused),
		cmocka_unit_test(recipes_cut_short_are_refused),
		cmocka_unit_test(lengths_that_overflow_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
