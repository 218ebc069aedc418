/* SPDX-License-Identifier: Apache-2.0
 *
 * Several bases and several outputs in one delta: copies over the borders of objects, objects
 * without bytes, copies from the output so far, and code that comes in pieces of any size.
 */
#include "tests/unit/support.h"

#include "tests/support/craft.h"
#include <stdlib.h>
#include <string.h>

#define MOST 200000u

struct plan {
	uint8_t *space;
	uint64_t base, output;
	struct rill_copy copy[64];
	size_t copies;
};

static uint64_t below(uint64_t *random, uint64_t limit)
{
	return limit ? (next_random(random) >> 16) % limit : 0;
}

static struct plan *plan_new(uint64_t base)
{
	struct plan *plan = calloc(1, sizeof *plan);
	uint64_t random = base + 1;

	assert_non_null(plan);
	plan->space = malloc((size_t)base + MOST);
	assert_non_null(plan->space);
	plan->base = base;
	for (size_t i = 0; i < base; i++)
		plan->space[i] = (uint8_t)(next_random(&random) >> 56);
	return plan;
}

static void plan_free(struct plan *plan)
{
	free(plan->space);
	free(plan);
}

static void add_literal(struct plan *plan, uint64_t n)
{
	for (; n > 0; n--) {
		plan->space[plan->base + plan->output] = (uint8_t)(plan->output * 77 >> 3);
		plan->output++;
	}
}

static void add_copy(struct plan *plan, uint64_t source, uint64_t length)
{
	assert_true(plan->output + length <= MOST && plan->copies < 64 && length > 0);
	plan->copy[plan->copies++] = (struct rill_copy){plan->output, source, length};
	memcpy(plan->space + plan->base + plan->output, plan->space + source, (size_t)length);
	plan->output += length;
}

/* Encodes with the objects of `bases` and `outputs` (0-terminated after the count). */
static void check(const struct plan *plan, const uint64_t *bases, size_t base_count,
		  const uint64_t *outputs, size_t output_count)
{
	static const long pieces[] = {1, -7, -3000, 65536, -100000};
	struct craft *craft = craft_new(plan->space);

	for (size_t i = 0; i < base_count; i++)
		craft_base(craft, bases[i]);
	for (size_t i = 0; i < output_count; i++)
		craft_output(craft, outputs[i]);
	assert_true(craft->header.base_length == plan->base);
	assert_true(craft->header.output_length == plan->output);
	craft_encode_one(craft, NULL, plan->copy, plan->copies);
	craft_seal(craft);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		assert_true(craft_comes_back(craft, pieces[i]));
	craft_free(craft);
}

static void copies_over_the_borders_of_bases(void **state)
{
	const uint64_t bases[] = {0, 1000, 0, 0, 1, 50000, 3, 0};
	struct plan *plan = plan_new(51004);
	uint64_t output;

	(void)state;
	add_copy(plan, 900, 200); /* over four borders at once */
	add_copy(plan, 0, 51004); /* over all */
	add_literal(plan, 10);
	add_copy(plan, 1000, 1); /* the base of one byte */
	add_copy(plan, 50999, 5); /* the last three and two before */
	add_copy(plan, 999, 30000);
	output = plan->output;
	check(plan, bases, 8, &output, 1);
	plan_free(plan);
}

static void outputs_of_all_sizes(void **state)
{
	struct plan *plan = plan_new(70000);
	uint64_t outputs[] = {0, 1, 0, 0, 40000, 0, 1, 32768, 0, 0, 0};
	uint64_t base = 70000;

	(void)state;
	add_copy(plan, 5, 60000); /* over many borders */
	add_literal(plan, 300);
	add_copy(plan, 1, 60000);
	outputs[9] = plan->output - 72770;
	check(plan, &base, 1, outputs, 11);
	plan_free(plan);
}

static void copies_from_the_output_so_far(void **state)
{
	const uint64_t bases[] = {0, 100, 0};
	struct plan *plan = plan_new(100);
	uint64_t outputs[] = {50, 0, 200, 7, 0, 0};

	(void)state;
	add_literal(plan, 60);
	add_copy(plan, 0, 100);
	add_copy(plan, 100, 160); /* all of it, over a border of outputs and an empty one */
	add_copy(plan, 100 + 319, 1); /* the byte just written */
	add_copy(plan, 100 + 49, 2); /* two outputs */
	add_copy(plan, 99, 1); /* the base's last byte */
	while (plan->output < 50000)
		add_copy(plan, 100 + plan->output / 3, plan->output - plan->output / 3);
	add_literal(plan, 5000);
	add_copy(plan, 100 + 40000, 9000);
	outputs[5] = plan->output - 257;
	check(plan, bases, 3, outputs, 6);
	plan_free(plan);
}

static void no_bases_at_all_and_no_outputs(void **state)
{
	const uint64_t none[] = {0, 0, 0};
	struct plan *plan = plan_new(0);
	uint64_t output;

	(void)state;
	check(plan, none, 3, none, 3);
	add_literal(plan, 5000);
	add_copy(plan, 10, 4000);
	output = plan->output;
	check(plan, none, 1, &output, 1);
	check(plan, none, 3, (uint64_t[]){0, output, 0}, 3);
	plan_free(plan);
}

/* Divides `total` into `count` lengths, some of them 0. */
static void divide(uint64_t *random, uint64_t total, uint64_t *lengths, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		lengths[i] = below(random, 3) ? below(random, total + 1) : 0;
		total -= lengths[i];
	}
	lengths[count - 1] = total;
}

static void any_plan_comes_back(void **state)
{
	uint64_t random = 77;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		uint64_t bases[RILL_DELTA_OBJECTS_MAX], outputs[RILL_DELTA_OBJECTS_MAX];
		size_t base_count = 1 +
				    (size_t)below(&random, round == 7 ? RILL_DELTA_OBJECTS_MAX : 6);
		size_t output_count = 1 + (size_t)below(&random,
							round == 7 ? RILL_DELTA_OBJECTS_MAX : 6);
		struct plan *plan = plan_new(below(&random, 30000));

		for (uint64_t i = below(&random, 30); i > 0 && plan->output < MOST / 2; i--) {
			uint64_t limit = plan->base, from = 0, source;

			add_literal(plan, below(&random, 100));
			if (below(&random, 3) == 0) {
				from = plan->base;
				limit = plan->output;
			}
			if (limit == 0)
				continue;
			source = below(&random, limit);
			add_copy(plan, from + source, 1 + below(&random, limit - source));
		}
		divide(&random, plan->base, bases, base_count);
		divide(&random, plan->output, outputs, output_count);
		check(plan, bases, base_count, outputs, output_count);
		plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_over_the_borders_of_bases),
		cmocka_unit_test(outputs_of_all_sizes),
		cmocka_unit_test(copies_from_the_output_so_far),
		cmocka_unit_test(no_bases_at_all_and_no_outputs),
		cmocka_unit_test(any_plan_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
