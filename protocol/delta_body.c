/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/delta_body_state.h"

#include "protocol/prime.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of numbers, beside those of copy_map.c and layout.c. */
enum { AFTER = 4, ENTRIES, GROUP_COPIES };

#define RAW_LEAST 512u /* shorter pieces are not worth asking whether nothing changed */
#define NUMBER_BITS 13u /* the same for all sizes, as prime.h begins with it */
#define SPAN_LEAST 16u
#define SPAN_MOST 256u

/* Rounded up so that it does not depend on the machine. */
#define BODY_MEMORY (3u << 20)
_Static_assert(sizeof(struct rill_body) <= BODY_MEMORY, "BODY_MEMORY is too small");

static unsigned bucket_bits(uint64_t output_length)
{
	unsigned bits = 8;

	while (bits < 16 && UINT64_C(32) << bits < output_length)
		bits++;
	return bits;
}

uint64_t rill_body_memory(const struct rill_body_size *size)
{
	return BODY_MEMORY + rill_layout_memory(size->most_entries + 1) +
	       (size->most_copies + 1) * (sizeof(struct rill_copy) + sizeof(struct rill_stretch)) +
	       (sizeof(struct rill_buckets) << bucket_bits(size->output_length)) +
	       (sizeof(struct rill_buckets) << NUMBER_BITS) +
	       rill_literal_model_memory(size->output_length);
}

/* Reads of the sources that a group may look at: all before it. */
static enum rill_code read_before(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	const struct rill_body *b = context;
	uint64_t end = b->base_length + b->group_start;

	if (offset > end || n > end - offset)
		return rill_fail(error, RILL_CORRUPT, "a read outside the sources");
	return b->io.source.read(b->io.source.context, offset, bytes, n, error);
}

enum rill_code rill_body_new(struct rill_body **result, const struct rill_body_size *size,
			     const struct rill_body_io *io, struct rill_error *error)
{
	struct rill_body *b = calloc(1, sizeof *b);
	size_t copies = (size_t)size->most_copies + 1;

	*result = b;
	if (!b)
		return rill_fail(error, RILL_MEMORY, "no memory for the delta's models");
	b->size = *size;
	b->io = *io;
	b->base_length = size->base_length;
	b->output_length = size->output_length;
	b->buckets.bits = bucket_bits(size->output_length);
	/* Buckets are cache lines. */
	b->buckets.line = aligned_alloc(64, sizeof(struct rill_buckets) << b->buckets.bits);
	b->number_buckets.bits = NUMBER_BITS;
	b->number_buckets.line = aligned_alloc(64, sizeof(struct rill_buckets) << NUMBER_BITS);
	b->copy = calloc(copies, sizeof *b->copy);
	b->stretch = calloc(copies, sizeof *b->stretch);
	if (!b->buckets.line || !b->number_buckets.line || !b->copy || !b->stretch)
		return rill_fail(error, RILL_MEMORY, "no memory for the copy map");
	rill_bit_tables_setup(&b->tables);
	rill_bucket_table_setup(&b->buckets);
	rill_bucket_table_setup(&b->number_buckets);
	rill_number_model_setup(&b->numbers, &b->tables, &b->number_buckets);
	rill_prime_numbers(&b->numbers, &b->tables);
	rill_unit_model_setup(&b->units, &b->tables);
	b->layout = &b->own;
	b->predictor.map = &b->map;
	b->predictor.cache = &b->cache;
	b->window.bytes = b->window_bytes;
	b->sources = (struct rill_source){.context = b, .read = read_before};
	b->window.source = &b->sources;
	if (rill_literal_model_new(&b->literals, &b->tables, size->output_length, error) != RILL_OK)
		return error->code;
	return rill_layout_new(&b->own, size->most_entries, error);
}

void rill_body_free(struct rill_body *b)
{
	if (!b)
		return;
	free(b->buckets.line);
	free(b->number_buckets.line);
	free(b->copy);
	free(b->stretch);
	rill_layout_free(&b->own);
	rill_literal_model_free(&b->literals);
	free(b);
}

struct rill_coder *rill_body_coder(struct rill_body *b)
{
	return &b->coder;
}

void rill_body_encode(struct rill_body *b, const uint8_t *output)
{
	b->expected = output;
}

void rill_body_encode_group(struct rill_body *b, const struct rill_group *group)
{
	b->group_end = b->done + group->length;
	b->layout = group->layout;
	b->entries = rill_layout_entries(group->layout);
	b->copies = group->copies;
	if (group->copies > 0)
		memcpy(b->copy, group->copy, group->copies * sizeof *group->copy);
}

bool rill_body_done(const struct rill_body *b)
{
	return b->done == b->output_length && b->filled == 0;
}

bool rill_body_group_done(const struct rill_body *b)
{
	return b->stage == SIZES;
}

struct rill_body_place rill_body_place(const struct rill_body *b)
{
	struct rill_body_place place = {
		.part = (enum rill_body_part)b->stage, .done = b->done, .layout = b->layout};

	if (b->stage != DATA)
		return place;
	if (b->window.region)
		place.class = b->window.region->class;
	if (b->at == b->copies || b->done < b->copy[b->at].output) {
		place.part = RILL_PART_LITERALS;
	} else if (b->unit_next < b->unit_count) {
		place.part = RILL_PART_UNITS;
		place.kind = (enum rill_kind)b->unit[b->unit_next].kind;
	} else {
		place.part = RILL_PART_SPANS;
	}
	return place;
}

static enum rill_code flush(struct rill_body *b, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (b->filled > 0)
		code = b->io.write(b->io.context, b->buffer + RILL_BODY_BEFORE, b->filled, error);
	memmove(b->buffer, b->buffer + b->filled, RILL_BODY_BEFORE);
	b->filled = 0;
	return code;
}

/* The table of streams, which gives base and output their lengths. */
static enum rill_code code_streams(struct rill_body *b, struct rill_error *error)
{
	struct rill_packing *packing = b->io.packing;
	enum rill_code code = rill_packing_code(packing, &b->streams, (size_t)b->size.most_streams,
						b->size.largest_stream, &b->numbers, &b->tables,
						&b->coder, error);

	if (code == RILL_OK && rill_packing_done(packing, b->streams)) {
		b->base_length = packing->unpacked_base;
		b->output_length = packing->unpacked_output;
		b->group_end = b->output_length;
		b->stage = SIZES;
	}
	return code;
}

/* Begins a group: its three sizes. */
static enum rill_code code_sizes(struct rill_body *b, struct rill_error *error)
{
	static const uint32_t none[3] = {0, 0, 0};
	uint64_t left = b->output_length - b->done, after = left - (b->group_end - b->done);

	after = rill_code_number(&b->numbers, &b->tables, &b->coder, AFTER, none, after);
	b->entries = rill_code_number(&b->numbers, &b->tables, &b->coder, ENTRIES, none,
				      b->entries);
	b->copies = rill_code_number(&b->numbers, &b->tables, &b->coder, GROUP_COPIES, none,
				     b->copies);
	if (after > left || (after > 0 && left - after < RILL_GROUP_LEAST) ||
	    b->entries > b->size.most_entries || b->copies > b->size.most_copies)
		return rill_fail(error, RILL_CORRUPT,
				 "output offset %" PRIu64 ": a group of an impossible size",
				 b->done);
	b->group_start = b->done;
	b->group_end = b->output_length - after;
	if (b->layout == &b->own)
		rill_layout_clear(&b->own);
	memset(&b->layout_cursor, 0, sizeof b->layout_cursor);
	b->copy_cursor.output = b->done;
	b->coded = 0;
	b->at = 0;
	b->window.region = NULL;
	b->stage = LAYOUT;
	return RILL_OK;
}

/* All is known about the group but its data. */
static void begin_data(struct rill_body *b)
{
	rill_layout_finish(b->layout);
	rill_address_map_build(&b->map, b->copy, (size_t)b->copies, b->stretch);
	rill_correction_clear(&b->cache);
	b->predictor.layout = b->layout;
	b->predictor.last = 0;
	b->stage = DATA;
}

enum rill_code rill_body_emit(struct rill_body *b, const uint8_t *bytes, size_t n,
			      struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	if (n > RILL_BODY_BUFFER - b->filled)
		code = flush(b, error);
	memcpy(b->buffer + RILL_BODY_BEFORE + b->filled, bytes, n);
	b->filled += n;
	b->done += n;
	return code;
}

/* The region and the bytes around the next piece of the copy. */
static enum rill_code open_window(struct rill_body *b, const struct rill_copy *copy,
				  struct rill_error *error)
{
	struct rill_window *w = &b->window;
	const struct rill_region *region;
	uint64_t start = copy->source + b->inside, end = copy->source + copy->length;

	region = rill_layout_region(b->layout, start);
	if (!region || region->start > start) {
		b->plain = (struct rill_region){.length = region ? region->start : UINT64_MAX};
		region = &b->plain;
	}
	if (end > region->start + region->length)
		end = region->start + region->length;
	if (end - start > RILL_PIECE + RILL_UNIT_MAX)
		end = start + RILL_PIECE + RILL_UNIT_MAX;
	w->region = region;
	w->image = region == &b->plain ? NULL : &b->layout->image[region->image];
	w->start = start;
	w->end = end;
	w->from = start;
	w->to = end;
	if (w->image) {
		w->from = start - region->start < RILL_LOOK_BEHIND ? region->start
								   : start - RILL_LOOK_BEHIND;
		w->to = region->start + region->length - end < RILL_LOOK_AHEAD
				? region->start + region->length
				: end + RILL_LOOK_AHEAD;
	}
	w->addressed = w->image && rill_segment_address(&b->layout->segment[w->image->old_segment],
							w->image->old_count, w->from, &w->address);
	/* All of a stream must be written before any of it can be read. */
	if (b->filled > 0 && w->to > b->base_length &&
	    w->to + b->size.largest_stream > b->base_length + b->done - b->filled) {
		enum rill_code code = flush(b, error);

		if (code != RILL_OK)
			return code;
	}
	return b->io.source.read(b->io.source.context, w->from, b->window_bytes,
				 (size_t)(w->to - w->from), error);
}

static struct rill_unit_place unit_place(const struct rill_body *b, const struct rill_copy *copy)
{
	uint64_t inside = b->done - copy->output;

	return (struct rill_unit_place){.from_start = inside,
					.to_end = copy->length - inside,
					.before = rill_body_before(b)};
}

static const uint8_t *old_bytes(const struct rill_body *b, size_t at)
{
	return b->window_bytes + (b->window.start - b->window.from) + at;
}

/* Begins a piece of the copy; one in which no byte changed is done at once. */
static enum rill_code start_piece(struct rill_body *b, const struct rill_copy *copy,
				  struct rill_error *error)
{
	enum rill_code code = open_window(b, copy, error);
	size_t n = (size_t)(b->window.end - b->window.start);
	struct rill_unit_place place = unit_place(b, copy);
	unsigned class = 16u + b->window.region->class;

	if (code != RILL_OK)
		return code;
	if (n > RILL_PIECE)
		n = RILL_PIECE;
	b->unit_count = b->unit_next = 0;
	if (n >= RAW_LEAST) {
		bool same = b->expected && memcmp(b->expected + b->done, old_bytes(b, 0), n) == 0;

		if (rill_code_span(&b->units, &b->tables, &b->coder, &place, 1, class, same)) {
			rill_unit_model_skip(&b->units, (unsigned)n / 4);
			b->inside += n;
			return rill_body_emit(b, old_bytes(b, 0), n, error);
		}
	}
	b->unit_count = rill_read_units(&b->window, b->unit);
	if (b->unit_count == 0)
		return rill_fail(error, RILL_INTERNAL, "a piece of the base without units");
	b->span_checked = 0;
	rill_predict_piece(&b->predictor, &b->window, copy);
	return RILL_OK;
}

/* Whether the next units will all be exact: tried, then taken back. */
static bool try_span(struct rill_body *b, size_t count)
{
	uint64_t last = b->predictor.last, done = b->done;
	bool exact = true;

	rill_correction_try(&b->cache);
	for (size_t i = b->unit_next; exact && i < b->unit_next + count; i++) {
		const struct rill_unit *unit = &b->unit[i];
		struct rill_prediction prediction;

		rill_predict(&b->predictor, unit, old_bytes(b, unit->at), &prediction);
		exact = memcmp(prediction.bytes, b->expected + done, unit->length) == 0;
		rill_predict_learn(&b->predictor, unit, &prediction, b->expected + done);
		done += unit->length;
	}
	rill_correction_undo(&b->cache);
	b->predictor.last = last;
	return exact;
}

/* Units that are all exact: the old bytes, but for references. */
static enum rill_code step_span(struct rill_body *b, size_t count, struct rill_error *error)
{
	const struct rill_unit *unit = &b->unit[b->unit_next], *end = unit + count;
	const size_t start = unit->at, n = end[-1].at + end[-1].length - start;
	enum rill_code code = rill_body_emit(b, old_bytes(b, start), n, error);
	uint8_t *bytes = b->buffer + RILL_BODY_BEFORE + b->filled - n;

	for (; unit < end; unit++) {
		struct rill_prediction prediction;

		if (unit->target == 0)
			continue;
		rill_predict(&b->predictor, unit, old_bytes(b, unit->at), &prediction);
		rill_predict_learn(&b->predictor, unit, &prediction, prediction.bytes);
		memcpy(bytes + (unit->at - start), prediction.bytes, unit->length);
	}
	b->unit_next += count;
	b->inside += n;
	return code;
}

static enum rill_code step_unit(struct rill_body *b, const struct rill_copy *copy,
				struct rill_error *error)
{
	const struct rill_unit *unit = &b->unit[b->unit_next];
	struct rill_unit_place place = unit_place(b, copy);
	struct rill_prediction prediction;
	size_t span = b->unit_count - b->unit_next;
	uint8_t actual[RILL_UNIT_MAX];

	if (span > (b->units.since < SPAN_MOST ? b->units.since : SPAN_MOST))
		span = b->units.since < SPAN_MOST ? b->units.since : SPAN_MOST;
	if (b->unit_next >= b->span_checked && span >= SPAN_LEAST) {
		bool exact = b->expected && try_span(b, span);

		if (rill_code_span(&b->units, &b->tables, &b->coder, &place, (unsigned)span,
				   b->window.region->class, exact)) {
			rill_unit_model_skip(&b->units, (unsigned)span);
			return step_span(b, span, error);
		}
		b->span_checked = b->unit_next + span;
	}
	if (b->expected)
		memcpy(actual, b->expected + b->done, unit->length);
	rill_predict(&b->predictor, unit, old_bytes(b, unit->at), &prediction);
	rill_code_unit(&b->units, &b->tables, &b->coder, &b->buckets, unit, &place,
		       old_bytes(b, unit->at), &prediction, actual);
	rill_predict_learn(&b->predictor, unit, &prediction, actual);
	b->unit_next++;
	b->inside += unit->length;
	return rill_body_emit(b, actual, unit->length, error);
}

static enum rill_code step_data(struct rill_body *b, struct rill_error *error)
{
	const struct rill_copy *copy = &b->copy[b->at];

	if (b->at == b->copies)
		return rill_body_literal(b, b->group_end - b->done, error);
	if (b->done < copy->output)
		return rill_body_literal(b, copy->output - b->done, error);
	if (b->unit_next < b->unit_count)
		return step_unit(b, copy, error);
	return start_piece(b, copy, error);
}

/* Leaves the copy when it is complete, and the group. */
static enum rill_code end_data(struct rill_body *b, struct rill_error *error)
{
	if (b->at < b->copies && b->inside == b->copy[b->at].length) {
		b->inside = 0;
		b->at++;
	}
	if (b->done < b->group_end)
		return RILL_OK;
	b->stage = SIZES;
	return flush(b, error);
}

enum rill_code rill_body_step(struct rill_body *b, struct rill_error *error)
{
	enum rill_code code;

	switch (b->stage) {
	case STREAMS: return code_streams(b, error);
	case SIZES: code = code_sizes(b, error); break;
	case LAYOUT:
		code = rill_layout_code(b->layout, &b->layout_cursor, &b->numbers, &b->tables,
					&b->coder, b->base_length + b->group_start, error);
		b->coded++;
		break;
	case COPIES:
		code = rill_copy_code(&b->copy_cursor, &b->numbers, &b->tables, &b->coder,
				      b->base_length, b->group_end, &b->copy[b->coded], error);
		b->coded++;
		break;
	default: code = step_data(b, error); return code == RILL_OK ? end_data(b, error) : code;
	}
	if (b->stage == LAYOUT && b->coded == b->entries) {
		b->stage = COPIES;
		b->coded = 0;
	}
	if (b->stage == COPIES && b->coded == b->copies)
		begin_data(b);
	if (b->stage == DATA && code == RILL_OK && b->group_start == 0)
		code = rill_body_learn(b, error);
	return code;
}
