/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON of container images: OCI Image Format Specification 1.1 (descriptor.md,
 * manifest.md, image-index.md, image-layout.md, config.md), and Docker's Image Manifest V2
 * Schema 2, which has the same shape under other media types. Digests are SHA-256.
 *
 * Reading: every field that is used is checked; RILL_CORRUPT names what is wrong,
 * RILL_UNSUPPORTED a digest algorithm or schema that is not known. Writing: into the caller's
 * buffer, without white space, so that equal contents are equal bytes.
 */
#ifndef RILL_OCI_H
#define RILL_OCI_H

#include "protocol/bytes.h"
#include "protocol/hash.h"
#include "protocol/json.h"

/* Longest document that is read; registries take 4 MiB. */
#define RILL_OCI_DOCUMENT_MAX (8u << 20)
#define RILL_OCI_LAYERS_MAX 1024u

#define RILL_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define RILL_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define RILL_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define RILL_OCI_LAYER_TAR "application/vnd.oci.image.layer.v1.tar"
#define RILL_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define RILL_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
/* Annotations of a descriptor in index.json: its tag, and the name that containerd gives. */
#define RILL_OCI_REF_NAME "org.opencontainers.image.ref.name"
#define RILL_OCI_CONTAINERD_NAME "io.containerd.image.name"
/* All of the file oci-layout. */
#define RILL_OCI_LAYOUT "{\"imageLayoutVersion\":\"1.0.0\"}"

enum rill_oci_type {
	RILL_OCI_IS_OTHER,
	RILL_OCI_IS_INDEX,
	RILL_OCI_IS_MANIFEST,
	RILL_OCI_IS_CONFIG,
	RILL_OCI_IS_LAYER, /* a tar, plain or compressed */
	RILL_OCI_IS_FOREIGN, /* such a layer that may lie elsewhere: "foreign", "nondistributable"
			      */
	RILL_OCI_IS_ENCRYPTED, /* a layer under ocicrypt's "+encrypted" */
};

enum rill_oci_type rill_oci_type(const char *media_type);

/* Texts belong to the document they were read from, or to the caller. */
struct rill_oci_descriptor {
	const char *media_type;
	uint8_t sha256[RILL_SHA256_SIZE];
	uint64_t size;
};

struct rill_oci_platform {
	const char *os, *architecture, *variant; /* variant: "" when there is none */
};

/* A document as JSON: at most RILL_OCI_DOCUMENT_MAX bytes. RILL_CORRUPT, RILL_MEMORY. */
enum rill_code rill_oci_parse(struct rill_json *json, const void *bytes, size_t n,
			      struct rill_error *error);

/* Reads "sha256:" and 64 digits. RILL_CORRUPT; RILL_UNSUPPORTED for other algorithms. */
enum rill_code rill_oci_digest(const char *text, uint8_t *sha256, struct rill_error *error);

/* `token` is the descriptor, or 0 (then it is missing: RILL_CORRUPT). */
enum rill_code rill_oci_descriptor(const struct rill_json *json, uint32_t token,
				   struct rill_oci_descriptor *descriptor,
				   struct rill_error *error);

/* Value of a descriptor's annotation, or NULL. */
const char *rill_oci_annotation(const struct rill_json *json, uint32_t descriptor,
				const char *name);

/* Whether two platforms are the same: "aarch64" is arm64, "x86_64" amd64, arm64 has variant v8
 * by itself. An empty variant in `wanted` takes every variant. */
bool rill_oci_platform_matches(const struct rill_oci_platform *wanted,
			       const struct rill_oci_platform *has);

/* What a document is, by its "mediaType", or by its shape where it has none. */
enum rill_oci_type rill_oci_document_type(const struct rill_json *json);

struct rill_oci_manifest {
	struct rill_json json;
	struct rill_oci_descriptor config;
	struct rill_oci_descriptor *layers; /* from the lowest up */
	size_t layer_count;
};

/* Release with rill_oci_manifest_free(), also after a failure. */
enum rill_code rill_oci_manifest_read(struct rill_oci_manifest *manifest, const void *bytes,
				      size_t n, struct rill_error *error);
void rill_oci_manifest_free(struct rill_oci_manifest *manifest);

struct rill_oci_config {
	struct rill_json json;
	struct rill_oci_platform platform;
	uint8_t (*diff_ids)[RILL_SHA256_SIZE];
	size_t diff_id_count;
};

/* Release with rill_oci_config_free(), also after a failure. */
enum rill_code rill_oci_config_read(struct rill_oci_config *config, const void *bytes, size_t n,
				    struct rill_error *error);
void rill_oci_config_free(struct rill_oci_config *config);

/* Makes the descriptors those of the same image with its layers stored plain: media type, digest
 * (diff_id) and size of each layer. `sizes` are those of the plain layers, one for each diff_id.
 * Config bytes and annotations stay. RILL_CORRUPT when the config has another number of layers. */
enum rill_code rill_oci_manifest_make_plain(struct rill_oci_manifest *manifest,
					    const struct rill_oci_config *config,
					    const uint64_t *sizes, struct rill_error *error);

/* Writes an OCI manifest of these descriptors, with the annotations that `json` has (it may be
 * all zero). The writer's `full` says when the buffer is too small, which one of
 * rill_oci_manifest_room() bytes never is. */
void rill_oci_manifest_write(struct rill_writer *writer, const struct rill_oci_manifest *manifest);
size_t rill_oci_manifest_room(const struct rill_oci_manifest *manifest);

struct rill_oci_index_entry {
	struct rill_oci_descriptor manifest;
	struct rill_oci_platform platform; /* left out when os is NULL */
	const char *tag; /* or NULL */
};

/* Writes index.json, and how much room that takes at most. */
void rill_oci_index_write(struct rill_writer *writer, const struct rill_oci_index_entry *entries,
			  size_t n);
size_t rill_oci_index_room(const struct rill_oci_index_entry *entries, size_t n);

#endif
