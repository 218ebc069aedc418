/* SPDX-License-Identifier: Apache-2.0
 *
 * Binary arithmetic coder: one decision at a time with a probability of 16 bits, carries
 * propagated (G. N. N. Martin, "Range encoding", 1979; the byte-wise carry handling is that
 * of the LZMA format). One structure serves both directions, so that the models above it
 * are written once: a coder that encodes writes the bit it is given, one that decodes
 * ignores it and returns the bit that it read.
 *
 * The code ends at the last byte that is not zero; beyond its end a decoder reads
 * zeros. A decision takes at most RILL_CODER_BIT_MAX bytes of code.
 */
#ifndef RILL_RANGE_CODER_H
#define RILL_RANGE_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RILL_CODER_BIT_MAX 2

struct rill_coder {
	bool encoding;
	uint32_t range;
	/* Decoding: the caller moves `at` and `end` when more code comes. */
	uint32_t code;
	const uint8_t *at, *end;
	/* Encoding: `put` takes the bytes as they become final. */
	uint64_t low, pending, zeros;
	uint8_t held;
	bool holds;
	void (*put)(void *context, uint8_t byte);
	void *context;
};

void rill_coder_encode(struct rill_coder *coder, void (*put)(void *context, uint8_t byte),
		       void *context);
/* Encodes to nowhere, for models that are to learn. */
void rill_coder_learn(struct rill_coder *coder);
/* Makes the code of all decisions so far final. */
void rill_coder_finish(struct rill_coder *coder);

/* Begins to decode at `at`; needs 4 bytes there, or the code's end. */
void rill_coder_decode(struct rill_coder *coder, const uint8_t *at, const uint8_t *end);

/* What rill_code_bit() does when encoding, and how decoding gets its bytes. */
#define RILL_CODER_TOP (UINT32_C(1) << 24)
void rill_encode_bit(struct rill_coder *coder, uint32_t bound, unsigned bit);
static inline uint8_t rill_coder_next(struct rill_coder *coder)
{
	return coder->at < coder->end ? *coder->at++ : 0;
}

/* Codes one decision. `p` is the probability of a 1 in units of 1/65536, 1 to 65535. */
static inline unsigned rill_code_bit(struct rill_coder *coder, uint32_t p, unsigned bit)
{
	uint32_t bound = (uint32_t)((uint64_t)coder->range * p >> 16);

	if (coder->encoding) {
		rill_encode_bit(coder, bound, bit);
		return bit;
	}
	if (coder->code < bound) {
		__asm__ volatile(""); /* a branch: what follows may begin on a guess */
		bit = 1;
		coder->range = bound;
	} else {
		bit = 0;
		coder->code -= bound;
		coder->range -= bound;
	}
	while (coder->range < RILL_CODER_TOP) {
		coder->code = coder->code << 8 | rill_coder_next(coder);
		coder->range <<= 8;
	}
	return bit;
}

/* Codes a value of `count` bits (at most 16), all values as likely, in at most 3 bytes. */
uint32_t rill_code_plain(struct rill_coder *coder, unsigned count, uint32_t value);

#endif
