/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes whole numbers: their length in bits first, then the bits below the highest one, four
 * at a time (byte_model.h), each predicted from the kind of number, from the bits before it
 * and from contexts that the caller gives (P. Elias' gamma code with adaptive
 * probabilities). Of a long number the bits in the middle have no law and are coded as they
 * are; the lowest ones tell its alignment.
 */
#ifndef RILL_NUMBER_MODEL_H
#define RILL_NUMBER_MODEL_H

#include "protocol/byte_model.h"

struct rill_number_model {
	struct rill_bit_model bits;
	const struct rill_bucket_table *table;
};

/* `table` must outlive the model. */
void rill_number_model_setup(struct rill_number_model *model, const struct rill_bit_tables *tables,
			     const struct rill_bucket_table *table);

/* Codes a number. `kind` (below 16) tells numbers of one meaning from others; `context` is
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
