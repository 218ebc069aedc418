/* SPDX-License-Identifier: Apache-2.0 */
#include "host/copy_search.h"

#include <divsufsort.h>
#include <stdlib.h>
#include <string.h>

#define TRUSTED 16 /* an alignment that holds for so many bytes is not questioned */
#define BETTER_BY 8
#define MISSED_MOST 65536
#define LEAST_IN_PARTS 10
#define COMPARED_MOST 4096 /* longer matches are all the same to the search */

struct search {
	const uint8_t *old, *new;
	size_t old_n, new_n;
	const saidx_t *suffix;
	/* By two bytes: the first of the suffixes that begin with them, and their number. */
	uint32_t first[65536], count[65536];
};

static size_t common(const struct search *s, size_t old_at, size_t new_at, size_t from, size_t most)
{
	size_t n = from;

	if (most > s->old_n - old_at)
		most = s->old_n - old_at;
	if (most > s->new_n - new_at)
		most = s->new_n - new_at;
	while (n + 8 <= most && memcmp(s->old + old_at + n, s->new + new_at + n, 8) == 0)
		n += 8;
	while (n < most && s->old[old_at + n] == s->new[new_at + n])
		n++;
	return n < most ? n : most;
}

/* Whether the suffix of the old file is less than what stands at `new_at`, when they have
 * `n` bytes in common. */
static int less(const struct search *s, size_t old_at, size_t new_at, size_t n)
{
	if (new_at + n >= s->new_n)
		return 0;
	return old_at + n >= s->old_n || s->old[old_at + n] < s->new[new_at + n];
}

/* The suffix of one byte stands before all others that begin with it. */
static void index_pairs(struct search *s)
{
	uint32_t at = 0;

	for (size_t i = 0; i + 1 < s->old_n; i++)
		s->count[s->old[i] * 256u + s->old[i + 1]]++;
	for (size_t pair = 0; pair < 65536; pair++) {
		if (pair % 256 == 0 && s->old[s->old_n - 1] == pair / 256)
			at++;
		s->first[pair] = at;
		at += s->count[pair];
	}
}

/* The longest match for new[at..]: binary search, which never compares again what both
 * bounds have in common with it. */
static struct match longest(const struct search *s, size_t at)
{
	size_t pair = at + 1 < s->new_n ? s->new[at] * 256u + s->new[at + 1] : 0;
	size_t low = s->first[pair], high = low + s->count[pair] - 1;
	size_t low_n, high_n;

	if (at + 1 >= s->new_n || s->count[pair] == 0)
		return (struct match){.new_start = (uint32_t)at};
	low_n = common(s, (size_t)s->suffix[low], at, 0, COMPARED_MOST);
	high_n = common(s, (size_t)s->suffix[high], at, 0, COMPARED_MOST);

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2, old_at = (size_t)s->suffix[middle];
		size_t n = common(s, old_at, at, low_n < high_n ? low_n : high_n, COMPARED_MOST);

		if (less(s, old_at, at, n)) {
			low = middle;
			low_n = n;
		} else {
			high = middle;
			high_n = n;
		}
	}
	if (low_n > high_n)
		high = low;
	return (struct match){.new_start = (uint32_t)at,
			      .old_start = (uint32_t)s->suffix[high],
			      .length = (uint32_t)(low_n > high_n ? low_n : high_n)};
}

static enum rill_code add(struct match_list *list, struct match match, struct rill_error *error)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity * 2 + 1024;
		struct match *larger = realloc(list->match, capacity * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory for matches");
		list->match = larger;
		list->capacity = capacity;
	}
	list->match[list->n++] = match;
	return RILL_OK;
}

static enum rill_code add_going(struct match_list *list, size_t new_start, size_t old_start,
				size_t length, struct rill_error *error)
{
	return add(list, (struct match){(uint32_t)new_start, (uint32_t)old_start, (uint32_t)length},
		   error);
}

/* Bytes that are the same on a diagonal. */
static size_t score(const struct search *s, size_t diagonal, size_t at, size_t n)
{
	size_t same = 0;

	for (size_t i = at; i < at + n; i++)
		same += i + diagonal < s->old_n && s->old[i + diagonal] == s->new[i];
	return same;
}

/* As bsdiff does it: a better match replaces the alignment at hand only when it explains
 * BETTER_BY bytes more; but both are proposed. */
static enum rill_code scan(const struct search *s, size_t least, struct match_list *list,
			   struct rill_error *error)
{
	size_t at = 0, diagonal = 0; /* old minus new, modulo 2^64 */
	size_t missed = 0; /* bytes since anything matched well */
	enum rill_code code = RILL_OK;

	while (at < s->new_n && code == RILL_OK) {
		size_t going = 0;
		struct match match;

		if (at + diagonal < s->old_n)
			going = common(s, at + diagonal, at, 0, SIZE_MAX);
		if (going >= TRUSTED) {
			code = add_going(list, at, at + diagonal, going, error);
			at += going;
			missed = 0;
			continue;
		}
		match = longest(s, at);
		if (match.length >= least && match.length > going)
			code = add(list, match, error);
		if (match.length < TRUSTED) {
			/* Far from anything known it looks at fewer places. */
			at += 1 + (missed < MISSED_MOST ? missed++ : missed) / (MISSED_MOST / 8);
			continue;
		}
		missed = 0;
		if (match.length > score(s, diagonal, at, match.length) + BETTER_BY)
			diagonal = (size_t)match.old_start - at;
		else if (code == RILL_OK)
			code = add_going(list, at, at + diagonal, match.length, error);
		at += match.length;
	}
	return code;
}

/* Matches against a part of the old file alone. */
static enum rill_code search_part(struct search *s, size_t start, size_t least,
				  struct match_list *list, struct rill_error *error)
{
	saidx_t *suffix = malloc(s->old_n * sizeof *suffix);
	size_t first = list->n;
	enum rill_code code;

	if (!suffix || divsufsort(s->old, suffix, (saidx_t)s->old_n) != 0) {
		free(suffix);
		return rill_fail(error, RILL_MEMORY, "no memory to sort %zu bytes", s->old_n);
	}
	s->suffix = suffix;
	memset(s->first, 0, sizeof s->first);
	memset(s->count, 0, sizeof s->count);
	index_pairs(s);
	code = scan(s, least, list, error);
	for (size_t i = first; i < list->n; i++)
		list->match[i].old_start += (uint32_t)start;
	free(suffix);
	return code;
}

enum rill_code copy_search(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			   size_t least, size_t part, struct match_list *list,
			   struct rill_error *error)
{
	struct search *s;
	enum rill_code code = RILL_OK;

	*list = (struct match_list){0};
	if (old_n == 0 || new_n == 0)
		return RILL_OK;
	if (old_n > UINT32_MAX || new_n > UINT32_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "more than 4 GiB to be matched at once");
	if (old_n > part && least < LEAST_IN_PARTS)
		least = LEAST_IN_PARTS; /* each part has short ones everywhere */
	s = malloc(sizeof *s);
	if (!s)
		return rill_fail(error, RILL_MEMORY, "no memory to search");
	s->new = new;
	s->new_n = new_n;
	for (size_t start = 0; start < old_n && code == RILL_OK; start += part) {
		s->old = old + start;
		s->old_n = old_n - start < part ? old_n - start : part;
		code = search_part(s, start, least, list, error);
	}
	free(s);
	return code;
}

void match_list_free(struct match_list *list)
{
	free(list->match);
	*list = (struct match_list){0};
}
