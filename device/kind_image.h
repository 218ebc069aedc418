/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind_image.c and kind_image_seal.c share: nobody else includes this.
 */
#ifndef RILL_DEVICE_KIND_IMAGE_H
#define RILL_DEVICE_KIND_IMAGE_H

#include "device/image_store.h"
#include "device/kind.h"
#include "protocol/image_delta.h"

/* An object that is a file: a base layer, plain, or a new layer. */
struct image_object {
	int fd; /* or -1 */
	char name[NAME_MAX + 1]; /* in the folder of blobs, "" when it is a blob that stays */
};

struct image_install {
	struct install install;
	const struct target_config *target;
	char blobs_path[PATH_MAX];
	int blobs; /* that folder, or -1 */
	struct stored_image base;
	bool begun;

	/* From `accept` on. */
	struct rill_delta_header *header;
	uint8_t *document[RILL_IMAGE_LAYERS];
	size_t document_fill[RILL_IMAGE_LAYERS];
	struct image_object *objects; /* numbered as in delta_decoder.h */
};

/* Puts what was decoded in place as blobs, and writes the new index. */
enum rill_code image_put_in_place(struct image_install *image, struct rill_error *error);

/* Reads back what the new index names and the old one does not: RILL_CORRUPT when a digest is
 * another, or the image is not the one with this SHA-256. */
enum rill_code image_read_back(const struct image_install *image, const uint8_t *sha256,
			       struct rill_error *error);

/* A file that goes again unless it becomes the blob with this SHA-256. */
enum rill_code image_create(const struct image_install *image, struct image_object *object,
			    const uint8_t *sha256, struct rill_error *error);

enum rill_code image_sync_blobs(const struct image_install *image, struct rill_error *error);

#endif
