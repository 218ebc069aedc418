/* SPDX-License-Identifier: Apache-2.0 */
#include "host/sketch.h"

#include "protocol/reference.h"
#include <stdlib.h>
#include <string.h>

#define PENDING_MOST 4096u /* candidates before they are sorted again */
#define WORDS 6u /* of a window of arm64 code */
#define BYTES 12u /* of any other */

struct maker {
	uint64_t pending[SKETCH_MOST + PENDING_MOST];
	size_t n;
	uint64_t limit; /* hashes from here on are not among the smallest */
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void settle(struct maker *maker)
{
	size_t kept = 0;

	qsort(maker->pending, maker->n, sizeof maker->pending[0], by_value);
	for (size_t i = 0; i < maker->n && kept < SKETCH_MOST; i++)
		if (kept == 0 || maker->pending[i] != maker->pending[kept - 1])
			maker->pending[kept++] = maker->pending[i];
	maker->n = kept;
	if (kept == SKETCH_MOST)
		maker->limit = maker->pending[kept - 1];
}

static inline void put(struct maker *maker, uint64_t window)
{
	uint64_t hash = window * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	if (hash >= maker->limit)
		return;
	maker->pending[maker->n++] = hash;
	if (maker->n == SKETCH_MOST + PENDING_MOST)
		settle(maker);
}

/* An instruction without what depends on where it and others are. */
static uint32_t placeless(uint32_t word)
{
	if ((word & 0x7c000000u) == 0x14000000u) /* B, BL */
		return word & 0xfc000000u;
	if ((word & 0x1f000000u) == 0x10000000u) /* ADR, ADRP */
		return word & 0x9f00001fu;
	if ((word & 0x7f800000u) == 0x11000000u || (word & 0x3b000000u) == 0x39000000u)
		return word & 0xffc003ffu; /* ADD, loads and stores with an offset */
	return word;
}

static void add_words(struct maker *maker, const uint8_t *bytes, size_t n)
{
	uint64_t window = 0;

	/* Each word moves the last ones up; what is older than WORDS is shifted out. */
	for (size_t i = 0; i + 4 <= n; i += 4) {
		uint32_t word = placeless(rill_load32(bytes + i));

		window = (window << (64 / WORDS)) ^ (word * UINT64_C(0xff51afd7ed558ccd) >> 40);
		if (i >= 4 * WORDS && word != 0)
			put(maker, window);
	}
}

static void add_bytes(struct maker *maker, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + BYTES <= n; i++) {
		uint64_t low = rill_load64(bytes + i);

		if (low != 0)
			put(maker, low ^ (uint64_t)rill_load32(bytes + i + 8) *
						   UINT64_C(0xc4ceb9fe1a85ec53));
	}
}

void sketch_make(struct sketch *sketch, const uint8_t *bytes, size_t n)
{
	struct maker *maker = malloc(sizeof *maker);

	sketch->n = 0;
	if (!maker)
		return;
	maker->n = 0;
	maker->limit = UINT64_MAX;
	if (n >= 20 && memcmp(bytes, "\177ELF", 4) == 0 && bytes[18] == 0xb7)
		add_words(maker, bytes, n);
	else
		add_bytes(maker, bytes, n);
	settle(maker);
	memcpy(sketch->hash, maker->pending, maker->n * sizeof maker->pending[0]);
	sketch->n = maker->n;
	free(maker);
}
