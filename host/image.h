/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads container images: OCI image layouts (OCI Image Format Specification 1.1), the same in
 * a tar (oci-archive), and what "docker save" and "podman save" write (docker-archive), with or
 * without an OCI layout inside. An archive may be compressed as a whole by gzip or zstd.
 *
 * A spec names one image: PATH, PATH:TAG or PATH@sha256:DIGEST. Without tag or digest the path
 * must hold one image only. TAG may be the end of a longer name that the image has there
 * ("app:2" or "2" for "registry/app:2").
 *
 * Opening reads JSON only, each document compared with its digest. Layers are looked for and
 * their sizes compared, their bytes are read when they are asked for: a layer that both images
 * share costs nothing.
 *
 * Errors name spec and blob. RILL_IO: a file cannot be read, or a blob is not there.
 * RILL_CORRUPT: truncated, a digest or size that is not the expected one, JSON that is no
 * image. RILL_UNSUPPORTED: a media type or digest algorithm that is not known (named).
 * RILL_USAGE: no such tag or platform (those there are listed), or several images.
 */
#ifndef RILL_HOST_IMAGE_H
#define RILL_HOST_IMAGE_H

#include "host/buffer.h"
#include "host/unpack.h"
#include "protocol/hash.h"
#include <stdbool.h>

enum image_kind {
	IMAGE_NONE, /* a plain file, or nothing at all */
	IMAGE_LAYOUT,
	IMAGE_OCI_ARCHIVE,
	IMAGE_DOCKER_ARCHIVE,
};

struct image_options {
	const char *platform; /* "os/arch[/variant]", or NULL: there must be only one */
	const char *scratch; /* folder for decompressed layers; NULL: $TMPDIR or /var/tmp */
	/* NULL, or called while a layer is read, with bytes of its blob. */
	void (*progress)(void *context, uint64_t done, uint64_t total);
	void *context;
};

struct image_layer {
	char *media_type;
	uint8_t digest[RILL_SHA256_SIZE]; /* of the blob */
	uint64_t size; /* of the blob */
	uint8_t diff_id[RILL_SHA256_SIZE]; /* SHA-256 of the plain bytes */
	enum compression compression; /* by its first bytes, whatever the media type says */
	char *name; /* of the blob in the store */
};

struct image {
	char *spec;
	enum image_kind kind;
	struct image_options options;
	struct image_store *store;
	/* A docker-archive has no manifest: this one is made, for the layers as they are there. */
	bool made_manifest;
	char *manifest_type;
	struct buffer manifest; /* exactly as published */
	uint8_t manifest_digest[RILL_SHA256_SIZE];
	char *config_type;
	struct buffer config; /* exactly as published */
	uint8_t config_digest[RILL_SHA256_SIZE]; /* the image ID */
	struct image_layer *layers; /* from the lowest up */
	size_t layer_count;
	char *tag; /* the name that it has there, or NULL */
};

/* A read-only mapping. Start from all zero; release with image_bytes_close(). */
struct image_bytes {
	const uint8_t *bytes;
	size_t length;
	void *mapping; /* what to unmap, or NULL */
	size_t mapped;
};

/* What a spec names; every folder counts as a layout. An archive is known by its members, so
 * a tar of other things is a plain file. Opens nothing for "-". */
enum image_kind image_detect(const char *spec);

/* Release with image_close(), also after a failure. `options` may be NULL; what it points to
 * must live as long as the image. */
enum rill_code image_open(struct image *image, const char *spec,
			  const struct image_options *options, struct rill_error *error);
void image_close(struct image *image);

/* A layer's plain bytes, compared with the blob's digest and with diff_id: mapped where they
 * lie when they are stored plain, else decompressed to an unlinked file in the scratch folder.
 * Any number of gzip members or zstd frames; what follows the last gzip member is passed over
 * as GNU gzip does. Memory beside file cache: 512 KiB, for zstd also its window (128 MiB at
 * most). RILL_NO_SPACE as well. Image must outlive the mapping. */
enum rill_code image_layer_open(const struct image *image, size_t layer, struct image_bytes *plain,
				struct rill_error *error);

/* Appends a layer's plain bytes to a file, and compares them in the same way. RILL_IO as well. */
enum rill_code image_layer_write(const struct image *image, size_t layer, int fd,
				 struct rill_error *error);

/* A layer's blob as it is stored, not compared with anything. */
enum rill_code image_layer_blob(const struct image *image, size_t layer, struct image_bytes *blob,
				struct rill_error *error);

void image_bytes_close(struct image_bytes *bytes);

#endif
