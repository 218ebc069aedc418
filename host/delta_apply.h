/* SPDX-License-Identifier: Apache-2.0
 *
 * Applies a delta of one base and one output that is all in memory: for `mkdelta patch`
 * and for checking what was just made.
 */
#ifndef RILL_HOST_DELTA_APPLY_H
#define RILL_HOST_DELTA_APPLY_H

#include "host/file.h"
#include "host/progress.h"
#include "protocol/delta_header.h"

/* Parses a delta's header. */
enum rill_code delta_read_header(const struct input *delta, struct rill_delta_header *header,
				 struct rill_error *error);

/* Writes the result to `output`. RILL_WRONG_BASE when the base is another one; the
 * decoder's codes otherwise. */
enum rill_code delta_apply(const struct input *base, const struct input *delta, uint64_t budget,
			   struct output *output, struct progress *progress,
			   struct rill_error *error);

#endif
