/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes OCI image layouts (OCI Image Format Specification 1.1, image-layout.md) so that a
 * power cut leaves what was there before or the new image, whole: blobs appear under their
 * names when they are complete and on the disk, index.json names them last. What else is in the
 * layout stays.
 */
#ifndef RILL_HOST_LAYOUT_WRITE_H
#define RILL_HOST_LAYOUT_WRITE_H

#include "host/file.h"
#include "protocol/oci.h"

/* Start from all zero; release with layout_close(). */
struct layout {
	char *path;
	char *tag; /* or NULL */
};

/* `spec` is PATH or PATH:TAG: a folder that exists is a path, whatever it is called; else the
 * first ':' ends it. Makes the folders that are missing. RILL_USAGE for a folder with other
 * things in it, RILL_UNSUPPORTED for a layout of another version; RILL_IO, RILL_NO_SPACE. */
enum rill_code layout_open(struct layout *layout, const char *spec, struct rill_error *error);
void layout_close(struct layout *layout);

/* A blob while it is written. `output` can be read back, for what copies from it. */
struct layout_blob {
	char *path;
	struct output output;
	struct rill_sha256 hash;
	uint8_t sha256[RILL_SHA256_SIZE];
	uint64_t size;
};

/* The blob will have this digest. Then write, and commit or abandon (also after a failure). */
enum rill_code layout_blob_open(const struct layout *layout, struct layout_blob *blob,
				const uint8_t *sha256, struct rill_error *error);
enum rill_code layout_blob_write(struct layout_blob *blob, const void *bytes, size_t n,
				 struct rill_error *error);
/* RILL_CORRUPT with both digests when its bytes are others; then nothing is left of it. */
enum rill_code layout_blob_commit(struct layout_blob *blob, struct rill_error *error);
void layout_blob_abandon(struct layout_blob *blob);

/* Whether a blob is there, with these bytes: reads it. */
bool layout_has_blob(const struct layout *layout, const uint8_t *sha256);

/* A whole blob at once. */
enum rill_code layout_write_blob(const struct layout *layout, const void *bytes, size_t n,
				 const uint8_t *sha256, struct rill_error *error);

/* Puts a manifest into index.json, in the place of the one with its tag; without a tag, of the
 * one without a tag. To be called last. */
enum rill_code layout_write_index(const struct layout *layout,
				  const struct rill_oci_index_entry *entry,
				  struct rill_error *error);

#endif
