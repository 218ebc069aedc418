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

/* Moves a weight set against the error; a set that is new moves faster. */
static inline void rill_learn_weights(struct rill_bit_model *model, unsigned k, unsigned s,
				      const rill_lanes *input, unsigned lanes, int32_t error)
{
	unsigned rate = model->rate;
	int32_t step = error * (int32_t)(rate + (4 * rate >> (model->uses[k][s] >> 4))) >> 8;

	step = step > INT16_MAX ? INT16_MAX : step < -INT16_MAX ? -INT16_MAX : step;
	rill_lanes_move(model->set[k][s].weight, input, (int16_t)step, lanes);
	if (model->uses[k][s] < 255)
		model->uses[k][s]++;
}

/* The probability of a 1 by the mixer, and by the table that corrects it. */
static inline uint32_t rill_correct(struct rill_bit_model *model, uint32_t p, int32_t mixed,
				    unsigned final, uint16_t **near)
{
	unsigned place = (unsigned)(mixed + (RILL_FINAL_STEPS / 2 << RILL_FINAL_SHIFT));
	unsigned part = place & ((1 << RILL_FINAL_SHIFT) - 1);
	uint16_t *low = &model->final[final][place >> RILL_FINAL_SHIFT];
	uint32_t corrected = (low[0] * ((1 << RILL_FINAL_SHIFT) - part) + low[1] * part) >>
			     RILL_FINAL_SHIFT;

	*near = low + (part >> (RILL_FINAL_SHIFT - 1));
	p = (p + corrected * 3) / 4;
	return p < 1 ? 1 : p;
}

/* With `mix` known to the compiler. */
static inline unsigned rill_bit_code(struct rill_bit_model *model,
				     const struct rill_bit_tables *tables, struct rill_coder *coder,
				     const struct rill_bit_choice *choice, unsigned bit,
				     const enum rill_mix mix)
{
	const unsigned histories = mix == RILL_MIX_BOTH ? 8 : mix == RILL_MIX_HISTORIES ? 4 : 0;
	const unsigned lanes = mix == RILL_MIX_BOTH ? 3 : 1;
	int16_t *weight[2];
	uint16_t *likely[RILL_HISTORIES_MAX], *near;
	rill_lanes input[RILL_LANES_MOST], seen = {0};
	rill_slots slots = {0};
	int32_t mixed, error;
	uint32_t p;

	for (unsigned i = 0; i < histories; i++)
		likely[i] = &model->likely[i][choice->history[i][choice->node]];
	if (histories > 0)
		seen = rill_lanes_gather(likely, histories);
	if (mix == RILL_MIX_HISTORIES) {
		input[0] = rill_lanes_narrow(seen);
	} else {
		slots = rill_lanes_load(choice->slot);
		input[lanes - 1] = rill_lanes_inputs(slots);
	}
	if (mix == RILL_MIX_BOTH) {
		input[0] = rill_lanes_stretch(seen);
		input[1] = rill_lanes_half(seen);
	}
	for (unsigned k = 0; k < 2; k++)
		weight[k] = model->set[k][choice->set[k]].weight;
	mixed = rill_lanes_weigh(weight[0], weight[1], input, lanes) >> (14 - RILL_LANES_SHIFT);
	mixed = rill_clamp_stretched(mixed);
	p = rill_squash(&tables->logistic, mixed);
	error = -(int32_t)p;
	p = rill_correct(model, p, mixed, choice->final, &near);
	bit = rill_code_bit(coder, p, bit);

	*near = (uint16_t)(*near + (((bit ? 65535 : 0) - *near + 16) >> 5));
	error += bit ? 65535 : 0;
	/* With a small error there is nothing to learn, and most decisions are such. */
	if (error >= RILL_SMALL_ERROR || error <= -RILL_SMALL_ERROR)
		for (unsigned k = 0; k < 2; k++)
			rill_learn_weights(model, k, choice->set[k], input, lanes, error);
	if (mix != RILL_MIX_HISTORIES)
		rill_lanes_store(rill_lanes_learn(slots, tables->pace, model->limit,
						  bit ? (1 << 22) - 1 : 0),
				 choice->slot);
	if (histories > 0)
		rill_lanes_scatter(rill_lanes_adapt(seen, bit), likely, histories);
	for (unsigned i = 0; i < histories; i++)
		choice->history[i][choice->node] =
			tables->history.next[choice->history[i][choice->node]][bit];
	return bit;
}

#endif
