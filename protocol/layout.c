/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/layout.h"

#include "protocol/bytes.h"
#include <stdlib.h>
#include <string.h>

enum { TAG_IMAGE, TAG_OLD_SEGMENT, TAG_NEW_SEGMENT, TAG_REGION };
enum {
	TAG = 8,
	OFFSET,
	ADDRESS,
	FILE_SIZE,
	MEMORY_SIZE,
	CLASS,
	ORIGIN,
	SHORTCUT
}; /* kinds of numbers */

#define ENTRY_MEMORY                                                                               \
	(sizeof(struct rill_image) + sizeof(struct rill_segment) + sizeof(struct rill_region))

uint64_t rill_layout_memory(uint64_t entries)
{
	return entries * ENTRY_MEMORY;
}

enum rill_code rill_layout_new(struct rill_layout *layout, uint64_t entries,
			       struct rill_error *error)
{
	size_t n = (size_t)entries + 1;

	memset(layout, 0, sizeof *layout);
	if (entries > RILL_LAYOUT_MAX)
		return rill_fail(error, RILL_CORRUPT, "layout table: too many entries");
	layout->image = calloc(n, sizeof *layout->image);
	layout->segment = calloc(n, sizeof *layout->segment);
	layout->region = calloc(n, sizeof *layout->region);
	if (!layout->image || !layout->segment || !layout->region)
		return rill_fail(error, RILL_MEMORY, "no memory for the layout table");
	return RILL_OK;
}

void rill_layout_free(struct rill_layout *layout)
{
	free(layout->image);
	free(layout->segment);
	free(layout->region);
	memset(layout, 0, sizeof *layout);
}

void rill_layout_clear(struct rill_layout *layout)
{
	memset(layout->image, 0, layout->image_count * sizeof *layout->image);
	memset(layout->segment, 0, layout->segment_count * sizeof *layout->segment);
	memset(layout->region, 0, layout->region_count * sizeof *layout->region);
	layout->image_count = layout->segment_count = layout->region_count = 0;
}

uint64_t rill_layout_entries(const struct rill_layout *layout)
{
	return layout->image_count + layout->segment_count + layout->region_count;
}

/* A coder with the cursor's tag as context, for the fields of one entry. */
struct field_coder {
	struct rill_number_model *numbers;
	const struct rill_bit_tables *tables;
	struct rill_coder *coder;
	uint32_t tag;
};

/* Codes a field as its difference from what is expected; modulo 2^64. */
static void code_field(const struct field_coder *f, unsigned kind, uint64_t expected,
		       uint64_t *value)
{
	int64_t difference = (int64_t)(*value - expected);
	const uint32_t context[3] = {f->tag, 0, 0};

	difference = rill_code_signed(f->numbers, f->tables, f->coder, kind, context, difference);
	*value = expected + (uint64_t)difference;
}

static bool code_flag(const struct field_coder *f, unsigned kind, bool flag)
{
	const uint32_t context[3] = {f->tag, 0, 0};

	return rill_code_number(f->numbers, f->tables, f->coder, kind, context, flag) > 0;
}

/* An old segment is expected behind the last one, a new one where the old one of its rank
 * was, moved as the one before. */
static enum rill_code code_segment(struct rill_layout *layout, struct rill_layout_cursor *cursor,
				   const struct field_coder *f, struct rill_error *error)
{
	struct rill_image *image;
	struct rill_segment *segment = &layout->segment[cursor->segment++], old = {0};
	uint32_t rank;

	if (cursor->image == 0)
		return rill_fail(error, RILL_CORRUPT, "layout table: a segment without an image");
	image = &layout->image[cursor->image - 1];
	if ((f->tag == TAG_OLD_SEGMENT ? image->old_count : image->new_count) >= RILL_SEGMENTS_MAX)
		return rill_fail(error, RILL_CORRUPT, "layout table: too many segments");
	if (f->tag == TAG_OLD_SEGMENT) {
		rank = image->old_count++;
		if (rank == 0)
			image->old_segment = (uint32_t)cursor->segment - 1;
		else
			old = segment[-1];
		code_field(f, OFFSET, old.offset + old.file_size, &segment->offset);
		code_field(f, ADDRESS, segment->offset + (old.address - old.offset),
			   &segment->address);
		code_field(f, FILE_SIZE, 0, &segment->file_size);
		code_field(f, MEMORY_SIZE, segment->file_size, &segment->memory_size);
		return RILL_OK;
	}
	rank = image->new_count++;
	if (rank == 0)
		image->new_segment = (uint32_t)cursor->segment - 1;
	if (rank < image->old_count)
		old = layout->segment[image->old_segment + rank];
	code_field(f, OFFSET, old.offset + (uint64_t)cursor->moved, &segment->offset);
	cursor->moved = (int64_t)(segment->offset - old.offset);
	code_field(f, ADDRESS, old.address + (uint64_t)cursor->moved_address, &segment->address);
	cursor->moved_address = (int64_t)(segment->address - old.address);
	code_field(f, FILE_SIZE, old.file_size, &segment->file_size);
	code_field(f, MEMORY_SIZE, old.memory_size + segment->file_size - old.file_size,
		   &segment->memory_size);
	return RILL_OK;
}

unsigned rill_region_origins(enum rill_region_class class)
{
	switch (class) {
	case RILL_REGION_TABLE:
	case RILL_REGION_GO_FUNCDATA:
	case RILL_REGION_RELOCATIONS:
	case RILL_REGION_HASH:
	case RILL_REGION_SYMBOLS: return 1;
	case RILL_REGION_GO_TYPES: return 3;
	case RILL_REGION_GO_FUNCTIONS: return 6;
	default: return 0;
	}
}

/* Where the next old segment of the image begins; `from` when none does. */
static uint64_t segment_behind(const struct rill_layout *layout,
			       const struct rill_layout_cursor *cursor, uint64_t from)
{
	const struct rill_image *image = &layout->image[cursor->image - 1];
	uint64_t start = UINT64_MAX;

	for (uint32_t i = 0; i < image->old_count; i++) {
		uint64_t offset = layout->segment[image->old_segment + i].offset;

		if (offset >= from && offset < start)
			start = offset;
	}
	return start == UINT64_MAX ? from : start;
}

/* Bytes from an offset to the end of its old segment, 0 outside. */
static uint64_t segment_rest(const struct rill_layout *layout,
			     const struct rill_layout_cursor *cursor, uint64_t offset)
{
	const struct rill_image *image = &layout->image[cursor->image - 1];

	for (uint32_t i = 0; i < image->old_count; i++) {
		const struct rill_segment *s = &layout->segment[image->old_segment + i];

		if (offset - s->offset < s->file_size)
			return s->file_size - (offset - s->offset);
	}
	return 0;
}

static enum rill_code code_region(struct rill_layout *layout, struct rill_layout_cursor *cursor,
				  struct field_coder *f, uint64_t sources_length,
				  struct rill_error *error)
{
	struct rill_region *region = &layout->region[cursor->region++];
	uint64_t class = region->class, start, rest;

	if (cursor->image == 0)
		return rill_fail(error, RILL_CORRUPT, "layout table: a region without an image");
	start = segment_behind(layout, cursor, cursor->end);
	code_field(f, CLASS, 0, &class);
	f->tag = TAG_REGION + 1 + (uint32_t) class;
	if (code_flag(f, SHORTCUT, region->start == start))
		region->start = start;
	else
		code_field(f, OFFSET, cursor->end, &region->start);
	rest = segment_rest(layout, cursor, region->start);
	if (code_flag(f, SHORTCUT, rest > 0 && region->length == rest))
		region->length = rest;
	else
		code_field(f, FILE_SIZE, 0, &region->length);
	if (class >= RILL_REGION_CLASSES || region->start < cursor->end ||
	    region->start > sources_length || region->length > sources_length - region->start)
		return rill_fail(error, RILL_CORRUPT, "layout table: region %zu is impossible",
				 cursor->region);
	region->class = (enum rill_region_class) class;
	region->image = (uint32_t)cursor->image - 1;
	for (unsigned i = 0; i < rill_region_origins(region->class); i++) {
		struct rill_origin *origin = &region->origin[i];

		code_field(f, ORIGIN, i ? origin[-1].old : region->start, &origin->old);
		code_field(f, ORIGIN,
			   i ? origin->old + origin[-1].new - origin[-1].old
			     : origin->old + (uint64_t)cursor->moved,
			   &origin->new);
	}
	cursor->end = region->start + region->length;
	return RILL_OK;
}

/* The tag of the entry that comes next in the table (the encoder's question). */
static uint32_t next_tag(const struct rill_layout *layout, const struct rill_layout_cursor *cursor)
{
	const struct rill_image *image;

	if (cursor->image == 0)
		return TAG_IMAGE;
	image = &layout->image[cursor->image - 1];
	if (image->old_count && cursor->segment < image->old_segment + image->old_count)
		return TAG_OLD_SEGMENT;
	if (image->new_count && cursor->segment < image->new_segment + image->new_count)
		return TAG_NEW_SEGMENT;
	if (cursor->region < layout->region_count &&
	    layout->region[cursor->region].image == cursor->image - 1)
		return TAG_REGION;
	return TAG_IMAGE;
}

enum rill_code rill_layout_code(struct rill_layout *layout, struct rill_layout_cursor *cursor,
				struct rill_number_model *numbers,
				const struct rill_bit_tables *tables, struct rill_coder *coder,
				uint64_t sources_length, struct rill_error *error)
{
	struct field_coder f = {.numbers = numbers, .tables = tables, .coder = coder};
	struct rill_image saved;
	enum rill_code code = RILL_OK;

	f.tag = coder->encoding ? next_tag(layout, cursor) : 0;
	f.tag = (uint32_t)rill_code_number(numbers, tables, coder, TAG,
					   (uint32_t[]){cursor->tag, 0, 0}, f.tag);
	cursor->tag = f.tag;
	switch (f.tag) {
	case TAG_IMAGE:
		cursor->image++;
		cursor->moved = cursor->moved_address = 0;
		break;
	case TAG_OLD_SEGMENT:
	case TAG_NEW_SEGMENT:
		/* The counts of an encoder's image are complete already. */
		saved = layout->image[cursor->image ? cursor->image - 1 : 0];
		if (coder->encoding) {
			struct rill_image *image = &layout->image[cursor->image - 1];

			if (f.tag == TAG_OLD_SEGMENT)
				image->old_count = (uint32_t)cursor->segment - image->old_segment;
			else
				image->new_count = (uint32_t)cursor->segment - image->new_segment;
		}
		code = code_segment(layout, cursor, &f, error);
		if (coder->encoding)
			layout->image[cursor->image - 1] = saved;
		break;
	case TAG_REGION: code = code_region(layout, cursor, &f, sources_length, error); break;
	default: return rill_fail(error, RILL_CORRUPT, "layout table: no such entry: %u", f.tag);
	}
	if (!coder->encoding) {
		layout->image_count = cursor->image;
		layout->segment_count = cursor->segment;
		layout->region_count = cursor->region;
	}
	return code;
}

void rill_layout_finish(struct rill_layout *layout)
{
	for (size_t i = 0; i < layout->image_count; i++) {
		struct rill_image *image = &layout->image[i];

		image->low = UINT64_MAX;
		image->high = 0;
		for (uint32_t j = 0; j < image->old_count; j++) {
			const struct rill_segment *s = &layout->segment[image->old_segment + j];
			uint64_t end;

			if (!rill_add(s->address, s->memory_size, &end))
				continue;
			if (s->address < image->low)
				image->low = s->address;
			if (end > image->high)
				image->high = end;
		}
	}
}

const struct rill_region *rill_layout_region(const struct rill_layout *layout, uint64_t offset)
{
	size_t low = 0, high = layout->region_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct rill_region *region = &layout->region[middle];

		if (region->start + region->length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < layout->region_count ? &layout->region[low] : NULL;
}

bool rill_segment_address(const struct rill_segment *segment, uint32_t count, uint64_t offset,
			  uint64_t *address)
{
	for (uint32_t i = 0; i < count; i++) {
		if (offset - segment[i].offset < segment[i].file_size) {
			*address = segment[i].address + (offset - segment[i].offset);
			return true;
		}
	}
	return false;
}

const struct rill_segment *rill_segment_at(const struct rill_segment *segment, uint32_t count,
					   uint64_t address)
{
	for (uint32_t i = 0; i < count; i++)
		if (address - segment[i].address < segment[i].memory_size)
			return &segment[i];
	return NULL;
}
