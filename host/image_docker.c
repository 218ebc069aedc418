/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_docker.h"

#include "host/image_open.h"
#include <stdlib.h>
#include <string.h>

/* Names of the images in the archive, for an error. */
static void list_tags(const struct rill_json *json, char *text, size_t size)
{
	size_t n = 0;

	snprintf(text, size, "no tags");
	for (uint32_t i = rill_json_first(json, RILL_JSON_ROOT); i;
	     i = rill_json_next(json, RILL_JSON_ROOT, i)) {
		uint32_t tags = rill_json_get(json, i, "RepoTags");
		uint32_t tag = rill_json_is(json, tags, RILL_JSON_ARRAY)
				       ? rill_json_first(json, tags)
				       : 0;

		for (; tag; tag = rill_json_next(json, tags, tag)) {
			const char *name = rill_json_string(json, tag);

			if (!name)
				continue;
			if (n + strlen(name) + 8 > size) {
				snprintf(text + n, size - n, ", ...");
				return;
			}
			n += (size_t)snprintf(text + n, size - n, "%s%s", n ? ", " : "", name);
		}
	}
}

/* "HEX.json" or "blobs/sha256/HEX": the digest that a name claims; false when it claims none. */
static bool digest_in_name(const char *name, uint8_t *digest)
{
	const char *slash = strrchr(name, '/');
	char hex[RILL_SHA256_HEX] = "";
	size_t n;

	name = slash ? slash + 1 : name;
	n = strcspn(name, ".");
	if (n != sizeof hex - 1 || (name[n] && strcmp(name + n, ".json") != 0))
		return false;
	memcpy(hex, name, n);
	return rill_unhex(hex, digest, RILL_SHA256_SIZE);
}

static bool is_wished(const struct rill_json *json, uint32_t entry, const struct image_wish *wish,
		      const char **tag)
{
	uint32_t tags = rill_json_get(json, entry, "RepoTags");
	const char *config = rill_json_string(json, rill_json_get(json, entry, "Config"));
	uint8_t digest[RILL_SHA256_SIZE];
	uint32_t i = rill_json_is(json, tags, RILL_JSON_ARRAY) ? rill_json_first(json, tags) : 0;

	*tag = i ? rill_json_string(json, i) : NULL;
	if (wish->by_digest) /* the image ID */
		return config && digest_in_name(config, digest) &&
		       memcmp(digest, wish->digest, sizeof digest) == 0;
	if (!wish->tag)
		return true;
	for (; i; i = rill_json_next(json, tags, i)) {
		*tag = rill_json_string(json, i);
		if (*tag && image_tag_matches(wish->tag, *tag))
			return true;
	}
	return false;
}

static enum rill_code choose(struct image *image, const struct rill_json *json,
			     const struct image_wish *wish, uint32_t *chosen,
			     struct rill_error *error)
{
	const char *tag;
	char there[300];
	size_t n = 0;

	for (uint32_t i = rill_json_first(json, RILL_JSON_ROOT); i;
	     i = rill_json_next(json, RILL_JSON_ROOT, i))
		if (is_wished(json, i, wish, &tag)) {
			*chosen = i;
			n++;
			free(image->tag);
			image->tag = strdup(tag ? tag : "");
			if (!image->tag)
				return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
		}
	list_tags(json, there, sizeof there);
	if (n == 0)
		return rill_fail(error, RILL_USAGE, "%s: no such image; there: %s", image->spec,
				 there);
	if (n > 1)
		return rill_fail(error, RILL_USAGE,
				 "%s: several images: %s; choose one by PATH:TAG", image->spec,
				 there);
	return RILL_OK;
}

static enum rill_code read_config(struct image *image, const char *name,
				  struct rill_oci_config *config, struct rill_error *error)
{
	uint8_t claimed[RILL_SHA256_SIZE];
	struct image_bytes bytes;
	enum rill_code code;

	if (!name)
		return rill_fail(error, RILL_CORRUPT, "%s: manifest.json: no \"Config\"",
				 image->spec);
	code = image_store_read(image->store, name, &bytes, error);
	if (code != RILL_OK)
		return code;
	if (bytes.length > RILL_OCI_DOCUMENT_MAX)
		code = rill_fail(error, RILL_CORRUPT, "%s: config: over %u bytes long", image->spec,
				 RILL_OCI_DOCUMENT_MAX);
	else
		code = buffer_append(&image->config, bytes.bytes, bytes.length, error);
	image_bytes_close(&bytes);
	if (code != RILL_OK)
		return code;
	rill_sha256(image->config.bytes, image->config.length, image->config_digest);
	if (digest_in_name(name, claimed) &&
	    memcmp(claimed, image->config_digest, sizeof claimed) != 0)
		return image_digest_differs(image->spec, "config", claimed, image->config_digest,
					    error);
	code = rill_oci_config_read(config, image->config.bytes, image->config.length, error);
	if (code != RILL_OK)
		rill_error_in(error, "%s: config", image->spec);
	image->config_type = strdup(RILL_OCI_CONFIG);
	return image->config_type ? code
				  : rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
}

static enum rill_code set_layer(struct image *image, size_t i, const char *name,
				const uint8_t *diff_id, struct rill_error *error)
{
	static const char *const types[] = {[COMPRESSION_NONE] = RILL_OCI_LAYER_TAR,
					    [COMPRESSION_GZIP] = RILL_OCI_LAYER_GZIP,
					    [COMPRESSION_ZSTD] = RILL_OCI_LAYER_ZSTD};
	struct image_layer *layer = &image->layers[i];
	struct image_bytes blob;
	enum rill_code code;

	if (!name)
		return rill_fail(error, RILL_CORRUPT, "%s: manifest.json: layer %zu has no name",
				 image->spec, i + 1);
	code = image_store_read(image->store, name, &blob, error);
	if (code != RILL_OK) {
		rill_error_in(error, "layer %zu", i + 1);
		return code;
	}
	image_layer_look(layer, &blob);
	memcpy(layer->diff_id, diff_id, RILL_SHA256_SIZE);
	/* The digest of plain bytes is known; for the rare others, the blob is read. */
	if (layer->compression == COMPRESSION_NONE)
		memcpy(layer->digest, diff_id, RILL_SHA256_SIZE);
	else
		rill_sha256(blob.bytes, blob.length, layer->digest);
	image_bytes_close(&blob);
	layer->media_type = strdup(types[layer->compression]);
	layer->name = strdup(name);
	if (!layer->media_type || !layer->name)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	return RILL_OK;
}

static enum rill_code set_layers(struct image *image, const struct rill_json *json, uint32_t entry,
				 const struct rill_oci_config *config, struct rill_error *error)
{
	uint32_t names = rill_json_get(json, entry, "Layers"), name;
	size_t n = rill_json_is(json, names, RILL_JSON_ARRAY) ? json->tokens[names].length : 0;
	enum rill_code code;

	if (n != config->diff_id_count)
		return rill_fail(error, RILL_CORRUPT, "%s: %zu layers, but the config has %zu",
				 image->spec, n, config->diff_id_count);
	code = image_make_layers(image, n, error);
	name = n ? rill_json_first(json, names) : 0;
	for (size_t i = 0; code == RILL_OK && i < n; i++) {
		code = set_layer(image, i, rill_json_string(json, name), config->diff_ids[i],
				 error);
		name = rill_json_next(json, names, name);
	}
	return code;
}

static enum rill_code make_manifest(struct image *image, struct rill_error *error)
{
	struct rill_oci_manifest manifest = {
		.config = {RILL_OCI_CONFIG, {0}, image->config.length},
		.layer_count = image->layer_count,
		.layers = calloc(image->layer_count + 1, sizeof *manifest.layers),
	};
	struct rill_writer writer;
	enum rill_code code;

	if (!manifest.layers)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	memcpy(manifest.config.sha256, image->config_digest, RILL_SHA256_SIZE);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct image_layer *layer = &image->layers[i];

		manifest.layers[i].media_type = layer->media_type;
		manifest.layers[i].size = layer->size;
		memcpy(manifest.layers[i].sha256, layer->digest, RILL_SHA256_SIZE);
	}
	code = buffer_reserve(&image->manifest, rill_oci_manifest_room(&manifest), error);
	if (code == RILL_OK) {
		writer = rill_writer(image->manifest.bytes, rill_oci_manifest_room(&manifest));
		rill_oci_manifest_write(&writer, &manifest);
		image->manifest.length = rill_writer_length(&writer);
		rill_sha256(image->manifest.bytes, image->manifest.length, image->manifest_digest);
		image->made_manifest = true;
		image->manifest_type = strdup(RILL_OCI_MANIFEST);
		if (writer.full || !image->manifest_type)
			code = rill_fail(error, RILL_MEMORY, "%s: no memory", image->spec);
	}
	free(manifest.layers);
	return code;
}

enum rill_code image_docker_open(struct image *image, const struct image_wish *wish,
				 struct rill_error *error)
{
	struct rill_oci_config config = {0};
	struct rill_json json = {0};
	struct image_bytes bytes;
	uint32_t entry = 0;
	enum rill_code code;

	code = image_store_read(image->store, "manifest.json", &bytes, error);
	if (code == RILL_OK)
		code = rill_oci_parse(&json, bytes.bytes, bytes.length, error);
	if (code == RILL_OK)
		code = choose(image, &json, wish, &entry, error);
	if (code == RILL_OK)
		code = read_config(image,
				   rill_json_string(&json, rill_json_get(&json, entry, "Config")),
				   &config, error);
	if (code == RILL_OK)
		code = image_check_platform(image, wish->platform, &config, error);
	if (code == RILL_OK)
		code = set_layers(image, &json, entry, &config, error);
	if (code == RILL_OK)
		code = make_manifest(image, error);
	rill_oci_config_free(&config);
	rill_json_free(&json);
	return code;
}
