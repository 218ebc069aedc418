/* SPDX-License-Identifier: Apache-2.0
 *
 * The matching of GNU gzip's deflate, and of Info-ZIP's zip, which differs at the end of the
 * input alone: a window of 64 KiB whose upper half moves down when it is full, hash chains
 * through the last 32 KiB, and lazy matching above level 3 (RFC 1951, chapter 4 has the idea).
 *
 * What follows from the original's circumstances is kept: no match begins at position 0
 * of the window, since 0 ends a chain; GNU gzip looks beyond the end of the input, where
 * there are two zeros and then what was in the window before, and it neither moves the window nor
 * looks for matches in the last bytes of the window after the input ended.
 */
#include "protocol/gzip_block.h"

#include <string.h>

#define HALF 32768u
#define WINDOW (2 * HALF)
#define MATCH_MIN 3u
#define MATCH_MAX 258u
#define AHEAD_MIN (MATCH_MAX + MATCH_MIN + 1)
#define DISTANCE_MAX (HALF - AHEAD_MIN)
#define FAR_FOR_3 4096 /* a match of 3 bytes is not worth a longer distance */
#define HASHES 32768u

/* Of a level: a match as good as `good` makes the search for a better one short, `lazy` makes none,
 * up to level 3: only matches as short as that are put into the chains; `nice` ends a search. */
struct level {
	uint16_t good, lazy, nice, chain;
};

static const struct level levels[10] = {
	[1] = {4, 4, 8, 4},	 [2] = {4, 5, 16, 8},	     [3] = {4, 6, 32, 32},
	[4] = {4, 4, 16, 16},	 [5] = {8, 16, 32, 32},	     [6] = {8, 16, 128, 128},
	[7] = {8, 32, 128, 256}, [8] = {32, 128, 258, 1024}, [9] = {32, 258, 258, 4096},
};

struct matcher {
	struct level level;
	bool is_fast, probes, is_zip;
	uint32_t at, ahead; /* in the window: the next byte, and how many are there */
	int32_t block_start; /* in the window, below 0 when it moved out of it */
	uint32_t hash;
	/* The match at `at` - 1, or what was found of one. */
	uint32_t match_start, match_length;
	bool has_pending; /* whether the byte before `at` is still to be written */
	bool began;
	struct rill_gzip_block block;
	uint16_t head[HASHES], previous[HALF];
	uint8_t window[WINDOW + 8];
};
_Static_assert(sizeof(struct matcher) <= RILL_DEFLATE_STATE, "GNU gzip needs too much memory");

static void hash_byte(struct matcher *m, uint8_t byte)
{
	m->hash = (m->hash << 5 ^ byte) % HASHES;
}

/* Puts a position at the head of its chain; returns the one that was there. */
static uint32_t insert(struct matcher *m, uint32_t at)
{
	uint16_t next;

	hash_byte(m, m->window[at + 2]);
	next = m->head[m->hash];
	m->previous[at % HALF] = next;
	m->head[m->hash] = (uint16_t)at;
	return next;
}

/* Of how many bytes, up to MATCH_MAX, two places agree; two of them are known to. */
static unsigned common(const uint8_t *a, const uint8_t *b)
{
	for (unsigned n = 2; n < MATCH_MAX; n += 8) {
		uint64_t x, y;

		memcpy(&x, a + n, 8);
		memcpy(&y, b + n, 8);
		if (x != y) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			return n + (unsigned)__builtin_ctzll(x ^ y) / 8;
#else
			return n + (unsigned)__builtin_clzll(x ^ y) / 8;
#endif
		}
	}
	return MATCH_MAX;
}

/* Looks along a chain for a match longer than `best`; returns its length, or `best`. */
static unsigned longest(struct matcher *m, uint32_t candidate, unsigned best)
{
	const uint8_t *here = m->window + m->at;
	uint32_t limit = m->at > DISTANCE_MAX ? m->at - DISTANCE_MAX : 0;
	unsigned chain = m->level.chain;

	if (best >= m->level.good)
		chain /= 4;
	do {
		const uint8_t *there = m->window + candidate;
		unsigned n;

		if (there[best] != here[best] || there[best - 1] != here[best - 1] ||
		    there[0] != here[0] || there[1] != here[1])
			continue;
		n = common(here, there);
		if (n > best) {
			m->match_start = candidate;
			best = n;
			if (n >= m->level.nice)
				break;
		}
	} while ((candidate = m->previous[candidate % HALF]) > limit && --chain != 0);
	return best;
}

static unsigned find_match(struct matcher *m, uint32_t candidate, unsigned best)
{
	unsigned n;

	if (candidate == 0 || m->at - candidate > DISTANCE_MAX || m->at > WINDOW - AHEAD_MIN)
		return MATCH_MIN - 1;
	if (m->is_zip && m->level.nice > m->ahead)
		m->level.nice = (uint16_t)m->ahead;
	n = longest(m, candidate, best);
	return n < m->ahead ? n : m->ahead;
}

static void end_block(struct matcher *m, struct rill_deflate_output *output, bool last)
{
	const uint8_t *bytes = m->block_start >= 0 ? m->window + m->block_start : NULL;

	rill_gzip_block_end(&m->block, output, bytes, (uint32_t)((int32_t)m->at - m->block_start),
			    last);
	m->block_start = (int32_t)m->at;
}

static bool add(struct matcher *m, unsigned distance, unsigned value)
{
	return rill_gzip_block_add(&m->block, distance, (uint8_t)value,
				   (uint32_t)((int32_t)m->at - m->block_start), m->probes);
}

static void advance(struct matcher *m, unsigned n)
{
	m->at += n;
	m->ahead -= n;
}

/* Takes the first match there is. */
static void step_fast(struct matcher *m, struct rill_deflate_output *output)
{
	unsigned length = find_match(m, insert(m, m->at), MATCH_MIN - 1);
	bool ends;

	if (length < MATCH_MIN) {
		ends = add(m, 0, m->window[m->at]);
		advance(m, 1);
	} else {
		ends = add(m, m->at - m->match_start, length - MATCH_MIN);
		if (length <= m->level.lazy) {
			for (unsigned i = 1; i < length; i++)
				insert(m, m->at + i);
		} else {
			m->hash = 0;
			hash_byte(m, m->window[m->at + length]);
			hash_byte(m, m->window[m->at + length + 1]);
		}
		advance(m, length);
	}
	if (ends)
		end_block(m, output, false);
}

/* Takes a match only if there is no longer one a byte later. */
static void step_lazy(struct matcher *m, struct rill_deflate_output *output)
{
	uint32_t candidate = insert(m, m->at), before_start = m->match_start;
	unsigned before = m->match_length;

	m->match_length = MATCH_MIN - 1;
	if (before < m->level.lazy)
		m->match_length = find_match(m, candidate, before);
	if (m->match_length == MATCH_MIN && m->at - m->match_start > FAR_FOR_3)
		m->match_length--;
	if (before >= MATCH_MIN && m->match_length <= before) {
		bool ends = add(m, m->at - 1 - before_start, before - MATCH_MIN);

		for (unsigned i = 1; i < before - 1; i++)
			insert(m, m->at + i);
		advance(m, before - 1);
		m->has_pending = false;
		m->match_length = MATCH_MIN - 1;
		if (ends)
			end_block(m, output, false);
		return;
	}
	if (m->has_pending && add(m, 0, m->window[m->at - 1]))
		end_block(m, output, false);
	m->has_pending = true;
	advance(m, 1);
}

/* Moves the upper half of the window down. */
static void slide(struct matcher *m)
{
	memcpy(m->window, m->window + HALF, HALF);
	m->match_start -= HALF;
	m->at -= HALF;
	m->block_start -= (int32_t)HALF;
	for (unsigned i = 0; i < HASHES; i++)
		m->head[i] = (uint16_t)(m->head[i] >= HALF ? m->head[i] - HALF : 0);
	for (unsigned i = 0; i < HALF; i++)
		m->previous[i] = (uint16_t)(m->previous[i] >= HALF ? m->previous[i] - HALF : 0);
}

/* Moves the window when it is due, as it is only looked at when little is left ahead. */
static void slide_if_due(struct matcher *m)
{
	if (m->ahead < AHEAD_MIN && m->at >= HALF + DISTANCE_MAX)
		slide(m);
}

static void run(struct matcher *m, struct rill_deflate_output *output, uint32_t enough)
{
	if (!m->began) {
		hash_byte(m, m->window[0]);
		hash_byte(m, m->window[1]);
		m->began = true;
	}
	while (m->ahead >= enough && output->code == RILL_OK) {
		if (m->is_fast)
			step_fast(m, output);
		else
			step_lazy(m, output);
		if (m->is_zip)
			slide_if_due(m);
	}
}

static enum rill_code begin(struct rill_deflate *deflate, struct rill_error *error)
{
	struct matcher *m = (void *)deflate->state;

	(void)error;
	m->level = levels[deflate->recipe.level];
	m->is_fast = deflate->recipe.level <= 3;
	m->probes = deflate->recipe.level > 2;
	m->is_zip = deflate->recipe.kind == RILL_DEFLATE_ZIP;
	m->match_length = MATCH_MIN - 1;
	return RILL_OK;
}

/* Works when the window is full, as if the input were read whole. */
static enum rill_code feed(struct rill_deflate *deflate, const uint8_t *bytes, size_t n)
{
	struct matcher *m = (void *)deflate->state;

	while (n > 0 && deflate->output.code == RILL_OK) {
		size_t room = WINDOW - m->at - m->ahead, some = n < room ? n : room;

		memcpy(m->window + m->at + m->ahead, bytes, some);
		m->ahead += (uint32_t)some;
		bytes += some;
		n -= some;
		if (some == room) {
			run(m, &deflate->output, AHEAD_MIN);
			slide_if_due(m);
		}
	}
	return deflate->output.code;
}

static enum rill_code finish(struct rill_deflate *deflate)
{
	struct matcher *m = (void *)deflate->state;

	/* The end of the input shows when more is wanted. */
	run(m, &deflate->output, AHEAD_MIN);
	slide_if_due(m);
	memset(m->window + m->at + m->ahead, 0, MATCH_MIN - 1);
	run(m, &deflate->output, 1);
	if (m->has_pending)
		add(m, 0, m->window[m->at - 1]);
	end_block(m, &deflate->output, true);
	rill_deflate_align(&deflate->output);
	return rill_deflate_flush(&deflate->output);
}

const struct rill_deflate_engine rill_deflate_gzip = {
	.begin = begin, .feed = feed, .finish = finish};
