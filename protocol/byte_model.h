/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes bytes, and values of up to four bits, bit by bit from the highest, in the manner of
 * lpaq (M. Mahoney, 2007). Each context is a hash that the caller computes; it finds a bucket
 * of 15 bit histories for up to four decisions in a large table that models share. Four
 * buckets are a cache line, in any of which a context may be, with a check so that most
 * strangers are noticed. Beside contexts a byte has expectations: what it may be, and how much
 * is known for it; and one context of few values, whose slots are all there.
 */
#ifndef RILL_BYTE_MODEL_H
#define RILL_BYTE_MODEL_H

#include "protocol/bit_model.h"

#define RILL_EXPECT_MAX 3
#define RILL_TRUST_MAX 64
#define RILL_PLACES_MAX 32

/* A cache line, aligned to its size. */
struct rill_buckets {
	uint8_t check[4], history[4][15];
};

struct rill_bucket_table {
	struct rill_buckets *line;
	unsigned bits; /* 2^bits lines, 1 to 24 */
};

struct rill_byte_model {
	struct rill_bit_model bits;
	rill_slot expect[RILL_EXPECT_MAX][RILL_TRUST_MAX * 32];
	rill_slot place[RILL_PLACES_MAX][256];
};

struct rill_byte_choice {
	uint32_t context[RILL_HISTORIES_MAX];
	unsigned place; /* below RILL_PLACES_MAX: the context of few values */
	/* What the byte may be, and how sure that is (below RILL_TRUST_MAX). */
	uint8_t expect[RILL_EXPECT_MAX], trust[RILL_EXPECT_MAX];
	unsigned set; /* below RILL_SETS_MAX / 8: chooses mixer weights */
	unsigned final; /* below RILL_FINAL_MAX / 256 */
};

struct rill_nibble_choice {
	uint32_t context[4];
	unsigned set[2]; /* below RILL_SETS_MAX / 16 */
	unsigned final; /* below RILL_FINAL_MAX / 16 */
};

void rill_bucket_table_setup(struct rill_bucket_table *table);
void rill_byte_model_setup(struct rill_byte_model *model, const struct rill_bit_tables *tables,
			   unsigned limit, unsigned rate);

uint8_t rill_code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_bucket_table *table,
		       const struct rill_byte_choice *choice, uint8_t byte);

/* Codes a value of `bits` bits, 1 to 4, by a model of RILL_MIX_HISTORIES. */
unsigned rill_code_nibble(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_nibble_choice *choice, unsigned bits, unsigned value);

#endif
