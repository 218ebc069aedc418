/* SPDX-License-Identifier: Apache-2.0
 *
 * Long common parts of two files that are too large to be sorted: blocks of the old one are
 * found in the new one by a rolling hash (R. Karp, M. Rabin, "Efficient randomized
 * pattern-matching algorithms", 1987; as A. Tridgell's rsync does) and extended as far as
 * the files are the same. Time is linear, memory 16 bytes for each block.
 */
#ifndef RILL_ANCHORS_H
#define RILL_ANCHORS_H

#include "host/copy_select.h"

/* Appends copies of at least a block to `list`, by output; they do not overlap there.
 * RILL_MEMORY. */
enum rill_code anchors_find(struct copy_list *list, const uint8_t *old, uint64_t old_n,
			    const uint8_t *new, uint64_t new_n, struct rill_error *error);

#endif
