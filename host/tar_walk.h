/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the members of a tar archive are (POSIX.1-2017 pax, ustar; GNU tar), as a hint for
 * pairing old files with new ones. Nothing depends on its being right: what is no tar, or
 * a damaged or exotic one, has fewer members or none.
 */
#ifndef RILL_TAR_WALK_H
#define RILL_TAR_WALK_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tar_member {
	uint64_t start; /* of the first header that belongs to it */
	uint64_t data, size; /* content; size 0 for what is no regular file */
	uint64_t end; /* behind the padding */
	/* Hashes of its path, of the last part of that, and of that without digits. */
	uint64_t path, name, stem;
};

struct tar_list {
	struct tar_member *member; /* in order, not overlapping */
	size_t n, capacity;
};

/* Appends the members in `bytes`; their offsets count from `base`. RILL_MEMORY. */
enum rill_code tar_walk(struct tar_list *list, const uint8_t *bytes, uint64_t n, uint64_t base,
			struct rill_error *error);
enum rill_code tar_list_add(struct tar_list *list, const struct tar_member *member,
			    struct rill_error *error);
void tar_list_free(struct tar_list *list);

/* The hashes above, of a path that is not in a tar. */
void tar_name(struct tar_member *member, const char *path, size_t n);

#endif
