/* SPDX-License-Identifier: Apache-2.0
 *
 * Proves a repository whole: beside the metadata, which opening it has verified, every target's
 * length and hash, and every delta by its header and by applying it.
 */
#ifndef RILL_HOST_REPOSITORY_CHECK_H
#define RILL_HOST_REPOSITORY_CHECK_H

#include "host/repository.h"

struct check_counts {
	uint64_t targets, bytes, deltas;
	uint64_t applied; /* of the deltas; bases that were pruned or never here cannot be applied
			     to */
};

/* RILL_CORRUPT, RILL_IO: a file is damaged or missing, and named; RILL_SECURITY: entries that
 * contradict each other; RILL_EXPIRED, when all else is right. */
enum rill_code repository_check(struct repository *repository, int64_t now,
				struct check_counts *counts, struct rill_error *error);

#endif
