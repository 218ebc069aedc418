/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/unit_model.h"

#include "protocol/number_model.h"
#include <string.h>

/* Slots that were never used, of what is seldom and of what is mostly so. */
#define UNLIKELY (UINT32_C(1) << 29)
#define LIKELY (UINT32_C(7) << 29)

void rill_unit_model_setup(struct rill_unit_model *model, const struct rill_bit_tables *tables)
{
	memset(model, 0, sizeof *model);
	rill_bit_model_setup(&model->flag, tables, RILL_MIX_SLOTS, 255, 19);
	rill_bit_model_setup(&model->span, tables, RILL_MIX_SLOTS, 255, 19);
	rill_bit_model_setup(&model->mask, tables, RILL_MIX_HISTORIES, 255, 22);
	rill_byte_model_setup(&model->byte, tables, 255, 13);
	for (unsigned i = 0; i < 32; i++)
		model->renamed[i] = (uint8_t)i;
	for (unsigned i = 0; i < RILL_SLOTS; i++)
		for (unsigned j = 0; j < RILL_FLAG_SLOTS; j++)
			model->flag_slot[i][j] = UNLIKELY;
	for (unsigned i = 0; i < RILL_SLOTS; i++)
		for (unsigned j = 0; j < 1u << 12; j++)
			model->span_slot[i][j] = LIKELY;
}

bool rill_code_span(struct rill_unit_model *model, const struct rill_bit_tables *tables,
		    struct rill_coder *coder, const struct rill_unit_place *place, unsigned units,
		    unsigned class, bool exact)
{
	uint32_t size = rill_bit_length(units) * 64 + class;
	uint32_t hash[RILL_SLOTS] = {
		rill_hash(size, rill_bit_length(model->since)),
		rill_hash(size, rill_bit_length(place->to_end) + 1000),
		rill_hash(size, rill_bit_length(place->from_start) + 2000),
		rill_hash(class, units + 3000),
	};
	struct rill_bit_choice choice = {.set = {class, rill_bit_length(units)}, .final = class};

	for (unsigned i = 0; i < RILL_SLOTS; i++)
		choice.slot[i] = &model->span_slot[i][hash[i] % (1u << 12)];
	return rill_bit_model_code(&model->span, tables, coder, &choice, exact);
}

void rill_unit_model_skip(struct rill_unit_model *model, unsigned units)
{
	model->since += units;
	model->history = units < 32 ? model->history << units : 0;
}

static uint32_t old_word(const struct rill_unit *unit, const uint8_t *old)
{
	uint32_t word = 0;

	for (unsigned i = 0; i < unit->length && i < 4; i++)
		word |= (uint32_t)old[i] << 8 * i;
	return word;
}

/* What tells most about an instruction: its opcode bits. */
static uint32_t opcode(const struct rill_unit *unit, uint32_t word)
{
	if (unit->kind <= RILL_KIND_A64_LOW_MEMORY)
		return word >> 21;
	return unit->kind == RILL_KIND_X64 ? word & 0xffff : word >> 24;
}

/* The register fields of an arm64 instruction: Rd or Rt, Rn, and Rm where there is one. */
static uint32_t register_fields(uint32_t word)
{
	if ((word & 0x1c000000u) == 0x14000000u)
		return (word & 0x7e000000u) == 0x34000000u ? 0x1f : 0; /* branches */
	if ((word & 0x0e000000u) == 0x0a000000u || (word & 0x3b200c00u) == 0x38200800u)
		return 0x1f03ff;
	if ((word & 0x3a000000u) == 0x28000000u)
		return 0x7fff; /* pairs have Rt2 */
	return 0x3ff;
}

static uint32_t rename_registers(const struct rill_unit_model *model, uint32_t word)
{
	uint32_t fields = register_fields(word), result = word & ~fields;

	for (unsigned at = 0; at <= 16; at += at == 10 ? 6 : 5)
		if (fields >> at & 1)
			result |= (uint32_t)model->renamed[word >> at & 31] << at;
	return result;
}

static void learn_registers(struct rill_unit_model *model, uint32_t word, uint32_t actual)
{
	uint32_t fields = register_fields(word);

	if ((word ^ actual) & 0xffe00000u)
		return; /* another instruction */
	for (unsigned at = 0; at <= 16; at += at == 10 ? 6 : 5)
		if (fields >> at & 1)
			model->renamed[word >> at & 31] = (uint8_t)(actual >> at & 31);
}

static bool code_exact(struct rill_unit_model *model, const struct rill_bit_tables *tables,
		       struct rill_coder *coder, const struct rill_unit *unit,
		       const struct rill_unit_place *place, uint32_t word, bool renames,
		       enum rill_status status, bool exact)
{
	uint32_t kind = unit->kind * 16u + status, recent = model->history;
	uint32_t since = rill_bit_length(model->since);
	uint32_t hash[RILL_SLOTS] = {
		rill_hash(kind, (recent & 63) * 2 + renames),
		rill_hash(unit->kind, opcode(unit, word) * 2 + renames + 5000),
		rill_hash(kind, word),
		rill_hash(kind, (uint32_t)place->before),
	};
	struct rill_bit_choice choice = {
		.set = {kind + renames * 512u, since * 32 + (recent & 31)},
		.final = kind,
	};
	bool differs;

	for (unsigned i = 0; i < RILL_SLOTS; i++)
		choice.slot[i] = &model->flag_slot[i][hash[i] % RILL_FLAG_SLOTS];
	differs = rill_bit_model_code(&model->flag, tables, coder, &choice, !exact);
	model->history = model->history << 1 | differs;
	model->since = differs ? 0 : model->since + 1;
	model->kind_history[unit->kind] = (uint8_t)(model->kind_history[unit->kind] << 1 | differs);
	return !differs;
}

/* References and instructions of fixed length: the highest byte says most about the rest. */
static bool high_first(unsigned kind)
{
	return kind != RILL_KIND_PLAIN && kind != RILL_KIND_X64 && kind != RILL_KIND_FRAME &&
	       kind != RILL_KIND_HALF;
}

/* Which bytes differ: four at a time, the first one highest. */
static uint32_t code_mask(struct rill_unit_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_unit *unit, enum rill_status status, uint32_t word,
			  uint32_t renamed, uint32_t mask)
{
	uint32_t result = 0, hint = 0;

	/* Which bytes the renaming of registers would change. */
	for (unsigned i = 0; i < 4; i++)
		hint = hint << 1 | ((renamed ^ word) >> 8 * i & 0xff ? 1 : 0);
	for (unsigned left = unit->length, bits; left > 0; left -= bits) {
		uint32_t known = rill_hash(unit->kind * 16u + left, result);
		struct rill_nibble_choice choice = {
			.context =
				{
					rill_hash(known, model->last_mask[unit->kind] + 1),
					rill_hash(known, word + 2),
					rill_hash(known, opcode(unit, word) * 16 + hint + 3),
					rill_hash(known, status * 16u + hint + 4),
				},
			.set = {unit->kind * 2u + (left < unit->length), status},
			.final = unit->kind,
		};

		bits = left < 4 ? left : 4;
		result = result << bits |
			 rill_code_nibble(&model->mask, tables, coder, table, &choice, bits,
					  mask >> (left - bits) & ((1u << bits) - 1));
	}
	return result;
}

static uint8_t code_changed(struct rill_unit_model *model, const struct rill_bit_tables *tables,
			    struct rill_coder *coder, const struct rill_bucket_table *table,
			    const struct rill_unit *unit, const struct rill_unit_place *place,
			    const struct rill_prediction *prediction, uint32_t word,
			    uint32_t renamed, unsigned at, uint32_t mask, uint32_t known,
			    uint8_t byte)
{
	uint32_t kind = unit->kind * 16u + at, predicted = prediction->bytes[at];
	struct rill_byte_choice choice = {
		.context =
			{
				rill_hash(kind, mask << 8 | (renamed >> 8 * (at & 3) & 0xff)),
				rill_hash(kind, predicted << 8 | 1),
				rill_hash(kind, word + 3),
				rill_hash(kind, known * 4 + 4),
				rill_hash(kind, rill_hash((uint32_t)place->before, known)),
				rill_hash(kind,
					  rill_hash(model->change[unit->kind][at], predicted)),
				rill_hash(kind, rill_hash(known, predicted) + 5),
				rill_hash(kind,
					  rill_hash(known, (uint32_t)place->before & 0xffff) + 6),
			},
		.expect = {(uint8_t)(predicted + model->change[unit->kind][at]),
			   (uint8_t)(renamed >> 8 * (at & 3)), model->last[unit->kind][at]},
		.place = unit->kind,
		.trust = {(uint8_t)(unit->kind),
			  (uint8_t)((at < 8 ? at : 8) * 2 + (renamed != word)),
			  (uint8_t)unit->kind},
		.set = unit->kind * 4u + (at < 3 ? at : 3),
	};
	uint8_t result = rill_code_byte(&model->byte, tables, coder, table, &choice, byte);

	model->change[unit->kind][at] = (uint8_t)(result - predicted);
	model->last[unit->kind][at] = result;
	return result;
}

void rill_code_unit(struct rill_unit_model *model, const struct rill_bit_tables *tables,
		    struct rill_coder *coder, const struct rill_bucket_table *table,
		    const struct rill_unit *unit, const struct rill_unit_place *place,
		    const uint8_t *old, const struct rill_prediction *prediction, uint8_t *actual)
{
	uint32_t word = old_word(unit, old), renamed = word, mask = 0, known = 0;
	unsigned length = unit->length;

	if (coder->encoding)
		for (unsigned i = 0; i < length; i++) {
			unsigned at = high_first(unit->kind) ? length - 1 - i : i;

			mask = mask << 1 | (actual[at] != prediction->bytes[at]);
		}
	if (unit->kind == RILL_KIND_A64 && length == 4)
		renamed = rename_registers(model, word);
	if (code_exact(model, tables, coder, unit, place, word, renamed != word, prediction->status,
		       mask == 0)) {
		memcpy(actual, prediction->bytes, length);
		if (unit->kind == RILL_KIND_A64 && length == 4)
			learn_registers(model, word, word);
		return;
	}
	mask = code_mask(model, tables, coder, table, unit, prediction->status, word, renamed,
			 mask);
	model->last_mask[unit->kind] = mask;
	for (unsigned i = 0; i < length; i++) {
		unsigned at = high_first(unit->kind) ? length - 1 - i : i;

		if (mask >> (length - 1 - i) & 1)
			actual[at] = code_changed(model, tables, coder, table, unit, place,
						  prediction, word, renamed, at, mask, known,
						  actual[at]);
		else
			actual[at] = prediction->bytes[at];
		known = known << 8 | actual[at];
	}
	if (unit->kind == RILL_KIND_A64 && length == 4)
		learn_registers(model, word, rill_load32(actual));
}
