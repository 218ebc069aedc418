/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts a release of a file into a repository, with the deltas to it.
 */
#ifndef RILL_HOST_PUBLISH_H
#define RILL_HOST_PUBLISH_H

#include "host/options.h"
#include "host/repository.h"

struct publication {
	const char *name, *file; /* the target's name; the file with its new content */
	int64_t release; /* 0: the next one */
	struct text_list bases; /* files; the release before is always one */
	struct text_list boards; /* none: for every board */
	bool quiet;
};

/* Makes the deltas, applies each to its base to prove it, stores what a device needs and
 * changes `repository->targets`, which the caller commits. `report` (a JSON object) gets
 * what was done. RILL_USAGE: a name or a release number that will not do. */
enum rill_code publish(struct repository *repository, struct publication *publication,
		       cJSON *report, struct rill_error *error);

#endif
