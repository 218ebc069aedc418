/* SPDX-License-Identifier: Apache-2.0
 *
 * The delta file (extension .rill): its header. See delta_decoder.h for the body.
 *
 *	offset  bytes
 *	0       4      magic 89 52 49 4c ("\x89RIL")
 *	4       1      format version, 4
 *	5       1      flags: 1 for objects of images (image_delta.h), 2 for a body that is within
 *	               the header; no other
 *	6       4      length of the whole header, little-endian
 *	10      ...    varints (bytes.h), in this order:
 *	               number of base objects, from 1; for each its length, then its SHA-256
 *	               number of outputs, from 1; for each its length, then its SHA-256
 *	               the most layout entries and the most copies that a group has
 *	               the most streams of a side; when not 0, the plain bytes of the largest
 *	               length of the body
 *	...     16*n   the first half of the SHA-256 of every 64 KiB chunk of the body (the last
 *	               may be shorter); or the body itself, when it is within the header
 *
 * The body follows, and nothing follows it. A short one, up to RILL_DELTA_WITHIN bytes, is rather
 * within the header, whose hash is then that of all. The capacities say what memory a decoder
 * needs: rill_decoder_memory().
 *
 * Signed metadata carries the length and the SHA-256 of the header, and the chunk
 * hashes extend that to every byte of the body before a decoder sees it. A reader that
 * has no such metadata still notices damage: in the chunks by their hashes, in the
 * header by the SHA-256 of the outputs.
 *
 * Half a SHA-256 is enough for chunks: to put other bytes into one that was signed takes a second
 * preimage, 2^128 / n tries for n chunks. Pairs that collide (2^64) can only be prepared by
 * whoever makes the delta that is signed, who could as well sign another one; and an output is
 * right by its whole SHA-256.
 */
#ifndef RILL_DELTA_HEADER_H
#define RILL_DELTA_HEADER_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RILL_DELTA_VERSION 5
/* The flags. */
#define RILL_DELTA_IMAGE 1u
#define RILL_DELTA_BODY_WITHIN 2u
#define RILL_DELTA_WITHIN 2048u
/* Enough to know the header's length: magic, version, flags, length. */
#define RILL_DELTA_PREAMBLE 10
#define RILL_DELTA_CHUNK 65536u
#define RILL_CHUNK_HASH_SIZE 16
/* A header of this length has the chunk hashes of 16 GiB of body. */
#define RILL_DELTA_HEADER_MAX (4u << 20)
#define RILL_DELTA_OBJECTS_MAX 256
/* Sums of lengths stay far from 64 bits. */
#define RILL_DELTA_LENGTH_MAX (UINT64_C(1) << 48)

struct rill_object {
	uint64_t length;
	uint8_t sha256[RILL_SHA256_SIZE];
};

struct rill_delta_header {
	uint32_t length; /* of the header itself */
	uint8_t flags;
	uint64_t most_entries, most_copies; /* of a group: delta_body.h */
	uint64_t most_streams, largest_stream; /* packing.h */
	uint64_t body_length; /* of what follows the header: 0 when the body is within */
	size_t within_length;
	uint64_t base_length, output_length; /* sums */
	size_t base_count, output_count, chunk_count;
	struct rill_object base[RILL_DELTA_OBJECTS_MAX];
	struct rill_object output[RILL_DELTA_OBJECTS_MAX];
	/* chunk_count times RILL_CHUNK_HASH_SIZE bytes, in the caller's memory */
	const uint8_t *chunk_sha256;
	const uint8_t *within; /* within_length bytes */
};

/* Reads the header's length from its first RILL_DELTA_PREAMBLE bytes (`n` may be fewer
 * or more). RILL_CORRUPT: not a delta, or too short; RILL_UNSUPPORTED: another version
 * or a flag that this decoder does not know. */
enum rill_code rill_delta_header_length(const uint8_t *bytes, size_t n, uint32_t *length,
					struct rill_error *error);

/* Whether it is a delta of images: by its first bytes alone, which may be damaged. */
bool rill_delta_is_image(const uint8_t *bytes, size_t n);

/* Parses a whole header: `n` must be its exact length. `bytes` must live as long as
 * `header`, which points into it. Every count and length is checked against the limits
 * above. RILL_CORRUPT names the field and its offset; RILL_UNSUPPORTED as above. */
enum rill_code rill_delta_header_parse(struct rill_delta_header *header, const uint8_t *bytes,
				       size_t n, struct rill_error *error);

/* Writes a header to `bytes`, at most `capacity`, from all fields but `length` and the
 * sums, which it sets. Returns the length, 0 when it does not fit. */
size_t rill_delta_header_write(struct rill_delta_header *header, uint8_t *bytes, size_t capacity);

#endif
