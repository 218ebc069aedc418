/* SPDX-License-Identifier: Apache-2.0 */
#include "device/receive.h"

#include "protocol/delta_decoder.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The server's name of a target: with consistent snapshots, FOLDERS/SHA256.NAME. */
static enum rill_code target_url(char *to, size_t size, const char *name, const uint8_t *sha256,
				 struct rill_error *error)
{
	const char *slash = strrchr(name, '/');
	int folders = slash ? (int)(slash + 1 - name) : 0;
	char hex[RILL_SHA256_HEX];

	rill_hex(sha256, RILL_SHA256_SIZE, hex);
	if (snprintf(to, size, "targets/%.*s%s.%s", folders, name, hex, name + folders) >=
	    (int)size)
		return rill_fail(error, RILL_UNSUPPORTED, "target %.64s...: its name is too long",
				 name);
	return RILL_OK;
}

static enum rill_code get_target(struct http *http, const char *name,
				 const struct rill_tuf_target *target, http_sink sink,
				 void *context, struct rill_error *error)
{
	char url[PATH_MAX];
	bool found;
	enum rill_code code = target_url(url, sizeof url, name, target->sha256, error);

	if (code == RILL_OK)
		code = http_get(http, url, (uint64_t)target->length, sink, context, &found, error);
	if (code == RILL_OK && !found)
		code = rill_fail(error, RILL_NETWORK, "the server has no %s", url);
	return code;
}

/* The target as it comes in, and its hash so far. */
struct incoming {
	struct install *install;
	struct rill_sha256 hash;
	uint64_t length;

	/* Deltas: the header first, then the decoder. */
	const struct rill_release_delta *delta;
	const struct rill_tuf_target *target;
	uint64_t budget;
	uint8_t *header_bytes;
	size_t header_fill;
	struct rill_delta_header header;
	struct rill_decoder *decoder;
};

static enum rill_code check_whole(struct incoming *incoming, const struct rill_tuf_target *whole,
				  struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256_finish(&incoming->hash, digest);
	if (incoming->length != (uint64_t)whole->length)
		return rill_fail(error, RILL_CORRUPT,
				 "the server sent %" PRIu64 " bytes of %" PRId64, incoming->length,
				 whole->length);
	if (memcmp(digest, whole->sha256, sizeof digest) != 0)
		return rill_fail(error, RILL_CORRUPT, "the server's file is not the signed one");
	return RILL_OK;
}

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	struct install *install = context;

	return object == 0 ? install->kind->read_base(install, offset, bytes, n, error)
			   : install->kind->read_new(install, offset, bytes, n, error);
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	struct install *install = context;

	(void)object; /* there is one output */
	return install->kind->write(install, bytes, n, error);
}

/* All of the header is here: is it the signed one, and does it fit this base and target? */
static enum rill_code open_decoder(struct incoming *in, struct rill_error *error)
{
	const struct rill_decoder_io io = {in->install, read_object, write_object};
	const struct rill_delta_header *header = &in->header;
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code;

	rill_sha256(in->header_bytes, in->header_fill, digest);
	if (memcmp(digest, in->delta->header_sha256, sizeof digest) != 0)
		return rill_fail(error, RILL_CORRUPT, "the delta's header is not the signed one");
	code = rill_delta_header_parse(&in->header, in->header_bytes, in->header_fill, error);
	if (code != RILL_OK)
		return code;
	if (header->base_count != 1 || header->output_count != 1 ||
	    header->base[0].length != in->install->base_length ||
	    memcmp(header->base[0].sha256, in->install->base_sha256, RILL_SHA256_SIZE) != 0 ||
	    header->output[0].length != (uint64_t)in->target->length ||
	    memcmp(header->output[0].sha256, in->target->sha256, RILL_SHA256_SIZE) != 0)
		return rill_fail(error, RILL_SECURITY,
				 "the delta is not from this file to the signed target");
	return rill_decoder_new(&in->decoder, header, in->budget, io, error);
}

static enum rill_code take_delta(void *context, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	struct incoming *in = context;
	size_t rest = (size_t)in->delta->header_length - in->header_fill;
	enum rill_code code = RILL_OK;

	rill_sha256_update(&in->hash, bytes, n);
	in->length += n;
	if (rest > n)
		rest = n;
	memcpy(in->header_bytes + in->header_fill, bytes, rest);
	in->header_fill += rest;
	if (!in->decoder && in->header_fill == (size_t)in->delta->header_length)
		code = open_decoder(in, error);
	if (code == RILL_OK && in->decoder)
		code = rill_decoder_feed(in->decoder, bytes + rest, n - rest, error);
	return code;
}

enum rill_code receive_delta(struct http *http, struct install *install,
			     const struct rill_release_delta *delta,
			     const struct rill_tuf_target *whole,
			     const struct rill_tuf_target *target, uint64_t budget,
			     struct rill_error *error)
{
	struct incoming *in = calloc(1, sizeof *in);
	enum rill_code code;

	if (in)
		in->header_bytes = malloc((size_t)delta->header_length + 1);
	if (!in || !in->header_bytes) {
		free(in);
		return rill_fail(error, RILL_MEMORY, "no memory for the delta's header");
	}
	in->install = install;
	in->delta = delta;
	in->target = target;
	in->budget = budget;
	rill_sha256_start(&in->hash);
	code = get_target(http, delta->path, whole, take_delta, in, error);
	if (code == RILL_OK && !in->decoder)
		code = rill_fail(error, RILL_CORRUPT, "the delta ends within its header");
	if (code == RILL_OK)
		code = rill_decoder_finish(in->decoder, error);
	if (code == RILL_OK)
		code = check_whole(in, whole, error);
	rill_decoder_free(in->decoder);
	free(in->header_bytes);
	free(in);
	return code;
}

static enum rill_code take_full(void *context, const uint8_t *bytes, size_t n,
				struct rill_error *error)
{
	struct incoming *in = context;

	rill_sha256_update(&in->hash, bytes, n);
	in->length += n;
	return in->install->kind->write(in->install, bytes, n, error);
}

enum rill_code receive_full(struct http *http, struct install *install, const char *name,
			    const struct rill_tuf_target *target, struct rill_error *error)
{
	struct incoming in = {.install = install};
	enum rill_code code;

	rill_sha256_start(&in.hash);
	code = get_target(http, name, target, take_full, &in, error);
	return code == RILL_OK ? check_whole(&in, target, error) : code;
}
