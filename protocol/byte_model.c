/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/byte_model.h"

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
			   unsigned contexts, unsigned expectations, unsigned limit, unsigned rate)
{
	rill_bit_model_setup(&model->bits, tables, contexts + expectations, limit, rate);
	model->contexts = contexts;
	model->expectations = expectations;
	for (unsigned i = 0; i < RILL_EXPECT_MAX; i++)
		for (unsigned j = 0; j < RILL_TRUST_MAX * 32; j++)
			model->expect[i][j] = RILL_SLOT_NEW;
}

static uint32_t place_of(const struct rill_bucket_table *table, uint32_t hash)
{
	return hash >> (32 - table->bits);
}

/* The bucket of a context; of two places a stranger takes the one that was used less. */
static struct rill_bucket *find_bucket(const struct rill_bucket_table *table, uint32_t hash)
{
	uint32_t check = (hash & 0xffffff) | 1, place = place_of(table, hash);
	struct rill_bucket *first = &table->bucket[place], *second = &table->bucket[place ^ 1];

	if (first->check == check)
		return first;
	if (second->check == check)
		return second;
	if ((second->slot[0] & 1023) < (first->slot[0] & 1023))
		first = second;
	clear_bucket(first, check);
	return first;
}

/* The slot of an expectation: by trust and the bit that it expects; all in one place once it
 * was wrong. */
static rill_slot *expect_slot(struct rill_byte_model *model, const struct rill_byte_choice *choice,
			      unsigned i, unsigned depth, unsigned known)
{
	unsigned expected = choice->expect[i] | 256u, index = choice->trust[i] * 32u;

	if (expected >> (8 - depth) == known)
		index += 16 + depth * 2 + (expected >> (7 - depth) & 1);
	else
		index += depth;
	return &model->expect[i][index];
}

/* Finds the buckets of all contexts; first they are all asked for, as memory is slow. */
static void find_buckets(const struct rill_byte_model *model, const struct rill_bucket_table *table,
			 const struct rill_byte_choice *choice, unsigned depth, unsigned known,
			 struct rill_bucket **bucket)
{
	uint32_t hash[RILL_INPUTS_MAX];

	for (unsigned i = 0; i < model->contexts; i++) {
		hash[i] = rill_hash(choice->context[i] + i * 0x3d4d51cbu, known * 16 + depth);
		__builtin_prefetch(&table->bucket[place_of(table, hash[i])]);
	}
	for (unsigned i = 0; i < model->contexts; i++)
		bucket[i] = find_bucket(table, hash[i]);
}

uint8_t rill_code_byte(struct rill_byte_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_bucket_table *table,
		       const struct rill_byte_choice *choice, uint8_t byte)
{
	struct rill_bucket *bucket[RILL_INPUTS_MAX] = {0};
	struct rill_bit_choice bit_choice;
	unsigned known = 1;

	for (unsigned depth = 0; depth < 8; depth++) {
		unsigned node = depth < 4 ? known
					  : (known & ((1u << (depth - 4)) - 1)) | 1u << (depth - 4);
		unsigned agreed = choice->expect[0] | 256u;

		if (depth % 4 == 0)
			find_buckets(model, table, choice, depth, known, bucket);
		for (unsigned i = 0; i < model->contexts; i++)
			bit_choice.slot[i] = &bucket[i]->slot[node - 1];
		for (unsigned i = 0; i < model->expectations; i++)
			bit_choice.slot[model->contexts + i] = expect_slot(model, choice, i, depth,
									   known);
		agreed = agreed >> (8 - depth) == known;
		bit_choice.set[0] = choice->set * 8 + depth;
		bit_choice.set[1] = choice->trust[0] * 16u + agreed * 8 + depth;
		bit_choice.final = choice->final * 256 + known;
		known = known * 2 + rill_bit_model_code(&model->bits, tables, coder, &bit_choice,
							byte >> (7 - depth) & 1);
	}
	return (uint8_t)known;
}
