/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/deflate_engine.h"

#include <stdlib.h>

static const struct rill_deflate_engine *const engines[RILL_DEFLATE_KINDS] = {
	[RILL_DEFLATE_STORED] = &rill_deflate_stored, [RILL_DEFLATE_ZLIB] = &rill_deflate_zlib,
	[RILL_DEFLATE_PIGZ] = &rill_deflate_zlib,     [RILL_DEFLATE_GZIP] = &rill_deflate_gzip,
	[RILL_DEFLATE_ZIP] = &rill_deflate_gzip,
};

enum rill_code rill_deflate_flush(struct rill_deflate_output *output)
{
	if (output->code == RILL_OK && output->n > 0)
		output->code = output->sink.write(output->sink.context, output->bytes, output->n,
						  output->error);
	output->n = 0;
	return output->code;
}

void rill_deflate_align(struct rill_deflate_output *output)
{
	rill_deflate_put_bits(output, 0, -output->bit_count & 7);
}

void rill_deflate_put_bytes(struct rill_deflate_output *output, const uint8_t *bytes, size_t n)
{
	rill_deflate_flush(output);
	if (output->code == RILL_OK && n > 0)
		output->code = output->sink.write(output->sink.context, bytes, n, output->error);
}

void rill_deflate_put_stored(struct rill_deflate_output *output, bool last, const uint8_t *bytes,
			     size_t n)
{
	rill_deflate_put_bits(output, last, 3);
	rill_deflate_align(output);
	rill_deflate_put_bits(output, (uint16_t)n, 16);
	rill_deflate_put_bits(output, (uint16_t)~n, 16);
	rill_deflate_put_bytes(output, bytes, n);
}

enum rill_code rill_deflate_new(struct rill_deflate **deflate,
				const struct rill_deflate_recipe *recipe,
				struct rill_deflate_sink sink, struct rill_error *error)
{
	struct rill_deflate *made = calloc(1, RILL_DEFLATE_MEMORY);
	enum rill_code code = RILL_OK;

	*deflate = NULL;
	if (!made)
		return rill_fail(error, RILL_MEMORY, "no memory to make a deflate stream again");
	made->engine = engines[recipe->kind];
	made->recipe = *recipe;
	made->output.sink = sink;
	if (made->engine->begin)
		code = made->engine->begin(made, error);
	if (code != RILL_OK)
		free(made);
	else
		*deflate = made;
	return code;
}

enum rill_code rill_deflate_feed(struct rill_deflate *deflate, const uint8_t *bytes, size_t n,
				 struct rill_error *error)
{
	deflate->output.error = error;
	return n > 0 ? deflate->engine->feed(deflate, bytes, n) : RILL_OK;
}

enum rill_code rill_deflate_finish(struct rill_deflate *deflate, struct rill_error *error)
{
	deflate->output.error = error;
	return deflate->engine->finish(deflate);
}

void rill_deflate_free(struct rill_deflate *deflate)
{
	free(deflate);
}
