/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/literal_model.h"

#include "protocol/reference.h"
#include <stdlib.h>
#include <string.h>

#define MATCH_LEAST 5 /* bytes that the index looks at */
#define MATCH_TRUST_MOST 47u
#define HEX_TRUST (MATCH_TRUST_MOST + 1)
#define HEX_DOUBT (1u << 17) /* of 2^22, and the count of a slot */
#define HEX_COUNT 8u
#define HEX_WEIGHT 12000
#define LEARNING_SET 64u /* weights apart from those of literals */
#define LEARNING_TRUST (RILL_TRUST_MAX - 1)
#define HEX_LOOK 64u /* literals, the first and the last ones */

static unsigned history_bits(uint64_t output_length)
{
	unsigned bits = 10;

	while (bits < RILL_LITERAL_HISTORY_BITS && UINT64_C(1) << bits < output_length)
		bits++;
	return bits;
}

uint64_t rill_literal_model_memory(uint64_t output_length)
{
	unsigned bits = history_bits(output_length);

	return (UINT64_C(1) << bits) + (UINT64_C(4) << (bits - 4));
}

/* A few digits that are right are enough to trust the next ones: what a short delta has no time to
 * learn. */
static void setup_hex(struct rill_literal_model *model)
{
	for (unsigned trust = HEX_TRUST; trust < RILL_TRUST_MAX; trust++)
		for (unsigned depth = 0; depth < 8; depth++) {
			rill_slot *slot = &model->byte.expect[0][trust * 32 + 16 + depth * 2];
			unsigned set = trust * 16 + 8 + depth;

			slot[0] = HEX_DOUBT << 10 | HEX_COUNT;
			slot[1] = ((1u << 22) - HEX_DOUBT) << 10 | HEX_COUNT;
			model->byte.bits.set[1][set].weight[2 * RILL_LANES] = HEX_WEIGHT;
		}
}

enum rill_code rill_literal_model_new(struct rill_literal_model *model,
				      const struct rill_bit_tables *tables, uint64_t output_length,
				      struct rill_error *error)
{
	memset(model, 0, sizeof *model);
	rill_byte_model_setup(&model->byte, tables, 255, 11);
	setup_hex(model);
	model->history_bits = history_bits(output_length);
	model->index_bits = model->history_bits - 4;
	model->history = calloc(1, (size_t)1 << model->history_bits);
	model->index = calloc((size_t)1 << model->index_bits, sizeof *model->index);
	if (!model->history || !model->index)
		return rill_fail(error, RILL_MEMORY, "no memory for literals");
	return RILL_OK;
}

void rill_literal_model_free(struct rill_literal_model *model)
{
	free(model->history);
	free(model->index);
}

static void remember(struct rill_literal_model *model, uint8_t byte)
{
	uint32_t mask = (1u << model->history_bits) - 1, *place;

	if (model->match_length > 0 && model->history[model->match & mask] == byte) {
		model->match_length += model->match_length < MATCH_TRUST_MOST;
		model->match++;
	} else {
		model->match_length = 0;
	}
	model->history[model->written++ & mask] = byte;
	model->before = model->before << 8 | byte;
	place = &model->index[rill_hash((uint32_t)model->before,
					(uint32_t)(model->before >> 32) & 0xff) >>
			      (32 - model->index_bits)];
	if (model->match_length == 0 && *place > 0 && model->written - *place < mask) {
		uint32_t length = 0;

		model->match = *place;
		while (length < 32 && length < *place &&
		       model->history[(model->match - 1 - length) & mask] ==
			       model->history[(model->written - 1 - length) & mask])
			length++;
		model->match_length = length >= MATCH_LEAST - 1 ? length : 0;
	}
	*place = model->written;
}

/* The digit of the literals so far that is expected next. */
static uint8_t hex_digit(const struct rill_literal_model *model)
{
	uint8_t byte = model->history[model->hex / 2 & ((1u << model->history_bits) - 1)];

	return (uint8_t) "0123456789abcdef"[model->hex % 2 ? byte & 15 : byte >> 4];
}

/* Two bytes by their four digits; false when these are not such. */
static bool read_hex(uint32_t digits, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < 4; i++, digits <<= 8) {
		uint32_t c = digits >> 24;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (c - 'a' + 10);
		else
			return false;
	}
	return true;
}

/* `digits` are the last four bytes of output. */
static void follow_hex(struct rill_literal_model *model, uint32_t digits)
{
	uint32_t mask = (1u << model->history_bits) - 1, value;

	if (model->hex_length > 0 && hex_digit(model) == (digits & 0xff)) {
		model->hex++;
		model->hex_length += model->hex_length < 7;
		return;
	}
	model->hex_length = 0;
	if (!read_hex(digits, &value))
		return;
	for (uint32_t i = model->written; i > 1; i--) {
		if (model->history[(i - 1) & mask] == (value & 0xff) &&
		    model->history[(i - 2) & mask] == value >> 8) {
			model->hex = i * 2;
			model->hex_length = 1;
			return;
		}
		if (model->written - i == HEX_LOOK && i > HEX_LOOK)
			i = HEX_LOOK;
	}
}

/* Follows x86-64 instructions, as far as literals are such. */
static void follow_instruction(struct rill_literal_model *model, uint8_t byte)
{
	model->instruction[model->instruction_n++] = byte;
	if (model->instruction_n < 15 &&
	    !rill_x64_complete(model->instruction, model->instruction_n))
		return;
	model->last_opcode = model->instruction[0] | (uint32_t)model->instruction[1] << 8 |
			     (uint32_t)model->instruction_n << 16;
	model->instruction_n = 0;
}

/* An expectation from the base is trusted by how it fared the last four times. */
static uint8_t trust(uint8_t hits, bool first)
{
	return (uint8_t)((hits & 15) * 2 + first);
}

/* For arm64: the instruction so far with more and less of the one before it, whose lowest
 * bits are the register that it wrote. */
static void set_a64_contexts(const struct rill_literal_place *place, uint32_t phase,
			     uint32_t *context)
{
	uint32_t so_far = phase ? (uint32_t)place->before & ((1u << 8 * phase) - 1) : 0;
	uint32_t last = (uint32_t)(place->before >> 8 * phase);
	uint32_t older = (uint32_t)(place->before >> 32) >> 8 * phase;
	uint32_t known = rill_hash(so_far, phase + 32);

	context[0] = known;
	context[1] = rill_hash(known, last >> 24 | 1u << 8);
	context[2] = rill_hash(known, last);
	context[3] = rill_hash(known, last >> 21 << 11 | older >> 21 | 1);
	context[4] = rill_hash(known, (last & 31) | 3u << 8);
	context[5] = rill_hash(known, older);
	context[6] = rill_hash(known, rill_hash(last, older));
	context[7] = rill_hash(so_far >> 4, phase + 40);
}

/* For a reference in x86-64 code: its target so far with what leads to it, where the last one led
 * and where it stands. */
static void set_reference_contexts(const struct rill_literal_model *model,
				   const struct rill_literal_place *place, uint32_t *context)
{
	uint32_t phase = place->phase;
	uint32_t so_far = phase ? (uint32_t)place->before & ((1u << 8 * phase) - 1) : 0;
	uint32_t known = rill_hash(so_far, phase + 48);
	const uint8_t *field = model->instruction + model->instruction_n - phase;
	uint32_t opcode = field - model->instruction > 1 ? field[-1] | (uint32_t)field[-2] << 8
							 : field[-1];

	context[0] = known;
	context[1] = rill_hash(known, opcode);
	context[2] = rill_hash(known, model->last_opcode);
	context[3] = rill_hash(known, model->last_target);
	context[4] = rill_hash(known, rill_hash(opcode, (uint32_t)(place->before >> 8 * phase)));
	context[5] = rill_hash(known, place->page);
	context[6] = rill_hash(known, field[-1]);
	context[7] = rill_hash(known, model->last_target >> 12);
}

bool rill_literal_reference(const struct rill_literal_model *model, unsigned *tail)
{
	return model->instruction_n < 12 &&
	       rill_x64_reference(model->instruction, model->instruction_n, tail);
}

uint8_t rill_code_literal(struct rill_literal_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_literal_place *place, uint8_t byte)
{
	uint32_t phase = place->x64 ? model->instruction_n & 7 : place->phase & 3,
		 low = (uint32_t)place->before;
	uint32_t high = (uint32_t)(place->before >> 32);
	unsigned words = place->a64 ? 8 : place->reference ? 12 : 0; /* have slots of their own */
	uint32_t mask = (1u << model->history_bits) - 1;
	uint32_t around = low >> 24 | (high >> 24) << 8 | (low & 0xff) << 16;
	struct rill_byte_choice choice = {
		.context =
			{
				rill_hash(low & 0xff, phase + 4),
				rill_hash(low, phase + 16),
				rill_hash(rill_hash(low, high & 0xffff), phase + 20),
				rill_hash(around, phase + 24),
				rill_hash(low & 0xffff, phase + 8),
				rill_hash(low & 0xffffff, phase + 12),
				rill_hash(low >> 8 & 0xffff, phase + 28),
				rill_hash(low & 0xf0f0f0, phase + 36),
			},
		.place = phase + words,
		.expect = {model->history[model->match & mask], place->onward, place->backward},
		.trust = {(uint8_t)model->match_length, trust(model->hit[0], place->first),
			  trust(model->hit[1], place->first)},
		.set = phase * 4 + (model->hit[0] & 1) * 2 + (model->hit[1] & 1),
		.final = phase & 3,
	};

	if (place->x64)
		choice.context[3] = rill_hash(
			model->last_opcode,
			phase ? low & (phase < 4 ? (1u << 8 * phase) - 1 : UINT32_MAX) : 0);
	if (place->reference)
		set_reference_contexts(model, place, choice.context);
	if (place->a64)
		set_a64_contexts(place, phase, choice.context);
	if (model->match_length == 0)
		choice.expect[0] = 0;
	if (model->match_length == 0 && model->hex_length > 0) {
		choice.expect[0] = hex_digit(model);
		choice.trust[0] = (uint8_t)(HEX_TRUST + model->hex_length / 2);
	}
	if (place->learning) {
		choice.set = LEARNING_SET + phase;
		for (unsigned i = 0; i < 3; i++) {
			choice.expect[i] = 0;
			choice.trust[i] = LEARNING_TRUST;
		}
	}
	byte = rill_code_byte(&model->byte, tables, coder, table, &choice, byte);
	if (!place->learning)
		remember(model, byte);
	if (!place->learning && !place->a64 && !place->x64)
		follow_hex(model, low << 8 | byte);
	if (place->x64)
		follow_instruction(model, byte);
	if (place->reference)
		model->last_target = place->phase ? model->last_target << 8 | byte : byte;
	if (place->learning)
		return byte;
	model->hit[0] = (uint8_t)(model->hit[0] << 1 | (byte == place->onward));
	model->hit[1] = (uint8_t)(model->hit[1] << 1 | (byte == place->backward));
	return byte;
}
