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
/* Makes the code of all decisions so far final. */
void rill_coder_finish(struct rill_coder *coder);

/* Begins to decode at `at`; needs 4 bytes there, or the code's end. */
void rill_coder_decode(struct rill_coder *coder, const uint8_t *at, const uint8_t *end);

/* Codes one decision. `p` is the probability of a 1 in units of 1/65536, 1 to 65535. */
unsigned rill_code_bit(struct rill_coder *coder, uint32_t p, unsigned bit);

/* Codes a value of `count` bits (at most 16), all values as likely, in at most 3 bytes. */
uint32_t rill_code_plain(struct rill_coder *coder, unsigned count, uint32_t value);

#endif
