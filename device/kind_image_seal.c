/* SPDX-License-Identifier: Apache-2.0 */
#include "device/kind_image.h"

#include "device/durable.h"
#include "device/signals.h"
#include "protocol/layer_recipe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 32768

static bool has_blob(const struct image_install *image, const uint8_t *sha256)
{
	char name[NAME_MAX];

	store_blob_name(name, sha256);
	return faccessat(image->blobs, name, F_OK, 0) == 0;
}

/* Makes a file durable and gives it its name as a blob. */
static enum rill_code become_blob(const struct image_install *image, struct image_object *object,
				  const uint8_t *sha256, struct rill_error *error)
{
	char name[NAME_MAX];

	store_blob_name(name, sha256);
	if (fsync(object->fd) != 0)
		return system_failed(image->blobs_path, "sync a blob", error);
	if (renameat(image->blobs, object->name, image->blobs, name) != 0)
		return system_failed(image->blobs_path, "name a blob", error);
	*object->name = 0;
	return RILL_OK;
}

/* A blob while it is compressed again. */
struct recompressing {
	const struct image_install *image;
	struct image_object object;
};

static enum rill_code put(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	const struct recompressing *r = context;

	return write_fully(r->object.fd, r->image->blobs_path, bytes, n, error);
}

static enum rill_code feed(const struct image_install *image, const struct rill_image_layer *layer,
			   struct rill_gzip_again *again, struct rill_error *error)
{
	int fd = image->objects[layer->object].fd;
	uint8_t piece[PIECE];
	enum rill_code code = RILL_OK;

	for (uint64_t at = 0; at < layer->plain_length && code == RILL_OK; at += PIECE) {
		uint64_t left = layer->plain_length - at;
		size_t n = left < PIECE ? (size_t)left : PIECE;

		code = read_fully(fd, image->blobs_path, at, piece, n, error);
		if (code == RILL_OK)
			code = rill_gzip_again_feed(again, piece, n, error);
		if (code == RILL_OK)
			code = signals_check(error);
	}
	return code == RILL_OK ? rill_gzip_again_finish(again, error) : code;
}

static enum rill_code recompress(const struct image_install *image,
				 const struct rill_image_layer *layer, struct rill_error *error)
{
	struct recompressing r = {.image = image};
	struct rill_gzip_again *again = NULL;
	enum rill_code code;

	code = image_create(image, &r.object, layer->digest, error);
	if (code != RILL_OK)
		return code;
	code = rill_gzip_again_new(&again, layer->recipe, layer->recipe_length,
				   (struct rill_deflate_sink){&r, put}, error);
	if (code == RILL_OK)
		code = feed(image, layer, again, error);
	if (code == RILL_OK)
		code = become_blob(image, &r.object, layer->digest, error);
	rill_gzip_again_free(again);
	close(r.object.fd);
	if (*r.object.name)
		unlinkat(image->blobs, r.object.name, 0);
	return code;
}

/* Whether every layer can be stored as it was published. */
static bool can_be_exact(const struct image_install *image, const struct rill_image_delta *delta)
{
	for (size_t i = 0; i < delta->layer_count; i++)
		if (!rill_image_layer_is_plain(&delta->layers[i]) && !delta->layers[i].recipe &&
		    !has_blob(image, delta->layers[i].digest))
			return false;
	return true;
}

static enum rill_code put_layer(const struct image_install *image,
				const struct rill_image_layer *layer, bool plain,
				struct rill_error *error)
{
	const uint8_t *sha256 = plain ? layer->diff_id : layer->digest;

	if (has_blob(image, sha256))
		return RILL_OK;
	return plain ? become_blob(image, &image->objects[layer->object], sha256, error)
		     : recompress(image, layer, error);
}

/* Those that are compressed first: they are read from what gets its name afterwards. */
static enum rill_code put_layers(const struct image_install *image,
				 const struct rill_image_delta *delta, bool exact,
				 struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < delta->layer_count && code == RILL_OK; i++) {
			const struct rill_image_layer *layer = &delta->layers[i];
			bool plain = !exact || rill_image_layer_is_plain(layer);

			if (plain == (turn == 1))
				code = put_layer(image, layer, plain, error);
		}
	return code;
}

static enum rill_code put_document(const struct image_install *image, const uint8_t *bytes,
				   size_t n, const uint8_t *sha256, struct rill_error *error)
{
	char name[NAME_MAX];

	store_blob_name(name, sha256);
	return durable_write(image->blobs_path, name, bytes, n, error);
}

/* The manifest of the image as it is stored; free() it. */
static enum rill_code make_manifest(const struct image_install *image,
				    struct rill_image_delta *delta, bool exact, uint8_t **bytes,
				    size_t *n, struct rill_error *error)
{
	struct rill_writer writer;
	size_t room = image->document_fill[RILL_IMAGE_MANIFEST];
	enum rill_code code = exact ? RILL_OK : rill_image_delta_make_plain(delta, error);

	if (code != RILL_OK)
		return code;
	if (!exact)
		room = rill_oci_manifest_room(&delta->manifest);
	*bytes = malloc(room + 1);
	if (!*bytes)
		return rill_fail(error, RILL_MEMORY, "no memory");
	writer = rill_writer(*bytes, room);
	if (exact)
		rill_put_bytes(&writer, image->document[RILL_IMAGE_MANIFEST], room);
	else
		rill_oci_manifest_write(&writer, &delta->manifest);
	*n = rill_writer_length(&writer);
	return RILL_OK;
}

static enum rill_code put_manifest(const struct image_install *image,
				   struct rill_image_delta *delta, bool exact,
				   struct rill_error *error)
{
	const char *type = rill_json_string(
		&delta->manifest.json,
		rill_json_get(&delta->manifest.json, RILL_JSON_ROOT, "mediaType"));
	struct rill_oci_index_entry entry = {
		.manifest = {.media_type = exact && type ? type : RILL_OCI_MANIFEST},
		.platform = delta->config.platform,
		.tag = *image->base.tag ? image->base.tag : NULL};
	uint8_t *bytes = NULL;
	size_t n = 0;
	enum rill_code code = make_manifest(image, delta, exact, &bytes, &n, error);

	if (!*entry.platform.os)
		entry.platform.os = NULL;
	if (code == RILL_OK) {
		entry.manifest.size = n;
		rill_sha256(bytes, n, entry.manifest.sha256);
		code = put_document(image, bytes, n, entry.manifest.sha256, error);
	}
	free(bytes);
	/* Everything has its name for good before the index says so. */
	if (code == RILL_OK)
		code = image_sync_blobs(image, error);
	return code == RILL_OK ? store_write_index(image->target->path, STORE_NEW, &entry, error)
			       : code;
}

enum rill_code image_put_in_place(struct image_install *image, struct rill_error *error)
{
	struct rill_image_delta delta;
	bool exact = false;
	enum rill_code code = rill_image_delta_read(&delta, image->header,
						    (const uint8_t *const *)image->document, error);

	if (code == RILL_OK) {
		exact = image->target->exact && can_be_exact(image, &delta);
		code = put_layers(image, &delta, exact, error);
	}
	if (code == RILL_OK)
		code = put_document(image, image->document[RILL_IMAGE_CONFIG],
				    image->document_fill[RILL_IMAGE_CONFIG],
				    delta.manifest.config.sha256, error);
	if (code == RILL_OK)
		code = put_manifest(image, &delta, exact, error);
	rill_image_delta_free(&delta);
	return code;
}

/* Whether the image that is there names a blob: then it was hashed before use. */
static bool is_old(const struct stored_image *base, const uint8_t *sha256)
{
	for (size_t i = 0; base->there && i < base->manifest.layer_count; i++)
		if (memcmp(base->manifest.layers[i].sha256, sha256, RILL_SHA256_SIZE) == 0)
			return true;
	return false;
}

static enum rill_code read_back_blob(const struct image_install *image, const uint8_t *wanted,
				     struct rill_error *error)
{
	char name[NAME_MAX], path[PATH_MAX + NAME_MAX];
	struct stat st;
	enum rill_code code;
	int fd;

	store_blob_name(name, wanted);
	snprintf(path, sizeof path, "%s/%s", image->blobs_path, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		code = system_failed(path, "read back", error);
	else
		code = read_back(fd, path, (uint64_t)st.st_size, wanted, error);
	if (fd >= 0)
		close(fd);
	return code;
}

enum rill_code image_read_back(const struct image_install *image, const uint8_t *sha256,
			       struct rill_error *error)
{
	struct stored_image prepared;
	enum rill_code code = stored_image_read(&prepared, image->target->path, STORE_NEW, error);

	if (code == RILL_OK && (!prepared.there || memcmp(prepared.manifest.config.sha256, sha256,
							  RILL_SHA256_SIZE) != 0))
		code = rill_fail(error, RILL_CORRUPT,
				 "%s: what is prepared is not the signed image",
				 image->target->path);
	for (size_t i = 0; code == RILL_OK && i < prepared.manifest.layer_count; i++)
		if (!is_old(&image->base, prepared.manifest.layers[i].sha256))
			code = read_back_blob(image, prepared.manifest.layers[i].sha256, error);
	stored_image_free(&prepared);
	return code;
}
