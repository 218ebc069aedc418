/* SPDX-License-Identifier: Apache-2.0
 *
 * Bases, outputs, and groups of copies with layouts as the input says, coded and decoded:
 * whatever the encoder was told, the outputs come back. The decoder's storage checks what it
 * reads.
 */
#include "tests/fuzz/take.h"
#include "tests/support/craft.h"
#include "tests/support/must.h"

#include <string.h>

#define GROUPS 3
#define COPIES 24 /* of a group */
#define REGIONS 4
#define OUTPUT_MAX 200000

/* The space of sources: the base is the input itself, the output is made of copies of it. */
struct plan {
	uint8_t *bytes;
	uint64_t base, output;
	struct rill_group group[GROUPS];
	struct rill_layout layout[GROUPS];
	struct rill_copy copy[GROUPS][COPIES];
	size_t groups;
};

static void take_layout(struct take *from, struct rill_layout *layout, uint64_t sources)
{
	struct rill_error error;
	uint64_t end = 0;

	must(rill_layout_new(layout, 16, &error) == RILL_OK);
	layout->image_count = 1;
	layout->image[0].old_count = layout->image[0].new_segment = (uint32_t)take_most(from, 3);
	layout->image[0].new_count = (uint32_t)take_most(from, 3);
	layout->segment_count = layout->image[0].old_count + layout->image[0].new_count;
	for (size_t i = 0; i < layout->segment_count; i++) {
		struct rill_segment *segment = &layout->segment[i];

		segment->offset = take_most(from, sources);
		segment->address = take_any(from);
		segment->file_size = take(from, 1) & 1 ? sources : take_any(from);
		segment->memory_size = take(from, 1) & 1 ? segment->file_size : take_any(from);
	}
	layout->region_count = (size_t)take_most(from, REGIONS);
	for (size_t i = 0; i < layout->region_count; i++) {
		struct rill_region *region = &layout->region[i];
		uint64_t left = sources - end;

		region->start = end + take_most(from, left < 100 ? left : 100);
		region->length = take_most(from, sources - region->start);
		region->class = (enum rill_region_class)take_most(from, RILL_REGION_CLASSES - 1);
		for (unsigned k = 0; k < rill_region_origins(region->class); k++) {
			region->origin[k].old = take_any(from);
			region->origin[k].new = take_any(from);
		}
		end = region->start + region->length;
	}
}

/* A copy from the base or the output and what it became: every so many bytes another one.
 * Now and then all of the output, so that groups grow. */
static void take_copy(struct take *from, struct plan *p, struct rill_copy *copy)
{
	uint64_t start = take(from, 1) & 3 ? 0 : p->base, limit, change;
	uint64_t end = start ? p->base + p->output : p->base;
	uint8_t *to = p->bytes + p->base + p->output;

	*copy = (struct rill_copy){.output = p->output, .source = start};
	limit = end - start < OUTPUT_MAX - p->output ? end - start : OUTPUT_MAX - p->output;
	if (limit == 0)
		return;
	if (take(from, 1) & 1) {
		copy->source = start + take_most(from, limit - 1);
		limit -= copy->source - start;
		limit = 1 + take_most(from, limit - 1);
	}
	copy->length = limit;
	memcpy(to, p->bytes + copy->source, (size_t)limit);
	change = take(from, 1);
	for (uint64_t i = change; change > 3 && i < limit; i += change)
		to[i] = (uint8_t)(to[i] + change);
	p->output += limit;
}

static void take_literal(struct take *from, struct plan *p)
{
	uint64_t n = take_most(from, 100);

	for (uint64_t i = 0; i < n && p->output < OUTPUT_MAX; i++)
		p->bytes[p->base + p->output++] = (uint8_t)(i < 9 ? take(from, 1) : i * i);
}

/* Returns whether another group may follow. */
static bool take_group(struct take *from, struct plan *p)
{
	struct rill_group *group = &p->group[p->groups];
	struct rill_copy *copy = p->copy[p->groups];
	uint64_t start = p->output;
	size_t n = 0;

	take_layout(from, &p->layout[p->groups], p->base + start);
	while (n < COPIES && from->n > 0 && p->output - start < 2 * RILL_GROUP_LEAST) {
		take_literal(from, p);
		take_copy(from, p, &copy[n]);
		n += copy[n].length > 0;
	}
	take_literal(from, p);
	*group = (struct rill_group){p->output - start, &p->layout[p->groups], copy, n};
	p->groups++;
	return group->length >= RILL_GROUP_LEAST && p->output < OUTPUT_MAX && p->groups < GROUPS;
}

/* Up to five objects that have `total` bytes together; some may be empty. */
static void take_objects(struct take *from, struct craft *craft, uint64_t total,
			 void (*add)(struct craft *craft, uint64_t length))
{
	unsigned more = (unsigned)take(from, 1) % 5;

	for (; more > 0; more--) {
		uint64_t length = take_most(from, total);

		add(craft, length);
		total -= length;
	}
	add(craft, total);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct plan plan;
	struct take input = {bytes, n};
	long piece = 1 + (long)take(&input, 2);
	struct craft *craft;

	plan = (struct plan){.bytes = malloc(n + OUTPUT_MAX), .base = n};
	must(plan.bytes);
	if (n)
		memcpy(plan.bytes, bytes, n);
	while (take_group(&input, &plan) && input.n > 0)
		;
	craft = craft_new(plan.bytes);
	take_objects(&input, craft, plan.base, craft_base);
	take_objects(&input, craft, plan.output, craft_output);
	craft_encode(craft, plan.group, plan.groups);
	craft_seal(craft);
	must(craft_comes_back(craft, piece & 1 ? piece : -piece));
	for (size_t i = 0; i < plan.groups; i++)
		rill_layout_free(&plan.layout[i]);
	craft_free(craft);
	free(plan.bytes);
	return 0;
}
