/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bit_model.h"

#include <string.h>

#define STEP_SHIFT 7 /* stretched values a refinement step apart: half a nat */
#define FINAL_SHIFT 8
#define FIRST_WEIGHT 1625
/* A move of a weight, at most 2^15 * RILL_STRETCH_MAX / 2^14, added to it stays in 16 bits. */
#define WEIGHT_MAX 24576
#define SMALL_ERROR 400 /* of 65536 */

/* C leaves it to the compiler; all that matter do the same. */
/* cppcheck-suppress shiftNegativeLHS */
_Static_assert(-3 >> 1 == -2, "negative numbers are not shifted arithmetically");

void rill_bit_tables_setup(struct rill_bit_tables *tables)
{
	static const uint16_t bound[RILL_REFINE_COUNTS] = {0, 1,  2,  3,   4,	6,
							   9, 15, 31, 127, 511, 1023};
	unsigned row = 0;

	rill_logistic_setup(&tables->logistic);
	for (uint32_t n = 0; n < 1024; n++) {
		if (n > bound[row])
			row++;
		tables->count[n].reciprocal = (uint16_t)(131072 / (2 * n + 3));
		tables->count[n].row = (uint16_t)(row * RILL_REFINE_STEPS);
	}
	for (uint32_t p = 0; p < 4096; p++)
		tables->step[p] = (uint8_t)((tables->logistic.stretch[p] +
					     (RILL_REFINE_STEPS / 2 << STEP_SHIFT)) >>
					    STEP_SHIFT);
}

void rill_bit_model_setup(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  unsigned inputs, unsigned limit, unsigned rate)
{
	memset(model, 0, sizeof *model);
	model->inputs = inputs;
	model->limit = limit;
	model->rate = rate;
	for (unsigned i = 0; i < inputs; i++)
		for (int j = 0; j < RILL_REFINE_COUNTS * RILL_REFINE_STEPS; j++)
			model->refine[i][j] = (uint16_t)rill_squash(
				&tables->logistic, (j % RILL_REFINE_STEPS - RILL_REFINE_STEPS / 2) *
								   (1 << STEP_SHIFT) +
							   (1 << STEP_SHIFT) / 2);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned s = 0; s < RILL_SETS_MAX; s++)
			for (unsigned i = 0; i < 2 * inputs; i++)
				model->set[k][s].weight[i] = FIRST_WEIGHT;
	for (unsigned c = 0; c < RILL_FINAL_MAX; c++)
		for (int j = 0; j < RILL_FINAL_STEPS; j++)
			model->final[c][j] = (uint16_t)rill_squash(
				&tables->logistic, (j - RILL_FINAL_STEPS / 2) * (1 << FINAL_SHIFT));
}

/* One decision at work. */
struct mixing {
	int16_t input[RILL_LANES];
	uint16_t *refined[RILL_INPUTS_MAX];
	int32_t stretched[2];
	uint32_t p[2];
};

/* The inputs of all contexts. A slot that was never used has the middle probability, so that
 * its first input is nothing; its second is what is known of such slots. */
static void gather(struct rill_bit_model *model, const struct rill_bit_tables *tables,
		   const struct rill_bit_choice *choice, struct mixing *mixing)
{
	unsigned inputs = model->inputs;

	for (unsigned i = 0; i < inputs; i++) {
		uint32_t slot = *choice->slot[i], p = slot >> 20;
		uint16_t *refined =
			&model->refine[i][tables->count[slot & 1023].row + tables->step[p]];

		mixing->refined[i] = refined;
		mixing->input[2 * i] = tables->logistic.stretch[p];
		mixing->input[2 * i + 1] = tables->logistic.stretch[*refined >> 4];
	}
	for (unsigned i = 2 * inputs; i < RILL_LANES; i++)
		mixing->input[i] = 0;
}

/* Lanes that a model needs. Not known to the compiler, which else unrolls the loops below
 * instead of using vector instructions. */
static unsigned lanes_of(const struct rill_bit_model *model)
{
	return model->inputs <= 8 ? 16 : RILL_LANES;
}

/* The weighted sum. It cannot overflow: 2 * RILL_INPUTS_MAX * 2^15 * RILL_STRETCH_MAX is less
 * than 2^31. */
static int32_t weigh(const int16_t *restrict weight, const int16_t *restrict input, unsigned lanes)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < lanes; i++)
		sum += weight[i] * input[i];
	sum /= 1 << 13;
	if (sum > RILL_STRETCH_MAX)
		return RILL_STRETCH_MAX;
	return sum < -RILL_STRETCH_MAX ? -RILL_STRETCH_MAX : sum;
}

static void mix(const struct rill_bit_model *model, const struct rill_bit_tables *tables,
		const struct rill_bit_choice *choice, struct mixing *mixing)
{
	for (unsigned k = 0; k < 2; k++) {
		mixing->stretched[k] = weigh(model->set[k][choice->set[k]].weight, mixing->input,
					     lanes_of(model));
		mixing->p[k] = rill_squash(&tables->logistic, mixing->stretched[k]);
	}
}

static void move_weights(int16_t *restrict weight, const int16_t *restrict input, int16_t pace,
			 unsigned lanes)
{
	for (unsigned i = 0; i < lanes; i++) {
		int16_t move = (int16_t)((pace * input[i] + (1 << 13)) >> 14);
		int16_t w = (int16_t)(weight[i] + move);

		w = w > WEIGHT_MAX ? WEIGHT_MAX : w;
		weight[i] = w < -WEIGHT_MAX ? -WEIGHT_MAX : w;
	}
}

/* Moves a weight set against its own error; a set that is new moves faster. */
static void learn_weights(struct rill_weights *set, const struct mixing *mixing, uint32_t p,
			  unsigned bit, const struct rill_bit_model *model)
{
	int32_t error = (int32_t)(bit ? 65535 : 0) - (int32_t)p, step;
	unsigned rate = model->rate;

	if (error < SMALL_ERROR && error > -SMALL_ERROR)
		return; /* nothing to learn, and most decisions are such */
	step = error * (int32_t)(rate + (4 * rate >> (set->uses >> 4))) / 512;
	step = step > INT16_MAX ? INT16_MAX : step < -INT16_MAX ? -INT16_MAX : step;
	move_weights(set->weight, mixing->input, (int16_t)step, lanes_of(model));
	if (set->uses < 255)
		set->uses++;
}

/* Moves a 16-bit probability by 1/64 of its distance from what happened. */
static inline void move_probability(uint16_t *p, int32_t target)
{
	*p = (uint16_t)(*p + ((target - *p + 32) >> 6));
}

static void learn_slots(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			const struct rill_bit_choice *choice, const struct mixing *mixing,
			unsigned bit)
{
	int32_t target = bit ? (1 << 22) - 1 : 0, target16 = bit ? 65535 : 0;
	unsigned inputs = model->inputs, limit = model->limit;

	for (unsigned i = 0; i < inputs; i++) {
		uint32_t slot = *choice->slot[i], count = slot & 1023;
		int32_t p = (int32_t)(slot >> 10);

		p += (int32_t)((int64_t)(target - p) * tables->count[count].reciprocal >> 16);
		*choice->slot[i] = (uint32_t)p << 10 | (count + (count < limit));
		move_probability(mixing->refined[i], target16);
	}
}

unsigned rill_bit_model_code(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			     struct rill_coder *coder, const struct rill_bit_choice *choice,
			     unsigned bit)
{
	struct mixing mixing;
	int32_t x;
	unsigned step, part;
	uint16_t *low;
	uint32_t p, corrected;

	gather(model, tables, choice, &mixing);
	mix(model, tables, choice, &mixing);
	x = (mixing.stretched[0] + mixing.stretched[1]) / 2;
	p = rill_squash(&tables->logistic, x);
	step = (unsigned)(x + (RILL_FINAL_STEPS / 2 << FINAL_SHIFT)) >> FINAL_SHIFT;
	part = (unsigned)(x + (RILL_FINAL_STEPS / 2 << FINAL_SHIFT)) & ((1 << FINAL_SHIFT) - 1);
	low = &model->final[choice->final][step];
	corrected = (low[0] * ((1 << FINAL_SHIFT) - part) + low[1] * part) >> FINAL_SHIFT;
	p = (p + corrected) / 2;
	if (p < 1)
		p = 1;
	bit = rill_code_bit(coder, p, bit);
	low += part >> (FINAL_SHIFT - 1);
	move_probability(low, bit ? 65535 : 0);
	for (unsigned k = 0; k < 2; k++)
		learn_weights(&model->set[k][choice->set[k]], &mixing, mixing.p[k], bit, model);
	learn_slots(model, tables, choice, &mixing, bit);
	return bit;
}
