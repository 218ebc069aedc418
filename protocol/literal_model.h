/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes literal bytes: contexts of orders 0 to 6 with the place modulo 4 (in executables), or in
 * x86-64 code the place in the instruction, one that looks at the words or the instruction before,
 * and three expectations: what followed the last time that the same bytes stood in a literal (the
 * match model of lpaq) or the next hexadecimal digit of them (a build's number stands in the name
 * of its file of symbols), the byte of the base that would come next had the copy before gone on,
 * and the one that the copy behind would have begun with. In code the caller gives references as
 * what they lead to, so that two calls of a function are alike (the "BCJ" filters of 7-Zip and XZ
 * Utils do so). Before that it may be shown code of the base: then it knows the program's ways, and
 * has learnt nothing about expectations.
 */
#ifndef RILL_LITERAL_MODEL_H
#define RILL_LITERAL_MODEL_H

#include "protocol/byte_model.h"
#include "protocol/error.h"

#define RILL_LITERAL_HISTORY_BITS 20 /* at most */

struct rill_literal_model {
	struct rill_byte_model byte;
	/* Literals so far, as a ring, and where their last five bytes stood before. */
	uint8_t *history;
	uint32_t *index;
	unsigned history_bits, index_bits;
	uint32_t written, match, match_length;
	uint64_t before; /* last eight literal bytes */
	/* What literals show in hexadecimal: the digit of `history` that is expected next, and how
	 * many in a row were right. */
	uint32_t hex, hex_length;
	uint8_t hit[2]; /* how the two expectations from the base fared */
	/* x86-64: the instruction so far, and the beginning of the one before. */
	uint8_t instruction[16];
	unsigned instruction_n;
	uint32_t last_opcode;
	uint32_t last_target; /* of a reference */
};

/* The surroundings of a literal byte. */
struct rill_literal_place {
	uint64_t before; /* the last eight bytes of output, the last one lowest */
	uint32_t phase; /* offset in the output, as far as it matters; or in a word */
	uint32_t page; /* of a reference: which of 4 KiB it stands in */
	uint8_t onward, backward; /* bytes of the base on the diagonals of the copies around */
	bool first; /* of its literal */
	bool x64; /* among x86-64 code */
	bool learning; /* not a literal, but code of the base like it: there are no expectations */
	bool a64; /* one of the four bytes of an arm64 instruction, from the highest */
	bool reference; /* likewise of an absolute target in x86-64 code */
};

uint64_t rill_literal_model_memory(uint64_t output_length);
enum rill_code rill_literal_model_new(struct rill_literal_model *model,
				      const struct rill_bit_tables *tables, uint64_t output_length,
				      struct rill_error *error);
void rill_literal_model_free(struct rill_literal_model *model);

/* Whether an x86-64 reference comes next (reference.h). */
bool rill_literal_reference(const struct rill_literal_model *model, unsigned *tail);

uint8_t rill_code_literal(struct rill_literal_model *model, const struct rill_bit_tables *tables,
			  struct rill_coder *coder, const struct rill_bucket_table *table,
			  const struct rill_literal_place *place, uint8_t byte);

#endif
