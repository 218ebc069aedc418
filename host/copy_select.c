/* SPDX-License-Identifier: Apache-2.0 */
#include "host/copy_select.h"

#include <stdlib.h>
#include <string.h>

#define STEP 4u
#define LANES 12u /* diagonals that are followed at a time; one more for literals */
#define LITERAL LANES
#define BEFORE_MOST 512u /* bytes before a match that it speaks for, at most, and behind it */
#define BEHIND_MOST 1024u

struct lane {
	uint64_t diagonal; /* old minus new, modulo 2^64 */
	uint64_t until; /* new position up to which it is proposed */
	uint64_t weight; /* length of the matches on it */
	uint32_t cost;
	bool used;
};

/* What is remembered of each step: the best lane at its end, and which lanes came there by
 * a change from the best lane of the step before. */
struct trace {
	uint16_t changed;
	uint8_t best;
};

struct selection {
	const uint8_t *old, *new;
	size_t old_n, new_n, steps;
	const struct match *match; /* by where they are to be tried first */
	size_t match_count, next_match;
	const struct copy_prices *prices;
	struct lane lane[LANES + 1];
	uint64_t anchor; /* the diagonal of the last best lane */
	struct trace *trace;
	/* The diagonals of lanes change in time: what they were before. */
	struct change {
		uint32_t step;
		uint8_t lane;
		uint64_t before;
	} * change;
	size_t change_n, change_capacity;
};

static bool note_change(struct selection *s, size_t step, unsigned lane)
{
	if (s->change_n == s->change_capacity) {
		size_t capacity = s->change_capacity * 2 + 1024;
		struct change *larger = realloc(s->change, capacity * sizeof *larger);

		if (!larger)
			return false;
		s->change = larger;
		s->change_capacity = capacity;
	}
	s->change[s->change_n++] = (struct change){
		.step = (uint32_t)step, .lane = (uint8_t)lane, .before = s->lane[lane].diagonal};
	return true;
}

/* Gives a match's diagonal a lane: its own, a free one, or the one that the shortest match
 * proposed, unless that is longer or the best. */
static bool enter(struct selection *s, size_t step, unsigned best, const struct match *match,
		  uint64_t until)
{
	uint64_t diagonal = (uint64_t)match->old_start - match->new_start;
	unsigned chosen = LANES;

	for (unsigned i = 0; i < LANES; i++) {
		struct lane *lane = &s->lane[i];

		if (lane->used && lane->diagonal == diagonal) {
			if (lane->until < until)
				lane->until = until;
			lane->weight += match->length;
			return true;
		}
		if (i != best && (chosen == LANES || !lane->used ||
				  (s->lane[chosen].used && lane->weight < s->lane[chosen].weight)))
			chosen = i;
	}
	if (s->lane[chosen].used && s->lane[chosen].weight >= match->length)
		return true;
	if (!note_change(s, step, chosen))
		return false;
	s->lane[chosen] = (struct lane){.diagonal = diagonal,
					.until = until,
					.weight = match->length,
					.used = true,
					.cost = UINT32_MAX / 2};
	return true;
}

/* How far around itself a match is worth trying. */
static uint64_t behind(uint64_t length)
{
	uint64_t far = length < 16 ? 16 : length * 8;

	return far < BEHIND_MOST ? far : BEHIND_MOST;
}

static uint64_t first_tried(const struct match *match)
{
	uint64_t far = match->length < 16 ? 16 : match->length * 4;

	if (far > BEFORE_MOST)
		far = BEFORE_MOST;
	return match->new_start > far ? match->new_start - far : 0;
}

static int by_first_tried(const void *a, const void *b)
{
	const struct match *x = a, *y = b;
	uint64_t p = first_tried(x), q = first_tried(y);

	if (p == q) {
		p = x->new_start;
		q = y->new_start;
	}
	if (p == q) {
		p = x->old_start;
		q = y->old_start;
	}
	if (p == q) {
		p = x->length;
		q = y->length;
	}
	return p < q ? -1 : p > q;
}

static bool enter_matches(struct selection *s, size_t step, unsigned best)
{
	uint64_t at = (uint64_t)step * STEP;

	while (s->next_match < s->match_count) {
		const struct match *m = &s->match[s->next_match];

		if (first_tried(m) > at)
			break;
		s->next_match++;
		if (!enter(s, step, best, m,
			   (uint64_t)m->new_start + m->length + behind(m->length)))
			return false;
	}
	for (unsigned i = 0; i < LANES; i++)
		if (s->lane[i].used && s->lane[i].until < at && i != best)
			s->lane[i].used = false;
	return true;
}

static uint32_t step_cost(const struct selection *s, uint64_t diagonal, uint64_t at)
{
	uint64_t from = at + diagonal;
	size_t n = s->new_n - at < STEP ? (size_t)(s->new_n - at) : STEP;
	unsigned differing = 0;

	if (from > s->old_n || n > s->old_n - from)
		return UINT32_MAX / 4;
	if (n == STEP && memcmp(s->old + from, s->new + at, STEP) == 0)
		return s->prices->same;
	for (size_t i = 0; i < n; i++)
		differing += s->old[from + i] != s->new[at + i];
	return differing ? s->prices->differs + differing * s->prices->differing_byte
			 : s->prices->same;
}

/* From the best lane to another: from the last diagonal that was a good one. */
static uint32_t change_cost(const struct selection *s, const struct lane *lane)
{
	uint64_t distance = lane->diagonal - s->anchor;

	if (distance >> 63)
		distance = 0 - distance;
	return s->prices->change + s->prices->change_bit * rill_bit_length(distance);
}

/* One step on all lanes; costs are relative to the best, so they stay small. */
static unsigned advance(struct selection *s, size_t step, unsigned best)
{
	uint32_t from = s->lane[best].cost, lowest = UINT32_MAX;
	unsigned winner = LITERAL;
	struct trace *trace = &s->trace[step];

	trace->changed = 0;
	for (unsigned i = 0; i <= LANES; i++) {
		struct lane *lane = &s->lane[i];
		uint32_t enter_cost = from + (i == LITERAL ? 0 : s->prices->change);

		if (!lane->used)
			continue;
		if (i != best && enter_cost < lane->cost) {
			if (i != LITERAL)
				enter_cost = from + change_cost(s, lane);
			if (enter_cost < lane->cost) {
				lane->cost = enter_cost;
				trace->changed = (uint16_t)(trace->changed | 1u << i);
			}
		}
		lane->cost += i == LITERAL ? s->prices->literal
					   : step_cost(s, lane->diagonal, (uint64_t)step * STEP);
		if (lane->cost > UINT32_MAX / 2)
			lane->cost = UINT32_MAX / 2;
		if (lane->cost < lowest) {
			lowest = lane->cost;
			winner = i;
		}
	}
	for (unsigned i = 0; i <= LANES; i++)
		s->lane[i].cost -= s->lane[i].used ? lowest : 0;
	trace->best = (uint8_t)winner;
	if (winner != LITERAL)
		s->anchor = s->lane[winner].diagonal;
	return winner;
}

enum rill_code copy_list_add(struct copy_list *list, struct rill_copy copy,
			     struct rill_error *error)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity * 2 + 256;
		struct rill_copy *larger = realloc(list->copy, capacity * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory for copies");
		list->copy = larger;
		list->capacity = capacity;
	}
	list->copy[list->n++] = copy;
	return RILL_OK;
}

/* Walks back from the end; `change` is unwound with it, so that the lanes' diagonals are
 * those of the step. The list comes out backwards. */
static enum rill_code walk_back(struct selection *s, unsigned best, struct copy_list *list,
				struct rill_error *error)
{
	uint64_t end = s->new_n;
	unsigned lane = best;
	enum rill_code code = RILL_OK;

	for (size_t step = s->steps; step-- > 0 && code == RILL_OK;) {
		uint64_t diagonal = s->lane[lane].diagonal, at = (uint64_t)step * STEP;
		bool changed = s->trace[step].changed >> lane & 1;

		if (changed || step == 0) {
			if (lane != LITERAL)
				code = copy_list_add(list,
						     (struct rill_copy){.output = at,
									.source = at + diagonal,
									.length = end - at},
						     error);
			end = at;
			lane = step ? s->trace[step - 1].best : LITERAL;
		}
		while (s->change_n > 0 && s->change[s->change_n - 1].step == step) {
			const struct change *change = &s->change[--s->change_n];

			s->lane[change->lane].diagonal = change->before;
		}
	}
	return code;
}

static void reverse(struct copy_list *list)
{
	for (size_t i = 0; i < list->n / 2; i++) {
		struct rill_copy copy = list->copy[i];

		list->copy[i] = list->copy[list->n - 1 - i];
		list->copy[list->n - 1 - i] = copy;
	}
}

static bool same_at(const struct selection *s, const struct rill_copy *copy, uint64_t at)
{
	uint64_t from = at + (copy->source - copy->output);

	return from < s->old_n && s->old[from] == s->new[at];
}

/* Moves the border between two copies that touch to where most bytes are the same. */
static void move_border(const struct selection *s, struct rill_copy *a, struct rill_copy *b)
{
	uint64_t border = b->output, best = border, at;
	int score = 0, highest = 0;

	for (at = border; at > a->output + 1 && border - at < 64; at--) {
		if (b->source - (b->output - at) - 1 >= s->old_n)
			break;
		score += same_at(s, b, at - 1) - same_at(s, a, at - 1);
		if (score > highest) {
			highest = score;
			best = at - 1;
		}
	}
	score = 0;
	for (at = border; at + 1 < b->output + b->length && at - border < 64; at++) {
		if (a->source + (at - a->output) >= s->old_n)
			break;
		score += same_at(s, a, at) - same_at(s, b, at);
		if (score > highest) {
			highest = score;
			best = at + 1;
		}
	}
	a->length = best - a->output;
	b->source += best - b->output;
	b->length -= best - b->output;
	b->output = best;
}

/* Ends of copies that lie against literals: takes in what is the same, gives off what is
 * not. */
static void trim_ends(const struct selection *s, struct copy_list *list, size_t i)
{
	struct rill_copy *copy = &list->copy[i];
	uint64_t low = i ? copy[-1].output + copy[-1].length : 0;
	uint64_t high = i + 1 < list->n ? copy[1].output : s->new_n;

	while (copy->output > low && copy->source > 0 && same_at(s, copy, copy->output - 1)) {
		copy->output--;
		copy->source--;
		copy->length++;
	}
	while (copy->output + copy->length < high && same_at(s, copy, copy->output + copy->length))
		copy->length++;
	if (copy->output > low)
		while (copy->length > 1 && !same_at(s, copy, copy->output)) {
			copy->output++;
			copy->source++;
			copy->length--;
		}
	if (copy->output + copy->length < high)
		while (copy->length > 1 && !same_at(s, copy, copy->output + copy->length - 1))
			copy->length--;
}

/* A literal between two copies on one diagonal that is short is a difference, not a gap. */
static enum rill_code finish(const struct selection *s, struct copy_list *list,
			     struct rill_error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		trim_ends(s, list, i);
	for (size_t i = 1; i < list->n; i++)
		if (list->copy[i].output == list->copy[i - 1].output + list->copy[i - 1].length)
			move_border(s, &list->copy[i - 1], &list->copy[i]);
	for (size_t i = 0; i < list->n; i++) {
		struct rill_copy copy = list->copy[i];
		struct rill_copy *last = kept ? &list->copy[kept - 1] : NULL;

		if (last && copy.source - copy.output == last->source - last->output &&
		    copy.output - last->output - last->length <= 8)
			last->length = copy.output + copy.length - last->output;
		else if (copy.length > 0)
			list->copy[kept++] = copy;
	}
	list->n = kept;
	(void)error;
	return RILL_OK;
}

enum rill_code copy_select(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			   struct match_list *matches, const struct copy_prices *prices,
			   struct copy_list *list, struct rill_error *error)
{
	struct selection s = {.old = old,
			      .new = new,
			      .old_n = old_n,
			      .new_n = new_n,
			      .steps = (new_n + STEP - 1) / STEP,
			      .match = matches->match,
			      .match_count = matches->n,
			      .prices = prices};
	unsigned best = LITERAL;
	enum rill_code code = RILL_OK;

	*list = (struct copy_list){0};
	if (matches->n > 0)
		qsort(matches->match, matches->n, sizeof *matches->match, by_first_tried);
	s.lane[LITERAL].used = true;
	s.trace = malloc((s.steps + 1) * sizeof *s.trace);
	if (!s.trace)
		return rill_fail(error, RILL_MEMORY, "no memory to select copies");
	for (size_t step = 0; step < s.steps && code == RILL_OK; step++) {
		if (!enter_matches(&s, step, best))
			code = rill_fail(error, RILL_MEMORY, "no memory to select copies");
		best = advance(&s, step, best);
	}
	if (code == RILL_OK)
		code = walk_back(&s, best, list, error);
	reverse(list);
	if (code == RILL_OK)
		code = finish(&s, list, error);
	free(s.trace);
	free(s.change);
	return code;
}

void copy_list_free(struct copy_list *list)
{
	free(list->copy);
	*list = (struct copy_list){0};
}
