/* SPDX-License-Identifier: Apache-2.0
 *
 * Removes what no device asks for any more.
 */
#ifndef RILL_HOST_REPOSITORY_PRUNE_H
#define RILL_HOST_REPOSITORY_PRUNE_H

#include "host/repository.h"

struct prune_counts {
	uint64_t files, bytes;
};

/* Keeps all roots; the newest `keep` files of targets metadata, all that these and what is
 * staged name, and the snapshots over them, for devices in the midst of an update and as
 * bases of deltas to come. With `dry` nothing is removed. */
enum rill_code repository_prune(struct repository *repository, int64_t keep, bool dry,
				struct prune_counts *counts, struct rill_error *error);

#endif
