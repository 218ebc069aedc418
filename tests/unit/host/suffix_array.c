/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "host/suffix_array.h"
#include <string.h>

static size_t common(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	size_t n = 0;

	while (n < a_length && n < b_length && a[n] == b[n])
		n++;
	return n;
}

static size_t longest_by_force(const uint8_t *text, size_t length, const uint8_t *bytes, size_t n)
{
	size_t best = 0;

	for (size_t at = 0; at < length; at++) {
		size_t here = common(text + at, length - at, bytes, n);

		best = here > best ? here : best;
	}
	return best;
}

static void check(const struct suffix_array *array, const uint8_t *bytes, size_t n)
{
	size_t at = SIZE_MAX;
	size_t length = suffix_array_longest(array, bytes, n, &at);

	assert_int_equal(length, longest_by_force(array->text, array->length, bytes, n));
	if (length > 0) {
		assert_true(at <= array->length && length <= array->length - at);
		assert_memory_equal(array->text + at, bytes, length);
	}
}

static void the_longest_match_is_the_one_that_a_full_search_finds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint64_t random = seed;
		unsigned letters = 1 + (unsigned)(seed % 4);
		uint8_t text[200], bytes[60];
		size_t n = next_random(&random) % (sizeof text + 1);
		struct suffix_array array;
		struct rill_error error;

		for (size_t i = 0; i < n; i++)
			text[i] = (uint8_t)('a' + (next_random(&random) >> 32) % letters);
		assert_ok(suffix_array_make(&array, text, n, &error), &error);
		for (int tries = 0; tries < 30; tries++) {
			size_t length = next_random(&random) % (sizeof bytes + 1);

			for (size_t i = 0; i < length; i++)
				bytes[i] = (uint8_t)('a' + (next_random(&random) >> 32) %
								   (letters + (unsigned)tries % 2));
			check(&array, bytes, length);
		}
		suffix_array_free(&array);
	}
}

static void bytes_above_127_sort_as_they_should(void **state)
{
	uint8_t text[512];
	struct suffix_array array;
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(i * 37 + i / 256);
	assert_ok(suffix_array_make(&array, text, sizeof text, &error), &error);
	for (size_t i = 0; i < sizeof text; i++)
		check(&array, text + i, sizeof text - i);
	suffix_array_free(&array);
}

static void nothing_matches_in_an_empty_text(void **state)
{
	struct suffix_array array;
	struct rill_error error;
	size_t at = 5;

	(void)state;
	assert_ok(suffix_array_make(&array, NULL, 0, &error), &error);
	assert_int_equal(suffix_array_longest(&array, (const uint8_t *)"abc", 3, &at), 0);
	assert_int_equal(at, 0);
	suffix_array_free(&array);
}

static void a_match_may_reach_the_end_of_the_text(void **state)
{
	static const uint8_t text[] = {'a', 'b', 'c', 'a', 'b', 'x', 'y'};
	struct suffix_array array;
	struct rill_error error;
	size_t at;

	(void)state;
	assert_ok(suffix_array_make(&array, text, sizeof text, &error), &error);
	assert_int_equal(suffix_array_longest(&array, (const uint8_t *)"abxyz", 5, &at), 4);
	assert_int_equal(at, 3);
	assert_int_equal(suffix_array_longest(&array, (const uint8_t *)"y", 1, &at), 1);
	assert_int_equal(at, 6);
	assert_int_equal(suffix_array_longest(&array, (const uint8_t *)"abcabxyabc", 10, &at), 7);
	assert_int_equal(at, 0);
	assert_int_equal(suffix_array_longest(&array, (const uint8_t *)"zab", 3, &at), 0);
	assert_int_equal(suffix_array_longest(&array, text, 0, &at), 0);
	suffix_array_free(&array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_match_is_the_one_that_a_full_search_finds),
		cmocka_unit_test(bytes_above_127_sort_as_they_should),
		cmocka_unit_test(nothing_matches_in_an_empty_text),
		cmocka_unit_test(a_match_may_reach_the_end_of_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
