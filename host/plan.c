/* SPDX-License-Identifier: Apache-2.0 */
#include "host/plan.h"

#include "host/anchors.h"
#include "host/pairing.h"
#include "protocol/delta_body.h"
#include <stdlib.h>
#include <string.h>

#define EXECUTABLE_MOST (UINT64_C(3) << 30)
#define GAP_MOST (UINT64_C(8) << 20) /* of a gap that are compared at once */
#define AROUND (UINT64_C(256) << 10) /* of the old file, on both sides of where they would be */
#define DIFFERENCE_MOST 64u

struct planner {
	const struct sources *sources;
	struct plan *plan;
	uint64_t most, most_whole;
	const struct tar_list *items; /* old ones, then new ones */
	struct pairing pairing;
	uint32_t *paired; /* by item: number of the last group that has it as an old file, + 1 */
	struct group *group; /* the last one */
	uint64_t matched; /* its bytes of pieces and sources */
	size_t piece_room, source_room;
	size_t group_first; /* its first item */
};

static const struct tar_member *item_at(const struct planner *p, size_t i)
{
	return &p->items->member[i];
}

static enum rill_code add_range(struct range **list, size_t *n, size_t *room, struct range range,
				struct rill_error *error)
{
	if (range.length == 0)
		return RILL_OK;
	if (*n == *room) {
		size_t more = *room * 2 + 16;
		struct range *larger = realloc(*list, more * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory to plan the work");
		*list = larger;
		*room = more;
	}
	(*list)[(*n)++] = range;
	return RILL_OK;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->length > y->length ? -1 : x->length < y->length;
}

static int by_old(const void *a, const void *b)
{
	return by_start(&((const struct file_pair *)a)->old, &((const struct file_pair *)b)->old);
}

/* Ascending, and those that touch or overlap made one. */
static void join_ranges(struct range *range, size_t *n)
{
	size_t kept = 0;

	if (*n > 0)
		qsort(range, *n, sizeof *range, by_start);
	for (size_t i = 0; i < *n; i++) {
		struct range *last = kept ? &range[kept - 1] : NULL;
		uint64_t end = range[i].start + range[i].length;

		if (!last || range[i].start > last->start + last->length)
			range[kept++] = range[i];
		else if (end > last->start + last->length)
			last->length = end - last->start;
	}
	*n = kept;
}

/* Ends the group before an offset of the output. */
static void close_group(struct planner *p, uint64_t end)
{
	struct group *group = p->group;

	if (!group)
		return;
	group->output.length = end - group->output.start;
	join_ranges(group->source, &group->sources);
	join_ranges(group->piece, &group->pieces);
	if (group->pairs > 0)
		qsort(group->pair, group->pairs, sizeof group->pair[0], by_old);
}

static enum rill_code open_group(struct planner *p, size_t first, uint64_t start,
				 struct rill_error *error)
{
	struct plan *plan = p->plan;

	close_group(p, start);
	if (plan->n == plan->capacity) {
		size_t capacity = plan->capacity * 2 + 4;
		struct group *larger = realloc(plan->group, capacity * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory to plan the work");
		plan->group = larger;
		plan->capacity = capacity;
	}
	p->group = &plan->group[plan->n++];
	*p->group = (struct group){.output.start = start};
	p->matched = p->piece_room = p->source_room = 0;
	p->group_first = first;
	return RILL_OK;
}

/* Adds a known copy in lengths that the format has. */
static enum rill_code add_known(struct planner *p, uint64_t output, uint64_t source,
				uint64_t length, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && length > 0) {
		uint64_t some = length < UINT32_MAX ? length : UINT32_MAX;

		code = copy_list_add(&p->group->known, (struct rill_copy){output, source, some},
				     error);
		output += some;
		source += some;
		length -= some;
	}
	return code;
}

static enum rill_code add_piece(struct planner *p, uint64_t start, uint64_t end,
				struct rill_error *error)
{
	p->matched += end - start;
	return add_range(&p->group->piece, &p->group->pieces, &p->piece_room,
			 (struct range){start - p->sources->old_n, end - start}, error);
}

static enum rill_code add_source(struct planner *p, uint64_t start, uint64_t end,
				 struct rill_error *error)
{
	p->matched += end - start;
	return add_range(&p->group->source, &p->group->sources, &p->source_room,
			 (struct range){start, end - start}, error);
}

/* What is before an item's content: copied when there is one of the same length. */
static enum rill_code add_header(struct planner *p, const struct tar_member *item, size_t like,
				 struct rill_error *error)
{
	const struct tar_member *other = like == PAIRING_NONE ? NULL : item_at(p, like);
	enum rill_code code;

	if (other && other->data - other->start == item->data - item->start)
		return add_known(p, item->start - p->sources->old_n, other->start,
				 item->data - item->start, error);
	code = add_piece(p, item->start, item->data, error);
	if (code == RILL_OK && other && like < p->group_first)
		code = add_source(p, other->start, other->data, error);
	return code;
}

/* An item whose content is that of an earlier one. */
static enum rill_code add_same(struct planner *p, const struct tar_member *item, size_t same,
			       size_t named, struct rill_error *error)
{
	const struct tar_member *other = item_at(p, same);
	uint64_t padding = item->end - item->data - item->size, length = item->size;
	enum rill_code code;

	if (named == PAIRING_NONE)
		named = same;
	code = add_header(p, item, named, error);
	if (other->end - other->data - other->size == padding &&
	    memcmp(source_at(p->sources, other->data + length),
		   source_at(p->sources, item->data + length), (size_t)padding) == 0)
		length += padding;
	if (code == RILL_OK)
		code = add_known(p, item->data - p->sources->old_n, other->data, length, error);
	if (code == RILL_OK)
		code = add_piece(p, item->data + length, item->end, error);
	return code;
}

/* Whether two items cannot be in one group: an old file is the image of one new file, and
 * comes from before the group. */
static bool needs_new_group(const struct planner *p, size_t other)
{
	return other >= p->group_first || p->paired[other] == p->plan->n;
}

static enum rill_code add_changed(struct planner *p, size_t i, const size_t *candidate, size_t n,
				  struct rill_error *error)
{
	const struct tar_member *item = item_at(p, i);
	uint64_t old_n = p->sources->old_n, cost = item->end - item->start;
	bool split = p->group->pairs + n > GROUP_PAIRS_MAX;
	enum rill_code code = RILL_OK;

	for (size_t k = 0; k < n; k++) {
		cost += item_at(p, candidate[k])->end - item_at(p, candidate[k])->start;
		split |= needs_new_group(p, candidate[k]);
	}
	split |= p->matched > 0 && p->matched + cost > p->most;
	if (split && item->start - old_n - p->group->output.start >= RILL_GROUP_LEAST)
		code = open_group(p, i, item->start - old_n, error);
	if (code == RILL_OK)
		code = add_piece(p, item->start, item->end, error);
	for (size_t k = 0; k < n && code == RILL_OK; k++) {
		const struct tar_member *other = item_at(p, candidate[k]);

		if (candidate[k] >= p->group_first)
			continue;
		code = add_source(p, other->start, other->end, error);
		if (p->paired[candidate[k]] == p->plan->n || p->group->pairs == GROUP_PAIRS_MAX)
			continue;
		p->paired[candidate[k]] = (uint32_t)p->plan->n;
		p->group->pair[p->group->pairs++] = (struct file_pair){
			.old = {other->data, other->size}, .new = {item->data - old_n, item->size}};
	}
	return code;
}

/* Ends the group at an offset of the sources when it is long enough and `cost` more bytes would
 * be too much for it. */
static enum rill_code make_room(struct planner *p, size_t i, uint64_t at, uint64_t cost,
				struct rill_error *error)
{
	uint64_t output = at - p->sources->old_n;

	if (p->matched == 0 || p->matched + cost <= p->most ||
	    output - p->group->output.start < RILL_GROUP_LEAST)
		return RILL_OK;
	return open_group(p, i, output, error);
}

/* A part of a large item that has no long match: it is compared with what is around the place
 * where it would be in the old one. */
static enum rill_code add_gap(struct planner *p, size_t i, const struct tar_member *other,
			      uint64_t start, uint64_t end, uint64_t old, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (start < end && code == RILL_OK) {
		uint64_t some = end - start < GAP_MOST ? end - start : GAP_MOST;
		uint64_t low = old - other->start < AROUND ? other->start : old - AROUND;
		uint64_t high = other->end - low < some + 2 * AROUND ? other->end
								     : low + some + 2 * AROUND;

		code = make_room(p, i, start, some + high - low, error);
		if (code == RILL_OK)
			code = add_piece(p, start, start + some, error);
		if (code == RILL_OK)
			code = add_source(p, low, high, error);
		start += some;
		old = other->end - old < some ? other->end : old + some;
	}
	return code;
}

/* An item that is too large to be matched as a whole: long parts first, then the gaps. */
static enum rill_code add_large(struct planner *p, size_t i, size_t like, struct rill_error *error)
{
	const struct tar_member *item = item_at(p, i), *other = item_at(p, like);
	uint64_t at = item->start, old = other->start; /* ends of the last copy */
	struct copy_list long_parts = {0};
	enum rill_code code = anchors_find(
		&long_parts, source_at(p->sources, other->start), other->end - other->start,
		source_at(p->sources, item->start), item->end - item->start, error);

	for (size_t k = 0; k < long_parts.n && code == RILL_OK; k++) {
		uint64_t start = item->start + long_parts.copy[k].output;
		uint64_t source = other->start + long_parts.copy[k].source;

		/* A small difference is not worth a search. */
		if (start - at <= DIFFERENCE_MOST && start - at == source - old && at > item->start)
			code = add_known(p, at - p->sources->old_n, old, start - at, error);
		else
			code = add_gap(p, i, other, at, start, old, error);
		if (code == RILL_OK)
			code = add_known(p, start - p->sources->old_n, source,
					 long_parts.copy[k].length, error);
		at = start + long_parts.copy[k].length;
		old = source + long_parts.copy[k].length;
	}
	if (code == RILL_OK)
		code = add_gap(p, i, other, at, item->end, old, error);
	copy_list_free(&long_parts);
	return code;
}

/* Whether a pair of items is too large to be matched as a whole. Executables may take more:
 * their references can only be predicted in one group. */
static bool is_large(const struct planner *p, const struct tar_member *item,
		     const struct tar_member *other)
{
	uint64_t n = item->end - item->start + other->end - other->start;
	bool executable = item->size > 4 &&
			  memcmp(source_at(p->sources, item->data), "\177ELF", 4) == 0;

	return n > (executable ? EXECUTABLE_MOST : p->most_whole);
}

static enum rill_code plan_item(struct planner *p, size_t i, struct rill_error *error)
{
	const struct tar_member *item = item_at(p, i);
	size_t same = pairing_same(&p->pairing, i), chosen[PAIRING_MOST], n;
	enum rill_code code;

	if (same != PAIRING_NONE)
		return add_same(p, item, same, pairing_named(&p->pairing, i), error);
	if (item->size == 0) {
		code = add_header(p, item, pairing_named(&p->pairing, i), error);
		return code == RILL_OK ? add_piece(p, item->data, item->end, error) : code;
	}
	n = pairing_choose(&p->pairing, i, chosen);
	if (n > 0 && is_large(p, item, item_at(p, chosen[0])))
		code = add_large(p, i, chosen[0], error);
	else
		code = add_changed(p, i, chosen, n, error);
	return code == RILL_OK ? pairing_add(&p->pairing, i, error) : code;
}

enum rill_code plan_make(struct plan *plan, const struct unpacked_sources *unpacked,
			 const struct plan_limits *limits, struct rill_error *error)
{
	struct planner p = {.sources = &unpacked->sources,
			    .items = &unpacked->items,
			    .plan = plan,
			    .most = limits->group,
			    .most_whole = limits->whole};
	size_t first = unpacked->old_items;
	enum rill_code code = pairing_start(&p.pairing, unpacked, error);

	p.paired = calloc(p.items->n + 1, sizeof *p.paired);
	if (code == RILL_OK && !p.paired)
		code = rill_fail(error, RILL_MEMORY, "no memory to plan the work");
	if (code == RILL_OK && p.items->n > first)
		code = open_group(&p, first, 0, error);
	for (size_t i = first; p.group && i < p.items->n && code == RILL_OK; i++)
		code = plan_item(&p, i, error);
	if (code == RILL_OK)
		close_group(&p, p.sources->new_n);
	pairing_free(&p.pairing);
	free(p.paired);
	return code;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		group_free(&plan->group[i]);
	free(plan->group);
	*plan = (struct plan){0};
}
