/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bit_model.h"

#include <string.h>

#define STEP_SHIFT 7 /* stretched values a refinement step apart: half a nat */
#define FINAL_SHIFT 8
#define FIRST_WEIGHT (13000 * 16)
#define SMALL_ERROR 400 /* of 65536 */
#define WEIGHT_MAX ((1 << 22) - 1)

/* C leaves it to the compiler; all that matter do the same. */
_Static_assert(-3 >> 1 == -2, "negative numbers are not shifted arithmetically");

void rill_bit_tables_setup(struct rill_bit_tables *tables)
{
	static const uint16_t bound[RILL_REFINE_COUNTS] = {0, 1,  2,  3,   4,	6,
							   9, 15, 31, 127, 511, 1023};
	unsigned class = 0;

	rill_logistic_setup(&tables->logistic);
	for (uint32_t n = 0; n < 1024; n++) {
		if (n > bound[class])
			class ++;
		tables->count_class[n] = (uint8_t) class;
		tables->reciprocal[n] = 131072 / (2 * n + 3);
	}
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

static void gather(struct rill_bit_model *model, const struct rill_bit_tables *tables,
		   const struct rill_bit_choice *choice, struct mixing *mixing)
{
	for (unsigned i = 0; i < model->inputs; i++) {
		uint32_t slot = *choice->slot[i], count = slot & 1023;
		int32_t x = rill_stretch(&tables->logistic, slot >> 16);
		unsigned step = (unsigned)(x + (RILL_REFINE_STEPS / 2 << STEP_SHIFT)) >> STEP_SHIFT;
		int32_t known = count ? -1 : 0; /* a new slot says nothing */

		mixing->refined[i] =
			&model->refine[i][tables->count_class[count] * RILL_REFINE_STEPS + step];
		mixing->input[2 * i] = (int16_t)(x & known);
		mixing->input[2 * i + 1] =
			(int16_t)(rill_stretch(&tables->logistic, *mixing->refined[i]) & known);
	}
	for (unsigned i = 2 * model->inputs; i < RILL_LANES; i++)
		mixing->input[i] = 0;
}

/* The weighted sum, with the weights' highest 16 bits: a loop for vector instructions. It
 * cannot overflow: 2 * RILL_INPUTS_MAX * 2^15 * RILL_STRETCH_MAX is less than 2^31. */
static inline int32_t weigh_lanes(const struct rill_weights *set, const struct mixing *mixing,
				  unsigned lanes)
{
	int32_t sum = 0;

	for (unsigned i = 0; i < lanes; i++)
		sum += (int16_t)(set->weight[i] >> 7) * mixing->input[i];
	sum /= 1 << 13;
	if (sum > RILL_STRETCH_MAX)
		return RILL_STRETCH_MAX;
	return sum < -RILL_STRETCH_MAX ? -RILL_STRETCH_MAX : sum;
}

/* With a number of lanes that the compiler knows. */
static int32_t weigh(const struct rill_weights *set, const struct mixing *mixing, unsigned inputs)
{
	return inputs <= 8 ? weigh_lanes(set, mixing, 16) : weigh_lanes(set, mixing, RILL_LANES);
}

static void mix(const struct rill_bit_model *model, const struct rill_bit_tables *tables,
		const struct rill_bit_choice *choice, struct mixing *mixing)
{
	for (unsigned k = 0; k < 2; k++) {
		mixing->stretched[k] = weigh(&model->set[k][choice->set[k]], mixing, model->inputs);
		mixing->p[k] = rill_squash(&tables->logistic, mixing->stretched[k]);
	}
}

static inline void move_weights(struct rill_weights *set, const struct mixing *mixing, int16_t pace,
				unsigned lanes)
{
	for (unsigned i = 0; i < lanes; i++) {
		int32_t w = set->weight[i] + pace * mixing->input[i] / 128;

		w = w > WEIGHT_MAX ? WEIGHT_MAX : w;
		set->weight[i] = w < -WEIGHT_MAX ? -WEIGHT_MAX : w;
	}
}

/* Moves a weight set against its own error; a set that is new moves faster. */
static void learn_weights(struct rill_weights *set, const struct mixing *mixing, uint32_t p,
			  unsigned bit, const struct rill_bit_model *model)
{
	unsigned rate = model->rate;
	int32_t error = (int32_t)(bit ? 65535 : 0) - (int32_t)p;
	int32_t step = error * (int32_t)(rate + (4 * rate >> (set->uses >> 4))) / 512;
	int16_t pace = (int16_t)(step > INT16_MAX    ? INT16_MAX
				 : step < -INT16_MAX ? -INT16_MAX
						     : step);

	if (error < SMALL_ERROR && error > -SMALL_ERROR)
		return; /* nothing to learn, and most decisions are such */
	if (model->inputs <= 8)
		move_weights(set, mixing, pace, 16);
	else
		move_weights(set, mixing, pace, RILL_LANES);
	if (set->uses < 255)
		set->uses++;
}

static void learn_slots(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			const struct rill_bit_choice *choice, const struct mixing *mixing,
			unsigned bit)
{
	for (unsigned i = 0; i < model->inputs; i++) {
		uint32_t slot = *choice->slot[i], count = slot & 1023, p = slot >> 10;
		uint32_t gap = bit ? (1u << 22) - 1 - p : p;
		uint32_t move = (uint32_t)((uint64_t)gap * tables->reciprocal[count] >> 16);
		uint16_t *refined = mixing->refined[i];

		p = bit ? p + move : p - move;
		if (count < model->limit)
			count++;
		*choice->slot[i] = p << 10 | count;
		*refined = (uint16_t)(bit ? *refined + ((65535 - *refined) >> 6)
					  : *refined - (*refined >> 6));
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
	*low = (uint16_t)(bit ? *low + ((65535 - *low) >> 6) : *low - (*low >> 6));
	for (unsigned k = 0; k < 2; k++)
		learn_weights(&model->set[k][choice->set[k]], &mixing, mixing.p[k], bit, model);
	learn_slots(model, tables, choice, &mixing, bit);
	return bit;
}
