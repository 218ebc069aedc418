/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes what became of a unit (reference.h) when its prediction is at hand: whether it is
 * exact; if not, which bytes differ; and those bytes.
 *
 * The contexts of "exact?": the kind of the unit and of its prediction (predict.h), how the
 * units before it fared, how long ago one differed, the instruction's opcode, all of the old
 * bytes, and the distances from the copy's ends, where most changes are. Those of the
 * bytes: the kind and place, the predicted byte, the bytes of the unit that are known, those
 * before the unit, and as expectations the same change as the last unit of its kind had, for
 * arm64 the instruction with its registers renamed as they were the last time, and what the last
 * one that changed became.
 *
 * Where nothing has differed for a while, one decision says for a whole span of units that
 * all are exact; spans grow as long as that holds, so that long exact stretches cost
 * little time.
 */
#ifndef RILL_UNIT_MODEL_H
#define RILL_UNIT_MODEL_H

#include "protocol/byte_model.h"
#include "protocol/predict.h"

#define RILL_FLAG_SLOTS (1u << 15)

struct rill_unit_model {
	struct rill_bit_model flag, span, mask;
	struct rill_byte_model byte;
	rill_slot flag_slot[RILL_SLOTS][RILL_FLAG_SLOTS];
	rill_slot span_slot[RILL_SLOTS][1u << 12];
	uint32_t history; /* a bit for each unit, 1: it differed */
	uint32_t since; /* units since one differed */
	uint8_t kind_history[RILL_KINDS];
	uint32_t last_mask[RILL_KINDS];
	uint8_t change[RILL_KINDS][RILL_UNIT_MAX]; /* by which bytes changed last */
	uint8_t last[RILL_KINDS][RILL_UNIT_MAX]; /* what they became */
	uint8_t renamed[32]; /* arm64: what became of each register the last time */
};

/* The surroundings of a unit. */
struct rill_unit_place {
	uint64_t from_start, to_end; /* bytes of the copy before and behind the unit's start */
	uint64_t before; /* the last 8 bytes of output, the last one lowest */
};

void rill_unit_model_setup(struct rill_unit_model *model, const struct rill_bit_tables *tables);

/* Whether the next `units` units are all exact; said before any of them is coded. */
bool rill_code_span(struct rill_unit_model *model, const struct rill_bit_tables *tables,
		    struct rill_coder *coder, const struct rill_unit_place *place, unsigned units,
		    unsigned class, bool exact);
/* After a span that was exact. */
void rill_unit_model_skip(struct rill_unit_model *model, unsigned units);

/* Codes a unit: `actual` is read when encoding, written when decoding. */
void rill_code_unit(struct rill_unit_model *model, const struct rill_bit_tables *tables,
		    struct rill_coder *coder, const struct rill_bucket_table *table,
		    const struct rill_unit *unit, const struct rill_unit_place *place,
		    const uint8_t *old, const struct rill_prediction *prediction, uint8_t *actual);

#endif
