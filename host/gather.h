/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges put side by side, so that they can be matched as one file; and the way back from
 * an offset there to where its byte really is.
 */
#ifndef RILL_GATHER_H
#define RILL_GATHER_H

#include "host/sources.h"
#include "protocol/error.h"

struct gathered {
	const uint8_t *bytes;
	size_t n;
	const struct range *range; /* the caller's: ascending, not overlapping */
	uint64_t *local; /* where each of them begins in `bytes`; one more entry: n */
	size_t ranges;
	uint8_t *own; /* NULL when one range is used where it lies */
};

/* Ranges of the sources, or of the output when `of_output`. RILL_MEMORY. */
enum rill_code gather(struct gathered *gathered, const struct sources *sources, bool of_output,
		      const struct range *range, size_t ranges, struct rill_error *error);
void gathered_free(struct gathered *gathered);

/* Where the byte at a local offset lies, and how many bytes from it on lie there together. */
uint64_t gathered_origin(const struct gathered *gathered, uint64_t local, uint64_t *together);
/* The local offset of a byte that lies in one of the ranges. */
uint64_t gathered_local(const struct gathered *gathered, uint64_t origin);

#endif
