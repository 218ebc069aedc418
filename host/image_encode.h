/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the delta of container images: protocol/image_delta.h.
 */
#ifndef RILL_HOST_IMAGE_ENCODE_H
#define RILL_HOST_IMAGE_ENCODE_H

#include "host/delta_encode.h"
#include "host/image.h"

/* What became of the new image's layers. */
struct image_report {
	size_t layers, changed; /* changed: those that no base image has */
	uint64_t length; /* of all layers, plain */
	/* The first layer whose blob cannot be made again, from 1, and how it is compressed; 0: the
	 * published manifest holds. */
	size_t inexact;
	enum compression compression;
	bool unpublished; /* a docker-archive, whose manifest was made here */
};

/* `bases` are the images that are there, one at least; `target` is the new one. Layers are read
 * and compared with their digests, and lie in the scratch folder, plain, while this runs. The rest
 * as delta_make_of(). RILL_UNSUPPORTED: more layers than a delta has objects. */
enum rill_code image_encode(const struct image *bases, size_t base_count,
			    const struct image *target, const struct delta_options *options,
			    struct buffer *delta, struct rill_delta_header *header,
			    struct image_report *report, struct rill_error *error);

#endif
