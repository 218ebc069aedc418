/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes small images, right or wrong ones, for the tests of host/image.h.
 */
#ifndef RILL_TESTS_IMAGE_MAKE_H
#define RILL_TESTS_IMAGE_MAKE_H

#include "tests/unit/folder.h"

#include "host/buffer.h"
#include "protocol/hash.h"

/* A descriptor as JSON. */
struct made {
	char hex[RILL_SHA256_HEX];
	char json[512];
};

#define LAYER_TAR "application/vnd.oci.image.layer.v1.tar"
#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define INDEX "application/vnd.oci.image.index.v1+json"
#define CONFIG "application/vnd.oci.image.config.v1+json"

/* A layout without blobs, and its index.json over descriptors. */
void make_layout(const char *path);
void make_index_json(const char *path, const struct made *manifests, size_t n);

/* Blobs of a layout. */
struct made make_blob(const char *path, const char *type, const void *bytes, size_t n);
struct made make_text_blob(const char *path, const char *type, const char *text);
/* A config for os/architecture/variant ("" for none) and diff_ids; returns its descriptor. */
struct made make_config(const char *path, const char *os, const char *architecture,
			const char *variant, const struct made *layers, size_t n);
struct made make_manifest(const char *path, const struct made *config, const struct made *layers,
			  size_t n);
struct made make_index(const char *path, const struct made *manifests, size_t n);
/* An image with plain layers whose bytes are the texts; layers may be NULL. */
struct made make_image(const char *path, const char *architecture, const char *const *texts,
		       size_t n, struct made *layers);
/* The same descriptor with more members: ,"annotations":{...} */
struct made with(struct made made, const char *more);
struct made tagged(struct made made, const char *tag);

void compress_gzip(const void *bytes, size_t n, struct buffer *out);
void compress_zstd(const void *bytes, size_t n, struct buffer *out);

/* Members of a tar; `link` may be NULL. */
void add_member(struct buffer *tar, const char *name, char type, const char *link,
		const void *bytes, size_t n);
/* Computes the checksum of a header block anew. */
void sign_header(uint8_t *block);
void end_tar(struct buffer *tar);

#endif
