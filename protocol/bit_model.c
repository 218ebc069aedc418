/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bit_code.h"

#include <string.h>

#define FIRST_WEIGHT 2600

/* C leaves it to the compiler; all that matter do the same. */
/* cppcheck-suppress shiftNegativeLHS */
_Static_assert(-3 >> 1 == -2, "negative numbers are not shifted arithmetically");

void rill_bit_tables_setup(struct rill_bit_tables *tables)
{
	rill_logistic_setup(&tables->logistic);
	rill_bit_history_setup(&tables->history);
	for (uint32_t n = 0; n <= RILL_COUNT_MAX; n++)
		tables->pace[n] = (uint16_t)(16384 / (2 * n + 3));
}

static bool is_stretched(enum rill_mix mix, unsigned lane)
{
	if (mix == RILL_MIX_BOTH)
		return lane < 8 || (lane >= 16 && lane < 20);
	return lane < 4;
}

void rill_bit_model_setup(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  enum rill_mix mix, unsigned limit, unsigned rate)
{
	memset(model, 0, sizeof *model);
	model->limit = limit;
	model->rate = rate;
	for (unsigned i = 0; i < RILL_HISTORIES_MAX; i++)
		memcpy(model->likely[i], tables->history.likely, sizeof model->likely[i]);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned s = 0; s < RILL_SETS_MAX; s++)
			for (unsigned i = 0; i < RILL_LANES_MOST * RILL_LANES; i++)
				if (is_stretched(mix, i))
					model->set[k][s].weight[i] = FIRST_WEIGHT;
	for (int j = 0; j < RILL_FINAL_STEPS; j++)
		model->final[0][j] = (uint16_t)rill_squash(
			&tables->logistic,
			rill_clamp_stretched((j - RILL_FINAL_STEPS / 2) * (1 << RILL_FINAL_SHIFT)));
	for (unsigned c = 1; c < RILL_FINAL_MAX; c++)
		memcpy(model->final[c], model->final[0], sizeof model->final[0]);
}

unsigned rill_bit_model_code(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			     struct rill_coder *coder, const struct rill_bit_choice *choice,
			     unsigned bit)
{
	return rill_bit_code(model, tables, coder, choice, bit, RILL_MIX_SLOTS);
}
