/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/byte_model.h"

#include "protocol/bit_code.h"

#include <string.h>

static void clear_bucket(struct rill_bucket *bucket, uint32_t check)
{
	bucket->check = check;
	for (unsigned i = 0; i < 15; i++)
		bucket->slot[i] = RILL_SLOT_NEW;
}

void rill_bucket_table_setup(struct rill_bucket_table *table)
{
	for (size_t i = 0; i < (size_t)1 << table->bits; i++)
		clear_bucket(&table->bucket[i], 0);
}

void rill_byte_model_setup(struct rill_byte_model *model, const struct rill_bit_tables *tables,
			   unsigned expectations, unsigned limit, unsigned rate)
{
	rill_bit_model_setup(&model->bits, tables, expectations == 2 ? 8 : 12, limit, rate);
	model->expectations = expectations;
	for (unsigned i = 0; i < RILL_EXPECT_MAX; i++)
		for (unsigned j = 0; j < RILL_TRUST_MAX * 32; j++)
			model->expect[i][j] = RILL_SLOT_NEW;
}

/* The bucket of a context that is not at its first place; of two places a stranger takes the one
 * that was used less, and the other counts less for the next one. */
static struct rill_bucket *find_second(const struct rill_bucket_table *table,
				       struct rill_bucket *first, uint32_t check)
{
	struct rill_bucket *second = &table->bucket[(first - table->bucket) ^ 1];

	if (second->check == check)
		return second;
	if ((second->slot[0] & 1023) < (first->slot[0] & 1023)) {
		first->slot[0]--;
		first = second;
	} else if (second->slot[0] & 1023) {
		second->slot[0]--;
	}
	clear_bucket(first, check);
	return first;
}

/* Finds the buckets of all contexts; first they are all asked for, as memory is slow. `salt`
 * tells the decisions before. */
static inline void find_buckets(const struct rill_bucket_table *table, const uint32_t *context,
				unsigned contexts, uint32_t salt, rill_slot **slots)
{
	struct rill_bucket *bucket[RILL_INPUTS_MAX];
	uint32_t check[RILL_INPUTS_MAX];

	for (unsigned i = 0; i < contexts; i++) {
		uint32_t hash = (context[i] ^ (salt + i * 0x3d4d51cbu)) * 0x9e3779b1u;

		hash ^= hash >> 15;
		bucket[i] = &table->bucket[hash >> (32 - table->bits)];
		check[i] = (hash & 0xffffff) | 1;
		__builtin_prefetch(bucket[i]);
	}
	for (unsigned i = 0; i < contexts; i++) {
		if (bucket[i]->check != check[i])
			bucket[i] = find_second(table, bucket[i], check[i]);
		slots[i] = bucket[i]->slot;
	}
}

/* With the number of contexts known to the compiler. */
static inline unsigned code_nibble(struct rill_bit_model *model,
				   const struct rill_bit_tables *tables, struct rill_coder *coder,
				   const struct rill_bucket_table *table,
				   const struct rill_nibble_choice *choice, unsigned bits,
				   unsigned value, const unsigned groups)
{
	rill_slot *slots[RILL_INPUTS_MAX];
	struct rill_bit_choice bit;
	unsigned node = 1;

	find_buckets(table, choice->context, 4 * groups, 0, slots);
	for (unsigned i = bits; i-- > 0;) {
		for (unsigned j = 0; j < 4 * groups; j++)
			bit.slot[j] = slots[j] + node - 1;
		bit.set[0] = choice->set[0] * 16 + node;
		bit.set[1] = choice->set[1] * 16 + node;
		bit.final = choice->final * 16 + node;
		node = node * 2 + rill_bit_code(model, tables, coder, &bit, value >> i & 1, groups);
	}
	return node - (1u << bits);
}

unsigned rill_code_nibble(struct rill_bit_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_nibble_choice *choice, unsigned bits, unsigned value)
{
	return code_nibble(model, tables, coder, table, choice, bits, value, 1);
}

/* The slot of an expectation: by trust and the bit that it expects; all in one place once it
 * was wrong. */
static inline rill_slot *expect_slot(rill_slot *slots, unsigned expected, unsigned depth,
				     unsigned known)
{
	unsigned index = 16 + depth * 2 + (expected >> (7 - depth) & 1);

	return slots + (expected >> (8 - depth) == known ? index : depth);
}

/* With the numbers known to the compiler. */
static inline uint8_t code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
				struct rill_coder *coder, const struct rill_bucket_table *table,
				const struct rill_byte_choice *choice, uint8_t byte,
				const unsigned contexts, const unsigned expectations)
{
	rill_slot *slots[RILL_INPUTS_MAX], *expect[RILL_EXPECT_MAX];
	unsigned expected[RILL_EXPECT_MAX] = {0}, known = 1, node = 1;
	struct rill_bit_choice bit;

	for (unsigned i = 0; i < expectations; i++) {
		expect[i] = model->expect[i] + choice->trust[i] * 32u;
		expected[i] = choice->expect[i] | 256u;
	}
	find_buckets(table, choice->context, contexts, 0x2545f491u, slots);
	for (unsigned depth = 0; depth < 8; depth++) {
		unsigned agreed = expected[0] >> (8 - depth) == known, result;

		if (depth == 4) {
			find_buckets(table, choice->context, contexts, known * 0x2545f491u, slots);
			node = 1;
		}
		for (unsigned i = 0; i < contexts; i++)
			bit.slot[i] = slots[i] + node - 1;
		for (unsigned i = 0; i < expectations; i++)
			bit.slot[contexts + i] = expect_slot(expect[i], expected[i], depth, known);
		bit.set[0] = choice->set * 8 + depth;
		bit.set[1] = choice->trust[0] * 16u + agreed * 8 + depth;
		bit.final = choice->final * 256 + known;
		if (expectations == 2)
			result = rill_bit_code(&model->bits, tables, coder, &bit,
					       byte >> (7 - depth) & 1, 2);
		else
			result = rill_bit_code(&model->bits, tables, coder, &bit,
					       byte >> (7 - depth) & 1, 3);
		known = known * 2 + result;
		node = node * 2 + result;
	}
	return (uint8_t)known;
}

uint8_t rill_code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_bucket_table *table,
		       const struct rill_byte_choice *choice, uint8_t byte)
{
	if (model->expectations == 2)
		return code_byte(model, tables, coder, table, choice, byte, 6, 2);
	return code_byte(model, tables, coder, table, choice, byte, 9, 3);
}
