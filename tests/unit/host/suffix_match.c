/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/edits.h"

#include "host/suffix_match.h"

static void match(const struct pair *pair, struct copy_list *list)
{
	struct progress progress = progress_start("matching", true);
	struct rill_error error;

	*list = (struct copy_list){0};
	assert_ok(suffix_match(pair->base, pair->base_length, pair->target, pair->target_length,
			       list, &progress, &error),
		  &error);
}

static void check_rules(const struct pair *pair, void *context)
{
	struct copy_list list;
	uint64_t at = 0;

	(void)context;
	match(pair, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct rill_copy *copy = &list.copy[i];

		if (copy->output < at)
			fail_msg("%s: copy %zu begins before the last one ended", pair->name, i);
		if (copy->length == 0)
			fail_msg("%s: copy %zu is empty", pair->name, i);
		if (copy->source > pair->base_length ||
		    copy->length > pair->base_length - copy->source)
			fail_msg("%s: copy %zu is from beyond the base", pair->name, i);
		at = copy->output + copy->length;
	}
	if (at > pair->target_length)
		fail_msg("%s: the copies go on beyond the target", pair->name);
	copy_list_free(&list);
}

static void the_copies_keep_the_rules_of_the_copy_map(void **state)
{
	(void)state;
	for_edges(check_rules, NULL);
	for_random_edits(0, 200, 100000, check_rules, NULL);
}

static void an_equal_file_is_one_copy_of_all(void **state)
{
	uint8_t bytes[5000];
	const struct pair pair = {"equal", bytes, bytes, sizeof bytes, sizeof bytes};
	uint64_t seed = 3;
	struct copy_list list;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(next_random(&seed) >> 32);
	match(&pair, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.copy[0].output, 0);
	assert_int_equal(list.copy[0].source, 0);
	assert_int_equal(list.copy[0].length, sizeof bytes);
	copy_list_free(&list);
}

/* Scattered changes do not break an alignment: that is what residuals are for. */
static void scattered_changes_stay_within_one_copy(void **state)
{
	uint8_t base[8000], target[8000];
	const struct pair pair = {"scattered", base, target, sizeof base, sizeof target};
	uint64_t seed = 11;
	struct copy_list list;

	(void)state;
	for (size_t i = 0; i < sizeof base; i++) {
		base[i] = (uint8_t)(next_random(&seed) >> 32);
		target[i] = (uint8_t)(base[i] + (i % 16 == 5));
	}
	match(&pair, &list);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.copy[0].length, sizeof target);
	copy_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_copies_keep_the_rules_of_the_copy_map),
		cmocka_unit_test(an_equal_file_is_one_copy_of_all),
		cmocka_unit_test(scattered_changes_stay_within_one_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
