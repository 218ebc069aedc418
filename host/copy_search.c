/* SPDX-License-Identifier: Apache-2.0 */
#include "host/copy_search.h"

#include <divsufsort.h>
#include <stdlib.h>
#include <string.h>

#define TRUSTED 16 /* an alignment that holds for so many bytes is not questioned */
#define BETTER_BY 8
#define MISSED_MOST 65536
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
		return (struct match){.new_start = at};
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
	return (struct match){.new_start = at,
			      .old_start = (uint64_t)s->suffix[high],
			      .length = low_n > high_n ? low_n : high_n};
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
			code = add(list, (struct match){at, at + diagonal, going}, error);
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
			code = add(list, (struct match){at, at + diagonal, match.length}, error);
		at += match.length;
	}
	return code;
}

enum rill_code copy_search(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			   size_t least, struct match_list *list, struct rill_error *error)
{
	struct search *s;
	enum rill_code code;
	saidx_t *suffix;

	*list = (struct match_list){0};
	if (old_n == 0 || new_n == 0)
		return RILL_OK;
	if (old_n > INT32_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "a base of over 2 GiB");
	s = calloc(1, sizeof *s);
	suffix = malloc(old_n * sizeof *suffix);
	if (!s || !suffix || divsufsort(old, suffix, (saidx_t)old_n) != 0) {
		free(s);
		free(suffix);
		return rill_fail(error, RILL_MEMORY, "no memory to sort the base");
	}
	s->old = old;
	s->new = new;
	s->old_n = old_n;
	s->new_n = new_n;
	s->suffix = suffix;
	index_pairs(s);
	code = scan(s, least, list, error);
	free(s);
	free(suffix);
	return code;
}

void match_list_free(struct match_list *list)
{
	free(list->match);
	*list = (struct match_list){0};
}
