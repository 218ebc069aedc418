/* SPDX-License-Identifier: Apache-2.0
 *
 * Deltas made by hand, for tests: any objects, layout and copies, coded as an encoder would,
 * then damaged at will, with hashes and memory put right so that the decoder gets to the
 * damage. Needs protocol/ alone.
 */
#ifndef RILL_TESTS_CRAFT_H
#define RILL_TESTS_CRAFT_H

#include "protocol/delta_body.h"
#include "protocol/delta_decoder.h"

struct craft_code {
	uint8_t *bytes;
	size_t n, capacity;
};

struct craft {
	/* The address space of sources: the bases one after another, then the outputs. */
	const uint8_t *space;
	/* craft_encode() sets the SHA-256 of outputs that have none, and the capacities. */
	struct rill_delta_header header;
	struct craft_code code;
	uint8_t *delta; /* of craft_seal(), `n` bytes */
	size_t n;
	bool base_alone; /* one group, and no copy is from the output: nothing there may be read */
};

/* All zero. */
struct craft *craft_new(const uint8_t *space);
void craft_free(struct craft *craft);
void craft_base(struct craft *craft, uint64_t length);
void craft_output(struct craft *craft, uint64_t length);

/* Codes the body. A group's `layout` may be NULL. What is impossible in sizes, layout and copies
 * is coded all the same; behind such copies the body ends. */
void craft_encode(struct craft *craft, const struct rill_group *groups, size_t count);
/* The same, of one group. */
void craft_encode_one(struct craft *craft, struct rill_layout *layout,
		      const struct rill_copy *copies, size_t count);

/* Makes the delta of the header and the code as they are now: the body's length and the hashes
 * of its chunks are put right. */
void craft_seal(struct craft *craft);
/* The same, but for the body's length. */
void craft_seal_as_it_is(struct craft *craft);

/* Decodes `n` bytes of delta, fed in pieces: of `piece` bytes, or of 1 to -piece, any. The outputs
 * go to `output`, which has room for `capacity` bytes; beyond it RILL_NO_SPACE. Reads and
 * writes must be as delta_decoder.h promises, else the program ends. Bases have the bytes of
 * `base` (`base_length` of them) and zeros behind. */
struct craft_decode {
	const uint8_t *base;
	uint64_t base_length;
	uint8_t *output;
	uint64_t capacity, budget;
	long piece;
	bool base_alone; /* no output may be read */
	uint64_t written;
};
enum rill_code craft_decode(struct craft_decode *decode, const uint8_t *delta, size_t n,
			    struct rill_error *error);

/* Whether the delta gives the outputs of `craft->space`. */
bool craft_comes_back(const struct craft *craft, long piece);

#endif
