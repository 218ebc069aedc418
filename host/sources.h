/* SPDX-License-Identifier: Apache-2.0
 *
 * What an encoder works on: base and output, each the concatenation of its objects, and the
 * address space of sources that the delta knows (copy_map.h): the base, then the output.
 */
#ifndef RILL_SOURCES_H
#define RILL_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sources {
	const uint8_t *old, *new;
	uint64_t old_n, new_n;
	/* Lengths of the objects, whose sums these are. */
	const uint64_t *old_object, *new_object;
	size_t old_objects, new_objects;
	/* Their SHA-256, one after another, where the caller knows them; else NULL. */
	const uint8_t *old_sha256, *new_sha256;
};

/* A range of the sources or of the output. */
struct range {
	uint64_t start, length;
};

/* The bytes from an offset in the sources on, as far as the side goes. */
static inline const uint8_t *source_at(const struct sources *sources, uint64_t offset)
{
	return offset < sources->old_n ? sources->old + offset
				       : sources->new + (offset - sources->old_n);
}

#endif
