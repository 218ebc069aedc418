/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/image_delta.h"

#include "protocol/layer_recipe.h"
#include <stdlib.h>
#include <string.h>

static enum rill_code corrupt(struct rill_error *error, const char *what)
{
	return rill_fail(error, RILL_CORRUPT, "the delta's image: %s; make the delta again", what);
}

enum rill_code rill_image_delta_check(const struct rill_delta_header *header,
				      struct rill_error *error)
{
	if (!(header->flags & RILL_DELTA_IMAGE))
		return rill_fail(error, RILL_UNSUPPORTED,
				 "a delta of files, where one of images is needed");
	if (header->output_count < RILL_IMAGE_LAYERS)
		return corrupt(error, "config, manifest or recipes are missing");
	for (size_t i = 0; i < RILL_IMAGE_LAYERS; i++)
		if (header->output[i].length > RILL_IMAGE_DOCUMENT_MAX)
			return corrupt(error, "an impossible length");
	return RILL_OK;
}

static bool find_object(const struct rill_delta_header *header, struct rill_image_layer *layer)
{
	size_t n = header->base_count + header->output_count;

	for (size_t i = 0; i < n; i++) {
		const struct rill_object *object =
			i < header->base_count ? &header->base[i]
					       : &header->output[i - header->base_count];

		if (i >= header->base_count && i < header->base_count + RILL_IMAGE_LAYERS)
			continue;
		if (memcmp(object->sha256, layer->diff_id, RILL_SHA256_SIZE) != 0)
			continue;
		layer->object = i;
		layer->plain_length = object->length;
		return true;
	}
	return false;
}

/* The next recipe, or none. */
static enum rill_code read_recipe(struct rill_reader *reader, struct rill_image_layer *layer,
				  struct rill_error *error)
{
	const uint8_t *start = reader->at;
	uint64_t plain_length;
	enum rill_code code;

	if (rill_reader_left(reader) > 0 && *start == 0) {
		reader->at++;
		return RILL_OK;
	}
	code = rill_layer_recipe_skip(reader, &plain_length, error);
	if (code == RILL_OK && plain_length != layer->plain_length)
		code = corrupt(error, "a recipe is that of another layer");
	layer->recipe = start;
	layer->recipe_length = (size_t)(reader->at - start);
	return code;
}

static enum rill_code read_layers(struct rill_image_delta *image,
				  const struct rill_delta_header *header, const uint8_t *recipes,
				  struct rill_error *error)
{
	struct rill_reader reader = rill_reader(recipes,
						(size_t)header->output[RILL_IMAGE_RECIPES].length);
	size_t n = image->manifest.layer_count;
	enum rill_code code = RILL_OK;

	if (n != image->config.diff_id_count)
		return corrupt(error, "manifest and config have different numbers of layers");
	image->layers = calloc(n + 1, sizeof *image->layers);
	if (!image->layers)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu layers", n);
	image->layer_count = n;
	for (size_t i = 0; i < n && code == RILL_OK; i++) {
		struct rill_image_layer *layer = &image->layers[i];

		layer->digest = image->manifest.layers[i].sha256;
		layer->diff_id = image->config.diff_ids[i];
		if (!find_object(header, layer))
			code = corrupt(error, "a layer is neither in a base nor in the delta");
		if (code == RILL_OK)
			code = read_recipe(&reader, layer, error);
	}
	if (code == RILL_OK && rill_reader_left(&reader) > 0)
		code = corrupt(error, "more recipes than layers");
	return code;
}

enum rill_code rill_image_delta_read(struct rill_image_delta *image,
				     const struct rill_delta_header *header,
				     const uint8_t *const documents[RILL_IMAGE_LAYERS],
				     struct rill_error *error)
{
	const struct rill_object *config = &header->output[RILL_IMAGE_CONFIG];
	const struct rill_object *manifest = &header->output[RILL_IMAGE_MANIFEST];
	enum rill_code code;

	*image = (struct rill_image_delta){0};
	code = rill_oci_manifest_read(&image->manifest, documents[RILL_IMAGE_MANIFEST],
				      (size_t)manifest->length, error);
	if (code == RILL_OK)
		code = rill_oci_config_read(&image->config, documents[RILL_IMAGE_CONFIG],
					    (size_t)config->length, error);
	if (code == RILL_OK &&
	    memcmp(image->manifest.config.sha256, config->sha256, RILL_SHA256_SIZE) != 0)
		code = corrupt(error, "the config is not the manifest's");
	if (code == RILL_OK)
		code = read_layers(image, header, documents[RILL_IMAGE_RECIPES], error);
	return code;
}

void rill_image_delta_free(struct rill_image_delta *image)
{
	free(image->layers);
	rill_oci_manifest_free(&image->manifest);
	rill_oci_config_free(&image->config);
	*image = (struct rill_image_delta){0};
}

bool rill_image_layer_is_plain(const struct rill_image_layer *layer)
{
	return memcmp(layer->digest, layer->diff_id, RILL_SHA256_SIZE) == 0;
}

enum rill_code rill_image_delta_make_plain(struct rill_image_delta *image, struct rill_error *error)
{
	uint64_t *sizes = calloc(image->layer_count + 1, sizeof *sizes);
	enum rill_code code;

	if (!sizes)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu layers",
				 image->layer_count);
	for (size_t i = 0; i < image->layer_count; i++)
		sizes[i] = image->layers[i].plain_length;
	code = rill_oci_manifest_make_plain(&image->manifest, &image->config, sizes, error);
	free(sizes);
	return code;
}
