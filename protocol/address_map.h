/* SPDX-License-Identifier: Apache-2.0
 *
 * Where old bytes went: the copies of a group read backwards. It answers for an offset in
 * the sources which offset in the output its copy put it to; where several copies cover it, the
 * longest counts (the earlier in the output when they are equally long), and where none does, the
 * nearest one is continued, as Zucchini projects targets.
 */
#ifndef RILL_ADDRESS_MAP_H
#define RILL_ADDRESS_MAP_H

#include "protocol/copy_map.h"

/* A stretch of the sources and the copy that speaks for it. */
struct rill_stretch {
	uint64_t start;
	uint32_t length, copy;
};

#define RILL_MAP_INDEX (1u << 14)

struct rill_address_map {
	const struct rill_copy *copy;
	struct rill_stretch *stretch; /* in the order of the sources, not overlapping */
	size_t count;
	/* By offset - low >> index_shift: the first stretch that ends behind it. */
	uint64_t low;
	unsigned index_shift;
	uint32_t index[RILL_MAP_INDEX + 1];
};

/* Builds the map of `count` copies, which must outlive it. `stretch` has room for `count` + 1
 * entries. */
void rill_address_map_build(struct rill_address_map *map, const struct rill_copy *copy,
			    size_t count, struct rill_stretch *stretch);

/* The offset in the output of byte `offset` of the sources. False when no copy helps. `*exact`
 * tells whether a copy covers it. */
bool rill_address_map_find(const struct rill_address_map *map, uint64_t offset, uint64_t *output,
			   bool *exact);

#endif
