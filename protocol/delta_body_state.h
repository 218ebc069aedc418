/* SPDX-License-Identifier: Apache-2.0
 *
 * What delta_body.c and delta_literals.c share: nobody else includes this.
 */
#ifndef RILL_DELTA_BODY_STATE_H
#define RILL_DELTA_BODY_STATE_H

#include "protocol/delta_body.h"

#define RILL_BODY_BUFFER 32768u
#define RILL_BODY_BEFORE 8u
#define RILL_BODY_LOOK 256u

enum stage {
	STREAMS = RILL_PART_STREAMS,
	SIZES = RILL_PART_SIZES,
	LAYOUT = RILL_PART_LAYOUT,
	COPIES = RILL_PART_COPIES,
	DATA
};

/* Some bytes of the base for literals to compare with. */
struct look {
	uint64_t from;
	size_t n;
	uint8_t bytes[RILL_BODY_LOOK];
};

struct rill_body {
	struct rill_body_size size;
	uint64_t base_length, output_length; /* unpacked */
	size_t streams; /* steps of the table that are done */
	struct rill_body_io io;
	struct rill_coder coder;
	enum stage stage;
	uint64_t done; /* bytes of output */

	struct rill_bit_tables tables;
	struct rill_bucket_table buckets, number_buckets;
	struct rill_number_model numbers;
	struct rill_unit_model units;
	struct rill_literal_model literals;

	/* The group at work. */
	uint64_t group_start, group_end; /* in the output */
	uint64_t entries, copies;
	struct rill_layout *layout; /* `own`, or the encoder's */
	struct rill_layout own;
	struct rill_layout_cursor layout_cursor;
	uint64_t coded; /* entries or copies so far */
	struct rill_copy *copy;
	struct rill_copy_cursor copy_cursor;
	struct rill_stretch *stretch;
	struct rill_address_map map;
	struct rill_correction_cache cache;
	struct rill_predictor predictor;

	/* The data: where the work is in the copy map. */
	size_t at; /* the copy at work or next */
	uint64_t inside; /* bytes of it that are done */
	struct look onward, backward;
	size_t modelled, dense; /* literals of the block that are left, either way */

	/* The piece of that copy: its old bytes and units. */
	struct rill_source sources; /* for the readers of units */
	struct rill_window window;
	struct rill_region plain;
	uint8_t window_bytes[RILL_WINDOW];
	struct rill_unit unit[RILL_UNITS_MAX];
	size_t unit_count, unit_next, span_checked;

	const uint8_t *expected; /* encoding: the whole output */
	size_t filled;
	/* The eight bytes before it, then what is not written yet. */
	uint8_t buffer[RILL_BODY_BEFORE + RILL_BODY_BUFFER];
};

/* The last eight bytes of output, the last one lowest. */
static inline uint64_t rill_body_before(const struct rill_body *body)
{
	return __builtin_bswap64(rill_load64(body->buffer + body->filled));
}

/* Appends to the output. */
enum rill_code rill_body_emit(struct rill_body *body, const uint8_t *bytes, size_t n,
			      struct rill_error *error);

/* Shows the model of literals some code of the base, so that it knows the program's ways. */
enum rill_code rill_body_learn(struct rill_body *body, struct rill_error *error);

/* Codes some of the `left` literal bytes before the next copy or the end. */
enum rill_code rill_body_literal(struct rill_body *body, uint64_t left, struct rill_error *error);

#endif
