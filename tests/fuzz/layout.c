/* SPDX-License-Identifier: Apache-2.0
 *
 * A number of entries, the base's length, then the code of a layout table. What the decoder
 * lets through keeps the rules of layout.h; a table as encoders make them comes back.
 */
#include "protocol/layout.h"
#include "tests/fuzz/take.h"
#include "tests/support/must.h"
#include "tests/support/numbers.h"

#include <string.h>

#define ENTRIES 200

static struct rill_bit_tables tables;
static struct rill_number_model numbers;

struct sink {
	uint8_t bytes[ENTRIES * 160];
	size_t n;
};

static void put(void *context, uint8_t byte)
{
	struct sink *sink = context;

	must(sink->n < sizeof sink->bytes);
	sink->bytes[sink->n++] = byte;
}

static enum rill_code code_all(struct rill_layout *layout, struct rill_coder *coder,
			       uint64_t entries, uint64_t base)
{
	struct rill_layout_cursor cursor = {0};
	struct rill_error error;
	enum rill_code code = RILL_OK;

	numbers_setup(&numbers, &tables);
	for (uint64_t i = 0; i < entries && code == RILL_OK; i++)
		code = rill_layout_code(layout, &cursor, &numbers, &tables, coder, base, &error);
	must(code == RILL_OK || error.code == RILL_CORRUPT);
	return code;
}

static void keeps_the_rules(const struct rill_layout *layout, uint64_t base)
{
	uint64_t end = 0;

	for (size_t i = 0; i < layout->image_count; i++) {
		const struct rill_image *image = &layout->image[i];

		must(image->old_count <= RILL_SEGMENTS_MAX &&
		     image->new_count <= RILL_SEGMENTS_MAX);
		must(image->old_segment + image->old_count <= layout->segment_count);
		must(image->new_segment + image->new_count <= layout->segment_count);
	}
	for (size_t i = 0; i < layout->region_count; i++) {
		const struct rill_region *region = &layout->region[i];

		must(region->image < layout->image_count && region->class < RILL_REGION_CLASSES);
		must(region->start >= end && region->start <= base &&
		     region->length <= base - region->start);
		must(rill_region_origins(region->class) <= RILL_ORIGINS_MAX);
		end = region->start + region->length;
	}
}

/* Any question has an answer, and a right one. */
static void answers(const struct rill_layout *layout, uint64_t offset)
{
	const struct rill_region *region = rill_layout_region(layout, offset);
	uint64_t address;

	must(!region || offset < region->start + region->length);
	must(region <= layout->region || offset >= region[-1].start + region[-1].length);
	for (size_t i = 0; i < layout->image_count; i++) {
		const struct rill_image *image = &layout->image[i];
		const struct rill_segment *old = layout->segment + image->old_segment, *found;

		found = rill_segment_at(old, image->old_count, offset);
		must(!found || offset - found->address < found->memory_size);
		if (rill_segment_address(old, image->old_count, offset, &address))
			must(image->old_count > 0);
	}
}

/* Images one after another; of each the old segments first, then the new ones, both there. */
static bool is_canonical(const struct rill_layout *layout)
{
	size_t segment = 0, image = 0;

	for (size_t i = 0; i < layout->image_count; i++) {
		const struct rill_image *at = &layout->image[i];

		if (!at->old_count || !at->new_count || at->old_segment != segment ||
		    at->new_segment != segment + at->old_count)
			return false;
		segment += at->old_count + at->new_count;
	}
	for (size_t i = 0; i < layout->region_count; i++) {
		if (layout->region[i].image < image)
			return false;
		image = layout->region[i].image;
	}
	return segment == layout->segment_count;
}

static bool same(const struct rill_layout *a, const struct rill_layout *b)
{
	return a->image_count == b->image_count && a->segment_count == b->segment_count &&
	       a->region_count == b->region_count &&
	       memcmp(a->image, b->image, a->image_count * sizeof *a->image) == 0 &&
	       memcmp(a->segment, b->segment, a->segment_count * sizeof *a->segment) == 0 &&
	       memcmp(a->region, b->region, a->region_count * sizeof *a->region) == 0;
}

static void comes_back(struct rill_layout *layout, uint64_t base)
{
	static struct sink sink;
	uint64_t entries = rill_layout_entries(layout);
	struct rill_layout again;
	struct rill_coder coder;
	struct rill_error error;

	sink.n = 0;
	rill_coder_encode(&coder, put, &sink);
	must(code_all(layout, &coder, entries, base) == RILL_OK);
	rill_coder_finish(&coder);
	must(rill_layout_new(&again, entries, &error) == RILL_OK);
	rill_coder_decode(&coder, sink.bytes, sink.bytes + sink.n);
	must(code_all(&again, &coder, entries, base) == RILL_OK);
	rill_layout_finish(&again);
	must(same(layout, &again));
	rill_layout_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static bool ready;
	struct take input = {bytes, n};
	uint64_t entries = take_most(&input, ENTRIES), base = take_any(&input) >> 9;
	struct rill_layout layout;
	struct rill_coder coder;
	struct rill_error error;

	if (!ready)
		rill_bit_tables_setup(&tables);
	ready = true;
	must(rill_layout_new(&layout, entries, &error) == RILL_OK);
	rill_coder_decode(&coder, input.at, input.at + input.n);
	if (code_all(&layout, &coder, entries, base) == RILL_OK) {
		rill_layout_finish(&layout);
		must(rill_layout_entries(&layout) == entries);
		keeps_the_rules(&layout, base);
		for (size_t i = 0; i < layout.region_count; i++) {
			answers(&layout, layout.region[i].start);
			answers(&layout, layout.region[i].start + layout.region[i].length);
			answers(&layout, layout.region[i].origin[0].old);
		}
		answers(&layout, UINT64_MAX);
		if (is_canonical(&layout))
			comes_back(&layout, base);
	}
	rill_layout_free(&layout);
	return 0;
}
