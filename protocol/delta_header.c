/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/delta_header.h"

#include "protocol/bytes.h"
#include "protocol/layout.h"
#include "protocol/packing.h"
#include <inttypes.h>
#include <string.h>

static const uint8_t magic[4] = {0x89, 'R', 'I', 'L'};

static enum rill_code corrupt(struct rill_error *error, const struct rill_reader *reader,
			      const char *what)
{
	return rill_fail(error, RILL_CORRUPT,
			 "offset %zu of the delta's header: %s; fetch or make it again",
			 rill_reader_offset(reader), what);
}

/* Preamble, leaving `reader` behind it. */
static enum rill_code get_preamble(struct rill_reader *reader, uint32_t *length, uint8_t *flags,
				   struct rill_error *error)
{
	const uint8_t *start;
	uint8_t version;

	if (!rill_get_bytes(reader, sizeof magic, &start) ||
	    memcmp(start, magic, sizeof magic) != 0)
		return rill_fail(error, RILL_CORRUPT, "not a Rill delta: its first bytes differ");
	if (!rill_get_u8(reader, &version) || !rill_get_u8(reader, flags))
		return corrupt(error, reader, "the delta ends here");
	if (version != RILL_DELTA_VERSION)
		return rill_fail(error, RILL_UNSUPPORTED,
				 "delta format version %u; this build reads version %d", version,
				 RILL_DELTA_VERSION);
	if (*flags & ~(RILL_DELTA_IMAGE | RILL_DELTA_BODY_WITHIN))
		return rill_fail(error, RILL_UNSUPPORTED,
				 "delta flags 0x%02x are not known to this build", *flags);
	if (!rill_get_u32(reader, length))
		return corrupt(error, reader, "the delta ends here");
	if (*length < RILL_DELTA_PREAMBLE || *length > RILL_DELTA_HEADER_MAX)
		return corrupt(error, reader, "impossible header length");
	return RILL_OK;
}

enum rill_code rill_delta_header_length(const uint8_t *bytes, size_t n, uint32_t *length,
					struct rill_error *error)
{
	struct rill_reader reader = rill_reader(bytes, n);
	uint8_t flags;

	return get_preamble(&reader, length, &flags, error);
}

bool rill_delta_is_image(const uint8_t *bytes, size_t n)
{
	struct rill_reader reader = rill_reader(bytes, n);
	struct rill_error ignored;
	uint32_t length = 0;
	uint8_t flags = 0;

	return get_preamble(&reader, &length, &flags, &ignored) == RILL_OK &&
	       (flags & RILL_DELTA_IMAGE);
}

/* A number from `least` to `most`. */
static enum rill_code get_number(struct rill_reader *reader, uint64_t least, uint64_t most,
				 const char *what, uint64_t *value, struct rill_error *error)
{
	if (!rill_get_varint(reader, value))
		return corrupt(error, reader, what);
	if (*value < least || *value > most)
		return rill_fail(error, RILL_CORRUPT,
				 "offset %zu of the delta's header: %s is %" PRIu64 ", not %" PRIu64
				 " to %" PRIu64,
				 rill_reader_offset(reader), what, *value, least, most);
	return RILL_OK;
}

static enum rill_code get_objects(struct rill_reader *reader, struct rill_object *objects,
				  size_t *count, uint64_t *total, const char *what,
				  struct rill_error *error)
{
	uint64_t n = 0;
	enum rill_code code = get_number(reader, 1, RILL_DELTA_OBJECTS_MAX, "number of objects", &n,
					 error);

	*total = 0;
	for (size_t i = 0; code == RILL_OK && i < n; i++) {
		const uint8_t *digest;

		code = get_number(reader, 0, RILL_DELTA_LENGTH_MAX, what, &objects[i].length,
				  error);
		if (code != RILL_OK)
			break;
		*total += objects[i].length;
		if (!rill_get_bytes(reader, RILL_SHA256_SIZE, &digest))
			return corrupt(error, reader, "a digest is cut off");
		memcpy(objects[i].sha256, digest, RILL_SHA256_SIZE);
	}
	*count = (size_t)n;
	return code;
}

static enum rill_code get_within(struct rill_delta_header *header, struct rill_reader *reader,
				 struct rill_error *error)
{
	if (header->body_length < 1 || header->body_length > RILL_DELTA_WITHIN ||
	    header->body_length != rill_reader_left(reader))
		return corrupt(error, reader, "the body does not fit its length");
	header->flags &= (uint8_t)~RILL_DELTA_BODY_WITHIN; /* that is within_length */
	header->within = reader->at;
	header->within_length = (size_t)header->body_length;
	header->body_length = 0;
	header->chunk_count = 0;
	header->chunk_sha256 = reader->at;
	return RILL_OK;
}

enum rill_code rill_delta_header_parse(struct rill_delta_header *header, const uint8_t *bytes,
				       size_t n, struct rill_error *error)
{
	struct rill_reader reader = rill_reader(bytes, n);
	enum rill_code code = get_preamble(&reader, &header->length, &header->flags, error);

	if (code != RILL_OK)
		return code;
	if (header->length != n)
		return rill_fail(error, RILL_CORRUPT,
				 "the delta's header should have %" PRIu32 " bytes, not %zu",
				 header->length, n);
	code = get_objects(&reader, header->base, &header->base_count, &header->base_length,
			   "a base's length", error);
	if (code == RILL_OK)
		code = get_objects(&reader, header->output, &header->output_count,
				   &header->output_length, "an output's length", error);
	if (code == RILL_OK)
		code = get_number(&reader, 0, RILL_LAYOUT_MAX, "number of layout entries",
				  &header->most_entries, error);
	if (code == RILL_OK)
		code = get_number(&reader, 0, header->output_length, "number of copies",
				  &header->most_copies, error);
	header->largest_stream = 0;
	if (code == RILL_OK)
		code = get_number(&reader, 0, RILL_PACKED_COUNT_MOST, "number of streams",
				  &header->most_streams, error);
	if (code == RILL_OK && header->most_streams > 0)
		code = get_number(&reader, 1, RILL_PACKED_MOST, "length of a stream",
				  &header->largest_stream, error);
	if (code == RILL_OK)
		code = get_number(&reader, 0, RILL_DELTA_LENGTH_MAX, "length of the body",
				  &header->body_length, error);
	if (code != RILL_OK)
		return code;
	header->within_length = 0;
	if (header->flags & RILL_DELTA_BODY_WITHIN)
		return get_within(header, &reader, error);
	header->chunk_count = rill_reader_left(&reader) / RILL_CHUNK_HASH_SIZE;
	if (rill_reader_left(&reader) % RILL_CHUNK_HASH_SIZE != 0 ||
	    header->chunk_count != (header->body_length + RILL_DELTA_CHUNK - 1) / RILL_DELTA_CHUNK)
		return corrupt(error, &reader, "the chunk hashes do not fit the body's length");
	header->chunk_sha256 = reader.at;
	return RILL_OK;
}

static uint64_t put_objects(struct rill_writer *writer, const struct rill_object *objects,
			    size_t count)
{
	uint64_t total = 0;

	rill_put_varint(writer, count);
	for (size_t i = 0; i < count; i++) {
		rill_put_varint(writer, objects[i].length);
		rill_put_bytes(writer, objects[i].sha256, RILL_SHA256_SIZE);
		total += objects[i].length;
	}
	return total;
}

size_t rill_delta_header_write(struct rill_delta_header *header, uint8_t *bytes, size_t capacity)
{
	struct rill_writer writer = rill_writer(bytes, capacity);
	struct rill_writer length_field;

	rill_put_bytes(&writer, magic, sizeof magic);
	rill_put_u8(&writer, RILL_DELTA_VERSION);
	rill_put_u8(&writer, (uint8_t)(header->flags |
				       (header->within_length ? RILL_DELTA_BODY_WITHIN : 0)));
	length_field = writer;
	rill_put_u32(&writer, 0);
	header->base_length = put_objects(&writer, header->base, header->base_count);
	header->output_length = put_objects(&writer, header->output, header->output_count);
	rill_put_varint(&writer, header->most_entries);
	rill_put_varint(&writer, header->most_copies);
	rill_put_varint(&writer, header->most_streams);
	if (header->most_streams > 0)
		rill_put_varint(&writer, header->largest_stream);
	rill_put_varint(&writer,
			header->within_length ? header->within_length : header->body_length);
	rill_put_bytes(&writer, header->chunk_sha256, header->chunk_count * RILL_CHUNK_HASH_SIZE);
	rill_put_bytes(&writer, header->within, header->within_length);
	if (writer.full)
		return 0;
	header->length = (uint32_t)rill_writer_length(&writer);
	rill_put_u32(&length_field, header->length);
	return header->length;
}
