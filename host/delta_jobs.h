/* SPDX-License-Identifier: Apache-2.0
 *
 * Deltas from many bases to one target, a file or a container image, made in parallel, each applied
 * to its base to prove it.
 */
#ifndef RILL_HOST_DELTA_JOBS_H
#define RILL_HOST_DELTA_JOBS_H

#include "host/buffer.h"
#include "host/file.h"
#include "host/image.h"
#include "protocol/delta_header.h"

/* One of them. */
struct delta_target {
	const struct input *file;
	const struct image *image;
};

struct delta_job {
	const char *path; /* of the base: a file, or an image (host/image.h) */
	/* Results. Without `delta` bytes, none is worth having: the base is the target, its delta
	 * is no smaller than the target, or an earlier job has the same base. */
	struct buffer delta;
	struct rill_delta_header header;
	uint8_t base_sha256[RILL_SHA256_SIZE]; /* of an image's config */
	enum rill_code code;
	struct rill_error error;
};

/* Runs all jobs, `threads` at a time; the first error in their order counts. Release with
 * delta_jobs_free(), also after a failure. */
enum rill_code delta_jobs_run(struct delta_job *jobs, size_t count,
			      const struct delta_target *target, unsigned threads, bool quiet,
			      struct rill_error *error);
void delta_jobs_free(struct delta_job *jobs, size_t count);

#endif
