/* SPDX-License-Identifier: Apache-2.0 */
#include "host/inner_streams.h"

#include "host/deflate_find.h"
#include "host/gzip_header.h"
#include "protocol/reference.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define ZIP_LOCAL 0x04034b50u
#define ZIP_LOCAL_SIZE 30u

struct file {
	const uint8_t *bytes;
	size_t n;
	bool again;
	uint8_t *room; /* RILL_PACKED_MOST bytes, and one more */
};

static bool is_zip(const uint8_t *bytes, size_t n)
{
	return n >= ZIP_LOCAL_SIZE && rill_load32(bytes) == ZIP_LOCAL;
}

bool inner_streams_likely(const uint8_t *bytes, size_t n)
{
	return gzip_begins(bytes, n) || is_zip(bytes, n);
}

/* The stream at an offset: its two lengths and its CRC. False when there is none, or it is
 * too long. */
static bool measure(const struct file *file, size_t at, struct rill_packed *stream, uint32_t *crc)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)file->bytes + at,
		      .avail_in = file->n - at < UINT32_MAX ? (unsigned)(file->n - at) : UINT32_MAX,
		      .next_out = file->room,
		      .avail_out = RILL_PACKED_MOST + 1};
	int result;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	result = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (result != Z_STREAM_END || z.total_out == 0 || z.total_out > RILL_PACKED_MOST)
		return false;
	stream->start = at;
	stream->coded = (uint32_t)z.total_in;
	stream->plain = (uint32_t)z.total_out;
	*crc = (uint32_t)crc32(crc32(0, NULL, 0), file->room, stream->plain);
	return true;
}

/* Adds a stream, with its recipe when that is wanted. */
static enum rill_code add(struct inner_streams *streams, const struct file *file,
			  struct rill_packed *stream, struct deflate_hint hint,
			  struct rill_error *error)
{
	struct deflate_found found;

	if (file->again) {
		enum rill_code code = deflate_find(file->bytes + stream->start,
						   file->n - (size_t)stream->start, hint, &found,
						   error);

		if (code == RILL_MEMORY)
			return code;
		if (code != RILL_OK || !found.found)
			return RILL_OK;
		stream->recipe = found.recipe;
	}
	if (streams->n == streams->capacity) {
		size_t capacity = streams->capacity * 2 + 8;
		struct rill_packed *larger = realloc(streams->stream, capacity * sizeof *larger);

		if (!larger)
			return rill_fail(error, RILL_MEMORY, "no memory for streams");
		streams->stream = larger;
		streams->capacity = capacity;
	}
	streams->stream[streams->n++] = *stream;
	return RILL_OK;
}

static enum rill_code find_gzip(struct inner_streams *streams, const struct file *file,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	size_t at = 0;

	while (code == RILL_OK && gzip_begins(file->bytes + at, file->n - at)) {
		const uint8_t *header = file->bytes + at;
		size_t length = gzip_header(header, file->n - at);
		struct rill_packed stream = {0};
		const uint8_t *trailer;
		uint32_t crc;

		if (length == 0 || !measure(file, at + length, &stream, &crc))
			break;
		at += length + stream.coded;
		if (file->n - at < GZIP_TRAILER)
			break;
		trailer = file->bytes + at;
		at += GZIP_TRAILER;
		stream.trailer = rill_load32(trailer) == crc &&
				 rill_load32(trailer + 4) == stream.plain;
		stream.coded += stream.trailer ? GZIP_TRAILER : 0;
		code = add(streams, file, &stream, deflate_hint_gzip(header[8], header[9]), error);
	}
	return code;
}

static enum rill_code find_zip(struct inner_streams *streams, const struct file *file,
			       struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	size_t at = 0;

	while (code == RILL_OK && is_zip(file->bytes + at, file->n - at)) {
		const uint8_t *header = file->bytes + at;
		unsigned flags = header[6] | (unsigned)header[7] << 8;
		unsigned method = header[8] | (unsigned)header[9] << 8;
		size_t length = ZIP_LOCAL_SIZE + (header[26] | (unsigned)header[27] << 8) +
				(header[28] | (unsigned)header[29] << 8);
		size_t coded = rill_load32(header + 18);
		struct rill_packed stream = {0};
		uint32_t crc;

		if (length >= file->n - at)
			break;
		at += length;
		if (method == 8) {
			if (measure(file, at, &stream, &crc)) {
				coded = stream.coded;
				code = add(streams, file, &stream,
					   deflate_hint_zip((uint16_t)flags), error);
			} else if (flags & 8) {
				break; /* nothing says how long it is */
			}
		}
		if (coded > file->n - at)
			break;
		at += coded;
		/* A data descriptor, with its signature or not. */
		if (flags & 8)
			at += file->n - at >= 16 && rill_load32(file->bytes + at) == 0x08074b50u
				      ? 16
				      : 12;
		if (at > file->n)
			break;
	}
	return code;
}

enum rill_code inner_streams_find(struct inner_streams *streams, const uint8_t *bytes, size_t n,
				  bool again, struct rill_error *error)
{
	struct file file = {.bytes = bytes, .n = n, .again = again};
	enum rill_code code;

	if (!inner_streams_likely(bytes, n))
		return RILL_OK;
	file.room = malloc(RILL_PACKED_MOST + 1);
	if (!file.room)
		return rill_fail(error, RILL_MEMORY, "no memory to inflate");
	code = gzip_begins(bytes, n) ? find_gzip(streams, &file, error)
				     : find_zip(streams, &file, error);
	free(file.room);
	return code;
}

void inner_streams_free(struct inner_streams *streams)
{
	free(streams->stream);
	*streams = (struct inner_streams){0};
}

bool inner_stream_inflate(const struct rill_packed *stream, const uint8_t *file, uint8_t *plain)
{
	z_stream z = {.next_in = (uint8_t *)(uintptr_t)file + stream->start,
		      .avail_in = stream->coded,
		      .avail_out = stream->plain};
	int result;

	z.next_out = plain;
	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return false;
	result = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return result == Z_STREAM_END && z.total_out == stream->plain;
}
