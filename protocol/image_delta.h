/* SPDX-License-Identifier: Apache-2.0
 *
 * A delta of container images: a delta file (delta_header.h) with the flag RILL_DELTA_IMAGE,
 * whose objects are
 *
 *	bases	configs, then layers of the images that are there
 *	outputs	0 the new image's config, 1 its manifest as published, 2 the recipes of its layers,
 *		then those of its layers that no base is, from the lowest up, each once
 *
 * where a layer is its plain bytes, which are known by their SHA-256 (diff_id in the config). The
 * config is always that of the published image, so the image ID is the same ("config-exact").
 * Where the blob of each layer can be had, too, the manifest holds ("manifest-exact"): because it
 * is stored plain, because it is there already, or by its recipe (layer_recipe.h).
 * Else the layers are stored plain, under a manifest that says so.
 *
 * The recipes are those of the manifest's layers in turn, or a byte 0 where there is none.
 */
#ifndef RILL_IMAGE_DELTA_H
#define RILL_IMAGE_DELTA_H

#include "protocol/delta_header.h"
#include "protocol/oci.h"

/* Outputs, by number; also how many there are without layers. */
enum { RILL_IMAGE_CONFIG, RILL_IMAGE_MANIFEST, RILL_IMAGE_RECIPES, RILL_IMAGE_LAYERS };

/* Longest output that is no layer: they are kept in memory. */
#define RILL_IMAGE_DOCUMENT_MAX (1u << 20)

struct rill_image_layer {
	const uint8_t *digest; /* of the blob as published */
	const uint8_t *diff_id;
	uint64_t plain_length;
	size_t object; /* that its plain bytes are, numbered as in delta_decoder.h */
	const uint8_t *recipe; /* or NULL */
	size_t recipe_length;
};

struct rill_image_delta {
	struct rill_oci_manifest manifest;
	struct rill_oci_config config;
	struct rill_image_layer *layers; /* from the lowest up */
	size_t layer_count;
};

/* Checks what can be known before decoding: that these are an image's outputs, and documents of
 * sizes that may be kept in memory. RILL_CORRUPT, RILL_UNSUPPORTED (no image). */
enum rill_code rill_image_delta_check(const struct rill_delta_header *header,
				      struct rill_error *error);

/* Puts the outputs that are no layers together, once they are decoded and their hashes right;
 * they and the header must live as long. Finds the object of each layer. RILL_CORRUPT: they do
 * not fit each other. Release with rill_image_delta_free(), also after a failure. */
enum rill_code rill_image_delta_read(struct rill_image_delta *image,
				     const struct rill_delta_header *header,
				     const uint8_t *const documents[RILL_IMAGE_LAYERS],
				     struct rill_error *error);
void rill_image_delta_free(struct rill_image_delta *image);

/* Whether the blob of a layer is its plain bytes. */
bool rill_image_layer_is_plain(const struct rill_image_layer *layer);

/* Makes `manifest` the one for plain layers: rill_oci_manifest_write() then writes it. */
enum rill_code rill_image_delta_make_plain(struct rill_image_delta *image,
					   struct rill_error *error);

#endif
