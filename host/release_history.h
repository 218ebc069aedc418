/* SPDX-License-Identifier: Apache-2.0
 *
 * What was published of a target before: from its entry now, and from older files of targets
 * metadata, which stay in the repository until they are pruned.
 */
#ifndef RILL_HOST_RELEASE_HISTORY_H
#define RILL_HOST_RELEASE_HISTORY_H

#include "host/repository.h"

/* An entry of "targets" of the kind that mkdelta writes. */
struct release_entry {
	int64_t release, length;
	const char *sha256; /* hexadecimal, in the entry */
	bool is_image; /* then this is its config, which no delta of files begins with */
};

/* Reads an entry; false when it is none of ours. */
bool release_entry_read(const cJSON *entry, struct release_entry *release);

/* Paths of the files of the newest `count` releases of a target that are still there, newest
 * first, each content once. Free each and the list. */
enum rill_code release_history(struct repository *repository, const char *name, size_t count,
			       char ***paths, size_t *found, struct rill_error *error);

#endif
