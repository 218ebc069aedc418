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
	int fd; /* of the scratch file, or -1 when the plain bytes lie in the store */
};

static enum rill_code put(void *context, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	struct reading *reading = context;

	if (reading->fd < 0)
		return RILL_OK; /* the blob's own hash is enough */
	rill_sha256_update(&reading->plain, bytes, n);
	return scratch_write(reading->fd, bytes, n, error);
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
	if (reading->fd < 0)
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

enum rill_code image_layer_open(const struct image *image, size_t i, struct image_bytes *plain,
				struct rill_error *error)
{
	struct reading reading = {.image = image, .layer = &image->layers[i], .fd = -1};
	struct unpack_sink sink = {put, consumed, &reading};
	struct image_bytes blob;
	char what[48];
	enum rill_code code;

	*plain = (struct image_bytes){0};
	snprintf(what, sizeof what, "layer %zu", i + 1);
	code = image_layer_blob(image, i, &blob, error);
	if (code == RILL_OK && reading.layer->compression != COMPRESSION_NONE)
		code = scratch_open(&reading.fd, image->options.scratch, error);
	if (code != RILL_OK) {
		image_bytes_close(&blob);
		return code;
	}
	rill_sha256_start(&reading.blob);
	rill_sha256_start(&reading.plain);
	code = unpack(reading.layer->compression, blob.bytes, blob.length, &sink, error);
	if (code == RILL_OK)
		code = compare(&reading, what, error);
	else if (code == RILL_CORRUPT)
		code = why_damaged(&reading, &blob, what, error);
	if (code == RILL_OK && reading.fd < 0) {
		*plain = blob;
		return RILL_OK;
	}
	image_bytes_close(&blob);
	if (code == RILL_OK)
		return scratch_map(reading.fd, plain, error);
	if (reading.fd >= 0)
		close(reading.fd);
	return code;
}
