/* SPDX-License-Identifier: Apache-2.0
 *
 * Applies a delta that is all in memory: for `mkdelta patch` and for checking what was just made.
 */
#ifndef RILL_HOST_DELTA_APPLY_H
#define RILL_HOST_DELTA_APPLY_H

#include "host/file.h"
#include "host/progress.h"
#include "protocol/delta_decoder.h"
#include <stdatomic.h>

/* Parses a delta's header. */
enum rill_code delta_read_header(const struct input *delta, struct rill_delta_header *header,
				 struct rill_error *error);

/* Looks at each step of the body, as rill_decoder_watch() says. */
struct delta_watch {
	void (*watch)(void *context, struct rill_body *body, uint64_t offset);
	void *context;
};

/* Decodes the whole delta, until `stop` (or NULL) is true: then the result is of no use. `watch`
 * may be NULL. The decoder's codes. */
enum rill_code delta_decode(const struct input *delta, const struct rill_delta_header *header,
			    uint64_t budget, struct rill_decoder_io io, const atomic_bool *stop,
			    const struct delta_watch *watch, struct progress *progress,
			    struct rill_error *error);

/* Applies a delta of one base and one output: writes the result to `output`. RILL_WRONG_BASE when
 * the base is another one; the decoder's codes otherwise. */
enum rill_code delta_apply(const struct input *base, const struct input *delta, uint64_t budget,
			   struct output *output, struct progress *progress,
			   struct rill_error *error);
enum rill_code delta_apply_watched(const struct input *base, const struct input *delta,
				   uint64_t budget, struct output *output,
				   const struct delta_watch *watch, struct progress *progress,
				   struct rill_error *error);

#endif
