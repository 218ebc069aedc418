/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_apply.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREAD_LEAST (256u << 10) /* a shorter base is hashed before a thread would run */

struct storage {
	const struct input *base;
	struct output *output;
};

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct storage *storage = context;

	if (object > 0)
		return output_read(storage->output, offset, bytes, n, error);
	memcpy(bytes, storage->base->bytes + offset, n);
	return RILL_OK;
}

static enum rill_code write_object(void *context, size_t object, const uint8_t *bytes, size_t n,
				   struct rill_error *error)
{
	const struct storage *storage = context;

	(void)object; /* there is one output */
	return output_write(storage->output, bytes, n, error);
}

enum rill_code delta_read_header(const struct input *delta, struct rill_delta_header *header,
				 struct rill_error *error)
{
	uint32_t length;
	enum rill_code code = rill_delta_header_length(delta->bytes, delta->length, &length, error);

	if (code != RILL_OK)
		return code;
	if (length > delta->length)
		return rill_fail(error, RILL_CORRUPT,
				 "the delta has %zu bytes, its header alone %u: fetch it again",
				 delta->length, length);
	return rill_delta_header_parse(header, delta->bytes, length, error);
}

/* The base's SHA-256, in a thread beside the decoder: what that writes is thrown away when the
 * base turns out to be another one, and nothing is final before both are done. */
struct base_check {
	const struct rill_object *expected;
	const struct input *base;
	pthread_t thread;
	bool running;
	atomic_bool wrong;
};

static void *hash_base(void *context)
{
	struct base_check *check = context;
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256(check->base->bytes, check->base->length, digest);
	if (memcmp(digest, check->expected->sha256, sizeof digest) != 0)
		atomic_store(&check->wrong, true);
	return NULL;
}

static enum rill_code start_check(struct base_check *check, const struct rill_delta_header *header,
				  const struct input *base, struct rill_error *error)
{
	if (header->flags & RILL_DELTA_IMAGE)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "a delta of images: give an image, not a file, to apply it to");
	if (header->base_count != 1 || header->output_count != 1)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "the delta is of %zu bases and %zu outputs; a file has one each",
				 header->base_count, header->output_count);
	check->expected = &header->base[0];
	check->base = base;
	if (base->length != check->expected->length)
		atomic_store(&check->wrong, true);
	else if (base->length >= THREAD_LEAST)
		check->running = pthread_create(&check->thread, NULL, hash_base, check) == 0;
	if (!check->running && !atomic_load(&check->wrong))
		hash_base(check);
	return RILL_OK;
}

/* A wrong base counts more than what the decoder made of it, which was `code`. */
static enum rill_code end_check(struct base_check *check, enum rill_code code,
				struct rill_error *error)
{
	char hex[RILL_SHA256_HEX];

	if (check->running)
		pthread_join(check->thread, NULL);
	if (!atomic_load(&check->wrong))
		return code;
	rill_hex(check->expected->sha256, RILL_SHA256_SIZE, hex);
	return rill_fail(error, RILL_WRONG_BASE,
			 "not the base of this delta, which has %llu bytes and SHA-256 %s",
			 (unsigned long long)check->expected->length, hex);
}

enum rill_code delta_decode(const struct input *delta, const struct rill_delta_header *header,
			    uint64_t budget, struct rill_decoder_io io, const atomic_bool *stop,
			    const struct delta_watch *watch, struct progress *progress,
			    struct rill_error *error)
{
	struct rill_decoder *decoder;
	size_t at = header->length;
	enum rill_code code = rill_decoder_new(&decoder, header, budget, io, error);

	if (code == RILL_OK && watch)
		rill_decoder_watch(decoder, watch->watch, watch->context);
	while (code == RILL_OK && at < delta->length && !(stop && atomic_load(stop))) {
		size_t some = delta->length - at;

		if (some > RILL_DELTA_CHUNK)
			some = RILL_DELTA_CHUNK;
		code = rill_decoder_feed(decoder, delta->bytes + at, some, error);
		at += some;
		progress_show(progress, rill_decoder_written(decoder), header->output_length);
	}
	if (code == RILL_OK)
		code = rill_decoder_finish(decoder, error);
	rill_decoder_free(decoder);
	return code;
}

enum rill_code delta_apply(const struct input *base, const struct input *delta, uint64_t budget,
			   struct output *output, struct progress *progress,
			   struct rill_error *error)
{
	return delta_apply_watched(base, delta, budget, output, NULL, progress, error);
}

enum rill_code delta_apply_watched(const struct input *base, const struct input *delta,
				   uint64_t budget, struct output *output,
				   const struct delta_watch *watch, struct progress *progress,
				   struct rill_error *error)
{
	struct storage storage = {base, output};
	const struct rill_decoder_io io = {&storage, read_object, write_object};
	struct rill_delta_header *header = calloc(1, sizeof *header);
	struct base_check check = {0};
	enum rill_code code;

	if (!header)
		return rill_fail(error, RILL_MEMORY, "no memory");
	code = delta_read_header(delta, header, error);
	if (code == RILL_OK)
		code = start_check(&check, header, base, error);
	if (code == RILL_OK && !atomic_load(&check.wrong))
		code = delta_decode(delta, header, budget, io, &check.wrong, watch, progress,
				    error);
	code = end_check(&check, code, error);
	free(header);
	return code;
}
