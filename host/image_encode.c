/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_encode.h"

#include "host/gzip_recipe.h"
#include "host/image_store.h"
#include "host/scratch.h"
#include "protocol/image_delta.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_MEMORY (INT64_C(1) << 30) /* unless the options say another */

/* One side of the delta: its objects, one after another in a file without a name. */
struct side {
	int fd;
	size_t n;
	uint64_t end;
	uint64_t length[RILL_DELTA_OBJECTS_MAX];
	uint8_t sha256[RILL_DELTA_OBJECTS_MAX][RILL_SHA256_SIZE];
};

struct encoding {
	const struct image *bases, *target;
	size_t base_count;
	struct side *old, *new;
	struct buffer recipes;
	struct image_report *report;
};

static bool has_object(const struct side *side, const uint8_t *sha256)
{
	for (size_t i = 0; i < side->n; i++)
		if (memcmp(side->sha256[i], sha256, RILL_SHA256_SIZE) == 0)
			return true;
	return false;
}

/* What is in the file since the last object is the next one. */
static enum rill_code end_object(struct side *side, const uint8_t *sha256, struct rill_error *error)
{
	off_t end = lseek(side->fd, 0, SEEK_CUR);

	if (end < 0)
		return rill_fail(error, RILL_IO, "scratch file: no position");
	if (side->n == RILL_DELTA_OBJECTS_MAX)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "the images have more than %d layers that differ",
				 RILL_DELTA_OBJECTS_MAX);
	side->length[side->n] = (uint64_t)end - side->end;
	memcpy(side->sha256[side->n], sha256, RILL_SHA256_SIZE);
	side->end = (uint64_t)end;
	side->n++;
	return RILL_OK;
}

static enum rill_code add_document(struct side *side, const struct buffer *document,
				   struct rill_error *error)
{
	uint8_t sha256[RILL_SHA256_SIZE];
	enum rill_code code = scratch_write(side->fd, document->bytes, document->length, error);

	rill_sha256(document->bytes, document->length, sha256);
	return code == RILL_OK ? end_object(side, sha256, error) : code;
}

static enum rill_code add_layers(struct side *side, const struct image *image,
				 const struct side *known, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < image->layer_count && code == RILL_OK; i++) {
		const uint8_t *diff_id = image->layers[i].diff_id;

		if (has_object(side, diff_id) || (known && has_object(known, diff_id)))
			continue;
		code = image_layer_write(image, i, side->fd, error);
		if (code == RILL_OK)
			code = end_object(side, diff_id, error);
	}
	return code;
}

static enum rill_code add_bases(struct encoding *e, struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t i = 0; i < e->base_count && code == RILL_OK; i++)
		if (!has_object(e->old, e->bases[i].config_digest))
			code = add_document(e->old, &e->bases[i].config, error);
	for (size_t i = 0; i < e->base_count && code == RILL_OK; i++)
		code = add_layers(e->old, &e->bases[i], NULL, error);
	return code;
}

/* Whether a layer's blob will be there without a recipe. */
static bool needs_none(const struct encoding *e, const struct image_layer *layer)
{
	if (layer->compression == COMPRESSION_NONE)
		return true;
	for (size_t i = 0; i < e->base_count; i++)
		for (size_t k = 0; k < e->bases[i].layer_count; k++)
			if (memcmp(e->bases[i].layers[k].digest, layer->digest, RILL_SHA256_SIZE) ==
			    0)
				return true;
	return false;
}

/* The blob, which is not read otherwise when a base has the layer's plain bytes. */
static enum rill_code check_blob(const struct image *image, size_t i,
				 const struct image_bytes *blob, struct rill_error *error)
{
	uint8_t found[RILL_SHA256_SIZE];
	char what[48];

	snprintf(what, sizeof what, "layer %zu, blob", i + 1);
	rill_sha256(blob->bytes, blob->length, found);
	if (memcmp(found, image->layers[i].digest, sizeof found) == 0)
		return RILL_OK;
	return image_digest_differs(image->spec, what, image->layers[i].digest, found, error);
}

/* Recipes that become too long are left out: then the layer cannot be made again. */
static enum rill_code find_recipe(struct encoding *e, size_t i, struct rill_error *error)
{
	static const uint8_t none = 0;
	const struct image_layer *layer = &e->target->layers[i];
	const size_t before = e->recipes.length, others = e->target->layer_count - i;
	bool wanted = !needs_none(e, layer), found = false;
	enum rill_code code = RILL_OK;
	struct image_bytes blob;

	if (wanted && layer->compression == COMPRESSION_GZIP) {
		code = image_layer_blob(e->target, i, &blob, error);
		if (code == RILL_OK)
			code = check_blob(e->target, i, &blob, error);
		if (code == RILL_OK)
			code = gzip_recipe_find(blob.bytes, blob.length, &e->recipes, &found,
						error);
		image_bytes_close(&blob);
	}
	if (found && e->recipes.length + others > RILL_IMAGE_DOCUMENT_MAX) {
		e->recipes.length = before;
		found = false;
	}
	if (code == RILL_OK && !found)
		code = buffer_append(&e->recipes, &none, 1, error);
	if (wanted && !found && e->report->inexact == 0) {
		e->report->inexact = i + 1;
		e->report->compression = layer->compression;
	}
	return code;
}

static enum rill_code add_target(struct encoding *e, struct rill_error *error)
{
	const struct image *image = e->target;
	enum rill_code code;

	if (image->config.length > RILL_IMAGE_DOCUMENT_MAX ||
	    image->manifest.length > RILL_IMAGE_DOCUMENT_MAX)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "%s: its config or manifest is over %u bytes long", image->spec,
				 RILL_IMAGE_DOCUMENT_MAX);
	code = add_document(e->new, &image->config, error);
	if (code == RILL_OK)
		code = add_document(e->new, &image->manifest, error);
	for (size_t i = 0; i < image->layer_count && code == RILL_OK; i++)
		code = find_recipe(e, i, error);
	if (code == RILL_OK)
		code = add_document(e->new, &e->recipes, error);
	if (code == RILL_OK)
		code = add_layers(e->new, image, e->old, error);
	return code;
}

static void report_layers(struct encoding *e)
{
	struct image_report *report = e->report;

	report->unpublished = e->target->made_manifest;
	report->layers = e->target->layer_count;
	for (size_t i = 0; i < e->target->layer_count; i++) {
		const uint8_t *diff_id = e->target->layers[i].diff_id;
		const struct side *side = has_object(e->old, diff_id) ? e->old : e->new;

		report->changed += side == e->new;
		for (size_t k = 0; k < side->n; k++)
			if (memcmp(side->sha256[k], diff_id, RILL_SHA256_SIZE) == 0)
				report->length += side->length[k];
	}
}

static enum rill_code encode(struct encoding *e, const struct delta_options *options,
			     struct buffer *delta, struct rill_delta_header *header,
			     struct rill_error *error)
{
	struct image_bytes old = {0}, new = {0};
	enum rill_code code = scratch_map(e->old->fd, &old, error);

	e->old->fd = -1;
	if (code == RILL_OK) {
		code = scratch_map(e->new->fd, &new, error);
		e->new->fd = -1;
	}
	if (code == RILL_OK) {
		const struct sources sources = {
			.old = old.bytes,
			.new = new.bytes,
			.old_n = old.length,
			.new_n = new.length,
			.old_object = e->old->length,
			.new_object = e->new->length,
			.old_objects = e->old->n,
			.new_objects = e->new->n,
			.old_sha256 = e->old->sha256[0],
			.new_sha256 = e->new->sha256[0],
		};

		struct delta_options chosen = *options;

		if (!chosen.memory)
			chosen.memory = IMAGE_MEMORY;
		code = delta_make_of(&sources, RILL_DELTA_IMAGE, &chosen, delta, header, error);
	}
	image_bytes_close(&old);
	image_bytes_close(&new);
	return code;
}

enum rill_code image_encode(const struct image *bases, size_t base_count,
			    const struct image *target, const struct delta_options *options,
			    struct buffer *delta, struct rill_delta_header *header,
			    struct image_report *report, struct rill_error *error)
{
	struct side *sides = calloc(2, sizeof *sides);
	struct encoding e = {
		.bases = bases, .base_count = base_count, .target = target, .report = report};
	enum rill_code code;

	*report = (struct image_report){0};
	if (!sides)
		return rill_fail(error, RILL_MEMORY, "no memory");
	e.old = &sides[0];
	e.new = &sides[1];
	e.old->fd = e.new->fd = -1;
	code = scratch_open(&e.old->fd, target->options.scratch, error);
	if (code == RILL_OK)
		code = scratch_open(&e.new->fd, target->options.scratch, error);
	if (code == RILL_OK)
		code = add_bases(&e, error);
	if (code == RILL_OK)
		code = add_target(&e, error);
	if (code == RILL_OK) {
		report_layers(&e);
		code = encode(&e, options, delta, header, error);
	}
	for (size_t i = 0; i < 2; i++)
		if (sides[i].fd >= 0)
			close(sides[i].fd);
	buffer_free(&e.recipes);
	free(sides);
	return code;
}
