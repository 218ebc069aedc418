/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/gzip_block.h"

#include <string.h>

#define END_OF_BLOCK 256
#define LITERALS 286
#define DISTANCES 30
#define LENGTHS 19
#define PROBE_EVERY 4096

/* A symbol and the bits behind it. */
struct symbol {
	uint16_t symbol, value;
	uint8_t bits;
};

/* RFC 1951, 3.2.5: four symbols to each number of bits, but for the first and the last. */
static struct symbol of_length(unsigned length_less_3)
{
	unsigned bits;

	if (length_less_3 == 255)
		return (struct symbol){.symbol = 285};
	if (length_less_3 < 8)
		return (struct symbol){.symbol = (uint16_t)(257 + length_less_3)};
	bits = 29 - (unsigned)__builtin_clz(length_less_3);
	return (struct symbol){.symbol = (uint16_t)(257 + 4 * bits + (length_less_3 >> bits)),
			       .value = (uint16_t)(length_less_3 & ((1u << bits) - 1)),
			       .bits = (uint8_t)bits};
}

/* The same with two symbols to each number of bits. */
static struct symbol of_distance(unsigned distance)
{
	unsigned less_1 = distance - 1, bits;

	if (less_1 < 4)
		return (struct symbol){.symbol = (uint16_t)less_1};
	bits = 30 - (unsigned)__builtin_clz(less_1);
	return (struct symbol){.symbol = (uint16_t)(2 * bits + (less_1 >> bits)),
			       .value = (uint16_t)(less_1 & ((1u << bits) - 1)),
			       .bits = (uint8_t)bits};
}

static unsigned length_bits(unsigned symbol)
{
	return symbol < 265 || symbol == 285 ? 0 : (symbol - 261) / 4;
}

static unsigned distance_bits(unsigned symbol)
{
	return symbol < 4 ? 0 : symbol / 2 - 1;
}

/* Too few matches, yet under half the size? */
static bool is_worth_ending(const struct rill_gzip_block *block, uint32_t covered)
{
	uint32_t bits = block->n * 8;

	for (unsigned s = 0; s < DISTANCES; s++)
		bits += block->distances.frequency[s] * (5 + distance_bits(s));
	return block->matches < block->n / 2 && bits / 8 < covered / 2;
}

bool rill_gzip_block_add(struct rill_gzip_block *block, unsigned distance, uint8_t value,
			 uint32_t covered, bool probes)
{
	block->distance[block->n] = (uint16_t)distance;
	block->value[block->n++] = value;
	if (distance == 0) {
		block->literals.frequency[value]++;
	} else {
		block->matches++;
		block->literals.frequency[of_length(value).symbol]++;
		block->distances.frequency[of_distance(distance).symbol]++;
	}
	if (probes && block->n % PROBE_EVERY == 0 && is_worth_ending(block, covered))
		return true;
	return block->n == RILL_GZIP_BLOCK_MAX;
}

/* The code lengths of both alphabets, as repeats (RFC 1951, 3.2.7). */
struct repeats {
	struct symbol list[LITERALS + DISTANCES];
	unsigned n;
};

static void add_repeat(struct repeats *repeats, unsigned symbol, unsigned value, unsigned bits)
{
	repeats->list[repeats->n++] = (struct symbol){
		.symbol = (uint16_t)symbol, .value = (uint16_t)value, .bits = (uint8_t)bits};
}

static void add_run(struct repeats *repeats, unsigned length, unsigned count, bool again)
{
	if (count < (length == 0 || again ? 3 : 4)) {
		while (count-- > 0)
			add_repeat(repeats, length, 0, 0);
	} else if (length == 0) {
		if (count <= 10)
			add_repeat(repeats, 17, count - 3, 3);
		else
			add_repeat(repeats, 18, count - 11, 7);
	} else {
		if (!again) {
			add_repeat(repeats, length, 0, 0);
			count--;
		}
		add_repeat(repeats, 16, count - 3, 2);
	}
}

/* A run ends at the longest that its symbols can say; what goes on is a run again. */
static void add_lengths(struct repeats *repeats, const struct rill_huffman *huffman)
{
	bool again = false;

	for (unsigned at = 0, count; at <= huffman->last; at += count) {
		unsigned length = huffman->length[at];
		unsigned most = length == 0 ? 138 : again ? 6 : 7;

		for (count = 1; count < most && at + count <= huffman->last; count++)
			if (huffman->length[at + count] != length)
				break;
		add_run(repeats, length, count, again);
		again = at + count <= huffman->last && huffman->length[at + count] == length;
	}
}

static void put_symbol(struct rill_deflate_output *output, const struct rill_huffman *huffman,
		       struct symbol symbol)
{
	rill_deflate_put_bits(output, huffman->code[symbol.symbol], huffman->length[symbol.symbol]);
	rill_deflate_put_bits(output, symbol.value, symbol.bits);
}

static void put_symbols(struct rill_deflate_output *output, const struct rill_gzip_block *block,
			const struct rill_huffman *literals, const struct rill_huffman *distances)
{
	for (unsigned i = 0; i < block->n && output->code == RILL_OK; i++)
		if (block->distance[i]) {
			put_symbol(output, literals, of_length(block->value[i]));
			put_symbol(output, distances, of_distance(block->distance[i]));
		} else {
			put_symbol(output, literals, (struct symbol){.symbol = block->value[i]});
		}
	put_symbol(output, literals, (struct symbol){.symbol = END_OF_BLOCK});
}

static unsigned fixed_length(unsigned symbol)
{
	return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}

static void put_fixed(struct rill_deflate_output *output, const struct rill_gzip_block *block,
		      bool last)
{
	struct rill_huffman literals, distances;

	for (unsigned s = 0; s < 288; s++)
		literals.length[s] = (uint8_t)fixed_length(s);
	memset(distances.length, 5, 32);
	rill_huffman_codes(&literals, 288);
	rill_huffman_codes(&distances, 32);
	rill_deflate_put_bits(output, (uint32_t)last | 1 << 1, 3);
	put_symbols(output, block, &literals, &distances);
}

/* What a block's own codes need in front of it. */
struct preamble {
	struct repeats repeats;
	struct rill_huffman lengths;
	unsigned length_count; /* how many of `length_order` are sent */
};

static const uint8_t length_order[LENGTHS] = {16, 17, 18, 0, 8,	 7, 9,	6, 10, 5,
					      11, 4,  12, 3, 13, 2, 14, 1, 15};

static void make_preamble(struct preamble *preamble, const struct rill_gzip_block *block)
{
	struct repeats *repeats = &preamble->repeats;

	memset(preamble, 0, sizeof *preamble);
	add_lengths(repeats, &block->literals);
	add_lengths(repeats, &block->distances);
	for (unsigned i = 0; i < repeats->n; i++)
		preamble->lengths.frequency[repeats->list[i].symbol]++;
	rill_huffman_build(&preamble->lengths, LENGTHS, 7);
	preamble->length_count = LENGTHS;
	while (preamble->length_count > 4 &&
	       preamble->lengths.length[length_order[preamble->length_count - 1]] == 0)
		preamble->length_count--;
}

static uint32_t preamble_bits(const struct preamble *preamble)
{
	uint32_t bits = 14 + 3 * preamble->length_count;

	for (unsigned i = 0; i < preamble->repeats.n; i++) {
		const struct symbol *repeat = &preamble->repeats.list[i];

		bits += preamble->lengths.length[repeat->symbol] + (unsigned)repeat->bits;
	}
	return bits;
}

static void put_dynamic(struct rill_deflate_output *output, const struct rill_gzip_block *block,
			const struct preamble *preamble, bool last)
{
	rill_deflate_put_bits(output, (uint32_t)last | 2 << 1, 3);
	rill_deflate_put_bits(output, block->literals.last + 1 - 257, 5);
	rill_deflate_put_bits(output, block->distances.last + 1 - 1, 5);
	rill_deflate_put_bits(output, preamble->length_count - 4, 4);
	for (unsigned i = 0; i < preamble->length_count; i++)
		rill_deflate_put_bits(output, preamble->lengths.length[length_order[i]], 3);
	for (unsigned i = 0; i < preamble->repeats.n; i++)
		put_symbol(output, &preamble->lengths, preamble->repeats.list[i]);
	put_symbols(output, block, &block->literals, &block->distances);
}

void rill_gzip_block_end(struct rill_gzip_block *block, struct rill_deflate_output *output,
			 const uint8_t *bytes, uint32_t n, bool last)
{
	struct preamble preamble;
	uint32_t own = 0, fixed = 0; /* bits, then bytes with the block's head */

	block->literals.frequency[END_OF_BLOCK] = 1;
	rill_huffman_build(&block->literals, LITERALS, RILL_HUFFMAN_LENGTH);
	rill_huffman_build(&block->distances, DISTANCES, RILL_HUFFMAN_LENGTH);
	make_preamble(&preamble, block);
	own = preamble_bits(&preamble);
	for (unsigned s = 0; s < LITERALS; s++) {
		uint32_t frequency = block->literals.frequency[s];

		own += frequency * (block->literals.length[s] + length_bits(s));
		fixed += frequency * (fixed_length(s) + length_bits(s));
	}
	for (unsigned s = 0; s < DISTANCES; s++) {
		uint32_t frequency = block->distances.frequency[s];

		own += frequency * (block->distances.length[s] + distance_bits(s));
		fixed += frequency * (5 + distance_bits(s));
	}
	own = (own + 3 + 7) / 8;
	fixed = (fixed + 3 + 7) / 8;
	if (bytes && n <= UINT16_MAX && n + 4 <= (own < fixed ? own : fixed))
		rill_deflate_put_stored(output, last, bytes, n);
	else if (fixed <= own)
		put_fixed(output, block, last);
	else
		put_dynamic(output, block, &preamble, last);
	block->n = block->matches = 0;
	memset(block->literals.frequency, 0, sizeof block->literals.frequency);
	memset(block->distances.frequency, 0, sizeof block->distances.frequency);
}
