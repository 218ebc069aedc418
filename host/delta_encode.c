/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_encode.h"

#include "host/delta_apply.h"
#include "host/engine.h"
#include <string.h>
#include <unistd.h>

static enum rill_code read_object(void *context, size_t object, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error)
{
	const struct sources *s = context;
	const uint8_t *at = object < s->old_objects ? s->old : s->new;
	const uint64_t *length = object < s->old_objects ? s->old_object : s->new_object;
	size_t before = object < s->old_objects ? object : object - s->old_objects;

	(void)error;
	for (size_t i = 0; i < before; i++)
		at += length[i];
	memcpy(bytes, at + offset, n);
	return RILL_OK;
}

/* The decoder compares the hashes of what it writes. */
static enum rill_code drop(void *context, size_t object, const uint8_t *bytes, size_t n,
			   struct rill_error *error)
{
	(void)context;
	(void)object;
	(void)bytes;
	(void)n;
	(void)error;
	return RILL_OK;
}

static enum rill_code prove(const struct sources *sources, const struct buffer *delta,
			    const struct rill_delta_header *header, bool quiet,
			    struct rill_error *error)
{
	const struct rill_decoder_io io = {(void *)(uintptr_t)sources, read_object, drop};
	const struct input input = {.bytes = delta->bytes, .length = delta->length};
	struct progress progress = progress_start("checking", quiet);
	enum rill_code code = delta_decode(&input, header, UINT64_MAX, io, NULL, NULL, &progress,
					   error);

	progress_end(&progress);
	if (code != RILL_OK)
		rill_error_in(error, "a delta that was just made fails its check");
	return code;
}

enum rill_code delta_make_of(const struct sources *sources, uint8_t flags,
			     const struct delta_options *options, struct buffer *delta,
			     struct rill_delta_header *header, struct rill_error *error)
{
	struct progress progress = progress_start("encoding", options->quiet);
	struct engine_options engine = ENGINE_DEFAULTS;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct growing out = {0};
	uint32_t length;
	enum rill_code code;

	engine.progress = &progress;
	engine.flags = flags;
	engine.jobs = (unsigned)(options->jobs ? options->jobs : processors > 0 ? processors : 1);
	engine.memory = (uint64_t)options->memory;
	code = encode_delta(sources, &engine, &out, NULL, error);
	progress_end(&progress);
	*delta = (struct buffer){.bytes = out.bytes, .length = out.n, .capacity = out.capacity};
	if (code == RILL_OK)
		code = rill_delta_header_length(delta->bytes, delta->length, &length, error);
	if (code == RILL_OK)
		code = rill_delta_header_parse(header, delta->bytes, length, error);
	/* How often a decoder has to inflate streams anew, only decoding tells. */
	if (code == RILL_OK && (options->prove || header->most_streams > 0))
		code = prove(sources, delta, header, options->quiet, error);
	return code;
}

enum rill_code delta_make(const uint8_t *base, size_t base_length, const uint8_t *target,
			  size_t target_length, const struct delta_options *options,
			  struct buffer *delta, struct rill_delta_header *header,
			  struct rill_error *error)
{
	const uint64_t lengths[2] = {base_length, target_length};
	const struct sources sources = {.old = base,
					.new = target,
					.old_n = base_length,
					.new_n = target_length,
					.old_object = &lengths[0],
					.new_object = &lengths[1],
					.old_objects = 1,
					.new_objects = 1};

	return delta_make_of(&sources, 0, options, delta, header, error);
}
