/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes a spec apart: PATH, PATH:TAG, PATH@sha256:DIGEST.
 */
#ifndef RILL_HOST_IMAGE_SPEC_H
#define RILL_HOST_IMAGE_SPEC_H

#include "host/image_select.h"

struct image_spec {
	char *path; /* of an existing file or folder */
	struct image_wish wish; /* its texts belong to the spec that was taken apart */
};

/* A path that exists is only a path, whatever characters are in it; else the shortest part of
 * it before a ':' that exists is the path. RILL_IO when nothing exists, RILL_USAGE for a
 * digest that is none. Release with image_spec_free(), also after a failure. */
enum rill_code image_spec_parse(struct image_spec *parts, const char *spec,
				struct rill_error *error);
void image_spec_free(struct image_spec *parts);

#endif
