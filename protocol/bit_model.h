/* SPDX-License-Identifier: Apache-2.0
 *
 * Predicts one binary decision by mixing the predictions of several contexts, codes it, and
 * learns from it (the "logistic mixing" of the PAQ programs: M. Mahoney, "Adaptive weighing
 * of context models for lossless data compression", 2005, and lpaq). All in integers.
 *
 * Contexts are of two sorts. One has a slot: how likely a 1 was (22 bits) and how often the
 * context was seen (10 bits). Of the other, of which there are many, one byte tells what was
 * seen in it (bit_history.h), and how likely a 1 is after that the model learns for all of them
 * together ("indirect" contexts). Either gives two inputs: its stretched probability, and its
 * distance from one half (as in paq8l and later), which says little where the first says much and
 * the other way round. Two weight sets, chosen by the caller, mix the inputs, and learn from
 * their common error; what comes of it is corrected once more by a table over its own value and a
 * small context (the SSE stage of PAQ).
 */
#ifndef RILL_BIT_MODEL_H
#define RILL_BIT_MODEL_H

#include "protocol/bit_history.h"
#include "protocol/lanes.h"
#include "protocol/logistic.h"
#include "protocol/range_coder.h"

#define RILL_SLOTS 4
#define RILL_HISTORIES_MAX 8
#define RILL_SETS_MAX 1024
#define RILL_FINAL_MAX 1024
#define RILL_FINAL_STEPS 24
#define RILL_COUNT_MAX 255

typedef uint32_t rill_slot;

/* A slot that was never used. */
#define RILL_SLOT_NEW (UINT32_C(1) << 31)

/* What a model mixes. */
enum rill_mix {
	RILL_MIX_SLOTS, /* four slots */
	RILL_MIX_HISTORIES, /* four histories */
	RILL_MIX_BOTH, /* eight histories and four slots */
};

/* Weights are in units of 2^-13. */
struct rill_weights {
	int16_t weight[RILL_LANES_MOST * RILL_LANES];
};

struct rill_bit_model {
	unsigned limit; /* counts of slots stop here: the slower, the more stationary */
	unsigned rate; /* of the mixer */
	struct rill_weights set[2][RILL_SETS_MAX];
	uint8_t uses[2][RILL_SETS_MAX];
	uint16_t likely[RILL_HISTORIES_MAX][RILL_BIT_HISTORIES]; /* a 1, units of 2^-16 */
	uint16_t final[RILL_FINAL_MAX][RILL_FINAL_STEPS];
};

/* What all bit models share. */
struct rill_bit_tables {
	struct rill_logistic logistic;
	struct rill_bit_history history;
	uint16_t pace[RILL_COUNT_MAX + 1]; /* by a slot's count n: 2^13 / (n + 1.5) */
};

/* The choices for one decision. */
struct rill_bit_choice {
	uint8_t *history[RILL_HISTORIES_MAX]; /* by `node` */
	unsigned node;
	rill_slot *slot[RILL_SLOTS];
	unsigned set[2]; /* below RILL_SETS_MAX */
	unsigned final; /* below RILL_FINAL_MAX */
};

void rill_bit_tables_setup(struct rill_bit_tables *tables);
/* `limit` is at most RILL_COUNT_MAX. */
void rill_bit_model_setup(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  enum rill_mix mix, unsigned limit, unsigned rate);

/* Codes `bit` (the result when decoding) by a model of slots, and updates all that took part. */
unsigned rill_bit_model_code(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			     struct rill_coder *coder, const struct rill_bit_choice *choice,
			     unsigned bit);

/* Mixes two numbers into a well spread one. */
static inline uint32_t rill_hash(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9e3779b1u ^ (b + 0x7f4a7c15u) * 0x85ebca6bu;

	h ^= h >> 15;
	h *= 0xc2b2ae35u;
	return h ^ h >> 13;
}

#endif
