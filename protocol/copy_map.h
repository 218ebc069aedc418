/* SPDX-License-Identifier: Apache-2.0
 *
 * The copy map: where each byte of the output comes from, as C. Percival's bsdiff has
 * it ("Naive differences of executable code", 2003). It is a list of entries, each
 *
 *	varint  literal: bytes of the output that stand in the delta as they are
 *	varint  copy: bytes that are a source's plus a residual, byte by byte modulo 256
 *	varint  only if copy > 0: zigzag of the source's address minus the end of the
 *	        source of the entry before (0 at the start)
 *
 * Sources are one address space: the base objects in order, then the output so far. A
 * copy lies wholly within what exists before it begins, and within one side of the
 * border between base and output. The lengths add up to the length of all outputs; only
 * the last entry may have no copy, and none is empty.
 */
#ifndef RILL_COPY_MAP_H
#define RILL_COPY_MAP_H

#include "protocol/bytes.h"
#include "protocol/error.h"

struct rill_copy {
	uint64_t output; /* where the entry begins */
	uint64_t literal, length;
	uint64_t source; /* address; meaningless when length is 0 */
};

/* A cursor over a coded map. Set it up with rill_copy_map(). */
struct rill_copy_map {
	struct rill_reader reader;
	uint64_t base_length, output_length;
	uint64_t output, source; /* ends of the last entry's output and source */
};

struct rill_copy_map rill_copy_map(const uint8_t *bytes, size_t n, uint64_t base_length,
				   uint64_t output_length);

/* Gives the next entry in `copy`, checked against all the rules above. Call it until
 * rill_copy_map_done(). RILL_CORRUPT names the offset in the map that was reached. */
enum rill_code rill_copy_map_next(struct rill_copy_map *map, struct rill_copy *copy,
				  struct rill_error *error);

/* True when the whole output is covered. Bytes that are left are then an error, which
 * rill_copy_map_check() reports. */
bool rill_copy_map_done(const struct rill_copy_map *map);

/* Walks the whole map from where it stands; RILL_OK when every entry is well and nothing is left.
 */
enum rill_code rill_copy_map_check(struct rill_copy_map map, struct rill_error *error);

/* Appends an entry. `source_end` is the end of the source of the entry before. */
void rill_copy_map_put(struct rill_writer *writer, const struct rill_copy *copy,
		       uint64_t source_end);

#endif
