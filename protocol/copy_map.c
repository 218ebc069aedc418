/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/copy_map.h"

#include "protocol/bytes.h"
#include <inttypes.h>
#include <string.h>

enum { GAP, WAY, STEP, LENGTH }; /* kinds of numbers */
enum { WAY_ON, WAY_STEP, WAY_RECENT };

static uint32_t short_class(uint64_t value)
{
	return value < 16 ? (uint32_t)value : 12 + rill_bit_length(value);
}

/* How the encoder names the source: the first way that leads to it. */
static unsigned choose_way(const struct rill_copy_cursor *cursor, const struct rill_copy *copy)
{
	uint64_t diagonal = copy->source - copy->output;

	for (unsigned i = 0; i < RILL_COPY_RECENT; i++)
		if (cursor->recent[i] == diagonal)
			return WAY_RECENT + i;
	return copy->source == cursor->source ? WAY_ON : WAY_STEP;
}

static void remember_diagonal(struct rill_copy_cursor *cursor, uint64_t diagonal)
{
	unsigned i = 0;

	while (i < RILL_COPY_RECENT - 1 && cursor->recent[i] != diagonal)
		i++;
	memmove(cursor->recent + 1, cursor->recent, i * sizeof cursor->recent[0]);
	cursor->recent[0] = diagonal;
}

static enum rill_code check(const struct rill_copy *copy, uint64_t gap, uint64_t left,
			    uint64_t base_length, struct rill_error *error)
{
	uint64_t limit = copy->source < base_length ? base_length : base_length + copy->output;

	if (gap > left || copy->length > left - gap)
		return rill_fail(error, RILL_CORRUPT,
				 "copy map, output offset %" PRIu64
				 ": more than the group's length",
				 copy->output - gap);
	if (copy->length < 1 || copy->length > UINT32_MAX)
		return rill_fail(error, RILL_CORRUPT,
				 "copy map, output offset %" PRIu64
				 ": a copy of an impossible length",
				 copy->output);
	if (copy->source > limit || copy->length > limit - copy->source)
		return rill_fail(error, RILL_CORRUPT,
				 "copy map, output offset %" PRIu64
				 ": a copy from where nothing is",
				 copy->output);
	return RILL_OK;
}

enum rill_code rill_copy_code(struct rill_copy_cursor *cursor, struct rill_number_model *numbers,
			      const struct rill_bit_tables *tables, struct rill_coder *coder,
			      uint64_t base_length, uint64_t group_end, struct rill_copy *copy,
			      struct rill_error *error)
{
	uint64_t gap = copy->output - cursor->output, diagonal = copy->source - copy->output;
	unsigned way;
	uint32_t last = cursor->way * 64 + cursor->gap_class;
	uint64_t step = 0;
	uint32_t gap_class, step_class;

	gap = rill_code_number(numbers, tables, coder, GAP,
			       (uint32_t[]){cursor->gap_class, cursor->length_class, last}, gap);
	gap_class = short_class(gap);
	copy->output = cursor->output + gap;
	way = rill_code_symbol(
		numbers, tables, coder, WAY,
		(uint32_t[]){gap_class, cursor->way * 64 + gap_class, cursor->length_class},
		choose_way(cursor, copy));
	if (way >= WAY_RECENT)
		diagonal = cursor->recent[(way - WAY_RECENT) % RILL_COPY_RECENT];
	else if (way == WAY_ON)
		diagonal = cursor->source - copy->output;
	else
		step = rill_zigzag(rill_code_signed(
			numbers, tables, coder, STEP,
			(uint32_t[]){gap_class, cursor->step_class * 2 + cursor->step_sign,
				     cursor->way},
			(int64_t)(diagonal - cursor->recent[0])));
	if (way == WAY_STEP)
		diagonal = cursor->recent[0] + (uint64_t)rill_unzigzag(step);
	copy->source = copy->output + diagonal;
	step_class = way == WAY_STEP ? rill_bit_length(step) : 0;
	copy->length = rill_code_number(
		numbers, tables, coder, LENGTH,
		(uint32_t[]){cursor->length_class, way * 64 + step_class, gap_class}, copy->length);
	cursor->gap_class = gap_class;
	cursor->length_class = rill_bit_length(copy->length);
	cursor->way = way > 3 ? 3 : way;
	cursor->step_class = step_class;
	cursor->step_sign = (uint32_t)(step & 1);
	remember_diagonal(cursor, diagonal);
	if (!coder->encoding) {
		enum rill_code code = check(copy, gap, group_end - cursor->output, base_length,
					    error);

		if (code != RILL_OK)
			return code;
	}
	cursor->output = copy->output + copy->length;
	cursor->source = copy->source + copy->length;
	return RILL_OK;
}
