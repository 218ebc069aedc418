/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_encode.h"

#include "host/engine.h"
#include <unistd.h>

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
