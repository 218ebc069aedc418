/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and bytes from the front of a fuzzer's input; zeros when it is used up.
 */
#ifndef RILL_TESTS_TAKE_H
#define RILL_TESTS_TAKE_H

#include <stddef.h>
#include <stdint.h>

struct take {
	const uint8_t *at;
	size_t n;
};

/* Little-endian, of `bytes` bytes (at most 8). */
static inline uint64_t take(struct take *take, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && take->n > 0; i++, take->n--)
		value |= (uint64_t)*take->at++ << 8 * i;
	return value;
}

/* A number of any size: its length in bytes comes first. */
static inline uint64_t take_any(struct take *from)
{
	return take(from, take(from, 1) % 9);
}

/* From 0 to `most`. */
static inline uint64_t take_most(struct take *from, uint64_t most)
{
	uint64_t value = take(from, most < 256 ? 1 : most < 65536 ? 2 : 4);

	return most == UINT64_MAX ? value : value % (most + 1);
}

#endif
