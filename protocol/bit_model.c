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
	for (uint32_t n = 0; n <= RILL_COUNT_MAX; n++)
		tables->pace[n] = (uint16_t)(16384 / (2 * n + 3));
}

void rill_bit_model_setup(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  unsigned inputs, unsigned limit, unsigned rate)
{
	memset(model, 0, sizeof *model);
	model->groups = inputs / 4;
	model->limit = limit;
	model->rate = rate;
	for (unsigned k = 0; k < 2; k++)
		for (unsigned s = 0; s < RILL_SETS_MAX; s++)
			for (unsigned i = 0; i < inputs; i++)
				model->set[k][s].weight[i / 4 * RILL_LANES + i % 4] = FIRST_WEIGHT;
	for (int j = 0; j < RILL_FINAL_STEPS; j++)
		model->final[0][j] = (uint16_t)rill_squash(
			&tables->logistic, (j - RILL_FINAL_STEPS / 2) * (1 << RILL_FINAL_SHIFT));
	for (unsigned c = 1; c < RILL_FINAL_MAX; c++)
		memcpy(model->final[c], model->final[0], sizeof model->final[0]);
}

unsigned rill_bit_model_code(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			     struct rill_coder *coder, const struct rill_bit_choice *choice,
			     unsigned bit)
{
	if (model->groups == 1)
		return rill_bit_code(model, tables, coder, choice, bit, 1);
	return rill_bit_code(model, tables, coder, choice, bit, 2);
}
