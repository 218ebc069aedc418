/* SPDX-License-Identifier: Apache-2.0
 *
 * Applies a delta of container images (protocol/image_delta.h) to images that are there: writes
 * the new one into an OCI image layout.
 */
#ifndef RILL_HOST_IMAGE_PATCH_H
#define RILL_HOST_IMAGE_PATCH_H

#include "host/file.h"
#include "host/image.h"
#include "host/progress.h"

struct image_patch {
	const struct image *bases;
	size_t base_count;
	const struct input *delta;
	uint64_t budget; /* the decoder's memory */
	bool plain; /* layers are to be stored plain, whatever can be made */
	struct progress *progress;
	/* Result: whether the manifest is the published one, and the digest that it has. */
	bool exact;
	uint8_t manifest_digest[RILL_SHA256_SIZE];
};

/* `output` is DIR or DIR:TAG (layout_write.h). What can be known before is refused before anything
 * is read or made: a delta of something else, over the budget, or of configs and layers that no
 * base has (RILL_WRONG_BASE names it). Old layers that are compressed are decompressed to the
 * scratch folder. The image gets the tag, or that of the first base; what was in the layout stays.
 * Nothing refers to what is incomplete. */
enum rill_code image_patch(struct image_patch *patch, const char *output, struct rill_error *error);

#endif
