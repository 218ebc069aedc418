/* SPDX-License-Identifier: Apache-2.0
 *
 * Pairs of files for the tests of matching and coding: bases of several sorts with random
 * edits, the same on every machine, and the pairs at the edges.
 */
#ifndef RILL_TESTS_EDITS_H
#define RILL_TESTS_EDITS_H

#include "tests/unit/support.h"

struct pair {
	char name[64]; /* for messages */
	const uint8_t *base, *target;
	size_t base_length, target_length;
};

typedef void (*pair_check)(const struct pair *pair, void *context);

/* Pairs `first` to `first + count - 1`, with bases of up to `most` bytes. */
void for_random_edits(unsigned first, unsigned count, size_t most, pair_check check, void *context);

/* Empty and equal files, single bytes, the base twice, and nothing in common. */
void for_edges(pair_check check, void *context);

#endif
