/* SPDX-License-Identifier: Apache-2.0
 *
 * Huffman codes for deflate as GNU gzip builds them, zlib alike: which of several optimal
 * codes it is, and how codes are cut to the longest length allowed, follows from the order
 * in which a heap gives the nodes up (ties go to the lower tree). The codes of given
 * lengths are those of RFC 1951, 3.2.2.
 */
#ifndef RILL_HUFFMAN_H
#define RILL_HUFFMAN_H

#include <stdint.h>

#define RILL_HUFFMAN_SYMBOLS 288
#define RILL_HUFFMAN_LENGTH 15

struct rill_huffman {
	uint16_t frequency[RILL_HUFFMAN_SYMBOLS]; /* the caller's; their sum is below 65536 */
	uint16_t code[RILL_HUFFMAN_SYMBOLS]; /* first bit lowest */
	uint8_t length[RILL_HUFFMAN_SYMBOLS]; /* in bits; 0: the symbol has no code */
	unsigned last; /* the last symbol with a code */
};

/* Gives the first `symbols` symbols (2 to 286) lengths of up to `longest` bits, and codes. Two
 * symbols at least get one, whatever the frequencies. */
void rill_huffman_build(struct rill_huffman *huffman, unsigned symbols, unsigned longest);

/* Codes from the lengths of the first `symbols` symbols. */
void rill_huffman_codes(struct rill_huffman *huffman, unsigned symbols);

#endif
