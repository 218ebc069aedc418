/* SPDX-License-Identifier: Apache-2.0
 *
 * A region of any class, segments, origins and copies, then the base. Read piece by piece,
 * units cover each piece and nothing outside the window or the region is looked at, but by
 * the source, within the base. Predicted as part of a copy, each gets bytes of its own.
 */
#include "protocol/predict.h"
#include "tests/fuzz/take.h"
#include "tests/support/must.h"

#include <string.h>

#define COPIES 8
#define SEGMENTS 3

struct base {
	const uint8_t *bytes;
	size_t n;
};

struct scene {
	struct base base;
	struct rill_image image;
	struct rill_segment segment[2 * SEGMENTS];
	struct rill_region region;
	struct rill_layout layout;
	struct rill_source source;
	struct rill_copy copy[COPIES];
	struct rill_stretch stretch[COPIES + 1];
	size_t copy_count;
	struct rill_address_map map;
	struct rill_correction_cache cache;
	struct rill_predictor predictor;
};

/* As delta_body.c has it: outside the sources there is nothing. */
static enum rill_code read_base(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				struct rill_error *error)
{
	const struct base *base = context;

	if (offset > base->n || n > base->n - offset)
		return rill_fail(error, RILL_CORRUPT, "outside the base");
	memcpy(bytes, base->bytes + offset, n);
	return RILL_OK;
}

/* Numbers that are near what counts, or any. */
static uint64_t take_number(struct take *from, uint64_t near)
{
	uint64_t way = take(from, 1);

	return way < 128 ? take(from, 2) : way < 192 ? near + take(from, 1) - 128 : take_any(from);
}

static void take_layout(struct scene *s, struct take *from)
{
	uint64_t n = s->base.n;

	s->image.old_count = (uint32_t)take_most(from, SEGMENTS);
	s->image.new_count = (uint32_t)take_most(from, SEGMENTS);
	s->image.new_segment = s->image.old_count;
	for (unsigned i = 0; i < s->image.old_count + s->image.new_count; i++) {
		s->segment[i].offset = take_number(from, 0);
		s->segment[i].address = take_number(from, UINT64_C(1) << 63);
		s->segment[i].file_size = take_number(from, n);
		s->segment[i].memory_size = take_number(from, n);
	}
	s->region.class = (enum rill_region_class)take_most(from, RILL_REGION_CLASSES - 1);
	s->region.start = take_most(from, n);
	s->region.length = take_most(from, n - s->region.start);
	for (unsigned i = 0; i < RILL_ORIGINS_MAX; i++) {
		s->region.origin[i].old = take_number(from, s->region.start);
		s->region.origin[i].new = take_number(from, s->region.start);
	}
	s->layout = (struct rill_layout){
		&s->image, s->segment, &s->region, 1, s->image.old_count + s->image.new_count, 1};
	rill_layout_finish(&s->layout);
}

static void take_copies(struct scene *s, struct take *from)
{
	uint64_t output = 0;

	for (s->copy_count = 0; s->copy_count < COPIES && s->base.n > 0; s->copy_count++) {
		struct rill_copy *copy = &s->copy[s->copy_count];

		copy->output = output + take_most(from, 300);
		copy->source = take_most(from, s->base.n - 1);
		copy->length = 1 + take_most(from, s->base.n - copy->source - 1);
		output = copy->output + copy->length;
	}
	rill_address_map_build(&s->map, s->copy, s->copy_count, s->stretch);
}

static void predict(struct scene *s, const struct rill_window *w, const struct rill_unit *unit,
		    size_t count, const struct rill_copy *copy, bool learn)
{
	rill_predict_piece(&s->predictor, w, copy);
	for (size_t i = 0; i < count; i++) {
		struct rill_prediction prediction, again;
		const uint8_t *old = s->base.bytes + w->start + unit[i].at;
		uint8_t bytes[RILL_UNIT_MAX];

		memcpy(bytes, old, unit[i].length);
		rill_predict(&s->predictor, &unit[i], bytes, &prediction);
		rill_predict(&s->predictor, &unit[i], old, &again);
		must(prediction.status < RILL_STATUSES && prediction.status == again.status);
		must(memcmp(prediction.bytes, again.bytes, unit[i].length) == 0);
		must(prediction.status != RILL_STATUS_NONE ||
		     memcmp(prediction.bytes, old, unit[i].length) == 0);
		rill_predict_learn(&s->predictor, &unit[i], &prediction,
				   learn ? old : prediction.bytes);
	}
}

/* Units of the piece of `copy` that begins `inside` it; returns how much they cover. */
static uint64_t read_piece(struct scene *s, const struct rill_copy *copy, uint64_t inside,
			   bool learn)
{
	static struct rill_unit unit[RILL_UNITS_MAX];
	uint64_t region_end = s->region.start + s->region.length, place;
	struct rill_window w = {.region = &s->region, .image = &s->image, .source = &s->source};
	uint8_t *exact;
	size_t count;

	w.start = place = copy->source + inside;
	w.end = copy->source + copy->length < region_end ? copy->source + copy->length : region_end;
	if (w.end - w.start > RILL_PIECE + RILL_UNIT_MAX)
		w.end = w.start + RILL_PIECE + RILL_UNIT_MAX;
	w.from = w.start - s->region.start < RILL_LOOK_BEHIND ? s->region.start
							      : w.start - RILL_LOOK_BEHIND;
	w.to = region_end - w.end < RILL_LOOK_AHEAD ? region_end : w.end + RILL_LOOK_AHEAD;
	w.addressed = rill_segment_address(s->segment, s->image.old_count, w.from, &w.address);
	exact = malloc((size_t)(w.to - w.from));
	must(exact);
	memcpy(exact, s->base.bytes + w.from, (size_t)(w.to - w.from));
	w.bytes = exact;
	count = rill_read_units(&w, unit);
	must(count > 0 && count <= RILL_UNITS_MAX);
	for (size_t i = 0; i < count; i++) {
		must(unit[i].at == place - w.start && unit[i].at < RILL_PIECE);
		must(unit[i].length > 0 && unit[i].length <= RILL_UNIT_MAX);
		must(unit[i].kind < RILL_KINDS);
		place += unit[i].length;
	}
	must(place <= w.end && (place == w.end || place >= w.start + RILL_PIECE));
	predict(s, &w, unit, count, copy, learn);
	free(exact);
	return place - w.start;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct take input = {bytes, n};
	struct scene *s = calloc(1, sizeof *s);
	size_t header = n < 256 ? n / 2 : 200;
	unsigned learn = (unsigned)take(&input, 1);

	must(s);
	if (n < 2)
		header = n;
	s->base = (struct base){bytes + header, n - header};
	input.n = header > 0 ? header - 1 : 0;
	s->source = (struct rill_source){&s->base, read_base};
	s->predictor = (struct rill_predictor){
		.layout = &s->layout, .map = &s->map, .cache = &s->cache};
	take_layout(s, &input);
	take_copies(s, &input);
	for (size_t i = 0; i < s->copy_count; i++) {
		uint64_t end = s->region.start + s->region.length, inside = 0;
		struct rill_copy *copy = &s->copy[i];

		if (copy->source < s->region.start)
			inside = s->region.start - copy->source;
		while (inside < copy->length && copy->source + inside < end)
			inside += read_piece(s, copy, inside, learn >> i & 1);
	}
	free(s);
	return 0;
}
