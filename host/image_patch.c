/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_patch.h"

#include "host/delta_apply.h"
#include "host/layout_write.h"
#include "protocol/image_delta.h"
#include "protocol/layer_recipe.h"
#include <stdlib.h>
#include <string.h>

#define PIECE 32768u

/* A layer that was decoded. It has its name only once it is known to be part of the image. */
struct made {
	struct layout_blob blob;
	bool open;
};

struct patching {
	struct image_patch *patch;
	struct layout layout;
	struct rill_delta_header *header;
	struct image_bytes *base; /* by object */
	struct buffer document[RILL_IMAGE_LAYERS];
	struct made *made; /* by output, from RILL_IMAGE_LAYERS on */
	struct rill_image_delta image;
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct patching *p = context;
	size_t output = object - p->header->base_count;

	if (object >= p->header->base_count && output >= RILL_IMAGE_LAYERS)
		return output_read(&p->made[output].blob.output, offset, bytes, n, error);
	if (object >= p->header->base_count)
		memcpy(bytes, p->document[output].bytes + offset, n);
	else
		memcpy(bytes, p->base[object].bytes + offset, n);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	const struct patching *p = context;
	size_t output = object - p->header->base_count;

	if (output < RILL_IMAGE_LAYERS)
		return buffer_append((struct buffer *)&p->document[output], bytes, n, error);
	return layout_blob_write(&p->made[output].blob, bytes, n, error);
}

static bool is(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, RILL_SHA256_SIZE) == 0;
}

/* Where a base object is: an image's layer, or its config when `*layer` is their number. */
static bool find_base(const struct image_patch *patch, const uint8_t *sha256,
		      const struct image **image, size_t *layer)
{
	for (size_t i = 0; i < patch->base_count; i++) {
		*image = &patch->bases[i];
		*layer = (*image)->layer_count;
		if (is((*image)->config_digest, sha256))
			return true;
		for (*layer = 0; *layer < (*image)->layer_count; ++*layer)
			if (is((*image)->layers[*layer].diff_id, sha256))
				return true;
	}
	return false;
}

static enum rill_code check_bases(const struct patching *p, struct rill_error *error)
{
	const struct image_patch *patch = p->patch;
	const struct image *image;
	char hex[RILL_SHA256_HEX];
	size_t layer;

	for (size_t i = 0; i < p->header->base_count; i++) {
		const struct rill_object *wanted = &p->header->base[i];

		if (find_base(patch, wanted->sha256, &image, &layer))
			continue;
		rill_hex(wanted->sha256, RILL_SHA256_SIZE, hex);
		return rill_fail(error, RILL_WRONG_BASE,
				 "%s%s: not what the delta was made from: no config or layer has "
				 "the SHA-256 %s (%llu bytes)",
				 patch->bases[0].spec,
				 patch->base_count > 1 ? " and the other images" : "", hex,
				 (unsigned long long)wanted->length);
	}
	return RILL_OK;
}

/* A layer is compared with its digests. */
static enum rill_code open_base(struct patching *p, size_t object, struct rill_error *error)
{
	const struct image *image;
	size_t layer;

	if (!find_base(p->patch, p->header->base[object].sha256, &image, &layer))
		return rill_fail(error, RILL_INTERNAL, "a base that was there");
	if (layer < image->layer_count)
		return image_layer_open(image, layer, &p->base[object], error);
	p->base[object] = (struct image_bytes){.bytes = image->config.bytes,
					       .length = image->config.length};
	return RILL_OK;
}

static enum rill_code open_bases(struct patching *p, struct rill_error *error)
{
	const struct rill_delta_header *h = p->header;
	enum rill_code code = RILL_OK;

	p->base = calloc(h->base_count, sizeof *p->base);
	p->made = calloc(h->output_count, sizeof *p->made);
	if (!p->base || !p->made)
		return rill_fail(error, RILL_MEMORY, "no memory");
	for (size_t i = 0; i < h->base_count && code == RILL_OK; i++) {
		code = open_base(p, i, error);
		if (code == RILL_OK && p->base[i].length != h->base[i].length)
			code = rill_fail(error, RILL_CORRUPT, "the delta has a wrong length");
	}
	for (size_t i = RILL_IMAGE_LAYERS; i < h->output_count && code == RILL_OK; i++) {
		code = layout_blob_open(&p->layout, &p->made[i].blob, h->output[i].sha256, error);
		p->made[i].open = true;
	}
	return code;
}

/* The plain bytes of a layer, piece by piece. */
static enum rill_code read_plain(const struct patching *p, const struct rill_image_layer *layer,
				 struct rill_deflate_sink take, struct rill_error *error)
{
	uint8_t piece[PIECE];
	enum rill_code code = RILL_OK;

	for (uint64_t at = 0; at < layer->plain_length && code == RILL_OK;) {
		uint64_t left = layer->plain_length - at;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		code = read_object((void *)(uintptr_t)p, layer->object, at, piece, n, error);
		if (code == RILL_OK)
			code = take.write(take.context, piece, n, error);
		at += n;
	}
	return code;
}

static enum rill_code put_blob(void *context, const uint8_t *bytes, size_t n,
			       struct rill_error *error)
{
	return layout_blob_write(context, bytes, n, error);
}

static enum rill_code compress(void *context, const uint8_t *bytes, size_t n,
			       struct rill_error *error)
{
	return rill_gzip_again_feed(context, bytes, n, error);
}

/* Writes a layer's blob from its plain bytes: as they are, or by the recipe. */
static enum rill_code write_blob(const struct patching *p, const struct rill_image_layer *layer,
				 bool plain, struct rill_error *error)
{
	struct layout_blob blob;
	struct rill_deflate_sink sink = {&blob, put_blob};
	struct rill_gzip_again *again = NULL;
	enum rill_code code = layout_blob_open(&p->layout, &blob,
					       plain ? layer->diff_id : layer->digest, error);

	if (code == RILL_OK && plain)
		code = read_plain(p, layer, sink, error);
	if (code == RILL_OK && !plain) {
		code = rill_gzip_again_new(&again, layer->recipe, layer->recipe_length, sink,
					   error);
		sink = (struct rill_deflate_sink){again, compress};
		if (code == RILL_OK)
			code = read_plain(p, layer, sink, error);
		if (code == RILL_OK)
			code = rill_gzip_again_finish(again, error);
		rill_gzip_again_free(again);
	}
	if (code == RILL_OK)
		return layout_blob_commit(&blob, error);
	layout_blob_abandon(&blob);
	return code;
}

/* The base and layer that have a blob as it was published. */
static bool find_blob(const struct image_patch *patch, const uint8_t *digest,
		      const struct image **image, size_t *layer)
{
	for (size_t i = 0; i < patch->base_count; i++)
		for (size_t k = 0; k < patch->bases[i].layer_count; k++)
			if (is(patch->bases[i].layers[k].digest, digest)) {
				*image = &patch->bases[i];
				*layer = k;
				return true;
			}
	return false;
}

static bool can_be_exact(const struct patching *p)
{
	const struct image *image;
	size_t k;

	for (size_t i = 0; i < p->image.layer_count; i++) {
		const struct rill_image_layer *layer = &p->image.layers[i];

		if (!rill_image_layer_is_plain(layer) && !layer->recipe &&
		    !find_blob(p->patch, layer->digest, &image, &k))
			return false;
	}
	return true;
}

static enum rill_code copy_blob(const struct patching *p, const struct image *image, size_t layer,
				struct rill_error *error)
{
	struct image_bytes bytes;
	enum rill_code code = image_layer_blob(image, layer, &bytes, error);

	if (code == RILL_OK)
		code = layout_write_blob(&p->layout, bytes.bytes, bytes.length,
					 image->layers[layer].digest, error);
	image_bytes_close(&bytes);
	return code;
}

static bool is_stored_plain(const struct patching *p, const struct rill_image_layer *layer)
{
	return !p->patch->exact || rill_image_layer_is_plain(layer);
}

/* Gives the blob of a layer its name. */
static enum rill_code store_layer(struct patching *p, const struct rill_image_layer *layer,
				  struct rill_error *error)
{
	bool plain = is_stored_plain(p, layer);
	size_t output = layer->object - p->header->base_count, k;
	const uint8_t *sha256 = plain ? layer->diff_id : layer->digest;
	const struct image *image;

	if (layout_has_blob(&p->layout, sha256))
		return RILL_OK;
	if (plain && layer->object >= p->header->base_count) {
		p->made[output].open = false;
		return layout_blob_commit(&p->made[output].blob, error);
	}
	if (find_blob(p->patch, sha256, &image, &k))
		return copy_blob(p, image, k, error);
	return write_blob(p, layer, plain, error);
}

/* The manifest that the image has here. */
static enum rill_code choose_manifest(struct patching *p, struct buffer *manifest,
				      struct rill_error *error)
{
	const struct buffer *published = &p->document[RILL_IMAGE_MANIFEST];
	enum rill_code code;

	if (p->patch->exact)
		return buffer_append(manifest, published->bytes, published->length, error);
	code = rill_image_delta_make_plain(&p->image, error);
	if (code == RILL_OK)
		code = buffer_reserve(manifest, rill_oci_manifest_room(&p->image.manifest), error);
	if (code == RILL_OK) {
		struct rill_writer writer = rill_writer(manifest->bytes, manifest->capacity);

		rill_oci_manifest_write(&writer, &p->image.manifest);
		manifest->length = rill_writer_length(&writer);
	}
	return code;
}

static enum rill_code store_manifest(struct patching *p, struct rill_error *error)
{
	struct image_patch *patch = p->patch;
	const struct buffer *config = &p->document[RILL_IMAGE_CONFIG];
	uint32_t type = rill_json_get(&p->image.manifest.json, RILL_JSON_ROOT, "mediaType");
	const char *media_type = rill_json_string(&p->image.manifest.json, type);
	struct rill_oci_index_entry entry = {.platform = p->image.config.platform};
	struct buffer manifest = {0};
	enum rill_code code = choose_manifest(p, &manifest, error);

	if (code == RILL_OK) {
		rill_sha256(manifest.bytes, manifest.length, patch->manifest_digest);
		code = layout_write_blob(&p->layout, config->bytes, config->length,
					 p->image.manifest.config.sha256, error);
	}
	if (code == RILL_OK)
		code = layout_write_blob(&p->layout, manifest.bytes, manifest.length,
					 patch->manifest_digest, error);
	entry.manifest.media_type = patch->exact && media_type ? media_type : RILL_OCI_MANIFEST;
	entry.manifest.size = manifest.length;
	memcpy(entry.manifest.sha256, patch->manifest_digest, RILL_SHA256_SIZE);
	entry.tag = p->layout.tag ? p->layout.tag : patch->bases[0].tag;
	if (entry.platform.os && !*entry.platform.os)
		entry.platform.os = NULL;
	if (code == RILL_OK)
		code = layout_write_index(&p->layout, &entry, error);
	buffer_free(&manifest);
	return code;
}

static enum rill_code store(struct patching *p, struct rill_error *error)
{
	const uint8_t *documents[RILL_IMAGE_LAYERS];
	enum rill_code code;

	for (size_t i = 0; i < RILL_IMAGE_LAYERS; i++)
		documents[i] = p->document[i].bytes;
	code = rill_image_delta_read(&p->image, p->header, documents, error);
	if (code != RILL_OK)
		return code;
	p->patch->exact = !p->patch->plain && can_be_exact(p);
	/* Compressed ones first: they are read from what gets its name afterwards. */
	for (int plain = 0; plain < 2; plain++)
		for (size_t i = 0; i < p->image.layer_count && code == RILL_OK; i++)
			if (is_stored_plain(p, &p->image.layers[i]) == plain)
				code = store_layer(p, &p->image.layers[i], error);
	return code == RILL_OK ? store_manifest(p, error) : code;
}

static void close_all(struct patching *p)
{
	if (p->base)
		for (size_t i = 0; i < p->header->base_count; i++)
			image_bytes_close(&p->base[i]);
	if (p->made)
		for (size_t i = 0; i < p->header->output_count; i++)
			if (p->made[i].open)
				layout_blob_abandon(&p->made[i].blob);
	for (size_t i = 0; i < RILL_IMAGE_LAYERS; i++)
		buffer_free(&p->document[i]);
	rill_image_delta_free(&p->image);
	layout_close(&p->layout);
	free(p->base);
	free(p->made);
	free(p->header);
}

enum rill_code image_patch(struct image_patch *patch, const char *output, struct rill_error *error)
{
	struct patching p = {.patch = patch, .header = calloc(1, sizeof *p.header)};
	const struct rill_decoder_io io = {&p, read_object, write_object};
	enum rill_code code;

	if (!p.header)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = delta_read_header(patch->delta, p.header, error);
	if (code == RILL_OK)
		code = rill_image_delta_check(p.header, error);
	if (code == RILL_OK)
		code = rill_decoder_check_memory(p.header, patch->budget, error);
	if (code == RILL_OK)
		code = check_bases(&p, error);
	if (code == RILL_OK)
		code = layout_open(&p.layout, output, error);
	if (code == RILL_OK)
		code = open_bases(&p, error);
	if (code == RILL_OK)
		code = delta_decode(patch->delta, p.header, patch->budget, io, NULL, NULL,
				    patch->progress, error);
	if (code == RILL_OK)
		code = store(&p, error);
	close_all(&p);
	return code;
}
