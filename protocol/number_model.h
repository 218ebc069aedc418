/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes whole numbers: their length in bits first, then the bits below the highest one, each
 * predicted from the kind of number, from the bits before it and from two contexts that the
 * caller gives (P. Elias' gamma code with adaptive probabilities).
 */
#ifndef RILL_NUMBER_MODEL_H
#define RILL_NUMBER_MODEL_H

#include "protocol/bit_model.h"

#define RILL_NUMBER_SLOTS (1u << 14)
#define RILL_NUMBER_CONTEXTS 5

struct rill_number_model {
	struct rill_bit_model bits;
	rill_slot slot[RILL_NUMBER_CONTEXTS][RILL_NUMBER_SLOTS];
};

void rill_number_model_setup(struct rill_number_model *model, const struct rill_bit_tables *tables);

/* Codes a number. `kind` (below 32) tells numbers of one meaning from others; `a` and `b` are
 * whatever may tell about its size. */
uint64_t rill_code_number(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  uint64_t value);

/* The same with a sign, by zigzag (bytes.h). */
int64_t rill_code_signed(struct rill_number_model *model, const struct rill_bit_tables *tables,
			 struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			 int64_t value);

/* Codes one of 16 values that have no order. */
unsigned rill_code_symbol(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  unsigned value);

/* Bits below the highest that is set, and that one: 0 for 0, 1 for 1, 2 for 2 and 3 ... */
static inline unsigned rill_bit_length(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

#endif
