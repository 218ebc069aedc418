/* SPDX-License-Identifier: Apache-2.0
 *
 * The OCI image layout of a target of kind image (OCI Image Format Specification 1.1,
 * image-layout.md). It holds one image, and belongs to the target alone:
 *
 *	PATH/oci-layout
 *	PATH/index.json			names the image that is installed
 *	PATH/index.json.rill-new	the one that is prepared
 *	PATH/index.json.rill-previous	the one before, until the new one is committed
 *	PATH/blobs/sha256/HEX		blobs; .HEX.rill while one is written
 *
 * An index names only what is complete and durable. Errors name the file.
 */
#ifndef RILL_DEVICE_IMAGE_STORE_H
#define RILL_DEVICE_IMAGE_STORE_H

#include "protocol/oci.h"
#include <limits.h>

#define STORE_INDEX "index.json"
#define STORE_NEW "index.json.rill-new"
#define STORE_PREVIOUS "index.json.rill-previous"

/* An image that an index names. */
struct stored_image {
	bool there; /* or there is no such index */
	char tag[256]; /* "" when it has none */
	uint8_t manifest_sha256[RILL_SHA256_SIZE];
	char *config_bytes;
	size_t config_length;
	struct rill_oci_manifest manifest;
	char *manifest_bytes;
	struct rill_oci_config config;
};

/* Reads index, manifest and config, each compared with its digest. RILL_IO: a file is missing;
 * RILL_CORRUPT; RILL_CONFIG: the layout holds several images, or none that we know. Release with
 * stored_image_free(), also after a failure. */
enum rill_code stored_image_read(struct stored_image *image, const char *path, const char *index,
				 struct rill_error *error);
void stored_image_free(struct stored_image *image);

/* PATH/blobs/sha256, PATH_MAX bytes; a blob's name in it, NAME_MAX bytes, and its name while it is
 * written. */
void store_blobs(char *folder, const char *path);
void store_blob_name(char *name, const uint8_t *sha256);
void store_part_name(char *name, const uint8_t *sha256);

/* Makes the folders and the file oci-layout where they are missing. */
enum rill_code store_prepare(const char *path, struct rill_error *error);

/* Writes an index that names one image, durably. */
enum rill_code store_write_index(const char *path, const char *index,
				 const struct rill_oci_index_entry *entry,
				 struct rill_error *error);

/* Removes the blobs that no index names, and what was not completed; with `prepared`, the index
 * of what is prepared counts, else it goes too. Removes no blob when an index cannot be read.
 * RILL_OK: what is gone is gone for good. */
enum rill_code store_sweep(const char *path, bool prepared, struct rill_error *error);

#endif
