/* SPDX-License-Identifier: Apache-2.0 */
#include "host/anchors.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_LEAST 1024u
#define BLOCKS_MOST (UINT64_C(1) << 24)
#define FACTOR UINT64_C(0x9e3779b97f4a7c15) /* odd: of the polynomial, modulo 2^64 */

struct place {
	uint64_t hash;
	uint64_t block; /* its number plus 1; 0: free */
};

struct finder {
	const uint8_t *old, *new;
	uint64_t old_n, new_n;
	size_t block; /* bytes */
	uint64_t leaving; /* FACTOR to the power of `block` */
	struct place *place;
	size_t mask;
};

static uint64_t hash_block(const struct finder *f, const uint8_t *bytes)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < f->block; i++)
		hash = hash * FACTOR + bytes[i] + 1;
	return hash;
}

static uint64_t roll(const struct finder *f, uint64_t hash, uint8_t out, uint8_t in)
{
	return hash * FACTOR + in + 1 - f->leaving * (out + 1u);
}

/* Where a hash is or belongs. */
static struct place *look_up(const struct finder *f, uint64_t hash)
{
	size_t at = (size_t)((hash ^ hash >> 29) * FACTOR >> 20) & f->mask;

	while (f->place[at].block != 0 && f->place[at].hash != hash)
		at = (at + 1) & f->mask;
	return &f->place[at];
}

/* Of blocks that are alike the first one counts. */
static enum rill_code index_blocks(struct finder *f, struct rill_error *error)
{
	uint64_t blocks;
	size_t places = 1024;

	f->block = BLOCK_LEAST;
	while (f->old_n / f->block > BLOCKS_MOST)
		f->block *= 2;
	blocks = f->old_n / f->block;
	while (places < blocks * 2)
		places *= 2;
	f->mask = places - 1;
	f->place = calloc(places, sizeof *f->place);
	if (!f->place)
		return rill_fail(error, RILL_MEMORY, "no memory for an index of blocks");
	f->leaving = 1;
	for (size_t i = 0; i < f->block; i++)
		f->leaving *= FACTOR;
	for (uint64_t i = 0; i < blocks; i++) {
		uint64_t hash = hash_block(f, f->old + i * f->block);
		struct place *place = look_up(f, hash);

		if (place->block == 0)
			*place = (struct place){.hash = hash, .block = i + 1};
	}
	return RILL_OK;
}

static uint64_t same_from(const struct finder *f, uint64_t old, uint64_t new)
{
	uint64_t n = 0, most = f->old_n - old < f->new_n - new ? f->old_n - old : f->new_n - new;

	while (n + 4096 <= most && memcmp(f->old + old + n, f->new + new + n, 4096) == 0)
		n += 4096;
	while (n < most && f->old[old + n] == f->new[new + n])
		n++;
	return n;
}

/* Extends a block that is the same at both places, backwards as far as `low` in the new file. */
static struct rill_copy extend(const struct finder *f, uint64_t old, uint64_t new, uint64_t low)
{
	struct rill_copy copy = {.output = new, .source = old};

	copy.length = same_from(f, old, new);
	while (copy.output > low && copy.source > 0 &&
	       f->old[copy.source - 1] == f->new[copy.output - 1]) {
		copy.output--;
		copy.source--;
		copy.length++;
	}
	return copy;
}

/* The old place of the block at `at`: on the last diagonal, or by its hash. UINT64_MAX: none. */
static uint64_t find_block(const struct finder *f, uint64_t at, uint64_t diagonal, uint64_t hash)
{
	uint64_t old = at + diagonal;
	const struct place *place;

	if (old < f->old_n && f->block <= f->old_n - old &&
	    memcmp(f->old + old, f->new + at, f->block) == 0)
		return old;
	place = look_up(f, hash);
	if (place->block == 0)
		return UINT64_MAX;
	old = (place->block - 1) * f->block;
	return memcmp(f->old + old, f->new + at, f->block) == 0 ? old : UINT64_MAX;
}

enum rill_code anchors_find(struct copy_list *list, const uint8_t *old, uint64_t old_n,
			    const uint8_t *new, uint64_t new_n, struct rill_error *error)
{
	struct finder f = {.old = old, .new = new, .old_n = old_n, .new_n = new_n};
	enum rill_code code = index_blocks(&f, error);
	uint64_t at = 0, low = 0, diagonal = 0, hash = 0;
	bool known = false; /* the hash is that of the block at `at` */

	while (code == RILL_OK && new_n - at >= f.block) {
		struct rill_copy copy;
		uint64_t from;

		if (!known)
			hash = hash_block(&f, new + at);
		known = true;
		from = find_block(&f, at, diagonal, hash);
		if (from == UINT64_MAX) {
			if (new_n - at > f.block)
				hash = roll(&f, hash, new[at], new[at + f.block]);
			at++;
			continue;
		}
		copy = extend(&f, from, at, low);
		code = copy_list_add(list, copy, error);
		at = low = copy.output + copy.length;
		diagonal = copy.source - copy.output;
		known = false;
	}
	free(f.place);
	return code;
}
