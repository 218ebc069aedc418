/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds how a deflate stream was made: which recipe (protocol/deflate_recipe.h) makes it
 * again, bit for bit, from its plain bytes.
 *
 * Recipes are tried in an order that the hint suggests, each until its first byte that
 * differs, which is soon: mostly in the first block. The one that is right is followed to
 * the end, which is the proof. So a stream costs about one compression, one that no recipe makes a
 * few dozen of its first blocks. Nothing is kept: memory is RILL_DEFLATE_MEMORY and what
 * inflating needs, whatever the length of the stream.
 */
#ifndef RILL_DEFLATE_FIND_H
#define RILL_DEFLATE_FIND_H

#include "protocol/deflate_recipe.h"

/* What the file around the stream says of its maker; all 0 when it says nothing. */
struct deflate_hint {
	int level; /* 1 to 9 */
	enum deflate_maker { DEFLATE_MAKER_ANY, DEFLATE_MAKER_GZIP, DEFLATE_MAKER_ZIP } maker;
};

struct deflate_found {
	uint64_t length; /* of the deflate stream, within the bytes given */
	uint64_t plain_length;
	uint32_t crc32; /* of the plain bytes, as trailers of gzip and zip have it */
	bool found; /* else no recipe makes it, and the next is not set */
	struct rill_deflate_recipe recipe;
};

/* From a gzip header's XFL and OS (RFC 1952, 2.3.1). */
struct deflate_hint deflate_hint_gzip(uint8_t extra_flags, uint8_t os);
/* From a zip entry's general purpose flags (APPNOTE.TXT 4.4.4). */
struct deflate_hint deflate_hint_zip(uint16_t flags);

/* Looks at the deflate stream at the start of `bytes`, which may go on behind it. RILL_OK whether a
 * recipe was found or not. RILL_CORRUPT: no whole deflate stream there. RILL_MEMORY. */
enum rill_code deflate_find(const uint8_t *bytes, size_t n, struct deflate_hint hint,
			    struct deflate_found *found, struct rill_error *error);

#endif
