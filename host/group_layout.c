/* SPDX-License-Identifier: Apache-2.0 */
#include "host/group_layout.h"

#include "host/code_guess.h"
#include "host/elf_regions.h"
#include <stdlib.h>
#include <string.h>

/* The origins that a region's class had in the new file: of the region of the same rank. */
static void set_new_origins(struct rill_region *regions, size_t count,
			    const struct elf_regions *new)
{
	for (size_t i = 0; i < count; i++) {
		struct rill_region *region = &regions[i];
		size_t rank = 0;

		for (size_t j = 0; j < i; j++)
			rank += regions[j].class == region->class;
		for (unsigned k = 0; k < rill_region_origins(region->class); k++)
			region->origin[k].new = region->origin[k].old;
		for (size_t j = 0; j < new->region_count; j++)
			if (new->region[j].class == region->class &&rank-- == 0)
				for (unsigned k = 0; k < rill_region_origins(region->class); k++)
					region->origin[k].new = new->region[j].origin[k].old;
	}
}

/* Moves the files of an image: what counts in offsets, not in addresses. */
static void shift_image(struct rill_layout *layout, size_t i, uint64_t old, uint64_t new)
{
	const struct rill_image *image = &layout->image[i];

	for (uint32_t s = 0; s < image->old_count; s++)
		layout->segment[image->old_segment + s].offset += old;
	for (uint32_t s = 0; s < image->new_count; s++)
		layout->segment[image->new_segment + s].offset += new;
	for (size_t r = 0; r < layout->region_count; r++) {
		struct rill_region *region = &layout->region[r];

		if (region->image != i)
			continue;
		region->start += old;
		for (unsigned k = 0; k < rill_region_origins(region->class); k++)
			if (elf_origin_is_offset(region->class, k)) {
				region->origin[k].old += old;
				region->origin[k].new += new;
			}
	}
}

static void add_image(struct rill_layout *layout, const struct elf_regions *old, uint64_t old_start,
		      const struct elf_regions *new, uint64_t new_start)
{
	uint32_t image = (uint32_t)layout->image_count++;
	uint32_t segment = (uint32_t)layout->segment_count;
	uint32_t old_count = (uint32_t)old->segment_count,
		 new_count = (uint32_t) new->segment_count;
	struct rill_region *region = layout->region + layout->region_count;

	layout->image[image] = (struct rill_image){.old_segment = segment,
						   .old_count = old_count,
						   .new_segment = segment + old_count,
						   .new_count = new_count};
	memcpy(layout->segment + segment, old->segment, old_count * sizeof old->segment[0]);
	memcpy(layout->segment + segment + old_count, new->segment,
	       new_count * sizeof new->segment[0]);
	layout->segment_count += old_count + new_count;
	memcpy(region, old->region, old->region_count * sizeof old->region[0]);
	for (size_t i = 0; i < old->region_count; i++)
		region[i].image = image;
	set_new_origins(region, old->region_count, new);
	layout->region_count += old->region_count;
	shift_image(layout, image, old_start, new_start);
}

static void read_regions(struct elf_regions *elf, const uint8_t *bytes, size_t n, bool *guess)
{
	elf_regions_read(elf, bytes, n);
	if (elf->known)
		*guess = false;
	else if (*guess)
		code_guess(elf, bytes, n);
}

static void add_pair(struct group_layout *gl, const struct file_pair *pair,
		     const struct gathered *old, const struct gathered *new, bool guess,
		     struct elf_regions elf[2])
{
	uint64_t old_start = gathered_local(old, pair->old.start);
	uint64_t new_start = gathered_local(new, pair->new.start);
	size_t mirror = 0;

	read_regions(&elf[0], old->bytes + old_start, (size_t)pair->old.length, &guess);
	read_regions(&elf[1], new->bytes + new_start, (size_t)pair->new.length, &guess);
	if (!elf[0].known || !elf[1].known || elf[0].code != elf[1].code)
		return;
	gl->guessed |= guess;
	symbol_slots_read(&gl->old_slots[gl->layout.image_count], &elf[0], old->bytes + old_start,
			  (size_t)pair->old.length);
	gl->pair[gl->layout.image_count] = pair;
	add_image(&gl->layout, &elf[0], old_start, &elf[1], new_start);
	for (size_t i = 0; i + 1 < gl->layout.image_count; i++)
		mirror += gl->pair[i]->new.start == pair->new.start;
	if (mirror > 0)
		return;
	symbol_slots_read(&gl->new_slots[gl->mirror.image_count], &elf[1], new->bytes + new_start,
			  (size_t)pair->new.length);
	add_image(&gl->mirror, &elf[1], new_start, &elf[0], old_start);
}

enum rill_code group_layout_make(struct group_layout *gl, const struct group *group,
				 const struct gathered *old, const struct gathered *new, bool guess,
				 struct rill_error *error)
{
	struct elf_regions *elf = malloc(2 * sizeof *elf);
	uint64_t entries = group->pairs * ELF_REGIONS_MAX;
	enum rill_code code;

	memset(gl, 0, sizeof *gl);
	gl->slots = group->pairs + 1;
	gl->old_slots = calloc(gl->slots, sizeof *gl->old_slots);
	gl->new_slots = calloc(gl->slots, sizeof *gl->new_slots);
	if (!elf || !gl->old_slots || !gl->new_slots) {
		free(elf);
		return rill_fail(error, RILL_MEMORY, "no memory for the executables");
	}
	code = rill_layout_new(&gl->layout, entries, error);
	if (code == RILL_OK)
		code = rill_layout_new(&gl->mirror, entries, error);
	for (size_t i = 0; code == RILL_OK && i < group->pairs; i++)
		add_pair(gl, &group->pair[i], old, new, guess, elf);
	if (code == RILL_OK) {
		rill_layout_finish(&gl->layout);
		rill_layout_finish(&gl->mirror);
	}
	free(elf);
	return code;
}

void group_layout_place(struct group_layout *gl, const struct gathered *old,
			const struct gathered *new)
{
	for (size_t i = 0; i < gl->layout.image_count; i++) {
		const struct file_pair *pair = gl->pair[i];

		shift_image(&gl->layout, i, pair->old.start - gathered_local(old, pair->old.start),
			    pair->new.start - gathered_local(new, pair->new.start));
	}
}

void group_layout_free(struct group_layout *gl)
{
	for (size_t i = 0; gl->old_slots && i < gl->slots; i++)
		symbol_slots_free(&gl->old_slots[i]);
	for (size_t i = 0; gl->new_slots && i < gl->slots; i++)
		symbol_slots_free(&gl->new_slots[i]);
	free(gl->old_slots);
	free(gl->new_slots);
	rill_layout_free(&gl->layout);
	rill_layout_free(&gl->mirror);
}
