/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/deflate_recipe.h"
#include "protocol/hash.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct bytes {
	uint8_t *at;
	size_t n, capacity;
};

static enum rill_code append(void *context, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	struct bytes *out = context;

	(void)error;
	assert_true(n > 0 && n <= out->capacity - out->n);
	memcpy(out->at + out->n, bytes, n);
	out->n += n;
	return RILL_OK;
}

static struct bytes room_for(size_t n)
{
	struct bytes out = {.capacity = n + n / 2 + 4096};

	out.at = malloc(out.capacity);
	assert_non_null(out.at);
	return out;
}

/* Feeds pieces of up to `most` bytes. */
static struct bytes make_again(const struct rill_deflate_recipe *recipe, const uint8_t *plain,
			       size_t n, size_t most)
{
	struct bytes out = room_for(n);
	struct rill_deflate *made;
	struct rill_error error;
	uint64_t random = 7;

	assert_ok(rill_deflate_new(&made, recipe, (struct rill_deflate_sink){&out, append}, &error),
		  &error);
	for (size_t at = 0, some; at < n; at += some) {
		some = 1 + (size_t)(next_random(&random) % most);
		some = some < n - at ? some : n - at;
		assert_ok(rill_deflate_feed(made, plain + at, some, &error), &error);
	}
	assert_ok(rill_deflate_finish(made, &error), &error);
	rill_deflate_free(made);
	return out;
}

/* Words in a random order, with some zeros and noise: what matches, near and far. */
static uint8_t *some_text(size_t n, uint64_t seed)
{
	uint8_t *text = malloc(n + 300);
	size_t at = 0;

	assert_non_null(text);
	while (at < n) {
		uint64_t r = next_random(&seed);
		size_t length = 1 + (size_t)(r / 64 % 12);

		if (r % 64 == 0) {
			length = 1 + (size_t)(r / 64 % 290);
			memset(text + at, 0, length);
		} else if (r % 64 < 3) {
			for (size_t i = 0; i < length; i++)
				text[at + i] = (uint8_t)next_random(&seed);
		} else {
			uint64_t word = 1 + r / 1024 % 997 * (r / 1024 / 997 % 7);

			for (size_t i = 0; i < length; i++)
				text[at + i] = (uint8_t)('a' + next_random(&word) % 20);
		}
		at += length;
	}
	return text;
}

static const struct rill_deflate_recipe recipes[] = {
	{.kind = RILL_DEFLATE_STORED, .block = 1},
	{.kind = RILL_DEFLATE_STORED, .block = 65535, .separate = true},
	{.kind = RILL_DEFLATE_ZLIB, .level = 1, .memory = 1, .window = 9},
	{.kind = RILL_DEFLATE_ZLIB, .level = 9, .memory = 9, .window = 15, .strategy = 4},
	{.kind = RILL_DEFLATE_ZLIB, .level = 6, .memory = 8, .window = 15},
	{.kind = RILL_DEFLATE_PIGZ, .level = 6, .block = 32768},
	{.kind = RILL_DEFLATE_PIGZ, .level = 9, .block = 1u << 30, .separate = true},
	{.kind = RILL_DEFLATE_PIGZ, .level = 1, .block = 131072, .joined = true, .strategy = 4},
	{.kind = RILL_DEFLATE_GZIP, .level = 1},
	{.kind = RILL_DEFLATE_GZIP, .level = 9},
	{.kind = RILL_DEFLATE_ZIP, .level = 6},
};
#define RECIPES (sizeof recipes / sizeof recipes[0])

static void recipes_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECIPES; i++) {
		uint8_t bytes[RILL_DEFLATE_RECIPE_MAX];
		struct rill_writer writer = rill_writer(bytes, sizeof bytes);
		struct rill_deflate_recipe read;
		struct rill_reader reader;
		struct rill_error error;

		rill_deflate_recipe_put(&recipes[i], &writer);
		assert_false(writer.full);
		reader = rill_reader(bytes, rill_writer_length(&writer));
		assert_ok(rill_deflate_recipe_parse(&read, &reader, &error), &error);
		assert_int_equal(rill_reader_left(&reader), 0);
		assert_memory_equal(&read, &recipes[i], sizeof read);
		for (size_t cut = 0; cut < rill_writer_length(&writer); cut++) {
			reader = rill_reader(bytes, cut);
			assert_fails(rill_deflate_recipe_parse(&read, &reader, &error),
				     RILL_CORRUPT, &error, "deflate recipe, offset 0");
		}
	}
}

/* All recipes of up to three bytes: each is refused, or has no other form. */
static void a_recipe_has_one_form(void **state)
{
	unsigned good = 0;

	(void)state;
	for (uint32_t value = 0; value < 1u << 24; value += value < 1u << 16 ? 1 : 251) {
		const uint8_t bytes[3] = {(uint8_t)value, (uint8_t)(value >> 8),
					  (uint8_t)(value >> 16)};
		struct rill_reader reader = rill_reader(bytes, sizeof bytes);
		uint8_t again[RILL_DEFLATE_RECIPE_MAX];
		struct rill_writer writer = rill_writer(again, sizeof again);
		struct rill_deflate_recipe recipe;
		struct rill_error error;

		if (rill_deflate_recipe_parse(&recipe, &reader, &error) != RILL_OK)
			continue;
		rill_deflate_recipe_put(&recipe, &writer);
		assert_int_equal(rill_writer_length(&writer), rill_reader_offset(&reader));
		assert_memory_equal(again, bytes, rill_writer_length(&writer));
		good++;
	}
	assert_true(good > 1000);
}

static void bad_recipes_are_refused(void **state)
{
	static const struct {
		uint8_t bytes[8];
		enum rill_code code;
	} bad[] = {
		{{5}, RILL_UNSUPPORTED},
		{{7 | 6 << 3}, RILL_UNSUPPORTED},
		{{3}, RILL_CORRUPT}, /* level 0 */
		{{3 | 10 << 3}, RILL_CORRUPT},
		{{0 | 2 << 3, 9}, RILL_CORRUPT},
		{{0, 0}, RILL_CORRUPT}, /* blocks of nothing */
		{{0, 0x80, 0x80, 4}, RILL_CORRUPT}, /* of 65536 */
		{{1 | 6 << 3, 8 << 3}, RILL_CORRUPT}, /* window of 8 bits */
		{{1 | 6 << 3, 0 << 3 | 7}, RILL_CORRUPT}, /* memLevel 0 */
		{{1 | 6 << 3, 10 << 3 | 7}, RILL_CORRUPT},
		{{1 | 6 << 3, 0xc7, 5}, RILL_CORRUPT}, /* strategy 5 */
		{{2 | 6 << 3, 0, 0xff, 0xff, 1}, RILL_CORRUPT}, /* blocks of 32767 */
		{{2 | 6 << 3, 0, 0x81, 0x80, 0x80, 0x80, 4}, RILL_CORRUPT}, /* over 2^30 */
		{{2 | 6 << 3, 3, 0x80, 0x80, 8}, RILL_CORRUPT}, /* separate and joined */
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rill_reader reader = rill_reader(bad[i].bytes, sizeof bad[i].bytes);
		struct rill_deflate_recipe recipe;
		struct rill_error error;

		assert_fails(rill_deflate_recipe_parse(&recipe, &reader, &error), bad[i].code,
			     &error, "deflate recipe, offset 0");
	}
}

/* Whatever a recipe makes inflates to what it was made from. */
static void check_inflates(const struct bytes *stream, const uint8_t *plain, size_t n)
{
	uint8_t *again = malloc(n + 1);
	z_stream z = {.next_in = stream->at, .avail_in = (unsigned)stream->n};

	assert_non_null(again);
	z.next_out = again;
	z.avail_out = (unsigned)n + 1;
	assert_int_equal(inflateInit2(&z, -15), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, n);
	assert_int_equal(z.avail_in, 0);
	assert_memory_equal(again, plain, n);
	inflateEnd(&z);
	free(again);
}

static const size_t lengths[] = {0,	1,     2,     3,      261,    262,   263,
				 32767, 32768, 32769, 65273,  65274,  65275, 65535,
				 65536, 65537, 98304, 131071, 131072, 131073};

static void pieces_do_not_matter(void **state)
{
	uint8_t *text = some_text(300000, 3);

	(void)state;
	for (size_t i = 0; i < RECIPES; i++)
		for (size_t k = 0; k <= sizeof lengths / sizeof lengths[0]; k++) {
			size_t n = k < sizeof lengths / sizeof lengths[0] ? lengths[k] : 300000;
			struct bytes whole, pieces;

			if (recipes[i].block == 1 && n > 1000)
				continue;
			whole = make_again(&recipes[i], text, n, SIZE_MAX >> 1);
			pieces = make_again(&recipes[i], text, n, 700);
			assert_int_equal(whole.n, pieces.n);
			assert_memory_equal(whole.at, pieces.at, whole.n);
			check_inflates(&whole, text, n);
			free(whole.at);
			free(pieces.at);
		}
	free(text);
}

/* What zlib makes of the whole input at once. */
static struct bytes zlib_makes(const struct rill_deflate_recipe *recipe, const uint8_t *plain,
			       size_t n)
{
	struct bytes out = room_for(n);
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)plain, .avail_in = (unsigned)n};

	assert_int_equal(deflateInit2(&z, recipe->level, Z_DEFLATED, -recipe->window,
				      recipe->memory, recipe->strategy),
			 Z_OK);
	z.next_out = out.at;
	z.avail_out = (unsigned)out.capacity;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.n = z.total_out;
	deflateEnd(&z);
	return out;
}

static void zlib_at_all_settings(void **state)
{
	uint8_t *text = some_text(100000, 5);
	uint64_t random = 11;

	(void)state;
	for (unsigned i = 0; i < 9 * 9 * 7 * 5; i += 1 + (unsigned)(next_random(&random) % 30)) {
		struct rill_deflate_recipe recipe = {.kind = RILL_DEFLATE_ZLIB,
						     .level = (uint8_t)(1 + i % 9),
						     .memory = (uint8_t)(1 + i / 9 % 9),
						     .window = (uint8_t)(9 + i / 81 % 7),
						     .strategy = (uint8_t)(i / 81 / 7)};
		size_t n = 1 + (size_t)(next_random(&random) % 100000);
		struct bytes expected = zlib_makes(&recipe, text, n);
		struct bytes made = make_again(&recipe, text, n, 1500);

		assert_int_equal(made.n, expected.n);
		assert_memory_equal(made.at, expected.at, made.n);
		free(expected.at);
		free(made.at);
	}
	free(text);
}

/* What gzip 1.12, pigz 2.6 and zlib 1.2.13 of Debian 12 made of some_text(300000, 3). */
static void streams_of_the_real_tools(void **state)
{
	static const struct {
		struct rill_deflate_recipe recipe;
		const char *sha256;
	} kept[] = {
		{{.kind = RILL_DEFLATE_GZIP, .level = 1},
		 "b64818633235f6d04aa02259a5363a9cf8c47b33f80282065bc027a63834e334"},
		{{.kind = RILL_DEFLATE_GZIP, .level = 3},
		 "447b2cdf086779fead917b3bb5f17380c79a366c4307b152be43dae6aeb41ff6"},
		{{.kind = RILL_DEFLATE_GZIP, .level = 4},
		 "538c33c29fa7e20f70545640af4491bc2853911b058383da6fbccebafb4baeae"},
		{{.kind = RILL_DEFLATE_GZIP, .level = 6},
		 "3adf9d80a6f650130e6a8a32c3c6faedfc198ef3bff4d8c6a5ec42d571be0698"},
		{{.kind = RILL_DEFLATE_GZIP, .level = 9},
		 "02f56103e1fbf5bd99af22a87005a741e6250a70e2c65ff5e6a4f831d47ee65f"},
		{{.kind = RILL_DEFLATE_PIGZ, .level = 3, .block = 131072},
		 "98f5bbaf6ed09e68a76afc126595565ebc8de515371074379f9d7dbad8448d78"},
		{{.kind = RILL_DEFLATE_PIGZ, .level = 3, .block = 131072, .joined = true},
		 "6459dcd1bf1299e6c5d51e4203548b0fe07b7c3ec98c5766f89619fcdbf28f6b"},
		{{.kind = RILL_DEFLATE_ZLIB, .level = 1, .memory = 8, .window = 15},
		 "7cb04d76ffddb1dbada3d34ed98cfd6a52024277b2fb957ec590e5aebd25c17f"},
		{{.kind = RILL_DEFLATE_ZLIB, .level = 6, .memory = 8, .window = 15},
		 "d648b441d1b345c0ba1b59892f4c04a1c7246f44e2e4af2072d3727090f4d859"},
		{{.kind = RILL_DEFLATE_ZLIB, .level = 9, .memory = 9, .window = 15},
		 "87db2dcf00d34d8506a708e9f17e2788bb2490f3761527f4b30b4c6744cbab24"},
	};
	uint8_t *text = some_text(300000, 3);

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		struct bytes made = make_again(&kept[i].recipe, text, 300000, 9000);
		uint8_t digest[RILL_SHA256_SIZE];
		char hex[2 * RILL_SHA256_SIZE + 1];

		rill_sha256(made.at, made.n, digest);
		for (unsigned k = 0; k < RILL_SHA256_SIZE; k++)
			snprintf(hex + 2 * k, 3, "%02x", digest[k]);
		assert_string_equal(hex, kept[i].sha256);
		free(made.at);
	}
	free(text);
}

static enum rill_code refuse(void *context, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	int *left = context;

	(void)bytes, (void)n;
	return (*left)-- > 0 ? RILL_OK : rill_fail(error, RILL_NO_SPACE, "full");
}

static void a_failing_sink_ends_it(void **state)
{
	uint8_t *text = some_text(300000, 3);

	(void)state;
	for (size_t i = 0; i < RECIPES; i++)
		for (int writes = 0; writes < 2; writes++) {
			struct rill_deflate *made;
			struct rill_error error;
			enum rill_code code;
			int left = writes;

			assert_ok(rill_deflate_new(&made, &recipes[i],
						   (struct rill_deflate_sink){&left, refuse},
						   &error),
				  &error);
			code = rill_deflate_feed(made, text, 300000, &error);
			if (code == RILL_OK)
				code = rill_deflate_finish(made, &error);
			assert_fails(code, RILL_NO_SPACE, &error, "full");
			assert_int_equal(left, -1); /* not called again */
			rill_deflate_free(made);
		}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipes_come_back),
		cmocka_unit_test(a_recipe_has_one_form),
		cmocka_unit_test(bad_recipes_are_refused),
		cmocka_unit_test(pieces_do_not_matter),
		cmocka_unit_test(zlib_at_all_settings),
		cmocka_unit_test(streams_of_the_real_tools),
		cmocka_unit_test(a_failing_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
