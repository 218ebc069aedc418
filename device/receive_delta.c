/* SPDX-License-Identifier: Apache-2.0 */
#include "device/receive.h"

#include "device/partial.h"
#include "device/signals.h"
#include "protocol/delta_decoder.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How often one part of the delta is fetched until its damage counts as the server's. */
#define FETCHES_MAX 3

/* A delta as it comes in. Its parts are the header and the chunks of the body, each of which
 * has its own hash. */
struct incoming {
	const struct receiver *receiver;
	const struct rill_release_delta *delta;
	uint64_t length, budget; /* of the whole delta; of memory */
	char url[PATH_MAX];
	struct partial partial;
	struct rill_sha256 hash; /* of all good parts so far */
	uint8_t *header_bytes;
	struct rill_delta_header header;
	struct rill_decoder *decoder;

	/* The part at hand */
	uint64_t start; /* its offset in the delta */
	size_t fill; /* bytes of it that are here */
	bool damaged;
	uint8_t chunk[RILL_DELTA_CHUNK];
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct incoming *in = context;
	struct install *install = in->receiver->install;
	size_t bases = in->header.base_count;

	return object < bases
		       ? install->kind->read_base(install, object, offset, bytes, n, error)
		       : install->kind->read_new(install, object - bases, offset, bytes, n, error);
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	const struct incoming *in = context;
	struct install *install = in->receiver->install;

	if (signals_check(error) != RILL_OK)
		return error->code;
	return install->kind->write(install, object - in->header.base_count, bytes, n, error);
}

static bool at_header(const struct incoming *in)
{
	return in->start == 0;
}

static size_t part_length(const struct incoming *in)
{
	if (at_header(in))
		return (size_t)in->delta->header_length;
	return in->length - in->start < sizeof in->chunk ? (size_t)(in->length - in->start)
							 : sizeof in->chunk;
}

static uint8_t *part_bytes(struct incoming *in)
{
	return at_header(in) ? in->header_bytes : in->chunk;
}

/* The signed header says it of this base and target, or it is somebody else's. */
static enum rill_code accept_objects(const struct incoming *in, struct rill_error *error)
{
	struct install *install = in->receiver->install;
	const struct rill_tuf_target *target = in->receiver->target;
	const struct rill_delta_header *header = &in->header;

	if (install->kind->accept)
		return install->kind->accept(install, header, target->sha256, error);
	if (header->flags != 0 || header->base_count != 1 || header->output_count != 1 ||
	    header->base[0].length != install->base_length ||
	    memcmp(header->base[0].sha256, install->base_sha256, RILL_SHA256_SIZE) != 0 ||
	    header->output[0].length != (uint64_t)target->length ||
	    memcmp(header->output[0].sha256, target->sha256, RILL_SHA256_SIZE) != 0)
		return rill_fail(error, RILL_SECURITY,
				 "the delta is not from this file to the signed target");
	return RILL_OK;
}

static enum rill_code open_decoder(struct incoming *in, struct rill_error *error)
{
	const struct rill_decoder_io io = {in, read_object, write_object};
	const struct rill_delta_header *header = &in->header;
	enum rill_code code = rill_delta_header_parse(&in->header, in->header_bytes, in->fill,
						      error);

	if (code == RILL_OK)
		code = accept_objects(in, error);
	if (code != RILL_OK)
		return code;
	if (header->length + header->body_length != in->length)
		return rill_fail(error, RILL_SECURITY, "the delta has two lengths");
	return rill_decoder_new(&in->decoder, header, in->budget, io, error);
}

static const uint8_t *signed_hash(const struct incoming *in)
{
	return at_header(in)
		       ? in->delta->header_sha256
		       : in->header.chunk_sha256 + (in->start - in->header.length) /
							   RILL_DELTA_CHUNK * RILL_CHUNK_HASH_SIZE;
}

/* The part is here: looks at its hash, keeps it if it is new, and passes it on. */
static enum rill_code take_part(struct incoming *in, bool is_kept, struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code = RILL_OK;

	rill_sha256(part_bytes(in), in->fill, digest);
	/* A chunk's hash is cut short: delta_header.h. */
	in->damaged = memcmp(digest, signed_hash(in),
			     at_header(in) ? RILL_SHA256_SIZE : RILL_CHUNK_HASH_SIZE) != 0;
	if (in->damaged)
		return rill_fail(error, RILL_CORRUPT, "not the signed bytes");
	rill_sha256_update(&in->hash, part_bytes(in), in->fill);
	if (!is_kept)
		code = partial_write(&in->partial, in->start, part_bytes(in), in->fill, error);
	if (code == RILL_OK && at_header(in))
		code = open_decoder(in, error);
	else if (code == RILL_OK)
		code = rill_decoder_feed(in->decoder, in->chunk, in->fill, error);
	in->start += in->fill;
	in->fill = 0;
	return code;
}

static enum rill_code take_bytes(void *context, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	struct incoming *in = context;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		size_t length = part_length(in), take = length - in->fill;

		if (take > n)
			take = n;
		memcpy(part_bytes(in) + in->fill, bytes, take);
		in->fill += take;
		bytes += take;
		n -= take;
		progress_at(in->receiver->progress, in->start + in->fill);
		if (in->fill == length)
			code = take_part(in, false, error);
	}
	return code;
}

/* Takes what is kept of the part at hand, whole or its beginning. */
static enum rill_code take_kept(struct incoming *in, struct rill_error *error)
{
	size_t length = part_length(in);
	uint64_t kept = in->partial.size - in->start;
	enum rill_code code;

	in->fill = kept < length ? (size_t)kept : length;
	code = partial_read(&in->partial, in->start, part_bytes(in), in->fill, error);
	if (code == RILL_OK && in->fill == length)
		code = take_part(in, true, error);
	progress_at(in->receiver->progress, in->start + in->fill);
	return code;
}

/* Fetches from the part at hand on: to the end, or only this part when more is kept. */
static enum rill_code fetch_on(struct incoming *in, struct rill_error *error)
{
	uint64_t end = in->start + part_length(in);

	if (end >= in->partial.size)
		end = in->length;
	return http_get_range(in->receiver->http, in->url, in->start + in->fill, end, in->length,
			      take_bytes, in, error);
}

static enum rill_code too_damaged(const struct incoming *in, struct rill_error *error)
{
	if (at_header(in))
		return rill_fail(error, RILL_CORRUPT,
				 "%s: the delta's header is not the signed one, in %d fetches",
				 in->url, FETCHES_MAX);
	return rill_fail(error, RILL_CORRUPT,
			 "%s: chunk %" PRIu64 " of the delta is damaged, in %d fetches", in->url,
			 (in->start - in->header.length) / RILL_DELTA_CHUNK, FETCHES_MAX);
}

static enum rill_code receive_parts(struct incoming *in, struct rill_error *error)
{
	int fetches = 0;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && in->start < in->length) {
		bool kept = !in->damaged && in->fill == 0 && in->partial.size > in->start;
		uint64_t before = in->start;

		code = kept ? take_kept(in, error) : fetch_on(in, error);
		if (in->start > before)
			fetches = 0;
		if (!in->damaged)
			continue;
		in->fill = 0;
		code = RILL_OK;
		if (kept && at_header(in)) /* all of it is of another delta */
			code = partial_empty(&in->partial, error);
		else if (!kept && ++fetches == FETCHES_MAX)
			code = too_damaged(in, error);
	}
	return code;
}

/* What came of a part that is not whole is kept too; it is looked at when the rest is here. */
static void keep_rest(struct incoming *in)
{
	struct rill_error ignored;

	if (in->fill > 0 && in->start + in->fill > in->partial.size)
		partial_write(&in->partial, in->start, part_bytes(in), in->fill, &ignored);
}

static enum rill_code check_whole(struct incoming *in, const struct rill_tuf_target *whole,
				  struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256_finish(&in->hash, digest);
	if (memcmp(digest, whole->sha256, sizeof digest) != 0)
		return rill_fail(error, RILL_SECURITY,
				 "the delta has two hashes: its parts are right, the whole is not");
	return RILL_OK;
}

/* What a kind of several objects needs, the publisher has summed up. */
static uint64_t room_for(const struct incoming *in)
{
	return (uint64_t)(in->receiver->install->kind->accept ? in->delta->scratch
							      : in->receiver->target->length);
}

static enum rill_code receive_and_decode(struct incoming *in, const struct rill_tuf_target *whole,
					 struct rill_error *error)
{
	const struct receiver *receiver = in->receiver;
	enum rill_code code = receive_url(in->url, sizeof in->url, in->delta->path, whole->sha256,
					  error);

	if (code == RILL_OK)
		code = partial_open(&in->partial, receiver->state, receiver->name, in->length,
				    error);
	if (code == RILL_OK)
		code = receiver->install->kind->begin(receiver->install, room_for(in), error);
	if (code == RILL_OK)
		code = receive_parts(in, error);
	if (code != RILL_OK)
		keep_rest(in);
	if (code == RILL_OK)
		code = rill_decoder_finish(in->decoder, error);
	return code == RILL_OK ? check_whole(in, whole, error) : code;
}

enum rill_code receive_delta(const struct receiver *receiver,
			     const struct rill_release_delta *delta,
			     const struct rill_tuf_target *whole, uint64_t budget,
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
	in->receiver = receiver;
	in->delta = delta;
	in->length = (uint64_t)whole->length;
	in->budget = budget;
	in->partial.fd = -1;
	rill_sha256_start(&in->hash);
	if (in->length < (uint64_t)delta->header_length || delta->header_length == 0)
		code = rill_fail(error, RILL_SECURITY, "the delta is shorter than its header");
	else
		code = receive_and_decode(in, whole, error);
	partial_close(&in->partial);
	rill_decoder_free(in->decoder);
	free(in->header_bytes);
	free(in);
	return code;
}
