/* SPDX-License-Identifier: Apache-2.0 */
#include "host/unpack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { PIECE = 256 << 10 };

static bool is_gzip(const uint8_t *bytes, size_t n)
{
	return n >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

enum compression compression_of(const uint8_t *bytes, size_t n)
{
	static const uint8_t zstd[4] = {0x28, 0xb5, 0x2f, 0xfd}, skippable[3] = {0x2a, 0x4d, 0x18};

	if (is_gzip(bytes, n))
		return COMPRESSION_GZIP;
	if (n >= 4 && (memcmp(bytes, zstd, 4) == 0 ||
		       ((bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, skippable, 3) == 0)))
		return COMPRESSION_ZSTD;
	return COMPRESSION_NONE;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum rill_code copy_plain(const uint8_t *bytes, size_t n, const struct unpack_sink *sink,
				 struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (size_t at = 0; code == RILL_OK && at < n; at += least(PIECE, n - at)) {
		code = sink->put(sink->context, bytes + at, least(PIECE, n - at), error);
		sink->consumed(sink->context, bytes + at, least(PIECE, n - at));
	}
	return code;
}

static enum rill_code inflate_failed(int result, const z_stream *z, size_t at,
				     struct rill_error *error)
{
	if (result == Z_MEM_ERROR)
		return rill_fail(error, RILL_MEMORY, "no memory to decompress gzip");
	if (result == Z_BUF_ERROR)
		return rill_fail(error, RILL_CORRUPT, "truncated: gzip goes on behind offset %zu",
				 at);
	return rill_fail(error, RILL_CORRUPT, "gzip, offset %zu: %s", at,
			 z->msg ? z->msg : "not valid");
}

/* All members. `*at` moves behind the last one. */
static enum rill_code inflate_members(z_stream *z, const uint8_t *bytes, size_t n, uint8_t *out,
				      size_t *at, const struct unpack_sink *sink,
				      struct rill_error *error)
{
	for (;;) {
		size_t had = least(PIECE, n - *at), used, made;
		enum rill_code code = RILL_OK;
		int result;

		z->next_in = (uint8_t *)(uintptr_t)bytes + *at;
		z->avail_in = (uInt)had;
		z->next_out = out;
		z->avail_out = PIECE;
		result = inflate(z, Z_NO_FLUSH);
		used = had - z->avail_in;
		made = PIECE - z->avail_out;
		if (made)
			code = sink->put(sink->context, out, made, error);
		if (code != RILL_OK)
			return code;
		sink->consumed(sink->context, bytes + *at, used);
		*at += used;
		if (result != Z_OK && result != Z_STREAM_END)
			return inflate_failed(result, z, *at, error);
		if (result != Z_STREAM_END)
			continue;
		if (!is_gzip(bytes + *at, n - *at))
			return RILL_OK;
		inflateReset(z);
	}
}

static enum rill_code unpack_gzip(const uint8_t *bytes, size_t n, const struct unpack_sink *sink,
				  struct rill_error *error)
{
	z_stream z = {0};
	uint8_t *out = malloc(PIECE);
	enum rill_code code;
	size_t at = 0;

	if (!out || inflateInit2(&z, 15 + 16) != Z_OK) {
		free(out);
		return rill_fail(error, RILL_MEMORY, "no memory to decompress gzip");
	}
	code = inflate_members(&z, bytes, n, out, &at, sink, error);
	inflateEnd(&z);
	free(out);
	for (; code == RILL_OK && at < n; at += least(PIECE, n - at))
		sink->consumed(sink->context, bytes + at, least(PIECE, n - at));
	return code;
}

static enum rill_code zstd_failed(size_t result, size_t at, struct rill_error *error)
{
	ZSTD_ErrorCode why = ZSTD_getErrorCode(result);

	if (why == ZSTD_error_memory_allocation)
		return rill_fail(error, RILL_MEMORY, "no memory to decompress zstd");
	if (why == ZSTD_error_frameParameter_windowTooLarge)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "zstd, offset %zu: a window of over 128 MiB", at);
	return rill_fail(error, RILL_CORRUPT, "zstd, offset %zu: %s", at,
			 ZSTD_getErrorName(result));
}

static enum rill_code decompress_frames(ZSTD_DStream *z, const uint8_t *bytes, size_t n,
					uint8_t *bytes_out, const struct unpack_sink *sink,
					struct rill_error *error)
{
	size_t at = 0, result = 0;
	bool full = false; /* there may be more to come without more to read */

	while (at < n || full) {
		ZSTD_inBuffer in = {bytes + at, least(PIECE, n - at), 0};
		ZSTD_outBuffer out = {bytes_out, PIECE, 0};
		enum rill_code code = RILL_OK;

		result = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(result))
			return zstd_failed(result, at, error);
		if (out.pos)
			code = sink->put(sink->context, bytes_out, out.pos, error);
		if (code != RILL_OK)
			return code;
		sink->consumed(sink->context, bytes + at, in.pos);
		at += in.pos;
		full = out.pos == PIECE && result != 0;
	}
	if (result != 0)
		return rill_fail(error, RILL_CORRUPT, "truncated: zstd goes on behind offset %zu",
				 at);
	return RILL_OK;
}

static enum rill_code unpack_zstd(const uint8_t *bytes, size_t n, const struct unpack_sink *sink,
				  struct rill_error *error)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	uint8_t *out = malloc(PIECE);
	enum rill_code code;

	if (!z || !out)
		code = rill_fail(error, RILL_MEMORY, "no memory to decompress zstd");
	else
		code = decompress_frames(z, bytes, n, out, sink, error);
	ZSTD_freeDStream(z);
	free(out);
	return code;
}

enum rill_code unpack(enum compression compression, const uint8_t *bytes, size_t n,
		      const struct unpack_sink *sink, struct rill_error *error)
{
	switch (compression) {
	case COMPRESSION_GZIP: return unpack_gzip(bytes, n, sink, error);
	case COMPRESSION_ZSTD: return unpack_zstd(bytes, n, sink, error);
	default: return copy_plain(bytes, n, sink, error);
	}
}
