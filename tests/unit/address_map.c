/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/address_map.h"
#include <stdlib.h>
#include <string.h>

#define BASE 100000

static struct rill_address_map *map;
static struct rill_stretch stretch[1001];

static int make_map(void **state)
{
	(void)state;
	map = calloc(1, sizeof *map);
	return map ? 0 : -1;
}

static int free_map(void **state)
{
	(void)state;
	free(map);
	return 0;
}

static void follows_copies_and_continues_them(void **state)
{
	const struct rill_copy copies[] = {
		{.output = 500, .source = 1000, .length = 100},
		{.output = 600, .source = 90000, .length = 10000},
		{.output = 20000, .source = BASE + 3, .length = 50}, /* from the output */
	};
	uint64_t output;
	bool exact;

	(void)state;
	rill_address_map_build(map, copies, 3, stretch);
	assert_true(rill_address_map_find(map, 999, &output, &exact) && !exact);
	assert_int_equal(output, 499);
	assert_false(rill_address_map_find(map, 499, &output, &exact));
	assert_true(rill_address_map_find(map, 1000, &output, &exact) && exact);
	assert_int_equal(output, 500);
	assert_true(rill_address_map_find(map, 1099, &output, &exact) && exact);
	assert_int_equal(output, 599);
	assert_true(rill_address_map_find(map, 50000, &output, &exact) && !exact);
	assert_int_equal(output, 49500);
	assert_true(rill_address_map_find(map, 99999, &output, &exact) && exact);
	assert_int_equal(output, 10599);
	assert_true(rill_address_map_find(map, BASE + 52, &output, &exact) && exact);
	assert_int_equal(output, 20049);
	assert_true(rill_address_map_find(map, UINT64_MAX, &output, &exact) && !exact);
}

static void longer_copies_win(void **state)
{
	const struct rill_copy copies[] = {
		{.output = 0, .source = 100, .length = 50},
		{.output = 1000, .source = 120, .length = 500},
		{.output = 5000, .source = 110, .length = 30},
		{.output = 6000, .source = 600, .length = 100},
	};
	uint64_t output;
	bool exact;

	(void)state;
	rill_address_map_build(map, copies, 4, stretch);
	assert_true(rill_address_map_find(map, 119, &output, &exact) && exact);
	assert_int_equal(output, 19);
	assert_true(rill_address_map_find(map, 125, &output, &exact) && exact);
	assert_int_equal(output, 1005);
	assert_true(rill_address_map_find(map, 610, &output, &exact) && exact);
	assert_int_equal(output, 1490);
	assert_true(rill_address_map_find(map, 699, &output, &exact) && exact);
	assert_int_equal(output, 6099);
}

/* Whatever the copies are, stretches come out in order and apart, and lead where a copy of
 * theirs leads. */
static void any_copies_make_an_orderly_map(void **state)
{
	struct rill_copy copies[1000];
	uint64_t random = 7;

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < 1000; i++) {
			uint64_t r = next_random(&random);

			copies[i].source = r % BASE;
			copies[i].length = 1 + (r >> 20) % (round < 25 ? 300 : BASE);
			if (copies[i].length > BASE - copies[i].source)
				copies[i].length = BASE - copies[i].source;
			copies[i].output = i * 1000;
		}
		rill_address_map_build(map, copies, 1000, stretch);
		assert_true(map->count > 0);
		for (size_t i = 0; i < map->count; i++) {
			const struct rill_copy *copy = &copies[stretch[i].copy];

			assert_true(stretch[i].length > 0);
			assert_true(stretch[i].start >= copy->source);
			assert_true(stretch[i].start + stretch[i].length <=
				    copy->source + copy->length);
			assert_true(i == 0 || stretch[i].start >=
						      stretch[i - 1].start + stretch[i - 1].length);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_copies_and_continues_them),
		cmocka_unit_test(longer_copies_win),
		cmocka_unit_test(any_copies_make_an_orderly_map),
	};

	return cmocka_run_group_tests(tests, make_map, free_map);
}
