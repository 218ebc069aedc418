/* SPDX-License-Identifier: Apache-2.0 */
#include "host/group.h"

#include "host/gather.h"
#include "host/group_layout.h"
#include "host/layout_trim.h"
#include "host/reference_view.h"
#include <stdlib.h>
#include <string.h>

#define LEAST_MATCH 6
#define LITERAL (17 * 16) /* four bytes, where there are few */
#define PART_LEAST ((size_t)1 << 20)

struct matcher {
	struct gathered old, new;
	struct group_layout layout;
	const struct group_options *options;
	size_t most_copies;
	struct copy_list copies; /* by local offsets */
};

/* Leaves out the shortest copies until no more than `most` are left. */
static void drop_short(struct copy_list *list, size_t most)
{
	for (uint64_t least = 16; list->n > most; least += least / 2) {
		size_t kept = 0;

		for (size_t i = 0; i < list->n; i++)
			if (list->copy[i].length >= least)
				list->copy[kept++] = list->copy[i];
		list->n = kept;
	}
}

static uint64_t literal_bytes(const struct matcher *m)
{
	uint64_t n = m->new.n;

	for (size_t i = 0; i < m->copies.n; i++)
		n -= m->copies.copy[i].length;
	return n;
}

/* Selects copies. When they leave much, again: the more literals there are, the more their model
 * learns and the less they cost; when there are too many for the decoder, at a higher price. */
static enum rill_code select_copies(struct matcher *m, const uint8_t *old, const uint8_t *new,
				    struct match_list *matches, struct rill_error *error)
{
	struct copy_prices prices = {.change = m->options->change * 16,
				     .change_bit = 22,
				     .literal = LITERAL,
				     .differs = 7 * 16,
				     .differing_byte = 76,
				     .same = 1};
	enum rill_code code = RILL_OK;

	for (unsigned tries = 0; tries < 5; tries++) {
		copy_list_free(&m->copies);
		code = copy_select(old, m->old.n, new, m->new.n, matches, &prices, &m->copies,
				   error);
		if (code != RILL_OK)
			return code;
		if (tries == 0 && literal_bytes(m) > m->new.n / 8)
			prices.literal -= (unsigned)(LITERAL / 2 * literal_bytes(m) / m->new.n);
		else if (m->copies.n > m->most_copies)
			prices.change *= 2;
		else
			return RILL_OK;
	}
	drop_short(&m->copies, m->most_copies);
	return code;
}

/* The suffix array has half of the memory: in parts, when the whole does not fit. */
static size_t part_size(const struct matcher *m)
{
	size_t most = (size_t)(m->options->memory / 2 / 4), parts;

	if (most > COPY_SEARCH_PART_MOST)
		most = COPY_SEARCH_PART_MOST;
	if (most < PART_LEAST)
		most = PART_LEAST;
	parts = m->old.n / most + 1;
	return m->old.n / parts + 1;
}

static enum rill_code match(struct matcher *m, const uint8_t *old, const uint8_t *new,
			    struct rill_error *error)
{
	struct match_list matches;
	enum rill_code code = copy_search(old, m->old.n, new, m->new.n, LEAST_MATCH, part_size(m),
					  &matches, error);

	if (code == RILL_OK)
		code = select_copies(m, old, new, &matches, error);
	match_list_free(&matches);
	return code;
}

/* Matches on views of both files with the references written out by the copies so far. */
static enum rill_code match_again(struct matcher *m, struct rill_error *error)
{
	struct rill_address_map *map = calloc(1, sizeof *map);
	struct rill_stretch *stretch = calloc(m->copies.n + 1, sizeof *stretch);
	uint8_t *old = malloc(m->old.n + 1), *new = malloc(m->new.n + 1);
	const struct group_layout *gl = &m->layout;
	enum rill_code code = RILL_OK;

	if (map && stretch && old && new) {
		rill_address_map_build(map, m->copies.copy, m->copies.n, stretch);
		reference_view(&gl->layout, map, gl->old_slots, m->old.bytes, m->old.n, old);
		reference_view(&gl->mirror, NULL, gl->new_slots, m->new.bytes, m->new.n, new);
		code = match(m, old, new, error);
	} else {
		code = rill_fail(error, RILL_MEMORY, "no memory to match again");
	}
	free(map);
	free(stretch);
	free(old);
	free(new);
	return code;
}

static enum rill_code add(struct copy_list *list, const struct rill_copy *copy,
			  struct rill_error *error)
{
	struct rill_copy *last = list->n ? &list->copy[list->n - 1] : NULL;

	/* What goes on where the last copy ended belongs to it. */
	if (last && copy->source - copy->output == last->source - last->output &&
	    copy->output == last->output + last->length &&
	    last->length + copy->length <= UINT32_MAX) {
		last->length += copy->length;
		return RILL_OK;
	}
	return copy_list_add(list, *copy, error);
}

/* Adds the known copies before an offset of the output; `*next` is the first that is left. */
static enum rill_code add_known(struct group *group, size_t *next, uint64_t before,
				struct rill_error *error)
{
	const struct copy_list *known = &group->known;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && *next < known->n && known->copy[*next].output < before)
		code = add(&group->copies, &known->copy[(*next)++], error);
	return code;
}

/* The copies that were found and those that were known, by output; of the former the parts
 * whose bytes really lie together. */
static enum rill_code merge(struct group *group, const struct matcher *m, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	size_t next = 0;

	for (size_t i = 0; i < m->copies.n; i++) {
		struct rill_copy copy = m->copies.copy[i];

		while (code == RILL_OK && copy.length > 0) {
			uint64_t old_most, new_most;
			struct rill_copy part = {
				.output = gathered_origin(&m->new, copy.output, &new_most),
				.source = gathered_origin(&m->old, copy.source, &old_most),
				.length = copy.length < UINT32_MAX ? copy.length : UINT32_MAX,
			};

			if (part.length > old_most)
				part.length = old_most;
			if (part.length > new_most)
				part.length = new_most;
			code = add_known(group, &next, part.output, error);
			if (code == RILL_OK)
				code = add(&group->copies, &part, error);
			copy.output += part.length;
			copy.source += part.length;
			copy.length -= part.length;
		}
	}
	return code == RILL_OK ? add_known(group, &next, UINT64_MAX, error) : code;
}

static enum rill_code run(struct matcher *m, struct group *group, const struct sources *sources,
			  struct rill_error *error)
{
	bool whole = group->output.length == sources->new_n;
	enum rill_code code = group_layout_make(&m->layout, group, &m->old, &m->new, whole, error);

	m->most_copies = m->options->most_copies(m->options->context, &m->layout.layout);
	m->most_copies -= m->most_copies < group->known.n ? m->most_copies : group->known.n;
	if (code == RILL_OK)
		code = match(m, m->old.bytes, m->new.bytes, error);
	progress_add(m->options->progress, group_work(group));
	for (unsigned i = 0; code == RILL_OK && i < m->options->passes; i++) {
		if (m->layout.layout.image_count > 0)
			code = match_again(m, error);
		progress_add(m->options->progress, group_work(group));
	}
	if (code == RILL_OK)
		code = merge(group, m, error);
	if (code == RILL_OK) {
		group_layout_place(&m->layout, &m->old, &m->new);
		group->layout = m->layout.layout;
		group->guessed = m->layout.guessed;
		m->layout.layout = (struct rill_layout){0};
		code = layout_trim(&group->layout, &group->copies, sources, error);
	}
	return code;
}

uint64_t group_work(const struct group *group)
{
	uint64_t work = 0;

	for (size_t i = 0; i < group->pieces; i++)
		work += group->piece[i].length;
	for (size_t i = 0; i < group->sources; i++)
		work += group->source[i].length;
	return work;
}

enum rill_code group_match(struct group *group, const struct sources *sources,
			   const struct group_options *options, struct rill_error *error)
{
	struct matcher *m = calloc(1, sizeof *m);
	enum rill_code code;

	if (!m)
		return rill_fail(error, RILL_MEMORY, "no memory for the matcher");
	m->options = options;
	code = gather(&m->old, sources, false, group->source, group->sources, error);
	if (code == RILL_OK)
		code = gather(&m->new, sources, true, group->piece, group->pieces, error);
	if (code == RILL_OK)
		code = run(m, group, sources, error);
	group_layout_free(&m->layout);
	copy_list_free(&m->copies);
	gathered_free(&m->old);
	gathered_free(&m->new);
	free(m);
	return code;
}

void group_free(struct group *group)
{
	copy_list_free(&group->known);
	copy_list_free(&group->copies);
	rill_layout_free(&group->layout);
	free(group->piece);
	free(group->source);
}
