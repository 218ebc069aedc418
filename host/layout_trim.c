/* SPDX-License-Identifier: Apache-2.0 */
#include "host/layout_trim.h"

#include <stdlib.h>
#include <string.h>

/* Whether what a copy has of a region is not the same in the output. */
static bool differs(const struct rill_region *region, const struct rill_copy *copy,
		    const struct sources *sources)
{
	uint64_t start = copy->source, end = copy->source + copy->length;

	if (start < region->start)
		start = region->start;
	if (end > region->start + region->length)
		end = region->start + region->length;
	return start < end && memcmp(source_at(sources, start),
				     sources->new + copy->output + (start - copy->source),
				     (size_t)(end - start)) != 0;
}

/* Which regions are needed. */
static void mark(bool *needed, const struct rill_layout *layout, const struct copy_list *copies,
		 const struct sources *sources)
{
	const struct rill_region *end = layout->region + layout->region_count;

	for (size_t i = 0; i < copies->n; i++) {
		const struct rill_copy *copy = &copies->copy[i];
		const struct rill_region *region = rill_layout_region(layout, copy->source);

		for (; region && region < end && region->start < copy->source + copy->length;
		     region++)
			if (!needed[region - layout->region])
				needed[region - layout->region] = differs(region, copy, sources);
	}
}

/* Moves an image to the place `to`, its segments to the front of those that are not taken yet. */
static void keep_image(struct rill_layout *layout, size_t from, size_t to, size_t *segments)
{
	struct rill_image image = layout->image[from];
	uint32_t *first[2] = {&image.old_segment, &image.new_segment};
	const uint32_t count[2] = {image.old_count, image.new_count};

	for (unsigned i = 0; i < 2; i++) {
		memmove(layout->segment + *segments, layout->segment + *first[i],
			count[i] * sizeof layout->segment[0]);
		*first[i] = (uint32_t)*segments;
		*segments += count[i];
	}
	layout->image[to] = image;
}

static void compact(struct rill_layout *layout, const bool *needed)
{
	size_t images = 0, segments = 0, regions = 0;

	for (size_t i = 0; i < layout->image_count; i++) {
		bool any = false;

		for (size_t r = 0; r < layout->region_count; r++)
			any |= needed[r] && layout->region[r].image == i;
		if (!any)
			continue;
		/* The numbers before `i` are taken, but by no region that is looked at again. */
		for (size_t r = 0; r < layout->region_count; r++)
			if (layout->region[r].image == i)
				layout->region[r].image = (uint32_t)images;
		keep_image(layout, i, images++, &segments);
	}
	for (size_t r = 0; r < layout->region_count; r++)
		if (needed[r])
			layout->region[regions++] = layout->region[r];
	layout->image_count = images;
	layout->segment_count = segments;
	layout->region_count = regions;
}

enum rill_code layout_trim(struct rill_layout *layout, const struct copy_list *copies,
			   const struct sources *sources, struct rill_error *error)
{
	bool *needed = calloc(layout->region_count + 1, sizeof *needed);

	if (!needed)
		return rill_fail(error, RILL_MEMORY, "no memory for the layout");
	mark(needed, layout, copies, sources);
	compact(layout, needed);
	free(needed);
	return RILL_OK;
}
