/* SPDX-License-Identifier: Apache-2.0 */
#include "host/reference_view.h"

#include <string.h>

struct memory {
	const uint8_t *bytes;
	size_t n;
};

static enum rill_code read_memory(void *context, uint64_t offset, uint8_t *bytes, size_t n,
				  struct rill_error *error)
{
	const struct memory *memory = context;

	if (offset > memory->n || n > memory->n - offset)
		return rill_fail(error, RILL_INTERNAL, "a read outside the file");
	memcpy(bytes, memory->bytes + offset, n);
	return RILL_OK;
}

static uint64_t map_target(const struct rill_predictor *predictor, const struct symbol_slots *slots,
			   const struct rill_unit *unit)
{
	enum rill_status status;
	bool exact, within_file = unit->kind == RILL_KIND_BACK || unit->kind == RILL_KIND_NAME ||
				  unit->kind == RILL_KIND_INDEX || unit->kind == RILL_KIND_INNER;
	const struct symbol_slot *slot = within_file ? NULL : symbol_slot_at(slots, unit->target);
	uint64_t output;

	if (slot)
		return slot->name & ~UINT64_C(7);
	if (!predictor->map)
		return unit->target;
	if (within_file)
		return rill_address_map_find(predictor->map, unit->target, &output, &exact)
			       ? output
			       : unit->target;
	return rill_predict_address(predictor, unit->target, &status);
}

/* The fields of branches within a function stay distances: they are the same already. */
static void rewrite(const struct rill_predictor *predictor, const struct symbol_slots *slots,
		    const struct rill_unit *unit, uint8_t *field)
{
	uint64_t target;

	switch (unit->kind) {
	case RILL_KIND_PLAIN:
	case RILL_KIND_A64:
	case RILL_KIND_X64:
	case RILL_KIND_HALF:
	case RILL_KIND_FRAME:
	case RILL_KIND_A64_CONDITION:
	case RILL_KIND_A64_TEST:
	case RILL_KIND_RANGE:
	case RILL_KIND_SIZE: return;
	default: break;
	}
	target = map_target(predictor, slots, unit);
	switch (unit->kind) {
	case RILL_KIND_A64_BRANCH:
	case RILL_KIND_A64_LITERAL:
	case RILL_KIND_A64_NEAR:
	case RILL_KIND_A64_PAGE:
	case RILL_KIND_A64_LOW_ADD:
	case RILL_KIND_A64_LOW_MEMORY:
		/* As from address 0, so that only the target counts; what does not fit is cut. */
		target &= unit->kind == RILL_KIND_A64_BRANCH	? 0x3fffffc
			  : unit->kind == RILL_KIND_A64_LITERAL ? 0xffffc
			  : unit->kind == RILL_KIND_A64_NEAR	? 0xfffff
			  : unit->kind == RILL_KIND_A64_PAGE	? UINT64_C(0xffffffff)
								: 0xfff;
		rill_store32(field, rill_a64_put((enum rill_kind)unit->kind, rill_load32(field), 0,
						 target));
		break;
	case RILL_KIND_POINTER: rill_store64(field, target); break;
	default: rill_store32(field, (uint32_t)target); break;
	}
}

static void view_region(const struct rill_layout *layout, struct rill_predictor *predictor,
			const struct symbol_slots *slots, const struct rill_region *region,
			struct rill_window *window, uint8_t *view)
{
	struct rill_unit unit[RILL_UNITS_MAX];
	uint64_t end = region->start + region->length;

	window->region = region;
	window->image = &layout->image[region->image];
	predictor->image = window->image;
	for (uint64_t at = region->start; at < end;) {
		size_t count;

		window->start = at;
		window->end = end - at > RILL_PIECE + RILL_UNIT_MAX
				      ? at + RILL_PIECE + RILL_UNIT_MAX
				      : end;
		window->from = at - region->start < RILL_LOOK_BEHIND ? region->start
								     : at - RILL_LOOK_BEHIND;
		window->to = end - window->end < RILL_LOOK_AHEAD ? end
								 : window->end + RILL_LOOK_AHEAD;
		window->bytes = ((const struct memory *)window->source->context)->bytes +
				window->from;
		window->addressed = rill_segment_address(
			&layout->segment[window->image->old_segment], window->image->old_count,
			window->from, &window->address);
		count = rill_read_units(window, unit);
		for (size_t i = 0; i < count; i++)
			if (unit[i].target != 0)
				rewrite(predictor, slots, &unit[i], view + at + unit[i].at);
		at += unit[count - 1].at + unit[count - 1].length;
	}
}

/* The slots themselves hold their symbols' names. */
static void fill_slots(const struct rill_layout *layout, const struct rill_image *image,
		       const struct symbol_slots *slots, size_t n, uint8_t *view)
{
	for (size_t i = 0; i < slots->n; i++) {
		const struct rill_segment *segment = rill_segment_at(
			&layout->segment[image->old_segment], image->old_count,
			slots->slot[i].address);
		uint64_t inside = segment ? slots->slot[i].address - segment->address : 0;

		if (segment && inside + 8 <= segment->file_size &&
		    segment->offset + inside + 8 <= n)
			rill_store64(view + segment->offset + inside, slots->slot[i].name);
	}
}

void reference_view(const struct rill_layout *layout, const struct rill_address_map *map,
		    const struct symbol_slots *slots, const uint8_t *bytes, size_t n, uint8_t *view)
{
	struct memory memory = {bytes, n};
	struct rill_source source = {.context = &memory, .read = read_memory};
	struct rill_window window = {.source = &source};
	struct rill_predictor predictor = {.layout = layout, .map = map};

	memcpy(view, bytes, n);
	for (size_t i = 0; i < layout->region_count; i++) {
		const struct rill_region *region = &layout->region[i];

		view_region(layout, &predictor, &slots[region->image], region, &window, view);
	}
	for (size_t i = 0; i < layout->image_count; i++)
		fill_slots(layout, &layout->image[i], &slots[i], n, view);
}
