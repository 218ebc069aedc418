/* SPDX-License-Identifier: Apache-2.0
 *
 * Deflate streams (RFC 1951) within base and output: gzip files in an archive, entries of zip
 * files. One changed byte changes all that follows it in such a stream, so a delta sees
 * its plain bytes instead: the base and the output are *unpacked*, each stream in the table
 * replaced by what it inflates to. A reader of the unpacked base inflates as it goes; what is
 * written of the unpacked output is deflated again by a recipe that makes the same stream
 * (deflate_recipe.h).
 *
 * The table is the first thing in a body: the two numbers of streams; the length of the
 * unpacked output, as the difference from the output's; for each stream the bytes between it and
 * the one before, its plain length, in the base its own length, in the output its recipe;
 * and whether the CRC-32 and the length of a gzip trailer (RFC 1952) belong to it.
 *
 * Streams are in order and do not overlap; one has 1 to RILL_PACKED_MOST plain bytes. The
 * inflated ones are kept in a ring of the largest and up to 1 MiB for others. Inflating costs
 * time, so that a delta may ask for no more than RILL_PACKED_WORK times its output, and a fixed
 * amount.
 */
#ifndef RILL_PACKING_H
#define RILL_PACKING_H

#include "protocol/deflate_recipe.h"
#include "protocol/number_model.h"

#define RILL_PACKED_MOST (4u << 20)
#define RILL_PACKED_COUNT_MOST 65536u
#define RILL_PACKED_WORK 256u

struct rill_packed {
	uint64_t start; /* in base or output; of the output's: once it is written */
	uint64_t plain_start; /* in the unpacked base or output */
	uint32_t coded, plain; /* lengths; a trailer belongs to the former */
	bool trailer;
	struct rill_deflate_recipe recipe; /* of the output's */
};

struct rill_packing {
	struct rill_packed *base, *output;
	size_t base_count, output_count;
	uint64_t base_length, output_length; /* of the objects */
	uint64_t unpacked_base, unpacked_output; /* valid when the table is there */
};

/* Room for `most` streams on each side. RILL_MEMORY. */
enum rill_code rill_packing_new(struct rill_packing *packing, size_t most, uint64_t base_length,
				uint64_t output_length, struct rill_error *error);
void rill_packing_free(struct rill_packing *packing);

/* Bytes that a decoder needs for streams of at most `largest` plain bytes; none for none. */
uint64_t rill_packing_memory(uint64_t most, uint64_t largest);

/* Codes the table in steps, the numbers first, then one stream each; `*step` counts them from 0,
 * rill_packing_done() tells when it is complete. Decoding checks all the rules above and the two
 * capacities; RILL_CORRUPT. */
enum rill_code rill_packing_code(struct rill_packing *packing, size_t *step, size_t most,
				 uint64_t largest, struct rill_number_model *numbers,
				 const struct rill_bit_tables *tables, struct rill_coder *coder,
				 struct rill_error *error);
bool rill_packing_done(const struct rill_packing *packing, size_t step);

#endif
