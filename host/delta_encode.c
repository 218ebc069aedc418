/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_encode.h"

#include "host/engine.h"

enum rill_code delta_make(const uint8_t *base, size_t base_length, const uint8_t *target,
			  size_t target_length, bool quiet, struct buffer *delta,
			  struct rill_delta_header *header, struct rill_error *error)
{
	struct progress progress = progress_start("matching", quiet);
	struct engine_options options = ENGINE_DEFAULTS;
	struct growing out = {0};
	uint32_t length;
	enum rill_code code;

	options.progress = &progress;
	code = encode_delta(base, base_length, target, target_length, &options, &out, NULL, error);
	progress_end(&progress);
	*delta = (struct buffer){.bytes = out.bytes, .length = out.n, .capacity = out.capacity};
	if (code == RILL_OK)
		code = rill_delta_header_length(delta->bytes, delta->length, &length, error);
	if (code == RILL_OK)
		code = rill_delta_header_parse(header, delta->bytes, length, error);
	return code;
}
