/* SPDX-License-Identifier: Apache-2.0
 *
 * The executables of a group: where they lie in its gathered files, for matching, and in
 * sources and output, for the delta.
 */
#ifndef RILL_GROUP_LAYOUT_H
#define RILL_GROUP_LAYOUT_H

#include "host/gather.h"
#include "host/group.h"
#include "host/symbol_slots.h"

struct group_layout {
	struct rill_layout layout; /* old files, by local offsets */
	struct rill_layout mirror; /* the new ones as old, each once, for their view */
	struct symbol_slots *old_slots, *new_slots; /* by image of the two */
	size_t slots; /* room in each */
	const struct file_pair *pair[GROUP_PAIRS_MAX]; /* by image of `layout` */
	bool guessed;
};

/* Reads the group's pairs. `guess`: look for code also where there is no ELF file.
 * RILL_MEMORY. */
enum rill_code group_layout_make(struct group_layout *result, const struct group *group,
				 const struct gathered *old, const struct gathered *new, bool guess,
				 struct rill_error *error);
/* Changes `layout` from local offsets to those of sources and output. */
void group_layout_place(struct group_layout *layout, const struct gathered *old,
			const struct gathered *new);
void group_layout_free(struct group_layout *layout);

#endif
