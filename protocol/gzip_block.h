/* SPDX-License-Identifier: Apache-2.0
 *
 * The blocks of GNU gzip's deflate (RFC 1951, 3.2.3 to 3.2.7): where one ends, and whether it is
 * stored, has the fixed codes, or brings its own.
 */
#ifndef RILL_GZIP_BLOCK_H
#define RILL_GZIP_BLOCK_H

#include "protocol/deflate_engine.h"
#include "protocol/huffman.h"

#define RILL_GZIP_BLOCK_MAX 32767

/* The literals and matches of one block. Zeros at the start. */
struct rill_gzip_block {
	unsigned n, matches;
	uint16_t distance[RILL_GZIP_BLOCK_MAX + 1]; /* 0: a literal */
	uint8_t value[RILL_GZIP_BLOCK_MAX + 1]; /* the byte, or the length of the match less 3 */
	struct rill_huffman literals, distances;
};

/* Adds a literal or a match. `covered` are the plain bytes since the block's begin. Returns
 * whether the block ends here; `probes` is whether it may end before it is full, as it does when
 * it shrinks to under a half with few matches. */
bool rill_gzip_block_add(struct rill_gzip_block *block, unsigned distance, uint8_t value,
			 uint32_t covered, bool probes);

/* Writes the block and begins the next. It covers `n` plain bytes, which are at `bytes`, or, when
 * `bytes` is NULL, no longer there to be stored. */
void rill_gzip_block_end(struct rill_gzip_block *block, struct rill_deflate_output *output,
			 const uint8_t *bytes, uint32_t n, bool last);

#endif
