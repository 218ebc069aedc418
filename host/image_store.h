/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an image's files lie: a folder, or an archive (a tar, itself perhaps compressed).
 * Files are known by names such as "index.json" and "blobs/sha256/...", which in an archive
 * are looked up among its members only: nothing outside can be named.
 */
#ifndef RILL_HOST_IMAGE_STORE_H
#define RILL_HOST_IMAGE_STORE_H

#include "host/image.h"
#include "protocol/oci.h"

struct image_store;

/* What is at a path. Does not decompress archives: one that is compressed counts by its first
 * member. */
enum image_kind image_store_kind(const char *path);

/* RILL_IO, RILL_CORRUPT, RILL_MEMORY, RILL_NO_SPACE. Errors name the path. */
enum rill_code image_store_open(struct image_store **store, const char *path, const char *scratch,
				struct rill_error *error);
void image_store_close(struct image_store *store);

enum image_kind image_store_is(const struct image_store *store);

/* Maps a file. RILL_IO when there is none. Links inside an archive are followed. */
enum rill_code image_store_read(const struct image_store *store, const char *name,
				struct image_bytes *bytes, struct rill_error *error);

/* Room for the name of a blob. */
#define IMAGE_BLOB_NAME 96
void image_blob_name(const uint8_t *sha256, char name[static IMAGE_BLOB_NAME]);

/* Maps a blob and compares its size, not its digest. `what` is its part in the image, for errors.
 */
enum rill_code image_store_blob(const struct image_store *store,
				const struct rill_oci_descriptor *descriptor, const char *what,
				struct image_bytes *bytes, struct rill_error *error);

/* Appends a blob that is a JSON document, compared with its digest and size. */
enum rill_code image_store_document(const struct image_store *store,
				    const struct rill_oci_descriptor *descriptor, const char *what,
				    struct buffer *document, struct rill_error *error);

/* RILL_CORRUPT with both digests. */
enum rill_code image_digest_differs(const char *path, const char *what, const uint8_t *expected,
				    const uint8_t *found, struct rill_error *error);

#endif
