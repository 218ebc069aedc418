/* SPDX-License-Identifier: Apache-2.0 */
#include "host/gzip_recipe.h"

#include "host/deflate_find.h"
#include "host/gzip_header.h"
#include "protocol/layer_recipe.h"
#include "protocol/reference.h"

#define MEMBER_ROOM 64u /* of what is written for one, beside its header */

/* Appends the member at the start of `bytes`, whose length goes to `length`; 0 when it cannot be
 * made again. */
static enum rill_code add_member(struct buffer *members, const uint8_t *bytes, size_t n,
				 size_t *length, struct rill_error *error)
{
	size_t header = gzip_header(bytes, n), end;
	struct deflate_found found;
	struct rill_writer writer;
	struct rill_gzip_member member;
	enum rill_code code;

	*length = 0;
	if (header == 0)
		return RILL_OK;
	code = deflate_find(bytes + header, n - header, deflate_hint_gzip(bytes[8], bytes[9]),
			    &found, error);
	if (code != RILL_OK)
		return code == RILL_MEMORY ? code : RILL_OK;
	end = header + (size_t)found.length;
	if (!found.found || n - end < GZIP_TRAILER || rill_load32(bytes + end) != found.crc32 ||
	    rill_load32(bytes + end + 4) != (uint32_t)found.plain_length)
		return RILL_OK;
	member = (struct rill_gzip_member){.header = bytes,
					   .header_length = header,
					   .deflate = found.recipe,
					   .plain_length = found.plain_length};
	code = buffer_reserve(members, header + MEMBER_ROOM, error);
	if (code != RILL_OK)
		return code;
	writer = rill_writer(members->bytes + members->length, header + MEMBER_ROOM);
	rill_gzip_member_put(&member, &writer);
	members->length += rill_writer_length(&writer);
	*length = end + GZIP_TRAILER;
	return RILL_OK;
}

static enum rill_code append_number(struct buffer *to, uint64_t number, struct rill_error *error)
{
	uint8_t bytes[RILL_VARINT_MAX];
	struct rill_writer writer = rill_writer(bytes, sizeof bytes);

	rill_put_varint(&writer, number);
	return buffer_append(to, bytes, rill_writer_length(&writer), error);
}

enum rill_code gzip_recipe_find(const uint8_t *bytes, size_t n, struct buffer *recipe, bool *found,
				struct rill_error *error)
{
	struct buffer members = {0};
	enum rill_code code = RILL_OK;
	uint64_t count = 0;
	size_t at = 0;

	*found = gzip_begins(bytes, n);
	while (code == RILL_OK && *found && gzip_begins(bytes + at, n - at)) {
		size_t length;

		code = add_member(&members, bytes + at, n - at, &length, error);
		*found = length > 0;
		at += length;
		count++;
	}
	*found = *found && n - at <= GZIP_REST_MOST;
	if (code == RILL_OK && *found)
		code = append_number(recipe, count, error);
	if (code == RILL_OK && *found)
		code = buffer_append(recipe, members.bytes, members.length, error);
	if (code == RILL_OK && *found)
		code = append_number(recipe, n - at, error);
	if (code == RILL_OK && *found)
		code = buffer_append(recipe, bytes + at, n - at, error);
	buffer_free(&members);
	return code;
}
