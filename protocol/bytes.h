/* SPDX-License-Identifier: Apache-2.0
 *
 * Checked reads and writes of integers in a byte buffer. Everything is little-endian
 * or LEB128 (7 bits a byte, least significant first, top bit = more follow), in its
 * shortest form only, so that a value has one encoding.
 *
 * A failed read returns false and leaves the cursor where it was. A failed write
 * sets `full`, and all later writes do nothing: check once at the end.
 */
#ifndef RILL_BYTES_H
#define RILL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest encoding of a 64-bit number. */
#define RILL_VARINT_MAX 10

struct rill_reader {
	const uint8_t *start, *at, *end;
};

struct rill_writer {
	uint8_t *start, *at, *end;
	bool full;
};

struct rill_reader rill_reader(const uint8_t *bytes, size_t n);
size_t rill_reader_offset(const struct rill_reader *reader);
size_t rill_reader_left(const struct rill_reader *reader);
bool rill_get_u8(struct rill_reader *reader, uint8_t *value);
bool rill_get_u32(struct rill_reader *reader, uint32_t *value);
bool rill_get_varint(struct rill_reader *reader, uint64_t *value);
/* Gives a pointer into the buffer; nothing is copied. */
bool rill_get_bytes(struct rill_reader *reader, size_t n, const uint8_t **bytes);

struct rill_writer rill_writer(uint8_t *bytes, size_t n);
size_t rill_writer_length(const struct rill_writer *writer);
void rill_put_u8(struct rill_writer *writer, uint8_t value);
void rill_put_u32(struct rill_writer *writer, uint32_t value);
void rill_put_varint(struct rill_writer *writer, uint64_t value);
void rill_put_bytes(struct rill_writer *writer, const uint8_t *bytes, size_t n);

/* Signed numbers as unsigned ones: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... */
uint64_t rill_zigzag(int64_t value);
int64_t rill_unzigzag(uint64_t value);

/* Sum of two numbers; false when it does not fit. */
bool rill_add(uint64_t a, uint64_t b, uint64_t *sum);

/* Little-endian numbers, wherever they stand. */
static inline uint32_t rill_load32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t rill_load64(const uint8_t *b)
{
	return rill_load32(b) | (uint64_t)rill_load32(b + 4) << 32;
}

static inline void rill_store32(uint8_t *b, uint32_t v)
{
	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)(v >> 16);
	b[3] = (uint8_t)(v >> 24);
}

static inline void rill_store64(uint8_t *b, uint64_t v)
{
	rill_store32(b, (uint32_t)v);
	rill_store32(b + 4, (uint32_t)(v >> 32));
}

#endif
