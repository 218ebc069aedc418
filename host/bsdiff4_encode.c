/* SPDX-License-Identifier: Apache-2.0 */
#include "host/bsdiff4.h"

#include <bzlib.h>
#include <string.h>

static void put_number(uint8_t *to, int64_t value)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(magnitude >> 8 * i);
	if (value < 0)
		to[7] |= 0x80;
}

static enum rill_code append_number(struct buffer *buffer, int64_t value, struct rill_error *error)
{
	uint8_t bytes[8];

	put_number(bytes, value);
	return buffer_append(buffer, bytes, sizeof bytes, error);
}

static enum rill_code append_triple(struct buffer *control, uint64_t add, uint64_t extra,
				    int64_t move, struct rill_error *error)
{
	enum rill_code code = append_number(control, (int64_t)add, error);

	if (code == RILL_OK)
		code = append_number(control, (int64_t)extra, error);
	if (code == RILL_OK)
		code = append_number(control, move, error);
	return code;
}

/* A triple has a copy and the literal bytes behind it, up to the next copy. One without a
 * copy comes first, unless the new file begins with one from the old file's start. */
static enum rill_code make_control(const struct copy_list *list, size_t target_length,
				   struct buffer *control, struct rill_error *error)
{
	struct rill_copy last = {0};

	for (size_t i = 0; i <= list->n; i++) {
		struct rill_copy next = {.output = target_length,
					 .source = last.source + last.length};
		uint64_t end = last.output + last.length;
		enum rill_code code = RILL_OK;

		if (i < list->n)
			next = list->copy[i];
		if (last.length > 0 || next.output > end || next.source > 0)
			code = append_triple(control, last.length, next.output - end,
					     (int64_t)(next.source - last.source - last.length),
					     error);
		if (code != RILL_OK)
			return code;
		last = next;
	}
	return RILL_OK;
}

static enum rill_code append_bzip2(struct buffer *patch, const struct buffer *raw,
				   struct rill_error *error)
{
	/* The library's bound: 1 % and 600 bytes more than the input. */
	unsigned int length;
	enum rill_code code;

	if (raw->length > UINT32_MAX / 2)
		return rill_fail(error, RILL_UNSUPPORTED, "over 2 GiB do not fit this format here");
	length = (unsigned int)(raw->length + raw->length / 100 + 600);
	code = buffer_reserve(patch, length, error);
	if (code != RILL_OK)
		return code;
	if (BZ2_bzBuffToBuffCompress((char *)patch->bytes + patch->length, &length,
				     raw->length ? (char *)raw->bytes : (char *)patch->bytes,
				     (unsigned int)raw->length, 9, 0, 0) != BZ_OK)
		return rill_fail(error, RILL_MEMORY, "no memory for bzip2");
	patch->length += length;
	return RILL_OK;
}

static enum rill_code split_data(const uint8_t *base, const uint8_t *target, size_t target_length,
				 const struct copy_list *list, struct buffer *difference,
				 struct buffer *extra, struct rill_error *error)
{
	uint64_t covered = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct rill_copy *copy = &list->copy[i];
		enum rill_code code = buffer_append(extra, target + covered,
						    (size_t)(copy->output - covered), error);

		if (code == RILL_OK)
			code = buffer_reserve(difference, copy->length, error);
		if (code != RILL_OK)
			return code;
		for (size_t n = 0; n < copy->length; n++)
			difference->bytes[difference->length++] =
				(uint8_t)(target[copy->output + n] - base[copy->source + n]);
		covered = copy->output + copy->length;
	}
	return buffer_append(extra, target + covered, target_length - (size_t)covered, error);
}

static enum rill_code put_blocks(const struct buffer block[3], size_t target_length,
				 struct buffer *patch, struct rill_error *error)
{
	uint8_t header[32] = "BSDIFF40";
	size_t end[3] = {0};
	enum rill_code code = buffer_append(patch, header, sizeof header, error);

	for (int i = 0; code == RILL_OK && i < 3; i++) {
		code = append_bzip2(patch, &block[i], error);
		end[i] = patch->length;
	}
	if (code != RILL_OK)
		return code;
	put_number(patch->bytes + 8, (int64_t)(end[0] - sizeof header));
	put_number(patch->bytes + 16, (int64_t)(end[1] - end[0]));
	put_number(patch->bytes + 24, (int64_t)target_length);
	return RILL_OK;
}

enum rill_code bsdiff4_encode(const uint8_t *base, const uint8_t *target, size_t target_length,
			      const struct copy_list *list, struct buffer *patch,
			      struct rill_error *error)
{
	struct buffer block[3] = {{0}, {0}, {0}}; /* control, difference, extra */
	enum rill_code code = make_control(list, target_length, &block[0], error);

	if (code == RILL_OK)
		code = split_data(base, target, target_length, list, &block[1], &block[2], error);
	if (code == RILL_OK)
		code = put_blocks(block, target_length, patch, error);
	for (int i = 0; i < 3; i++)
		buffer_free(&block[i]);
	return code;
}
