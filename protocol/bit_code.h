/* SPDX-License-Identifier: Apache-2.0
 *
 * The work of rill_bit_model_code() (bit_model.h), for bit_model.c and byte_model.c: in line, as
 * it is where the decoder's time goes.
 */
#ifndef RILL_BIT_CODE_H
#define RILL_BIT_CODE_H

#include "protocol/bit_model.h"

#define RILL_FINAL_SHIFT 8
#define RILL_SMALL_ERROR 400 /* of 65536 */

/* The weighted sum. It cannot overflow: RILL_INPUTS_MAX * 2^15 * (23 * 2^7 + 2^10) is
 * less than 2^31. */
static inline int32_t rill_weigh(const struct rill_weights *set, const rill_lanes *input,
				 unsigned groups)
{
	int32_t sum = rill_lanes_weigh(set->weight, input, groups) >> 13;

	if (sum > RILL_STRETCH_MAX)
		return RILL_STRETCH_MAX;
	return sum < -RILL_STRETCH_MAX ? -RILL_STRETCH_MAX : sum;
}

/* Moves a weight set against its own error; a set that is new moves faster. */
static inline void rill_learn_weights(struct rill_bit_model *model, unsigned k, unsigned s,
				      const rill_lanes *input, unsigned groups, uint32_t p,
				      unsigned bit)
{
	int32_t error = (int32_t)(bit ? 65535 : 0) - (int32_t)p, step;
	unsigned rate = model->rate;

	if (error < RILL_SMALL_ERROR && error > -RILL_SMALL_ERROR)
		return; /* nothing to learn, and most decisions are such */
	step = error * (int32_t)(rate + (4 * rate >> (model->uses[k][s] >> 4))) / 320;
	step = step > INT16_MAX ? INT16_MAX : step < -INT16_MAX ? -INT16_MAX : step;
	rill_lanes_move(model->set[k][s].weight, input, (int16_t)step, groups);
	if (model->uses[k][s] < 255)
		model->uses[k][s]++;
}

/* Moves a 16-bit probability by 1/32 of its distance from what happened. */
static inline void rill_move_probability(uint16_t *p, int32_t target)
{
	*p = (uint16_t)(*p + ((target - *p + 16) >> 5));
}

/* With `groups` known to the compiler. */
static inline unsigned rill_bit_code(struct rill_bit_model *model,
				     const struct rill_bit_tables *tables, struct rill_coder *coder,
				     const struct rill_bit_choice *choice, unsigned bit,
				     const unsigned groups)
{
	rill_slots slots[RILL_GROUPS_MAX];
	rill_lanes input[RILL_GROUPS_MAX];
	int32_t x[2], middle;
	unsigned step, part;
	uint16_t *low;
	uint32_t p, corrected;

	for (unsigned i = 0; i < groups; i++) {
		slots[i] = rill_lanes_load(choice->slot + 4 * i);
		input[i] = rill_lanes_inputs(slots[i]);
	}
	for (unsigned k = 0; k < 2; k++)
		x[k] = rill_weigh(&model->set[k][choice->set[k]], input, groups);
	middle = (x[0] + x[1]) >> 1;
	p = rill_squash(&tables->logistic, middle);
	step = (unsigned)(middle + (RILL_FINAL_STEPS / 2 << RILL_FINAL_SHIFT)) >> RILL_FINAL_SHIFT;
	part = (unsigned)(middle + (RILL_FINAL_STEPS / 2 << RILL_FINAL_SHIFT)) &
	       ((1 << RILL_FINAL_SHIFT) - 1);
	low = &model->final[choice->final][step];
	corrected = (low[0] * ((1 << RILL_FINAL_SHIFT) - part) + low[1] * part) >> RILL_FINAL_SHIFT;
	p = (p + corrected * 3) / 4;
	if (p < 1)
		p = 1;
	bit = rill_code_bit(coder, p, bit);
	low += part >> (RILL_FINAL_SHIFT - 1);
	rill_move_probability(low, bit ? 65535 : 0);
	for (unsigned k = 0; k < 2; k++)
		rill_learn_weights(model, k, choice->set[k], input, groups,
				   rill_squash(&tables->logistic, x[k]), bit);
	for (unsigned i = 0; i < groups; i++)
		rill_lanes_store(rill_lanes_learn(slots[i], tables->pace, model->limit,
						  bit ? (1 << 22) - 1 : 0),
				 choice->slot + 4 * i);
	return bit;
}

#endif
