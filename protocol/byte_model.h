/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes bytes, bit by bit from the highest, in the manner of lpaq (M. Mahoney, 2007). Each
 * context is a hash that the caller computes; it finds a bucket of 15 slots for each half
 * of the byte in one large table that all byte models share: one cache line, with a check
 * so that most strangers are noticed. Beside contexts there are expectations: bytes that
 * this one may be, and how much is known for it.
 */
#ifndef RILL_BYTE_MODEL_H
#define RILL_BYTE_MODEL_H

#include "protocol/bit_model.h"

#define RILL_EXPECT_MAX 4
#define RILL_TRUST_MAX 64

struct rill_bucket {
	uint32_t check;
	rill_slot slot[15];
};

struct rill_bucket_table {
	struct rill_bucket *bucket;
	unsigned bits; /* 2^bits buckets, at least 2 */
};

struct rill_byte_model {
	struct rill_bit_model bits;
	unsigned contexts, expectations;
	rill_slot expect[RILL_EXPECT_MAX][RILL_TRUST_MAX * 32];
};

struct rill_byte_choice {
	uint32_t context[RILL_INPUTS_MAX];
	/* What the byte may be, and how sure that is (below RILL_TRUST_MAX). */
	uint8_t expect[RILL_EXPECT_MAX], trust[RILL_EXPECT_MAX];
	unsigned set; /* below RILL_SETS_MAX / 8: chooses mixer weights */
	unsigned final; /* below RILL_FINAL_MAX / 256 */
};

void rill_bucket_table_setup(struct rill_bucket_table *table);
void rill_byte_model_setup(struct rill_byte_model *model, const struct rill_bit_tables *tables,
			   unsigned contexts, unsigned expectations, unsigned limit, unsigned rate);

uint8_t rill_code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_bucket_table *table,
		       const struct rill_byte_choice *choice, uint8_t byte);

#endif
