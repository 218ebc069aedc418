/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompresses whole files: gzip (RFC 1952) with any number of members by zlib, zstd (RFC 8878)
 * with any number of frames by libzstd. Memory is bounded: 512 KiB, for zstd also its window.
 */
#ifndef RILL_HOST_UNPACK_H
#define RILL_HOST_UNPACK_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

/* By the first bytes. */
enum compression compression_of(const uint8_t *bytes, size_t n);

struct unpack_sink {
	/* Takes decompressed bytes. */
	enum rill_code (*put)(void *context, const uint8_t *bytes, size_t n,
			      struct rill_error *error);
	/* Is told of compressed bytes, each once and in order, garbage at the end too. */
	void (*consumed)(void *context, const uint8_t *bytes, size_t n);
	void *context;
};

/* Takes COMPRESSION_NONE, too. What follows the last gzip member and is none is passed over, as
 * GNU gzip does. RILL_CORRUPT names the offset in the compressed bytes; RILL_UNSUPPORTED:
 * a zstd window of over 128 MiB. */
enum rill_code unpack(enum compression compression, const uint8_t *bytes, size_t n,
		      const struct unpack_sink *sink, struct rill_error *error);

#endif
