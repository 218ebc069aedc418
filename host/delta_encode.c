/* SPDX-License-Identifier: Apache-2.0 */
#include "host/delta_encode.h"

#include "protocol/delta_decoder.h"
#include <stdlib.h>
#include <zlib.h>

static enum rill_code pack_copies(const struct copy_list *list, struct buffer *raw,
				  struct rill_error *error)
{
	uint64_t source_end = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct rill_copy *copy = &list->copies[i];
		struct rill_writer writer;
		enum rill_code code = buffer_reserve(raw, 3 * RILL_VARINT_MAX, error);

		if (code != RILL_OK)
			return code;
		writer = rill_writer(raw->bytes + raw->length, 3 * RILL_VARINT_MAX);
		rill_copy_map_put(&writer, copy, source_end);
		raw->length += rill_writer_length(&writer);
		if (copy->length > 0)
			source_end = copy->source + copy->length;
	}
	return RILL_OK;
}

static enum rill_code pack_data(const uint8_t *base, const uint8_t *target,
				const struct copy_list *list, struct buffer *raw,
				struct rill_error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct rill_copy *copy = &list->copies[i];
		const uint8_t *from = target + copy->output + copy->literal;
		enum rill_code code = buffer_append(raw, target + copy->output, copy->literal,
						    error);

		if (code == RILL_OK)
			code = buffer_reserve(raw, copy->length, error);
		if (code != RILL_OK)
			return code;
		for (size_t n = 0; n < copy->length; n++)
			raw->bytes[raw->length++] = (uint8_t)(from[n] - base[copy->source + n]);
	}
	return RILL_OK;
}

/* Appends `raw` to the body, coded if that makes it smaller. */
static enum rill_code put_section(struct rill_section *section, const struct buffer *raw,
				  struct buffer *body, struct rill_error *error)
{
	uLongf length = compressBound(raw->length);
	enum rill_code code = buffer_reserve(body, length, error);

	if (code != RILL_OK)
		return code;
	if (raw->length > 0 && compress2(body->bytes + body->length, &length, raw->bytes,
					 raw->length, Z_BEST_COMPRESSION) != Z_OK)
		return rill_fail(error, RILL_MEMORY, "no memory for zlib");
	section->raw_length = raw->length;
	if (raw->length == 0 || length >= raw->length) {
		section->codec = RILL_CODEC_STORED;
		section->coded_length = raw->length;
		return buffer_append(body, raw->bytes, raw->length, error);
	}
	section->codec = RILL_CODEC_ZLIB;
	section->coded_length = length;
	body->length += length;
	return RILL_OK;
}

static enum rill_code hash_chunks(const struct buffer *body, struct buffer *hashes,
				  struct rill_error *error)
{
	for (size_t at = 0; at < body->length; at += RILL_DELTA_CHUNK) {
		size_t left = body->length - at;
		uint8_t digest[RILL_SHA256_SIZE];
		enum rill_code code;

		rill_sha256(body->bytes + at, left < RILL_DELTA_CHUNK ? left : RILL_DELTA_CHUNK,
			    digest);
		code = buffer_append(hashes, digest, sizeof digest, error);
		if (code != RILL_OK)
			return code;
	}
	return RILL_OK;
}

/* Header and body, one behind the other. */
static enum rill_code put_file(struct rill_delta_header *header, const struct buffer *body,
			       const struct buffer *hashes, struct buffer *delta,
			       struct rill_error *error)
{
	enum rill_code code = buffer_reserve(delta, sizeof *header + hashes->length + body->length,
					     error);

	if (code != RILL_OK)
		return code;
	header->chunk_count = hashes->length / RILL_SHA256_SIZE;
	header->chunk_sha256 = hashes->bytes;
	header->memory = rill_decoder_memory(header);
	delta->length = rill_delta_header_write(header, delta->bytes, delta->capacity);
	if (delta->length == 0 || delta->length > RILL_DELTA_HEADER_MAX)
		return rill_fail(error, RILL_UNSUPPORTED, "a delta of over 8 GiB");
	header->chunk_sha256 = delta->bytes + delta->length - hashes->length;
	return buffer_append(delta, body->bytes, body->length, error);
}

static void set_object(struct rill_object *object, const uint8_t *bytes, size_t n)
{
	object->length = n;
	rill_sha256(bytes, n, object->sha256);
}

enum rill_code delta_encode(const uint8_t *base, size_t base_length, const uint8_t *target,
			    size_t target_length, const struct copy_list *list,
			    struct buffer *delta, struct rill_delta_header *header,
			    struct rill_error *error)
{
	struct buffer copies = {0}, data = {0}, body = {0}, hashes = {0};
	enum rill_code code;

	*header = (struct rill_delta_header){
		.base_count = 1,
		.output_count = 1,
		.section_count = 2,
		.section = {{.kind = RILL_SECTION_COPIES}, {.kind = RILL_SECTION_DATA}},
	};
	set_object(&header->base[0], base, base_length);
	set_object(&header->output[0], target, target_length);
	code = pack_copies(list, &copies, error);
	if (code == RILL_OK)
		code = pack_data(base, target, list, &data, error);
	if (code == RILL_OK)
		code = put_section(&header->section[0], &copies, &body, error);
	if (code == RILL_OK)
		code = put_section(&header->section[1], &data, &body, error);
	if (code == RILL_OK)
		code = hash_chunks(&body, &hashes, error);
	if (code == RILL_OK)
		code = put_file(header, &body, &hashes, delta, error);
	buffer_free(&copies);
	buffer_free(&data);
	buffer_free(&body);
	buffer_free(&hashes);
	return code;
}

enum rill_code delta_make(const uint8_t *base, size_t base_length, const uint8_t *target,
			  size_t target_length, bool quiet, struct buffer *delta,
			  struct rill_delta_header *header, struct rill_error *error)
{
	struct progress progress = progress_start("matching", quiet);
	struct copy_list list = {0};
	enum rill_code code = suffix_match(base, base_length, target, target_length, &list,
					   &progress, error);

	progress_end(&progress);
	if (code == RILL_OK)
		code = delta_encode(base, base_length, target, target_length, &list, delta, header,
				    error);
	copy_list_free(&list);
	return code;
}
