/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bytes.h"

#include <string.h>

struct rill_reader rill_reader(const uint8_t *bytes, size_t n)
{
	return (struct rill_reader){.start = bytes, .at = bytes, .end = bytes + n};
}

size_t rill_reader_offset(const struct rill_reader *reader)
{
	return (size_t)(reader->at - reader->start);
}

size_t rill_reader_left(const struct rill_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

bool rill_get_bytes(struct rill_reader *reader, size_t n, const uint8_t **bytes)
{
	if (n > rill_reader_left(reader))
		return false;
	*bytes = reader->at;
	reader->at += n;
	return true;
}

bool rill_get_u8(struct rill_reader *reader, uint8_t *value)
{
	const uint8_t *b;

	if (!rill_get_bytes(reader, 1, &b))
		return false;
	*value = *b;
	return true;
}

bool rill_get_u32(struct rill_reader *reader, uint32_t *value)
{
	const uint8_t *b;

	if (!rill_get_bytes(reader, 4, &b))
		return false;
	*value = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	return true;
}

bool rill_get_varint(struct rill_reader *reader, uint64_t *value)
{
	const uint8_t *at = reader->at;
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		if (at == reader->end)
			return false;
		uint8_t b = *at++;
		if (shift == 63 && b > 1)
			return false; /* over 64 bits */
		if (shift > 0 && b == 0)
			return false; /* a shorter form exists */
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			reader->at = at;
			*value = v;
			return true;
		}
	}
	return false;
}

struct rill_writer rill_writer(uint8_t *bytes, size_t n)
{
	return (struct rill_writer){.start = bytes, .at = bytes, .end = bytes + n};
}

size_t rill_writer_length(const struct rill_writer *writer)
{
	return (size_t)(writer->at - writer->start);
}

void rill_put_bytes(struct rill_writer *writer, const uint8_t *bytes, size_t n)
{
	if (writer->full || n > (size_t)(writer->end - writer->at)) {
		writer->full = true;
		return;
	}
	if (n)
		memcpy(writer->at, bytes, n);
	writer->at += n;
}

void rill_put_u8(struct rill_writer *writer, uint8_t value)
{
	rill_put_bytes(writer, &value, 1);
}

void rill_put_u32(struct rill_writer *writer, uint32_t value)
{
	const uint8_t b[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			      (uint8_t)(value >> 24)};

	rill_put_bytes(writer, b, sizeof b);
}

void rill_put_varint(struct rill_writer *writer, uint64_t value)
{
	uint8_t b[RILL_VARINT_MAX];
	size_t n = 0;

	while (value >= 0x80) {
		b[n++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	b[n++] = (uint8_t)value;
	rill_put_bytes(writer, b, n);
}

uint64_t rill_zigzag(int64_t value)
{
	uint64_t twice = (uint64_t)value << 1;

	return value < 0 ? ~twice : twice;
}

int64_t rill_unzigzag(uint64_t value)
{
	/* Without a signed shift or overflow: -1 - n/2 for the odd ones. */
	return value & 1 ? -1 - (int64_t)(value >> 1) : (int64_t)(value >> 1);
}

bool rill_add(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}
