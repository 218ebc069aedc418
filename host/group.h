/* SPDX-License-Identifier: Apache-2.0
 *
 * A group of the delta (delta_body.h) on the encoder's side: what plan.h decided about a
 * part of the output, and what matching makes of it.
 */
#ifndef RILL_GROUP_H
#define RILL_GROUP_H

#include "host/copy_select.h"
#include "host/progress.h"
#include "host/sources.h"
#include "protocol/layout.h"

/* A file among the sources and one in the output that is like it. */
struct file_pair {
	struct range old, new;
};

#define GROUP_PAIRS_MAX 64

struct group {
	/* The plan. Ranges are ascending and do not overlap; pairs are by their old file. */
	struct range output;
	struct copy_list known; /* copies that need no search, by output */
	struct range *piece, *source; /* what is to be matched, in the output; and with what */
	size_t pieces, sources;
	struct file_pair pair[GROUP_PAIRS_MAX]; /* executables, perhaps */
	size_t pairs;

	/* The result. */
	struct rill_layout layout;
	struct copy_list copies;
	bool guessed; /* the layout was guessed: it may do harm */
};

struct group_options {
	unsigned passes; /* of matching on written-out references; 0: bytes alone */
	unsigned change; /* price of a copy in bits */
	uint64_t memory; /* bytes that the matching of one group may take, about */
	/* How many copies the decoder has room for beside a layout. */
	size_t (*most_copies)(const void *context, const struct rill_layout *layout);
	const void *context;
	struct progress *progress; /* or NULL */
};

#define MATCH_MEMORY 6u /* bytes for each one that is matched */

/* Bytes to be matched, once a pass; group_match() adds them to the progress as they are done. */
uint64_t group_work(const struct group *group);

/* Fills in the result. RILL_MEMORY. */
enum rill_code group_match(struct group *group, const struct sources *sources,
			   const struct group_options *options, struct rill_error *error);
void group_free(struct group *group);

#endif
