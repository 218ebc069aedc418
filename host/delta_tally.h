/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the bytes of a delta go: it is decoded, and what each step of its body (delta_body.h) took
 * of the code is added up by what the step was about. The position in the code counts with its
 * fraction of a byte, which is what the coder's range has become.
 */
#ifndef RILL_HOST_DELTA_TALLY_H
#define RILL_HOST_DELTA_TALLY_H

#include "host/file.h"
#include "host/progress.h"
#include "protocol/delta_body.h"
#include "protocol/delta_header.h"

#define TALLY_BYTE 2048u /* of the units that costs are in: 1/256 bit */

struct tally_item {
	uint64_t cost, output, steps; /* output: bytes that the steps made */
};

struct delta_tally {
	struct tally_item item[RILL_BODY_PARTS][RILL_REGION_CLASSES][RILL_KINDS];
	/* Of the base, as the layouts of all groups say. */
	uint64_t regions[RILL_REGION_CLASSES], region_bytes[RILL_REGION_CLASSES];

	/* The step at work. */
	struct rill_body_place place;
	uint64_t position;
	bool begun, counted;
};

/* What the costs are about, for people; NULL for what never stands alone. */
extern const char *const tally_part_name[RILL_BODY_PARTS];
extern const char *const tally_class_name[RILL_REGION_CLASSES];
extern const char *const tally_kind_name[RILL_KINDS];

/* Takes a delta of one base and one output. The codes of delta_apply(), and
 * those of the temporary file that the output goes to. */
enum rill_code delta_tally_take(struct delta_tally *tally, const struct rill_delta_header *header,
				const struct input *base, const struct input *delta,
				struct progress *progress, struct rill_error *error);

#endif
