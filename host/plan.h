/* SPDX-License-Identifier: Apache-2.0
 *
 * Divides the work of a delta into groups, and finds for each part of the output what it is
 * to be compared with. A tar archive is taken apart into its members (tar_walk.h): one with
 * the content of an earlier one is copied; another is compared with the old one of the
 * same path or name, or of the most similar content (sketch.h), and with the most similar
 * new one before it. What is no archive is one member.
 * A file too large for that is compared by its long common parts first (anchors.h).
 */
#ifndef RILL_PLAN_H
#define RILL_PLAN_H

#include "host/group.h"
#include "host/unpacked_sources.h"

struct plan {
	struct group *group; /* in the order of the output, which they cover */
	size_t n, capacity;
};

/* Bytes to be matched at once, pieces and sources together. */
struct plan_limits {
	uint64_t group; /* several files */
	uint64_t whole; /* a file and its old one; what is larger is compared by long parts first */
};

/* RILL_MEMORY. */
enum rill_code plan_make(struct plan *plan, const struct unpacked_sources *unpacked,
			 const struct plan_limits *limits, struct rill_error *error);
void plan_free(struct plan *plan);

#endif
