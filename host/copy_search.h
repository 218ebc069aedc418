/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds where bytes of the new file stand in the old one, by a suffix array of the old
 * (libdivsufsort), in the manner of C. Percival's bsdiff: it goes on with the alignment at
 * hand as long as that holds, and looks for a better one where it does not.
 *
 * The result is a list of exact matches, a superset of what is worth copying:
 * copy_select.h chooses. The time is linear in the new file but for a logarithm of the old
 * one's size, for periodic input too: a match is skipped once it was found.
 */
#ifndef RILL_COPY_SEARCH_H
#define RILL_COPY_SEARCH_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

/* Files that are matched have less than 4 GiB; there are many matches. */
struct match {
	uint32_t new_start, old_start, length;
};

struct match_list {
	struct match *match; /* by part of the old file, then by new_start */
	size_t n, capacity;
};

#define COPY_SEARCH_PART_MOST (1u << 30)

/* Matches of at least `least` bytes. The old file is sorted in parts of `part` bytes, at most
 * COPY_SEARCH_PART_MOST: each takes 4 bytes of memory a byte, and a search of its own. */
enum rill_code copy_search(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			   size_t least, size_t part, struct match_list *list,
			   struct rill_error *error);
void match_list_free(struct match_list *list);

#endif
