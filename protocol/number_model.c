/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/number_model.h"

#include "protocol/bytes.h"
#include <string.h>

#define SHORT 15u

void rill_number_model_setup(struct rill_number_model *model, const struct rill_bit_tables *tables)
{
	rill_bit_model_setup(&model->bits, tables, RILL_NUMBER_CONTEXTS, 255, 48);
	for (unsigned i = 0; i < RILL_NUMBER_CONTEXTS; i++)
		for (unsigned j = 0; j < RILL_NUMBER_SLOTS; j++)
			model->slot[i][j] = RILL_SLOT_NEW;
}

/* One bit of a number: `where` is its place, `known` the bits above it. */
static unsigned code_bit(struct rill_number_model *model, const struct rill_bit_tables *tables,
			 struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			 uint32_t where, uint32_t known, unsigned bit)
{
	uint32_t place = rill_hash(kind, where), exact = rill_hash(place, known);
	uint32_t hash[RILL_NUMBER_CONTEXTS] = {
		exact,
		rill_hash(exact, context[0] * 4 + 1),
		rill_hash(exact, context[1] * 4 + 2),
		rill_hash(exact, context[2] * 4 + 3),
		place,
	};
	struct rill_bit_choice choice = {
		.set = {(kind * 32 + (where & 31)) % RILL_SETS_MAX, kind * 4 + where / 256 % 4},
		.final = kind,
	};

	for (unsigned i = 0; i < RILL_NUMBER_CONTEXTS; i++)
		choice.slot[i] = &model->slot[i][hash[i] % RILL_NUMBER_SLOTS];
	return rill_bit_model_code(&model->bits, tables, coder, &choice, bit);
}

/* A value of `bits` bits by a binary tree of decisions; `tree` tells trees apart. */
static unsigned code_tree(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  uint32_t tree, unsigned bits, unsigned value)
{
	unsigned node = 1;

	for (unsigned i = bits; i-- > 0;)
		node = node * 2 + code_bit(model, tables, coder, kind, context, tree + i, node,
					   value >> i & 1);
	return node - (1u << bits);
}

unsigned rill_code_symbol(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  unsigned value)
{
	return code_tree(model, tables, coder, kind, context, 0, 4, value);
}

/* The length in bits, 0 to 64: most are less than SHORT. */
static unsigned code_length(struct rill_number_model *model, const struct rill_bit_tables *tables,
			    struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			    unsigned length)
{
	unsigned rest, first = code_tree(model, tables, coder, kind, context, 0, 4,
					 length < SHORT ? length : SHORT);

	if (first < SHORT)
		return first;
	rest = code_tree(model, tables, coder, kind, context, 8, 6, length - SHORT);
	return rest > 64 - SHORT ? 64 : SHORT + rest;
}

uint64_t rill_code_number(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  uint64_t value)
{
	unsigned length = code_length(model, tables, coder, kind, context, rill_bit_length(value));
	uint64_t result = 1;

	if (length == 0)
		return 0;
	for (unsigned i = length - 1; i-- > 0;) {
		/* Far below the highest bit only the lowest two have a law: alignment. */
		unsigned depth = length - 2 - i;
		uint32_t known = depth < 12 ? (uint32_t)result : i < 3 ? (uint32_t)(result & 1) : 0;
		unsigned bit = code_bit(model, tables, coder, kind, context, 256 + length * 64 + i,
					known, (unsigned)(value >> i & 1));

		result = result << 1 | bit;
	}
	return result;
}

int64_t rill_code_signed(struct rill_number_model *model, const struct rill_bit_tables *tables,
			 struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			 int64_t value)
{
	return rill_unzigzag(
		rill_code_number(model, tables, coder, kind, context, rill_zigzag(value)));
}
