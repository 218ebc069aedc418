/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_open.h"

#include "host/image_docker.h"
#include "host/image_spec.h"
#include <stdlib.h>
#include <string.h>

enum image_kind image_detect(const char *spec)
{
	struct image_spec parts;
	struct rill_error ignored;
	enum image_kind kind = IMAGE_NONE;
	enum rill_code code;

	if (strcmp(spec, "-") == 0)
		return IMAGE_NONE;
	/* A digest that is none is for image_open() to report. */
	code = image_spec_parse(&parts, spec, &ignored);
	if (code == RILL_OK || code == RILL_USAGE || code == RILL_UNSUPPORTED)
		kind = image_store_kind(parts.path);
	image_spec_free(&parts);
	return kind;
}

enum rill_code image_make_layers(struct image *image, size_t n, struct rill_error *error)
{
	image->layers = calloc(n + 1, sizeof *image->layers);
	if (!image->layers) {
		rill_fail(error, RILL_MEMORY, "%s: no memory for %zu layers", image->spec, n);
		return RILL_MEMORY;
	}
	image->layer_count = n;
	return RILL_OK;
}

void image_layer_look(struct image_layer *layer, const struct image_bytes *blob)
{
	layer->size = blob->length;
	layer->compression = compression_of(blob->bytes, blob->length);
}

enum rill_code image_check_platform(const struct image *image, const char *text,
				    const struct rill_oci_config *config, struct rill_error *error)
{
	const struct rill_oci_platform *has = &config->platform;
	struct image_platform wanted;
	enum rill_code code;

	if (!text)
		return RILL_OK;
	code = image_platform_parse(text, &wanted, error);
	if (code == RILL_OK && !rill_oci_platform_matches(&wanted.platform, has))
		code = rill_fail(error, RILL_USAGE, "%s: no image for %s; there: %s/%s%s%s",
				 image->spec, text, has->os, has->architecture,
				 *has->variant ? "/" : "", has->variant);
	return code;
}

static enum rill_code set_layer(struct image *image, size_t i,
				const struct rill_oci_descriptor *descriptor,
				const uint8_t *diff_id, struct rill_error *error)
{
	struct image_layer *layer = &image->layers[i];
	enum rill_oci_type type = rill_oci_type(descriptor->media_type);
	struct image_bytes blob;
	char what[48], name[IMAGE_BLOB_NAME];
	enum rill_code code;

	snprintf(what, sizeof what, "layer %zu", i + 1);
	if (type == RILL_OCI_IS_ENCRYPTED)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s: %s is encrypted (%.120s): decrypt the image first",
				 image->spec, what, descriptor->media_type);
	if (type != RILL_OCI_IS_LAYER && type != RILL_OCI_IS_FOREIGN)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s: %s has the media type %.120s, which is not a layer's",
				 image->spec, what, descriptor->media_type);
	memcpy(layer->digest, descriptor->sha256, RILL_SHA256_SIZE);
	memcpy(layer->diff_id, diff_id, RILL_SHA256_SIZE);
	image_blob_name(layer->digest, name);
	layer->media_type = strdup(descriptor->media_type);
	layer->name = strdup(name);
	if (!layer->media_type || !layer->name)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	code = image_store_blob(image->store, descriptor, what, &blob, error);
	if (code == RILL_IO && type == RILL_OCI_IS_FOREIGN)
		return rill_fail(
			error, RILL_UNSUPPORTED,
			"%s: %s is a foreign layer (%.120s) and %s is not there: fetch it first",
			image->spec, what, descriptor->media_type, name);
	if (code == RILL_OK)
		image_layer_look(layer, &blob);
	image_bytes_close(&blob);
	return code;
}

static enum rill_code read_config(struct image *image, const struct rill_oci_manifest *manifest,
				  const char *platform, struct rill_error *error)
{
	struct rill_oci_config config = {0};
	enum rill_code code;

	if (rill_oci_type(manifest->config.media_type) != RILL_OCI_IS_CONFIG)
		return rill_fail(
			error, RILL_UNSUPPORTED,
			"%s: its config has the media type %.120s: no image, but an artifact",
			image->spec, manifest->config.media_type);
	image->config_type = strdup(manifest->config.media_type);
	if (!image->config_type)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	memcpy(image->config_digest, manifest->config.sha256, RILL_SHA256_SIZE);
	code = image_store_document(image->store, &manifest->config, "config", &image->config,
				    error);
	if (code != RILL_OK)
		return code;
	code = rill_oci_config_read(&config, image->config.bytes, image->config.length, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s: config", image->spec);
	else if (config.diff_id_count != manifest->layer_count)
		code = rill_fail(error, RILL_CORRUPT, "%s: %zu layers, but the config has %zu",
				 image->spec, manifest->layer_count, config.diff_id_count);
	else
		code = image_check_platform(image, platform, &config, error);
	if (code == RILL_OK)
		code = image_make_layers(image, manifest->layer_count, error);
	for (size_t i = 0; code == RILL_OK && i < manifest->layer_count; i++)
		code = set_layer(image, i, &manifest->layers[i], config.diff_ids[i], error);
	rill_oci_config_free(&config);
	return code;
}

static enum rill_code check_layout(struct image *image, struct rill_error *error)
{
	struct image_bytes bytes;
	struct rill_json json;
	const char *version;
	enum rill_code code;

	code = image_store_read(image->store, "oci-layout", &bytes, error);
	if (code != RILL_OK) {
		rill_error_in(error, "no OCI image layout");
		return code;
	}
	code = rill_oci_parse(&json, bytes.bytes, bytes.length, error);
	image_bytes_close(&bytes);
	if (code != RILL_OK) {
		rill_error_in(error, "%s: oci-layout", image->spec);
		return code;
	}
	version = rill_json_string(&json,
				   rill_json_get(&json, RILL_JSON_ROOT, "imageLayoutVersion"));
	if (!version || strncmp(version, "1.", 2) != 0)
		code = rill_fail(error, RILL_UNSUPPORTED, "%s: imageLayoutVersion \"%.40s\", not 1",
				 image->spec, version ? version : "");
	rill_json_free(&json);
	return code;
}

static enum rill_code open_oci(struct image *image, const struct image_wish *wish,
			       struct rill_error *error)
{
	struct image_candidate chosen;
	struct rill_oci_manifest manifest = {0};
	enum rill_code code = check_layout(image, error);

	if (code == RILL_OK)
		code = image_select(image->store, wish, &chosen, error);
	if (code != RILL_OK)
		return code;
	if (rill_oci_type(chosen.media_type) != RILL_OCI_IS_MANIFEST)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s: the media type %.120s is not an image manifest's",
				 image->spec, chosen.media_type);
	image->manifest_type = strdup(chosen.media_type);
	image->tag = strdup(*chosen.tag ? chosen.tag : chosen.full_name);
	memcpy(image->manifest_digest, chosen.descriptor.sha256, RILL_SHA256_SIZE);
	if (!image->manifest_type || !image->tag)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	code = image_store_document(image->store, &chosen.descriptor, "manifest", &image->manifest,
				    error);
	if (code != RILL_OK)
		return code;
	code = rill_oci_manifest_read(&manifest, image->manifest.bytes, image->manifest.length,
				      error);
	if (code != RILL_OK)
		rill_error_in(error, "%s: manifest", image->spec);
	else
		code = read_config(image, &manifest, wish->platform, error);
	rill_oci_manifest_free(&manifest);
	return code;
}

enum rill_code image_open(struct image *image, const char *spec,
			  const struct image_options *options, struct rill_error *error)
{
	struct image_spec parts;
	enum rill_code code;

	*image = (struct image){0};
	if (options)
		image->options = *options;
	image->spec = strdup(spec);
	if (!image->spec)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", spec);
	code = image_spec_parse(&parts, image->spec, error);
	parts.wish.platform = image->options.platform;
	if (code == RILL_OK)
		code = image_store_open(&image->store, parts.path, image->options.scratch, error);
	if (code == RILL_OK) {
		image->kind = image_store_is(image->store);
		if (image->kind == IMAGE_DOCKER_ARCHIVE)
			code = image_docker_open(image, &parts.wish, error);
		else
			code = open_oci(image, &parts.wish, error);
	}
	image_spec_free(&parts);
	return code;
}

void image_close(struct image *image)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		free(image->layers[i].media_type);
		free(image->layers[i].name);
	}
	free(image->layers);
	free(image->spec);
	free(image->manifest_type);
	free(image->config_type);
	free(image->tag);
	buffer_free(&image->manifest);
	buffer_free(&image->config);
	image_store_close(image->store);
	*image = (struct image){0};
}
