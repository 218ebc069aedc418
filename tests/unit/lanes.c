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

/* A vector of each sort that the mixer has: probabilities stretched, what is left of them, slots.
 */
struct sample {
	uint32_t slot[RILL_SLOTS];
	uint16_t p[RILL_LANES];
	int32_t input[RILL_LANES_MOST * RILL_LANES];
	int16_t weight[2][RILL_LANES_MOST * RILL_LANES];
	rill_lanes lanes[RILL_LANES_MOST];
};

static rill_slots load(struct sample *sample, uint32_t *slot[RILL_SLOTS])
{
	for (unsigned i = 0; i < RILL_SLOTS; i++)
		slot[i] = &sample->slot[i];
	return rill_lanes_load(slot);
}

static rill_lanes gather(struct sample *sample, uint16_t *p[RILL_LANES], unsigned n)
{
	for (unsigned i = 0; i < RILL_LANES; i++)
		p[i] = &sample->p[i];
	return rill_lanes_gather(p, n);
}

/* Linear between powers of two. */
static int64_t linear_log2(uint32_t x)
{
	int64_t whole = 0;

	while (x >> (whole + 1))
		whole++;
	return (whole - 1) * (1 << 23) + ((int64_t)x << 23) / (1 << whole);
}

static int32_t stretched(uint32_t p, uint32_t one)
{
	return floor_shift(linear_log2(p) - linear_log2(one - p), 16);
}

static void make(struct sample *sample, uint64_t *state)
{
	uint32_t *slot[RILL_SLOTS];
	uint16_t *place[RILL_LANES];

	for (unsigned i = 0; i < RILL_LANES; i++) {
		int32_t p = random_within(state, 1, 65535);

		sample->p[i] = (uint16_t)p;
		sample->input[i] = stretched((uint32_t)p, 1 << 16);
		sample->input[RILL_LANES + i] = floor_shift(p - 32768, 5);
	}
	for (unsigned i = 0; i < RILL_SLOTS; i++) {
		uint32_t p = (uint32_t)random_within(state, 0, (1 << 22) - 1);
		uint32_t count = (uint32_t)random_within(state, 0, RILL_COUNT_MAX);

		sample->slot[i] = p << 10 | count;
		sample->input[2 * RILL_LANES + i] = stretched(2 * p + 1, 1 << 23);
		sample->input[2 * RILL_LANES + 4 + i] = floor_shift((int64_t)(p >> 10) - 2048, 1);
	}
	for (unsigned i = 0; i < RILL_LANES_MOST * RILL_LANES; i++) {
		sample->weight[0][i] = (int16_t)random_within(state, INT16_MIN, INT16_MAX);
		sample->weight[1][i] = (int16_t)random_within(state, INT16_MIN, INT16_MAX);
	}
	sample->lanes[0] = rill_lanes_stretch(gather(sample, place, 8));
	sample->lanes[1] = rill_lanes_half(gather(sample, place, 8));
	sample->lanes[2] = rill_lanes_inputs(load(sample, slot));
}

/* What the mixer does with the lanes is to multiply them: by 1 in one of them it shows that one. */
static int32_t lane(const rill_lanes *lanes, unsigned at)
{
	int16_t one[RILL_LANES] = {0}, none[RILL_LANES] = {0};

	one[at] = 1 << RILL_LANES_SHIFT;
	return rill_lanes_weigh(one, none, lanes, 1);
}

static void stretched_is_about_the_logarithm_of_the_odds(void **unused)
{
	(void)unused;
	for (uint32_t p = 1; p < 1 << 23; p += 2) {
		double odds = 128 * log2(p / (double)((1 << 23) - p));

		assert_true(fabs(stretched(p, 1 << 23) - odds) < 128 * 0.0862 + 1);
	}
}

static void every_lane_is_the_input_that_it_should_be(void **unused)
{
	uint64_t state = 4;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct sample sample;
		uint16_t *place[RILL_LANES];
		rill_lanes narrow;

		make(&sample, &state);
		narrow = rill_lanes_narrow(gather(&sample, place, 4));
		for (unsigned i = 0; i < RILL_LANES_MOST * RILL_LANES; i++)
			assert_int_equal(lane(&sample.lanes[i / RILL_LANES], i % RILL_LANES),
					 sample.input[i]);
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(lane(&narrow, i), sample.input[i]);
			assert_int_equal(lane(&narrow, 4 + i), sample.input[RILL_LANES + i]);
		}
	}
}

static void probabilities_move_by_a_64th_and_never_to_the_end(void **unused)
{
	uint64_t state = 5;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned bit = random32(&state) % 2, n = round % 3 ? 8 : 4;
		struct sample sample, was;
		uint16_t *place[RILL_LANES];

		make(&sample, &state);
		was = sample;
		rill_lanes_scatter(rill_lanes_adapt(gather(&sample, place, n), bit), place, n);
		for (unsigned i = 0; i < RILL_LANES; i++) {
			int32_t p = was.p[i];

			if (i < n)
				p += bit ? (65535 - p) / 64 : -(p / 64);
			assert_int_equal(sample.p[i], p);
			assert_true(p > 0);
		}
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
		uint32_t *slot[RILL_SLOTS];
		rill_slots slots;

		make(&sample, &state);
		was = sample;
		slots = load(&sample, slot);
		rill_lanes_store(rill_lanes_learn(slots, tables.pace, limit, target), slot);
		for (unsigned i = 0; i < RILL_SLOTS; i++) {
			uint32_t n = was.slot[i] & 1023;
			int64_t p = was.slot[i] >> 10, distance = floor_shift(target - p, 3);

			p += floor_shift(distance * tables.pace[n], 10);
			assert_int_equal(sample.slot[i], (uint32_t)p << 10 | (n + (n < limit)));
		}
	}
}

static void sums_are_those_of_the_products(void **unused)
{
	uint64_t state = 1;

	(void)unused;
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned n = 1 + round % RILL_LANES_MOST;
		struct sample sample;
		int64_t sum[4] = {0};
		int32_t total = 0;

		make(&sample, &state);
		for (unsigned i = 0; i < n * RILL_LANES; i++)
			sum[i % RILL_LANES / 2] += ((int64_t)sample.weight[0][i] +
						    sample.weight[1][i]) *
						   sample.input[i];
		for (unsigned i = 0; i < 4; i++) {
			assert_true(sum[i] <= INT32_MAX && sum[i] >= INT32_MIN);
			total += floor_shift(sum[i], RILL_LANES_SHIFT);
		}
		assert_int_equal(
			rill_lanes_weigh(sample.weight[0], sample.weight[1], sample.lanes, n),
			total);
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
		rill_lanes_move(sample.weight[0], sample.lanes, pace, RILL_LANES_MOST);
		for (unsigned i = 0; i < RILL_LANES_MOST * RILL_LANES; i++) {
			int64_t move = (int64_t)pace * was.input[i] + (1 << 13);
			int32_t w = was.weight[0][i] + floor_shift(move, 14);

			w = w > INT16_MAX ? INT16_MAX : w < INT16_MIN ? INT16_MIN : w;
			assert_int_equal(sample.weight[0][i], w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stretched_is_about_the_logarithm_of_the_odds),
		cmocka_unit_test(every_lane_is_the_input_that_it_should_be),
		cmocka_unit_test(probabilities_move_by_a_64th_and_never_to_the_end),
		cmocka_unit_test(slots_move_by_their_count),
		cmocka_unit_test(sums_are_those_of_the_products),
		cmocka_unit_test(weights_move_by_the_rounded_product_and_stay_in_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
