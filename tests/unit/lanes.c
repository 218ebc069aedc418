/* SPDX-License-Identifier: Apache-2.0
 *
 * Whatever instructions lanes.h uses here, they do what the words in it say.
 */
#include "tests/unit/support.h"

#include "protocol/bit_model.h"
#include <math.h>

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

static void each(struct sample *sample, unsigned group, uint32_t *slot[4])
{
	for (unsigned i = 0; i < 4; i++)
		slot[i] = &sample->slot[4 * group + i];
}

static rill_slots load(struct sample *sample, unsigned group)
{
	uint32_t *slot[4];

	each(sample, group, slot);
	return rill_lanes_load(slot);
}

/* Linear between powers of two. */
static int64_t linear_log2(uint32_t x)
{
	int64_t whole = 0;

	while (x >> (whole + 1))
		whole++;
	return (whole - 1) * (1 << 23) + ((int64_t)x << 23) / (1 << whole);
}

static int32_t stretched(uint32_t p)
{
	return floor_shift(linear_log2(p) - linear_log2((1 << 23) - p), 16);
}

static void make(struct sample *sample, uint64_t *state)
{
	for (unsigned i = 0; i < RILL_INPUTS_MAX; i++) {
		unsigned at = i / 4 * RILL_LANES + i % 4;
		uint32_t p = (uint32_t)random_within(state, 0, (1 << 22) - 1);
		uint32_t count = (uint32_t)random_within(state, 0, RILL_COUNT_MAX);

		sample->slot[i] = p << 10 | count;
		sample->input[at] = stretched(2 * p + 1);
		sample->input[at + 4] = floor_shift((int64_t)(p >> 10) - 2048, 1);
	}
	for (unsigned i = 0; i < RILL_GROUPS_MAX * RILL_LANES; i++)
		sample->weight[i] = (int16_t)random_within(state, INT16_MIN, INT16_MAX);
	for (unsigned i = 0; i < RILL_GROUPS_MAX; i++)
		sample->lanes[i] = rill_lanes_inputs(load(sample, i));
}

static void stretched_is_about_the_logarithm_of_the_odds(void **unused)
{
	(void)unused;
	for (uint32_t p = 1; p < 1 << 23; p += 2) {
		double odds = 128 * log2(p / (double)((1 << 23) - p));

		assert_true(fabs(stretched(p) - odds) < 128 * 0.0862 + 1);
	}
}

static void slots_move_by_their_count(void **unused)
{
	static struct rill_bit_tables tables;
	uint64_t state = 3;

	(void)unused;
	rill_bit_tables_setup(&tables);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t limit = round % 2 ? 127 : RILL_COUNT_MAX;
		int32_t target = random32(&state) % 2 ? (1 << 22) - 1 : 0;
		struct sample sample, was;
		uint32_t *slot[4];

		make(&sample, &state);
		was = sample;
		each(&sample, 1, slot);
		rill_lanes_store(rill_lanes_learn(load(&sample, 1), tables.pace, limit, target),
				 slot);
		for (unsigned i = 0; i < RILL_INPUTS_MAX; i++) {
			uint32_t n = was.slot[i] & 1023;
			int64_t p = was.slot[i] >> 10, distance = floor_shift(target - p, 3);

			p += floor_shift(distance * tables.pace[n], 10);
			if (i / 4 != 1)
				assert_int_equal(sample.slot[i], was.slot[i]);
			else
				assert_int_equal(sample.slot[i],
						 (uint32_t)p << 10 | (n + (n < limit)));
		}
	}
}

static void sums_are_those_of_the_products(void **unused)
{
	uint64_t state = 1;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned groups = 1 + round % RILL_GROUPS_MAX;
		struct sample sample;
		int64_t sum = 0;

		make(&sample, &state);
		for (unsigned i = 0; i < groups * RILL_LANES; i++)
			sum += (int64_t)sample.weight[i] * sample.input[i];
		assert_true(sum == rill_lanes_weigh(sample.weight, sample.lanes, groups));
	}
}

static void weights_move_by_the_rounded_product_and_stay_in_range(void **unused)
{
	uint64_t state = 2;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		int16_t pace = (int16_t)random_within(&state, -INT16_MAX, INT16_MAX);
		struct sample sample, was;

		make(&sample, &state);
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
		cmocka_unit_test(stretched_is_about_the_logarithm_of_the_odds),
		cmocka_unit_test(slots_move_by_their_count),
		cmocka_unit_test(sums_are_those_of_the_products),
		cmocka_unit_test(weights_move_by_the_rounded_product_and_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
