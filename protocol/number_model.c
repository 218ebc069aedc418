/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/number_model.h"

#include "protocol/bytes.h"

#define SHORT 15u
#define TOP_BITS 12u /* of the bits below the highest so many are predicted */

/* What four bits of a number are: of its length, or below the highest bit by distance. */
enum { LENGTH, LONG_LENGTH, LONG_LENGTH_LOW, TOP, LOW = 7 };

void rill_number_model_setup(struct rill_number_model *model, const struct rill_bit_tables *tables,
			     const struct rill_bucket_table *table)
{
	rill_bit_model_setup(&model->bits, tables, RILL_MIX_HISTORIES, 255, 19);
	model->table = table;
}

/* Up to four bits of a number: `part` is what they are, `known` the number so far. */
static unsigned code_bits(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  unsigned part, uint32_t known, unsigned bits, unsigned value)
{
	uint32_t exact = rill_hash(kind * 8 + part, known);
	struct rill_nibble_choice choice = {
		.context =
			{
				exact,
				rill_hash(exact, context[0] * 4 + 1),
				rill_hash(exact, context[1] * 4 + 2),
				rill_hash(exact, context[2] * 4 + 3),
			},
		.set = {kind * 4 + (part < 3 ? part : 3), part * 4 + bits - 1},
		.final = kind,
	};

	return rill_code_nibble(&model->bits, tables, coder, model->table, &choice, bits, value);
}

unsigned rill_code_symbol(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  unsigned value)
{
	return code_bits(model, tables, coder, kind, context, LENGTH, 0, 4, value);
}

/* The length in bits, 0 to 64: most are less than SHORT. */
static unsigned code_length(struct rill_number_model *model, const struct rill_bit_tables *tables,
			    struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			    unsigned length)
{
	unsigned rest, first = code_bits(model, tables, coder, kind, context, LENGTH, 0, 4,
					 length < SHORT ? length : SHORT);

	if (first < SHORT)
		return first;
	length -= SHORT;
	rest = code_bits(model, tables, coder, kind, context, LONG_LENGTH, 0, 2, length >> 4 & 3);
	rest = rest << 4 | code_bits(model, tables, coder, kind, context, LONG_LENGTH_LOW, rest, 4,
				     length & 15);
	return rest > 64 - SHORT ? 64 : SHORT + rest;
}

uint64_t rill_code_number(struct rill_number_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, unsigned kind, const uint32_t context[3],
			  uint64_t value)
{
	unsigned length = code_length(model, tables, coder, kind, context, rill_bit_length(value));
	unsigned left = length ? length - 1 : 0, done = 0, bits;
	uint64_t result = length > 0;

	for (; left > 0; left -= bits, done += bits) {
		unsigned part = (unsigned)(value >> (left > 4 ? left - 4 : 0)) & 15;

		bits = left < 4 ? left : 4;
		if (left < 4)
			part &= (1u << left) - 1;
		if (done < TOP_BITS) {
			part = code_bits(model, tables, coder, kind, context, TOP + done / 4,
					 (uint32_t)result | length << 16, bits, part);
		} else if (left <= 4) {
			part = code_bits(model, tables, coder, kind, context, LOW, length, bits,
					 part);
		} else {
			bits = left - 4 < 16 ? left - 4 : 16;
			part = (unsigned)(value >> (left - bits)) & ((1u << bits) - 1);
			part = rill_code_plain(coder, bits, part);
		}
		result = result << bits | part;
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
