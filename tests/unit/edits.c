/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/edits.h"

#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t *at;
	size_t n;
};

static size_t below(uint64_t *seed, size_t limit)
{
	return limit ? (size_t)(next_random(seed) % limit) : 0;
}

static struct bytes new_bytes(size_t n)
{
	struct bytes bytes = {malloc(n + 1), n};

	assert_non_null(bytes.at);
	return bytes;
}

static void fill_random(uint64_t *seed, uint8_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(next_random(seed) >> 32);
}

/* Noise, text of few words, records with counters, one byte only, a short period. */
static struct bytes make_base(uint64_t *seed, size_t most)
{
	struct bytes base = new_bytes(below(seed, 2) ? below(seed, most + 1)
						     : below(seed, most / 50 + 2));
	unsigned sort = (unsigned)below(seed, 5);
	size_t period = 2 + below(seed, 7);

	fill_random(seed, base.at, base.n);
	for (size_t i = 0; i < base.n; i++) {
		if (sort == 1)
			base.at[i] =
				(uint8_t) "the update of a file "[(i / 4 * 7 + base.at[i] % 3) %
								  21];
		else if (sort == 2 && i % 24 >= 3)
			base.at[i] = (uint8_t)(i % 24 < 6 ? i / 24 >> 8 * (i % 24 - 3) : i % 24);
		else if (sort == 3)
			base.at[i] = 0;
		else if (sort == 4 && i >= period)
			base.at[i] = base.at[i - period];
	}
	return base;
}

/* Puts `n` bytes in the place of `gone` ones at `at`. */
static void splice(struct bytes *bytes, size_t at, size_t gone, const uint8_t *with, size_t n)
{
	struct bytes result = new_bytes(bytes->n - gone + n);

	memcpy(result.at, bytes->at, at);
	if (n)
		memcpy(result.at + at, with, n);
	memcpy(result.at + at + n, bytes->at + at + gone, bytes->n - at - gone);
	free(bytes->at);
	*bytes = result;
}

static void edit(uint64_t *seed, struct bytes *bytes)
{
	size_t at = below(seed, bytes->n + 1);
	size_t n = below(seed, below(seed, 3) ? 40 : 3000);
	size_t there = n > bytes->n - at ? bytes->n - at : n;
	struct bytes piece = new_bytes(n);

	fill_random(seed, piece.at, n);
	switch (below(seed, 6)) {
	case 0: splice(bytes, at, 0, piece.at, n); break;
	case 1: splice(bytes, at, there, NULL, 0); break;
	case 2: splice(bytes, at, there, piece.at, there); break;
	case 3: /* moved */
		memcpy(piece.at, bytes->at + at, there);
		splice(bytes, at, there, NULL, 0);
		splice(bytes, below(seed, bytes->n + 1), 0, piece.at, there);
		break;
	case 4: /* twice */
		memcpy(piece.at, bytes->at + at, there);
		splice(bytes, below(seed, bytes->n + 1), 0, piece.at, there);
		break;
	default: /* every few bytes another one, as addresses change in a program */
		for (size_t i = at; i < at + there; i += 5)
			bytes->at[i] = (uint8_t)(bytes->at[i] + 3);
	}
	free(piece.at);
}

void for_random_edits(unsigned first, unsigned count, size_t most, pair_check check, void *context)
{
	for (unsigned i = first; i < first + count; i++) {
		uint64_t seed = UINT64_C(0x9e3779b97f4a7c15) * (i + 1);
		struct bytes base = make_base(&seed, most), target = new_bytes(base.n);
		size_t edits = below(&seed, 20);
		struct pair pair = {.base = base.at, .base_length = base.n};

		memcpy(target.at, base.at, base.n);
		for (size_t n = 0; n < edits; n++)
			edit(&seed, &target);
		snprintf(pair.name, sizeof pair.name, "random edits, pair %u", i);
		pair.target = target.at;
		pair.target_length = target.n;
		check(&pair, context);
		free(base.at);
		free(target.at);
	}
}

static void check_edge(const char *name, const uint8_t *base, size_t base_length,
		       const uint8_t *target, size_t target_length, pair_check check, void *context)
{
	struct pair pair = {.base = base,
			    .target = target,
			    .base_length = base_length,
			    .target_length = target_length};

	snprintf(pair.name, sizeof pair.name, "%s", name);
	check(&pair, context);
}

void for_edges(pair_check check, void *context)
{
	enum { N = 20000 };
	uint64_t seed = 7;
	uint8_t *noise = malloc(2 * N), *twice = malloc(2 * N);

	assert_non_null(noise);
	assert_non_null(twice);
	fill_random(&seed, noise, 2 * N);
	memcpy(twice, noise, N);
	memcpy(twice + N, noise, N);
	check_edge("both empty", NULL, 0, NULL, 0, check, context);
	check_edge("no base", NULL, 0, noise, N, check, context);
	check_edge("no target", noise, N, NULL, 0, check, context);
	check_edge("equal", noise, N, twice, N, check, context);
	check_edge("one byte, equal", noise, 1, twice, 1, check, context);
	check_edge("one byte, another", noise, 1, (const uint8_t[1]){(uint8_t)~noise[0]}, 1, check,
		   context);
	check_edge("one byte from many", noise, N, noise + 100, 1, check, context);
	check_edge("many from one byte", noise, 1, noise, N, check, context);
	check_edge("the base twice", noise, N, twice, 2 * N, check, context);
	check_edge("half of it", twice, 2 * N, noise, N, check, context);
	check_edge("the end alone", noise, N, noise + N - 30, 30, check, context);
	check_edge("nothing in common", noise, N, noise + N, N, check, context);
	free(noise);
	free(twice);
}
