/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/layer_recipe.h"

#include <stdlib.h>
#include <zlib.h>

enum { HEADER_MOST = 1 << 20, TRAILER = 8 };

struct rill_gzip_again {
	struct rill_reader reader;
	struct rill_deflate_sink sink;
	uint64_t members; /* that are not begun */
	/* The member at work. */
	struct rill_deflate *deflate;
	uint64_t left; /* plain bytes */
	uint32_t crc, length;
};

static enum rill_code corrupt(struct rill_error *error, const char *what)
{
	return rill_fail(error, RILL_CORRUPT, "the recipe of a layer: %s", what);
}

void rill_gzip_member_put(const struct rill_gzip_member *member, struct rill_writer *writer)
{
	rill_put_varint(writer, member->header_length);
	rill_put_bytes(writer, member->header, member->header_length);
	rill_deflate_recipe_put(&member->deflate, writer);
	rill_put_varint(writer, member->plain_length);
}

/* Some bytes with their length before them. */
static bool get_string(struct rill_reader *reader, const uint8_t **bytes, size_t *n)
{
	uint64_t length;

	if (!rill_get_varint(reader, &length) || length > rill_reader_left(reader))
		return false;
	*n = (size_t)length;
	return rill_get_bytes(reader, *n, bytes);
}

static enum rill_code get_member(struct rill_reader *reader, struct rill_gzip_member *member,
				 struct rill_error *error)
{
	enum rill_code code;

	if (!get_string(reader, &member->header, &member->header_length) ||
	    member->header_length > HEADER_MOST)
		return corrupt(error, "a header is cut off");
	code = rill_deflate_recipe_parse(&member->deflate, reader, error);
	if (code == RILL_OK && !rill_get_varint(reader, &member->plain_length))
		code = corrupt(error, "a length is cut off");
	return code;
}

enum rill_code rill_layer_recipe_skip(struct rill_reader *reader, uint64_t *plain_length,
				      struct rill_error *error)
{
	struct rill_gzip_member member = {0};
	const uint8_t *rest;
	uint64_t members;
	size_t n;

	*plain_length = 0;
	if (!rill_get_varint(reader, &members) || members == 0)
		return corrupt(error, "no members");
	for (; members > 0; members--) {
		enum rill_code code = get_member(reader, &member, error);

		if (code != RILL_OK)
			return code;
		if (!rill_add(*plain_length, member.plain_length, plain_length))
			return corrupt(error, "impossible lengths");
	}
	return get_string(reader, &rest, &n) ? RILL_OK : corrupt(error, "its end is cut off");
}

/* Writes the next header and begins the deflate stream behind it. */
static enum rill_code begin_member(struct rill_gzip_again *again, struct rill_error *error)
{
	struct rill_gzip_member member = {0};
	enum rill_code code = get_member(&again->reader, &member, error);

	if (code != RILL_OK)
		return code;
	again->members--;
	again->left = member.plain_length;
	again->crc = (uint32_t)crc32(0, NULL, 0);
	again->length = (uint32_t)member.plain_length;
	code = again->sink.write(again->sink.context, member.header, member.header_length, error);
	if (code == RILL_OK)
		code = rill_deflate_new(&again->deflate, &member.deflate, again->sink, error);
	return code;
}

static enum rill_code end_member(struct rill_gzip_again *again, struct rill_error *error)
{
	uint8_t trailer[TRAILER];
	struct rill_writer writer = rill_writer(trailer, sizeof trailer);
	enum rill_code code = rill_deflate_finish(again->deflate, error);

	rill_deflate_free(again->deflate);
	again->deflate = NULL;
	rill_put_u32(&writer, again->crc);
	rill_put_u32(&writer, again->length);
	if (code == RILL_OK)
		code = again->sink.write(again->sink.context, trailer, sizeof trailer, error);
	return code;
}

/* Goes to a member that wants bytes, over those that have none; false behind the last one. */
static bool find_member(struct rill_gzip_again *again, enum rill_code *code,
			struct rill_error *error)
{
	*code = RILL_OK;
	while (*code == RILL_OK) {
		if (again->deflate && again->left > 0)
			return true;
		if (again->deflate)
			*code = end_member(again, error);
		if (*code == RILL_OK && again->members == 0)
			return false;
		if (*code == RILL_OK)
			*code = begin_member(again, error);
	}
	return false;
}

enum rill_code rill_gzip_again_new(struct rill_gzip_again **result, const uint8_t *recipe, size_t n,
				   struct rill_deflate_sink sink, struct rill_error *error)
{
	struct rill_gzip_again *again = calloc(1, sizeof *again);

	*result = again;
	if (!again)
		return rill_fail(error, RILL_MEMORY, "no memory to compress a layer");
	again->reader = rill_reader(recipe, n);
	again->sink = sink;
	if (!rill_get_varint(&again->reader, &again->members) || again->members == 0)
		return corrupt(error, "no members");
	return RILL_OK;
}

enum rill_code rill_gzip_again_feed(struct rill_gzip_again *again, const uint8_t *bytes, size_t n,
				    struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && n > 0) {
		unsigned some = n < UINT32_MAX ? (unsigned)n : UINT32_MAX;

		if (!find_member(again, &code, error))
			return code != RILL_OK ? code : corrupt(error, "more bytes than it says");
		if (some > again->left)
			some = (unsigned)again->left;
		again->crc = (uint32_t)crc32(again->crc, bytes, some);
		code = rill_deflate_feed(again->deflate, bytes, some, error);
		again->left -= some;
		bytes += some;
		n -= some;
	}
	return code;
}

enum rill_code rill_gzip_again_finish(struct rill_gzip_again *again, struct rill_error *error)
{
	enum rill_code code;
	const uint8_t *rest;
	size_t n;

	if (find_member(again, &code, error))
		return corrupt(error, "fewer bytes than it says");
	if (code != RILL_OK)
		return code;
	if (!get_string(&again->reader, &rest, &n) || rill_reader_left(&again->reader) > 0)
		return corrupt(error, "its end is not where it should be");
	return again->sink.write(again->sink.context, rest, n, error);
}

void rill_gzip_again_free(struct rill_gzip_again *again)
{
	if (!again)
		return;
	rill_deflate_free(again->deflate);
	free(again);
}
