/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a delta file (protocol/delta_header.h): the engine, with the header of what it wrote.
 */
#ifndef RILL_HOST_DELTA_ENCODE_H
#define RILL_HOST_DELTA_ENCODE_H

#include "host/buffer.h"
#include "host/sources.h"
#include "protocol/delta_header.h"
#include <stdbool.h>

struct delta_options {
	bool quiet; /* no progress bar */
	bool prove; /* decode what was made; that fails with the decoder's codes */
	int64_t jobs, memory; /* as in host/engine.h; 0: all processors, ENGINE_MEMORY */
};

/* The whole delta file goes to `delta` (all zero at first) and what its header says to
 * `header`, whose `chunk_sha256` points into `delta`. Codes as of host/engine.h. */
enum rill_code delta_make_of(const struct sources *sources, uint8_t flags,
			     const struct delta_options *options, struct buffer *delta,
			     struct rill_delta_header *header, struct rill_error *error);

/* The same of one base and one target. */
enum rill_code delta_make(const uint8_t *base, size_t base_length, const uint8_t *target,
			  size_t target_length, const struct delta_options *options,
			  struct buffer *delta, struct rill_delta_header *header,
			  struct rill_error *error);

#endif
