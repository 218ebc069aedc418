/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/bit_history.h"
#include <stdlib.h>

static struct rill_bit_history tables;

static uint8_t after(uint8_t history, unsigned bit, unsigned times)
{
	while (times-- > 0)
		history = tables.next[history][bit];
	return history;
}

static void a_run_makes_its_bit_more_likely_and_its_end_less(void **state)
{
	uint8_t history = 0;

	(void)state;
	assert_int_equal(tables.seen[0], 0);
	assert_int_equal(tables.likely[0], 32768);
	for (unsigned i = 1; i <= 30; i++) {
		uint8_t longer = after(history, 1, 1);

		assert_int_equal(tables.seen[longer], i);
		assert_true(tables.likely[longer] > tables.likely[history]);
		assert_true(tables.likely[after(longer, 0, 1)] < tables.likely[longer]);
		history = longer;
	}
	assert_int_equal(after(history, 1, 1), history); /* it counts no further */
	/* What is seen now counts more than what was long ago. */
	assert_true(tables.likely[after(history, 0, 6)] < 32768);
}

static void zeros_and_ones_are_treated_alike(void **state)
{
	uint64_t random = 1;
	uint8_t one = 0, other = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		/* Runs of all lengths. */
		unsigned bit = next_random(&random) >> 32 & 1;
		unsigned times = 1 + (unsigned)(next_random(&random) >> 40) % (i % 40 + 1);

		one = after(one, bit, times);
		other = after(other, !bit, times);
		assert_int_equal(tables.seen[one], tables.seen[other]);
		assert_true(abs(tables.likely[one] + tables.likely[other] - 65536) <= 1);
		assert_true(tables.likely[one] > 0);
	}
}

static void every_history_has_a_number(void **state)
{
	unsigned last = 0;

	(void)state;
	for (unsigned i = 0; i <= last; i++)
		for (unsigned bit = 0; bit < 2; bit++)
			if (tables.next[i][bit] > last)
				last = tables.next[i][bit];
	assert_int_equal(last + 1, 153);
}

static void the_last_bit_tells_histories_apart(void **state)
{
	uint8_t first = after(after(0, 0, 1), 1, 1), second = after(after(0, 1, 1), 0, 1);

	(void)state;
	assert_int_equal(tables.likely[first], tables.likely[second]);
	assert_int_not_equal(first, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_makes_its_bit_more_likely_and_its_end_less),
		cmocka_unit_test(zeros_and_ones_are_treated_alike),
		cmocka_unit_test(every_history_has_a_number),
		cmocka_unit_test(the_last_bit_tells_histories_apart),
	};

	rill_bit_history_setup(&tables);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
