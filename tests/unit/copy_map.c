/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/copy_map.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 256

/* What most cases below are about: 100 bytes of base, 50 of output. */
#define BASE 100
#define OUTPUT 50

struct map {
	struct rill_copy copy[ENTRIES];
	size_t count, n;
	uint8_t bytes[ENTRIES * 3 * RILL_VARINT_MAX];
};

static void make_random_map(struct map *map, uint64_t *seed, uint64_t base_length,
			    uint64_t output_length)
{
	struct rill_writer writer = rill_writer(map->bytes, sizeof map->bytes);
	uint64_t at = 0, source_end = 0;

	for (map->count = 0; at < output_length; map->count++) {
		struct rill_copy copy = random_copy(seed, at, output_length - at, base_length);

		if (map->count == ENTRIES - 1)
			copy = (struct rill_copy){.output = at, .literal = output_length - at};
		map->copy[map->count] = copy;
		rill_copy_map_put(&writer, &copy, source_end);
		if (copy.length > 0)
			source_end = copy.source + copy.length;
		at += copy.literal + copy.length;
	}
	assert_false(writer.full);
	map->n = rill_writer_length(&writer);
}

static void assert_comes_back(const struct map *map, uint64_t base_length, uint64_t output_length)
{
	struct rill_copy_map cursor = rill_copy_map(map->bytes, map->n, base_length, output_length);
	struct rill_error error;

	assert_ok(rill_copy_map_check(cursor, &error), &error);
	for (size_t i = 0; i < map->count; i++) {
		struct rill_copy copy;

		assert_false(rill_copy_map_done(&cursor));
		assert_ok(rill_copy_map_next(&cursor, &copy, &error), &error);
		assert_true(copy.output == map->copy[i].output);
		assert_true(copy.literal == map->copy[i].literal);
		assert_true(copy.length == map->copy[i].length);
		assert_true(copy.length == 0 || copy.source == map->copy[i].source);
	}
	assert_true(rill_copy_map_done(&cursor));
}

static void random_maps_come_back(void **state)
{
	static const uint64_t lengths[] = {0, 1, 100, 70000, UINT64_C(1) << 48, INT64_MAX};
	const size_t n = sizeof lengths / sizeof lengths[0];
	static struct map map;
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < 50 * n * n; i++) {
		uint64_t base = lengths[i % n], output = lengths[i / n % n];

		make_random_map(&map, &seed, base, output);
		assert_comes_back(&map, base, output);
	}
}

/* Steps of more than 63 bits wrap, and come back all the same. */
static void steps_over_the_whole_address_space_come_back(void **state)
{
	static struct map map;
	const uint64_t base = UINT64_MAX - 1000;
	const uint64_t sources[] = {0, base - 10, 5, UINT64_C(1) << 63, 0, base, 1};
	struct rill_writer writer = rill_writer(map.bytes, sizeof map.bytes);
	uint64_t source_end = 0;

	(void)state;
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
		struct rill_copy copy = {.output = 10 * i, .length = 10, .source = sources[i]};

		rill_copy_map_put(&writer, &copy, source_end);
		source_end = copy.source + copy.length;
		map.copy[map.count++] = copy;
	}
	map.n = rill_writer_length(&writer);
	assert_comes_back(&map, base, 10 * map.count);
}

static void an_empty_output_has_an_empty_map(void **state)
{
	struct rill_copy_map map = rill_copy_map((const uint8_t *)"", 0, BASE, 0);
	struct rill_error error;

	(void)state;
	assert_true(rill_copy_map_done(&map));
	assert_ok(rill_copy_map_check(map, &error), &error);
	map = rill_copy_map((const uint8_t *)"\0\0", 2, BASE, 0);
	assert_fails(rill_copy_map_check(map, &error), RILL_CORRUPT, &error, "bytes after the end");
}

/* The map of these numbers, as they are. */
static size_t put_numbers(uint8_t *bytes, size_t capacity, const uint64_t *numbers, size_t count)
{
	struct rill_writer writer = rill_writer(bytes, capacity);

	for (size_t i = 0; i < count; i++)
		rill_put_varint(&writer, numbers[i]);
	assert_false(writer.full);
	return rill_writer_length(&writer);
}

/* Zigzag by hand: forward and back. */
#define ON(n) (2 * UINT64_C(n))
#define BACK(n) (2 * UINT64_C(n) - 1)

struct numbers {
	uint64_t number[9];
	size_t count;
};

static enum rill_code check_numbers(const struct numbers *numbers, struct rill_error *error)
{
	uint8_t bytes[9 * RILL_VARINT_MAX];
	size_t n = put_numbers(bytes, sizeof bytes, numbers->number, numbers->count);

	return rill_copy_map_check(rill_copy_map(bytes, n, BASE, OUTPUT), error);
}

static void all_that_exists_can_be_copied(void **state)
{
	static const struct numbers good[] = {
		{{50, 0}, 2},
		{{0, 50, ON(0)}, 3},
		{{0, 50, ON(50)}, 3}, /* up to the border */
		{{25, 25, ON(100)}, 3}, /* all of the output so far */
		{{0, 25, ON(75), 0, 25, ON(0)}, 6}, /* across the border by two entries */
		{{1, 20, ON(0), 0, 10, BACK(20), 19, 0}, 8},
		{{49, 1, ON(148)}, 3}, /* the byte just before */
	};
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_ok(check_numbers(&good[i], &error), &error);
}

static void every_rule_is_checked(void **state)
{
	static const char nothing[] = "from where nothing is", longer[] = "more than the output",
			  no_copy[] = "without a copy", cut[] = "cut off";
	static const struct {
		struct numbers map;
		const char *fragment;
	} bad[] = {
		/* beyond the base, across the border, what is not yet written */
		{{{0, 50, ON(51)}, 3}, nothing},
		{{{0, 50, ON(100)}, 3}, nothing},
		{{{30, 20, ON(90)}, 3}, nothing},
		{{{30, 20, ON(99)}, 3}, nothing},
		{{{24, 26, ON(100)}, 3}, nothing},
		{{{25, 25, ON(101)}, 3}, nothing},
		{{{0, 1, ON(100), 49, 0}, 5}, nothing},
		{{{49, 1, ON(149)}, 3}, nothing},
		/* before the start, and steps that wrap */
		{{{0, 50, BACK(1)}, 3}, nothing},
		{{{0, 10, ON(20), 0, 40, BACK(31)}, 6}, nothing},
		{{{0, 50, UINT64_MAX}, 3}, nothing},
		{{{0, 50, UINT64_MAX - 1}, 3}, nothing},
		{{{0, 50, ON(1000)}, 3}, nothing},
		{{{0, 10, ON(0), 0, 40, UINT64_MAX}, 6}, nothing},
		{{{0, 50, BACK(49)}, 3}, nothing}, /* its end would wrap to 1 */
		{{{0, 50, BACK(50)}, 3}, nothing}, /* ... and to 0 */
		/* entries that say nothing */
		{{{0, 0}, 2}, no_copy},
		{{{0, 0, 50, 0}, 4}, no_copy},
		{{{10, 0, 0, 40, ON(0)}, 5}, no_copy},
		{{{49, 0}, 2}, no_copy},
		/* longer than the output */
		{{{51, 0}, 2}, longer},
		{{{0, 51, ON(0)}, 3}, longer},
		{{{20, 31, ON(0)}, 3}, longer},
		{{{UINT64_MAX, 1, ON(0)}, 3}, longer},
		{{{1, UINT64_MAX, ON(0)}, 3}, longer},
		{{{UINT64_MAX, 51, ON(0)}, 3}, longer},
		{{{0, 40, ON(0), 5, 6, ON(0)}, 6}, longer},
		/* shorter, or not ended */
		{{{0}, 0}, cut},
		{{{50}, 1}, cut},
		{{{0, 50}, 2}, "no source"},
		{{{0, 49, ON(0)}, 3}, cut},
		/* something follows */
		{{{50, 0, 0}, 3}, "bytes after the end"},
		{{{0, 50, ON(0), 0, 0}, 5}, "bytes after the end"},
		{{{0, 50, ON(0), 1, 1, ON(0)}, 6}, "bytes after the end"},
	};
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_fails(check_numbers(&bad[i].map, &error), RILL_CORRUPT, &error,
			     bad[i].fragment);
		assert_non_null(strstr(error.text, "copy map, offset "));
	}
}

static void longer_forms_of_numbers_are_refused(void **state)
{
	static const char *const bad[] = {"\x80\x00\x32\x00", "\x00\xb2\x00\x00",
					  "\x00\x32\x80\x00"};
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_fails(
			rill_copy_map_check(rill_copy_map((const uint8_t *)bad[i], 4, BASE, OUTPUT),
					    &error),
			RILL_CORRUPT, &error, "copy map, offset");
}

static void a_map_cut_off_anywhere_is_refused(void **state)
{
	static struct map map;
	struct rill_error error;
	uint64_t seed = 5;

	(void)state;
	for (int round = 0; round < 20; round++) {
		make_random_map(&map, &seed, 100000, 50000);
		for (size_t n = 0; n < map.n; n++) {
			uint8_t *cut = malloc(n + 1); /* its own block: to see reads beyond */
			enum rill_code code;

			assert_non_null(cut);
			memcpy(cut, map.bytes, n);
			code = rill_copy_map_check(rill_copy_map(cut, n, 100000, 50000), &error);
			free(cut);
			assert_fails(code, RILL_CORRUPT, &error, "copy map, offset ");
		}
	}
}

/* Whatever the bytes are: what is not refused keeps to the rules. */
static void damaged_maps_keep_to_the_rules(void **state)
{
	static struct map map;
	const uint64_t base = 1000, output = 5000;
	uint64_t seed = 6;
	int taken = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct rill_copy_map cursor;
		struct rill_copy copy;
		struct rill_error error;
		uint64_t at = 0;

		if (round % 50 == 0)
			make_random_map(&map, &seed, base, output);
		map.bytes[next_random(&seed) % map.n] ^= (uint8_t)(1u << next_random(&seed) % 8);
		cursor = rill_copy_map(map.bytes, map.n, base, output);
		while (!rill_copy_map_done(&cursor) &&
		       rill_copy_map_next(&cursor, &copy, &error) == RILL_OK) {
			uint64_t end = copy.source + copy.length, written = at + copy.literal;

			assert_true(copy.output == at && copy.literal + copy.length > 0);
			assert_true(copy.literal <= output && copy.length <= output - written);
			if (copy.length > 0)
				assert_true(end > copy.source &&
					    end <= (copy.source < base ? base : base + written));
			at = written + copy.length;
			taken++;
		}
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_maps_come_back),
		cmocka_unit_test(steps_over_the_whole_address_space_come_back),
		cmocka_unit_test(an_empty_output_has_an_empty_map),
		cmocka_unit_test(all_that_exists_can_be_copied),
		cmocka_unit_test(every_rule_is_checked),
		cmocka_unit_test(longer_forms_of_numbers_are_refused),
		cmocka_unit_test(a_map_cut_off_anywhere_is_refused),
		cmocka_unit_test(damaged_maps_keep_to_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
