/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds of re-creation share (deflate_recipe.h): the way out, bit by bit as RFC 1951
 * 3.1.1 packs them, and the table of engines. Private to protocol/.
 */
#ifndef RILL_DEFLATE_ENGINE_H
#define RILL_DEFLATE_ENGINE_H

#include "protocol/deflate_recipe.h"

struct rill_deflate_output {
	struct rill_deflate_sink sink;
	struct rill_error *error; /* of the call under way */
	enum rill_code code; /* what the sink returned; the rest is dropped once it failed */
	uint64_t bits; /* not yet a whole byte, lowest first */
	unsigned bit_count;
	size_t n;
	uint8_t bytes[4096];
};

struct rill_deflate {
	const struct rill_deflate_engine *engine;
	struct rill_deflate_recipe recipe;
	struct rill_deflate_output output;
	/* What is left of RILL_DEFLATE_MEMORY is the engine's, zeros at the start. */
	_Alignas(16) uint8_t state[];
};

#define RILL_DEFLATE_STATE (RILL_DEFLATE_MEMORY - sizeof(struct rill_deflate))

/* The functions behind those of deflate_recipe.h. `begin` may be NULL. */
struct rill_deflate_engine {
	enum rill_code (*begin)(struct rill_deflate *deflate, struct rill_error *error);
	enum rill_code (*feed)(struct rill_deflate *deflate, const uint8_t *bytes, size_t n);
	enum rill_code (*finish)(struct rill_deflate *deflate);
};

extern const struct rill_deflate_engine rill_deflate_stored, rill_deflate_zlib, rill_deflate_gzip;

/* Puts the low `n` bits (at most 16) of a value, which has no others. */
static inline void rill_deflate_put_bits(struct rill_deflate_output *output, uint32_t value,
					 unsigned n);
/* Fills up the last byte with zeros. */
void rill_deflate_align(struct rill_deflate_output *output);
/* Whole bytes, where the output is aligned. */
void rill_deflate_put_bytes(struct rill_deflate_output *output, const uint8_t *bytes, size_t n);
/* A stored block (RFC 1951, 3.2.4) of at most 65535 bytes. */
void rill_deflate_put_stored(struct rill_deflate_output *output, bool last, const uint8_t *bytes,
			     size_t n);
/* Hands what is whole to the sink, and returns what that returned. */
enum rill_code rill_deflate_flush(struct rill_deflate_output *output);

static inline void rill_deflate_put_bits(struct rill_deflate_output *output, uint32_t value,
					 unsigned n)
{
	output->bits |= (uint64_t)value << output->bit_count;
	output->bit_count += n;
	while (output->bit_count >= 8) {
		if (output->n == sizeof output->bytes)
			rill_deflate_flush(output);
		output->bytes[output->n++] = (uint8_t)output->bits;
		output->bits >>= 8;
		output->bit_count -= 8;
	}
}

#endif
