/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a delta file (protocol/delta_header.h) of one base and one target.
 */
#ifndef RILL_HOST_DELTA_ENCODE_H
#define RILL_HOST_DELTA_ENCODE_H

#include "host/buffer.h"
#include "host/progress.h"
#include "host/suffix_match.h"
#include "protocol/delta_header.h"

/* Codes `target` as the copies of `list` from `base`; the whole delta file goes to `delta`
 * (all zero at first) and what its header says to `header`, whose `chunk_sha256` points
 * into `delta`. */
enum rill_code delta_encode(const uint8_t *base, size_t base_length, const uint8_t *target,
			    size_t target_length, const struct copy_list *list,
			    struct buffer *delta, struct rill_delta_header *header,
			    struct rill_error *error);

/* Matches and codes in one go: what most callers want. */
enum rill_code delta_make(const uint8_t *base, size_t base_length, const uint8_t *target,
			  size_t target_length, bool quiet, struct buffer *delta,
			  struct rill_delta_header *header, struct rill_error *error);

#endif
