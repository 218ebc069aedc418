/* SPDX-License-Identifier: Apache-2.0
 *
 * The copy map: where each byte of a group of the output comes from, as C. Percival's bsdiff has
 * it ("Naive differences of executable code", 2003). It is a list of copies in the order
 * of the output; what lies between them, and behind the last one, is literal.
 *
 * Sources are one address space: the base objects in order, then the output so far. A
 * copy lies wholly within what exists before it begins, and within one side of the
 * border between base and output; it has 1 to 2^32 - 1 bytes.
 *
 * A copy is coded as four numbers (number_model.h): the literal bytes before it; the way to
 * its source, which is where the last copy's source ended, or on the same diagonal (source
 * minus output) as one of the copies before it, or neither; only then the distance of its
 * diagonal from the last one; its length.
 */
#ifndef RILL_COPY_MAP_H
#define RILL_COPY_MAP_H

#include "protocol/error.h"
#include "protocol/number_model.h"

#define RILL_COPY_RECENT 8

struct rill_copy {
	uint64_t output, source, length;
};

/* What coder and decoder remember from one copy to the next; zeros at the start;
 * `output` is set at the begin of a group. */
struct rill_copy_cursor {
	uint64_t output, source; /* ends of the last copy */
	uint64_t recent[RILL_COPY_RECENT]; /* diagonals, the last one first */
	uint32_t gap_class, length_class, way, step_class, step_sign;
};

/* Codes the next copy, of a group that ends at `group_end`. Decoding it checks all the rules above;
 * RILL_CORRUPT names the place in the output. */
enum rill_code rill_copy_code(struct rill_copy_cursor *cursor, struct rill_number_model *numbers,
			      const struct rill_bit_tables *tables, struct rill_coder *coder,
			      uint64_t base_length, uint64_t group_end, struct rill_copy *copy,
			      struct rill_error *error);

#endif
