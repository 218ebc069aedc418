/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever instructions lanes.h uses here, they do what the words in it say.
 */
#include "tests/unit/support.h"

#include "protocol/bit_model.h"

#define ROUNDS 20000

static uint32_t random32(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*state >> 32);
}

/* Often at the ends of the range. */
static int32_t random_within(uint64_t *state, int32_t low, int32_t high)
{
	switch (random32(state) % 8) {
	case 0: return low;
	case 1: return high;
	default: return low + (int32_t)(random32(state) % (uint32_t)(high - low + 1));
	}
}

static int32_t floor_shift(int64_t value, unsigned bits)
{
	int64_t unit = INT64_C(1) << bits, quotient = value / unit;

	return (int32_t)(value % unit < 0 ? quotient - 1 : quotient);
}

struct sample {
	uint32_t slot[RILL_INPUTS_MAX];
	int32_t input[RILL_GROUPS_MAX * RILL_LANES];
	int16_t weight[RILL_GROUPS_MAX * RILL_LANES];
	rill_lanes lanes[RILL_GROUPS_MAX];
};

static void make(struct sample *sample, const struct rill_logistic *tables, uint64_t *state)
{
	for (unsigned i = 0; i < RILL_INPUTS_MAX; i++) {
		unsigned at = i / 4 * RILL_LANES + i % 4;
		uint32_t p = (uint32_t)random_within(state, 0, 4095);

		sample->slot[i] = p << 20 | (random32(state) & 0xfffff);
		sample->input[at] = tables->stretch[p];
		sample->input[at + 4] = floor_shift((int64_t)p - 2048, 1);
	}
	for (unsigned i = 0; i < RILL_GROUPS_MAX * RILL_LANES; i++)
		sample->weight[i] = (int16_t)random_within(state, INT16_MIN, INT16_MAX);
	for (unsigned i = 0; i < RILL_GROUPS_MAX; i++) {
		uint32_t *slot[4];

		for (unsigned j = 0; j < 4; j++)
			slot[j] = &sample->slot[4 * i + j];
		sample->lanes[i] = rill_lanes_gather(slot, tables->stretch);
	}
}

static void sums_are_those_of_the_products(void **unused)
{
	static struct rill_logistic tables;
	uint64_t state = 1;

	(void)unused;
	rill_logistic_setup(&tables);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned groups = 1 + round % RILL_GROUPS_MAX;
		struct sample sample;
		int64_t sum = 0;

		make(&sample, &tables, &state);
		for (unsigned i = 0; i < groups * RILL_LANES; i++)
			sum += (int64_t)sample.weight[i] * sample.input[i];
		assert_true(sum == rill_lanes_weigh(sample.weight, sample.lanes, groups));
	}
}

static void weights_move_by_the_rounded_product_and_stay_in_range(void **unused)
{
	static struct rill_logistic tables;
	uint64_t state = 2;

	(void)unused;
	rill_logistic_setup(&tables);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int16_t pace = (int16_t)random_within(&state, -INT16_MAX, INT16_MAX);
		struct sample sample, was;

		make(&sample, &tables, &state);
		was = sample;
		rill_lanes_move(sample.weight, sample.lanes, pace, RILL_GROUPS_MAX);
		for (unsigned i = 0; i < RILL_GROUPS_MAX * RILL_LANES; i++) {
			int64_t move = (int64_t)pace * was.input[i] + (1 << 13);
			int32_t w = was.weight[i] + floor_shift(move, 14);

			w = w > INT16_MAX ? INT16_MAX : w < INT16_MIN ? INT16_MIN : w;
			assert_int_equal(sample.weight[i], w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_products),
		cmocka_unit_test(weights_move_by_the_rounded_product_and_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
