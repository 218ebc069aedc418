/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/predict.h"

#include <string.h>

/* Kinds of targets for the correction cache. */
enum { TO_CODE, TO_PAGE, TO_LOW, TO_DATA, TO_END, TO_OFFSET, NOWHERE };

static unsigned cache_kind(unsigned kind)
{
	switch (kind) {
	case RILL_KIND_A64_PAGE: return TO_PAGE;
	case RILL_KIND_A64_LOW_ADD:
	case RILL_KIND_A64_LOW_MEMORY: return TO_LOW;
	case RILL_KIND_POINTER: return TO_DATA;
	case RILL_KIND_RANGE:
	case RILL_KIND_SIZE: return TO_END;
	case RILL_KIND_BACK:
	case RILL_KIND_NAME:
	case RILL_KIND_INDEX:
	case RILL_KIND_INNER: return TO_OFFSET;
	default: return TO_CODE;
	}
}

/* The cache keeps the addresses of a group's images apart. */
static uint64_t cache_target(const struct rill_predictor *p, const struct rill_unit *unit)
{
	return unit->target ^ (uint64_t)p->region->image << 48;
}

static bool is_code(unsigned kind)
{
	return kind < RILL_KIND_POINTER;
}

/* Distances from the unit itself; other references also stand in what no segment loads. */
static bool needs_place(unsigned kind)
{
	return is_code(kind) || kind == RILL_KIND_RELATIVE;
}

void rill_predict_piece(struct rill_predictor *p, const struct rill_window *window,
			const struct rill_copy *copy)
{
	const struct rill_segment *segments;
	uint64_t inside = window->start - copy->source;

	p->region = window->region;
	p->image = window->image;
	p->output = copy->output + inside;
	p->placed = false;
	p->copy_length = 0;
	if (!p->image)
		return;
	segments = &p->layout->segment[p->image->new_segment];
	p->placed = rill_segment_address(segments, p->image->new_count, p->output, &p->place);
	if (!p->placed || !window->addressed)
		return;
	p->copy_low = window->address + (copy->source - window->from);
	p->copy_length = copy->length;
	p->shift = p->place - inside - p->copy_low;
}

/* Without help from the map: an address moves with its segment; in the zero-filled tail it
 * keeps its distance from the end of what the file fills. */
static uint64_t move_segment(const struct rill_predictor *p, const struct rill_segment *old,
			     uint64_t address)
{
	uint32_t rank = (uint32_t)(old - &p->layout->segment[p->image->old_segment]);
	const struct rill_segment *new = &p->layout->segment[p->image->new_segment + rank];

	if (rank >= p->image->new_count)
		return address;
	if (address - old->address < old->file_size)
		return address - old->address + new->address;
	return address - (old->address + old->file_size) + new->address + new->file_size;
}

uint64_t rill_predict_address(const struct rill_predictor *p, uint64_t address,
			      enum rill_status *status)
{
	const struct rill_segment *segment = p->layout->segment;
	const struct rill_segment *old = rill_segment_at(segment + p->image->old_segment,
							 p->image->old_count, address);
	uint64_t output, result;
	bool exact;

	*status = RILL_STATUS_UNKNOWN;
	if (!old)
		return address;
	*status = RILL_STATUS_NEAR;
	if (address - old->address >= old->file_size)
		return move_segment(p, old, address);
	if (!rill_address_map_find(p->map, old->offset + (address - old->address), &output,
				   &exact) ||
	    !rill_segment_address(segment + p->image->new_segment, p->image->new_count, output,
				  &result))
		return move_segment(p, old, address);
	if (exact)
		*status = RILL_STATUS_MAPPED;
	return result;
}

static uint64_t map_offset(const struct rill_predictor *p, uint64_t offset,
			   enum rill_status *status)
{
	uint64_t output;
	bool exact;

	*status = RILL_STATUS_UNKNOWN;
	if (!rill_address_map_find(p->map, offset, &output, &exact))
		return offset;
	*status = exact ? RILL_STATUS_MAPPED : RILL_STATUS_NEAR;
	return output;
}

static uint64_t predict_target(const struct rill_predictor *p, const struct rill_unit *unit,
			       enum rill_status *status)
{
	unsigned kind = cache_kind(unit->kind), trust;
	uint64_t value;

	if (is_code(unit->kind) && unit->target - p->copy_low < p->copy_length) {
		*status = RILL_STATUS_LOCAL;
		return unit->target + p->shift;
	}
	if (rill_correction_find(p->cache, cache_target(p, unit), kind, &value, &trust)) {
		*status = (enum rill_status)(RILL_STATUS_REMEMBERED + trust);
		return value;
	}
	if (kind == TO_OFFSET)
		return map_offset(p, unit->target, status);
	if (kind == TO_END) /* the end moves with the last byte, not with what follows it */
		return rill_predict_address(p, unit->target - 1, status) + 1;
	return rill_predict_address(p, unit->target, status);
}

void rill_predict(struct rill_predictor *p, const struct rill_unit *unit, const uint8_t *old,
		  struct rill_prediction *prediction)
{
	uint64_t place = p->place + unit->at, target;
	uint8_t *bytes = prediction->bytes;

	if (unit->length == 4)
		memcpy(bytes, old, 4);
	else
		memcpy(bytes, old, unit->length);
	prediction->status = RILL_STATUS_NONE;
	if (unit->target == 0 || !p->image || (!p->placed && needs_place(unit->kind)))
		return;
	target = predict_target(p, unit, &prediction->status);
	switch (unit->kind) {
	case RILL_KIND_X64_CALL:
	case RILL_KIND_X64_JUMP:
	case RILL_KIND_X64_DATA:
		rill_store32(bytes, (uint32_t)(target - (place + 4 + unit->tail)));
		break;
	case RILL_KIND_POINTER: rill_store64(bytes, target); break;
	case RILL_KIND_SIZE: rill_store64(bytes, target - p->last); break;
	case RILL_KIND_TABLE:
	case RILL_KIND_NAME:
	case RILL_KIND_INNER:
		rill_store32(bytes, (uint32_t)(target - p->region->origin[unit->tail].new));
		break;
	case RILL_KIND_INDEX:
		rill_store32(bytes,
			     (uint32_t)((target - p->region->origin[0].new) / RILL_SYMBOL_SIZE));
		break;
	case RILL_KIND_RELATIVE: rill_store32(bytes, (uint32_t)(target - place)); break;
	case RILL_KIND_RANGE: rill_store32(bytes, (uint32_t)(target - p->last)); break;
	case RILL_KIND_BACK: rill_store32(bytes, (uint32_t)(p->output + unit->at - target)); break;
	default:
		rill_store32(bytes, rill_a64_put((enum rill_kind)unit->kind, rill_load32(old),
						 place, target));
		break;
	}
}

/* Where the unit leads in the output; false when it is no such reference there. */
static bool actual_target(const struct rill_predictor *p, const struct rill_unit *unit,
			  const uint8_t *actual, uint64_t *target)
{
	uint64_t place = p->place + unit->at;
	uint64_t signed32 = rill_sign_extend(rill_load32(actual), 32);

	switch (unit->kind) {
	case RILL_KIND_X64_CALL:
	case RILL_KIND_X64_JUMP:
	case RILL_KIND_X64_DATA: *target = place + 4 + unit->tail + signed32; return true;
	case RILL_KIND_POINTER: *target = rill_load64(actual); return true;
	case RILL_KIND_SIZE: *target = p->last + rill_load64(actual); return true;
	case RILL_KIND_TABLE:
	case RILL_KIND_NAME:
	case RILL_KIND_INNER: *target = p->region->origin[unit->tail].new + signed32; return true;
	case RILL_KIND_INDEX:
		*target = p->region->origin[0].new +
			  (uint64_t)rill_load32(actual) * RILL_SYMBOL_SIZE;
		return true;
	case RILL_KIND_RELATIVE: *target = place + signed32; return true;
	case RILL_KIND_RANGE: *target = p->last + rill_load32(actual); return true;
	case RILL_KIND_BACK: *target = p->output + unit->at - rill_load32(actual); return true;
	default:
		return rill_a64_get((enum rill_kind)unit->kind, rill_load32(actual), place, target);
	}
}

void rill_predict_learn(struct rill_predictor *p, const struct rill_unit *unit,
			const struct rill_prediction *prediction, const uint8_t *actual)
{
	uint64_t target;

	if (prediction->status == RILL_STATUS_NONE || prediction->status == RILL_STATUS_LOCAL ||
	    !actual_target(p, unit, actual, &target))
		return;
	rill_correction_put(p->cache, cache_target(p, unit), cache_kind(unit->kind), target);
	if (unit->kind == RILL_KIND_RELATIVE || unit->kind == RILL_KIND_POINTER)
		p->last = target;
}
