/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts a release of a file or a container image into a repository, with the deltas to it. The
 * target that stands for an image is its config, whose digest is the image's ID.
 */
#ifndef RILL_HOST_PUBLISH_H
#define RILL_HOST_PUBLISH_H

#include "host/options.h"
#include "host/repository.h"

struct publication {
	const char *name, *file; /* the target's name; the file or image with its new content */
	const char *kind; /* "file", "image", "slot"; NULL: by what it is */
	const char *platform; /* of an image: or NULL */
	int64_t release; /* 0: the next one */
	int64_t base_releases; /* deltas from this many releases before */
	int64_t downgrade_from; /* devices up to this release may go down to it; 0: none */
	int64_t days; /* until the targets expire */
	int64_t threads; /* 0: as many as the machine runs */
	struct text_list bases; /* more of them: files or images */
	struct text_list boards, hardware; /* none: for every board, for all hardware */
	bool quiet;
};

/* Makes the deltas, applies each to its base to prove it, stores what a device needs and
 * drafts the targets, which the caller signs and commits. `report` (a JSON object) gets
 * what was done. RILL_USAGE: a name or a release number that will not do. */
enum rill_code publish(struct repository *repository, struct publication *publication,
		       cJSON *report, struct rill_error *error);

/* The folder of the deltas to a target, "deltas/NAME/", is for them alone. */
#define DELTAS "deltas/"

#endif
