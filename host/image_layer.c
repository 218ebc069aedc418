/* SPDX-License-Identifier: Apache-2.0 */
#include "host/image_store.h"
#include "host/scratch.h"

#include <string.h>
#include <unistd.h>

struct reading {
	const struct image *image;
	const struct image_layer *layer;
	struct rill_sha256 blob, plain;
	uint64_t done;
	int fd; /* that gets the plain bytes, or -1 */
};

static enum rill_code put(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	struct reading *reading = context;

	/* The hash of a blob that is plain is enough. */
	if (reading->layer->compression != COMPRESSION_NONE)
		rill_sha256_update(&reading->plain, bytes, n);
	return reading->fd < 0 ? RILL_OK : scratch_write(reading->fd, bytes, n, error);
}

static void consumed(void *context, const uint8_t *bytes, size_t n)
{
	struct reading *reading = context;
	const struct image_options *options = &reading->image->options;

	rill_sha256_update(&reading->blob, bytes, n);
	reading->done += n;
	if (options->progress)
		options->progress(options->context, reading->done, reading->layer->size);
}

static enum rill_code compare(struct reading *reading, const char *what, struct rill_error *error)
{
	const struct image_layer *layer = reading->layer;
	uint8_t blob[RILL_SHA256_SIZE], plain[RILL_SHA256_SIZE];
	char name[128];

	rill_sha256_finish(&reading->blob, blob);
	rill_sha256_finish(&reading->plain, plain);
	if (layer->compression == COMPRESSION_NONE)
		memcpy(plain, blob, sizeof plain);
	snprintf(name, sizeof name, "%s, blob", what);
	if (memcmp(blob, layer->digest, sizeof blob) != 0)
		return image_digest_differs(reading->image->spec, name, layer->digest, blob, error);
	snprintf(name, sizeof name, "%s, diff_id", what);
	if (memcmp(plain, layer->diff_id, sizeof plain) != 0)
		return image_digest_differs(reading->image->spec, name, layer->diff_id, plain,
					    error);
	return RILL_OK;
}

/* A blob that is not what its digest says fails by that, not by how it fails to decompress. */
static enum rill_code why_damaged(struct reading *reading, const struct image_bytes *blob,
				  const char *what, struct rill_error *error)
{
	uint8_t found[RILL_SHA256_SIZE];
	char name[128];

	rill_sha256(blob->bytes, blob->length, found);
	snprintf(name, sizeof name, "%s, blob", what);
	if (memcmp(found, reading->layer->digest, sizeof found) != 0)
		return image_digest_differs(reading->image->spec, name, reading->layer->digest,
					    found, error);
	rill_error_in(error, "%s: %s", reading->image->spec, name);
	return error->code;
}

enum rill_code image_layer_blob(const struct image *image, size_t layer, struct image_bytes *blob,
				struct rill_error *error)
{
	return image_store_read(image->store, image->layers[layer].name, blob, error);
}

/* Reads a layer, comparing it with its digests; its plain bytes go to `fd`, if there is one. */
static enum rill_code read_layer(const struct image *image, size_t i, int fd,
				 struct image_bytes *blob, struct rill_error *error)
{
	struct reading reading = {.image = image, .layer = &image->layers[i], .fd = fd};
	struct unpack_sink sink = {put, consumed, &reading};
	char what[48];
	enum rill_code code = image_layer_blob(image, i, blob, error);

	if (code != RILL_OK)
		return code;
	snprintf(what, sizeof what, "layer %zu", i + 1);
	rill_sha256_start(&reading.blob);
	rill_sha256_start(&reading.plain);
	code = unpack(reading.layer->compression, blob->bytes, blob->length, &sink, error);
	if (code == RILL_OK)
		code = compare(&reading, what, error);
	else if (code == RILL_CORRUPT)
		code = why_damaged(&reading, blob, what, error);
	return code;
}

enum rill_code image_layer_open(const struct image *image, size_t i, struct image_bytes *plain,
				struct rill_error *error)
{
	bool is_plain = image->layers[i].compression == COMPRESSION_NONE;
	struct image_bytes blob = {0};
	enum rill_code code = RILL_OK;
	int fd = -1;

	*plain = (struct image_bytes){0};
	if (!is_plain)
		code = scratch_open(&fd, image->options.scratch, error);
	if (code == RILL_OK)
		code = read_layer(image, i, fd, &blob, error);
	if (code == RILL_OK && is_plain) {
		*plain = blob;
		return RILL_OK;
	}
	image_bytes_close(&blob);
	if (code == RILL_OK)
		return scratch_map(fd, plain, error);
	if (fd >= 0)
		close(fd);
	return code;
}

enum rill_code image_layer_write(const struct image *image, size_t i, int fd,
				 struct rill_error *error)
{
	struct image_bytes blob;
	enum rill_code code = read_layer(image, i, fd, &blob, error);

	image_bytes_close(&blob);
	return code;
}
