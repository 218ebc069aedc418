/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/byte_model.h"

#include "protocol/bit_code.h"
#include "protocol/bytes.h"

#include <limits.h>
#include <string.h>

void rill_bucket_table_setup(struct rill_bucket_table *table)
{
	memset(table->line, 0, sizeof *table->line << table->bits);
}

void rill_byte_model_setup(struct rill_byte_model *model, const struct rill_bit_tables *tables,
			   unsigned limit, unsigned rate)
{
	rill_bit_model_setup(&model->bits, tables, RILL_MIX_BOTH, limit, rate);
	for (unsigned i = 0; i < RILL_EXPECT_MAX; i++)
		for (unsigned j = 0; j < RILL_TRUST_MAX * 32; j++)
			model->expect[i][j] = RILL_SLOT_NEW;
	for (unsigned i = 0; i < RILL_PLACES_MAX; i++)
		for (unsigned j = 0; j < 256; j++)
			model->place[i][j] = RILL_SLOT_NEW;
}

/* A stranger takes the bucket that was used least. */
static unsigned replace_least(struct rill_buckets *line, const struct rill_bit_history *history,
			      uint8_t check)
{
	unsigned least = UINT_MAX;

	for (unsigned i = 0; i < 4; i++) {
		unsigned seen = history->seen[line->history[i][0]] * 4u + i;

		least = seen < least ? seen : least;
	}
	least &= 3;
	memset(line->history[least], 0, sizeof line->history[least]);
	line->check[least] = check;
	return least;
}

/* Finds the histories of all contexts; first they are all asked for, as memory is slow. `salt`
 * tells the decisions before. */
static inline void find_histories(const struct rill_bucket_table *table,
				  const struct rill_bit_history *history, const uint32_t *context,
				  const unsigned contexts, uint32_t salt, uint8_t **found)
{
	const uint32_t ones = 0x01010101;
	struct rill_buckets *line[RILL_HISTORIES_MAX];
	uint8_t check[RILL_HISTORIES_MAX];

	for (unsigned i = 0; i < contexts; i++) {
		uint32_t hash = (context[i] ^ (salt + i * 0x3d4d51cbu)) * 0x9e3779b1u;

		hash ^= hash >> 15;
		line[i] = &table->line[hash >> (32 - table->bits)];
		check[i] = (uint8_t)hash;
		__builtin_prefetch(line[i]);
	}
	for (unsigned i = 0; i < contexts; i++) {
		/* The lowest byte that is zero shows where the check is. */
		uint32_t same = rill_load32(line[i]->check) ^ (uint32_t)check[i] * ones;
		uint32_t zero = (same - ones) & ~same & ones << 7;
		unsigned place = zero ? (unsigned)__builtin_ctz(zero) / 8
				      : replace_least(line[i], history, check[i]);

		found[i] = line[i]->history[place];
	}
}

unsigned rill_code_nibble(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_nibble_choice *choice, unsigned bits, unsigned value)
{
	struct rill_bit_choice bit;
	unsigned node = 1;

	find_histories(table, &tables->history, choice->context, 4, 0, bit.history);
	for (unsigned i = bits; i-- > 0;) {
		bit.node = node - 1;
		bit.set[0] = choice->set[0] * 16 + node;
		bit.set[1] = choice->set[1] * 16 + node;
		bit.final = choice->final * 16 + node;
		node = node * 2 + rill_bit_code(model, tables, coder, &bit, value >> i & 1,
						RILL_MIX_HISTORIES);
	}
	return node - (1u << bits);
}

uint8_t rill_code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_bucket_table *table,
		       const struct rill_byte_choice *choice, uint8_t byte)
{
	unsigned right[RILL_EXPECT_MAX]; /* whether an expectation was, so far */
	unsigned known = 1;
	struct rill_bit_choice bit;

	for (unsigned i = 0; i < RILL_EXPECT_MAX; i++)
		right[i] = 1;
	for (unsigned depth = 0; depth < 8; depth++) {
		unsigned expected[RILL_EXPECT_MAX], result;

		if (depth % 4 == 0) {
			find_histories(table, &tables->history, choice->context, RILL_HISTORIES_MAX,
				       known * 0x2545f491u, bit.history);
			bit.node = 0;
		}
		/* By trust and the bit that it expects; all in one place once it was wrong. */
		for (unsigned i = 0; i < RILL_EXPECT_MAX; i++) {
			expected[i] = choice->expect[i] >> (7 - depth) & 1u;
			bit.slot[i] = &model->expect[i][choice->trust[i] * 32u + depth +
							((16 + depth + expected[i]) & -right[i])];
		}
		bit.slot[RILL_EXPECT_MAX] = &model->place[choice->place][known];
		bit.set[0] = choice->set * 8 + depth;
		bit.set[1] = choice->trust[0] * 16u + right[0] * 8 + depth;
		bit.final = choice->final * 256 + known;
		result = rill_bit_code(&model->bits, tables, coder, &bit, byte >> (7 - depth) & 1,
				       RILL_MIX_BOTH);
		for (unsigned i = 0; i < RILL_EXPECT_MAX; i++)
			right[i] &= expected[i] == result;
		known = known * 2 + result;
		bit.node = bit.node * 2 + 1 + result;
	}
	return (uint8_t)known;
}
