/* SPDX-License-Identifier: Apache-2.0 */
#include "host/suffix_match.h"

#include "host/suffix_array.h"
#include <stdlib.h>
#include <string.h>

/* A new alignment must explain this many bytes more than the one at work. */
#define BETTER 8

struct text {
	const uint8_t *bytes;
	size_t length;
};

/* An alignment: from here on, target and base run side by side. */
struct anchor {
	size_t target, base;
};

static enum rill_code add_copy(struct copy_list *list, const struct rill_copy *copy,
			       struct rill_error *error)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 256;
		struct rill_copy *copies = realloc(list->copy, capacity * sizeof *copies);

		if (!copies)
			return rill_fail(error, RILL_MEMORY, "no memory for %zu copies", capacity);
		list->copy = copies;
		list->capacity = capacity;
	}
	list->copy[list->n++] = *copy;
	return RILL_OK;
}

static bool agrees(const struct text *base, const struct text *target, struct anchor anchor,
		   size_t i)
{
	size_t at = anchor.base + (i - anchor.target);

	return at < base->length && base->bytes[at] == target->bytes[i];
}

/* Moves on from `scan` to where the longest match is all explained by the alignment at
 * work, or to one that is `*better`; `*match` is its anchor. The result is its place, or
 * the target's end. */
static size_t next_match(const struct suffix_array *array, const struct text *base,
			 const struct text *target, struct anchor current, size_t scan,
			 struct anchor *match, size_t *length, bool *better)
{
	size_t counted = scan; /* `score`: bytes of scan..counted that agree already */
	size_t score = 0;

	for (; scan < target->length; scan++) {
		*length = suffix_array_longest(array, target->bytes + scan, target->length - scan,
					       &match->base);
		match->target = scan;
		for (; counted < scan + *length; counted++)
			score += agrees(base, target, current, counted);
		*better = *length > score + BETTER;
		if (*better || (*length == score && *length > 0))
			return scan;
		if (counted == scan)
			counted++; /* nothing matched here, so nothing was counted */
		else
			score -= agrees(base, target, current, scan);
	}
	*length = 0;
	return scan;
}

/* How far the alignment holds on towards `limit`: the length at which agreeing bytes
 * outnumber the others by most. */
static size_t stretch_forward(const struct text *base, const struct text *target,
			      struct anchor anchor, size_t limit)
{
	size_t best = 0, n = limit - anchor.target;
	int64_t score = 0, best_score = 0;

	if (n > base->length - anchor.base)
		n = base->length - anchor.base;
	for (size_t i = 0; i < n; i++) {
		score += base->bytes[anchor.base + i] == target->bytes[anchor.target + i] ? 1 : -1;
		if (score > best_score) {
			best_score = score;
			best = i + 1;
		}
	}
	return best;
}

static size_t stretch_backward(const struct text *base, const struct text *target,
			       struct anchor anchor, size_t limit)
{
	size_t best = 0, n = anchor.target - limit;
	int64_t score = 0, best_score = 0;

	if (n > anchor.base)
		n = anchor.base;
	for (size_t i = 1; i <= n; i++) {
		score += base->bytes[anchor.base - i] == target->bytes[anchor.target - i] ? 1 : -1;
		if (score > best_score) {
			best_score = score;
			best = i;
		}
	}
	return best;
}

/* Where two stretched copies overlap, cut where the first stops being the better one. */
static size_t cut_overlap(const struct text *base, const struct text *target, struct anchor first,
			  struct anchor second, size_t start, size_t end)
{
	size_t best = start;
	int64_t score = 0, best_score = 0;

	for (size_t i = start; i < end; i++) {
		score += base->bytes[first.base + (i - first.target)] == target->bytes[i];
		score -= base->bytes[second.base - (second.target - i)] == target->bytes[i];
		if (score > best_score) {
			best_score = score;
			best = i + 1;
		}
	}
	return best;
}

/* Ends the copy of `current`, whose range begins at its target, before that of `next`
 * (or the target's end), and moves `current` to where the next one's range begins. */
static enum rill_code end_copy(const struct text *base, const struct text *target,
			       struct anchor *current, struct anchor next, struct copy_list *list,
			       struct rill_error *error)
{
	size_t end = current->target + stretch_forward(base, target, *current, next.target);
	size_t begin = next.target;
	enum rill_code code = RILL_OK;

	if (next.target < target->length)
		begin -= stretch_backward(base, target, next, current->target);
	if (begin < end)
		begin = end = cut_overlap(base, target, *current, next, begin, end);
	if (end > current->target) {
		const struct rill_copy copy = {.output = current->target,
					       .length = end - current->target,
					       .source = current->base};

		code = add_copy(list, &copy, error);
	}
	current->base = next.base - (next.target - begin);
	current->target = begin;
	return code;
}

static enum rill_code scan_target(const struct suffix_array *array, const struct text *base,
				  const struct text *target, struct copy_list *list,
				  struct progress *progress, struct rill_error *error)
{
	struct anchor current = {0, 0}, next;
	size_t scan = 0, length = 0;
	enum rill_code code = RILL_OK;
	bool better;

	while (code == RILL_OK && scan < target->length) {
		scan = next_match(array, base, target, current, scan + length, &next, &length,
				  &better);
		progress_show(progress, scan, target->length);
		if (scan < target->length && !better)
			continue;
		if (scan == target->length)
			next = (struct anchor){scan, 0};
		code = end_copy(base, target, &current, next, list, error);
	}
	return code;
}

enum rill_code suffix_match(const uint8_t *base, size_t base_length, const uint8_t *target,
			    size_t target_length, struct copy_list *list, struct progress *progress,
			    struct rill_error *error)
{
	const struct text b = {base, base_length}, t = {target, target_length};
	struct suffix_array array;
	enum rill_code code = suffix_array_make(&array, base, base_length, error);

	if (code == RILL_OK)
		code = scan_target(&array, &b, &t, list, progress, error);
	suffix_array_free(&array);
	return code;
}
