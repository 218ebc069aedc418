/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/huffman.h"

#include <stdbool.h>
#include <string.h>

#define NODES (2 * RILL_HUFFMAN_SYMBOLS + 1)

/* Nodes are the symbols, then the pairs in the order in which they were made. */
struct tree {
	uint16_t frequency[NODES], parent[NODES];
	uint8_t height[NODES], length[NODES];
	/* The nodes without parent, the least one at 1; the sons of k are 2k and 2k + 1. */
	uint16_t heap[NODES + 1];
	unsigned heap_count;
	uint16_t order[NODES]; /* by frequency, as the heap gave them up */
	unsigned order_count;
};

static bool goes_first(const struct tree *tree, unsigned a, unsigned b)
{
	if (tree->frequency[a] != tree->frequency[b])
		return tree->frequency[a] < tree->frequency[b];
	return tree->height[a] <= tree->height[b];
}

static void sift_down(struct tree *tree, unsigned at)
{
	uint16_t node = tree->heap[at];

	for (unsigned son; (son = 2 * at) <= tree->heap_count; at = son) {
		if (son < tree->heap_count &&
		    goes_first(tree, tree->heap[son + 1], tree->heap[son]))
			son++;
		if (goes_first(tree, node, tree->heap[son]))
			break;
		tree->heap[at] = tree->heap[son];
	}
	tree->heap[at] = node;
}

static void give_up_first(struct tree *tree)
{
	tree->order[tree->order_count++] = tree->heap[1];
	tree->heap[1] = tree->heap[tree->heap_count--];
	sift_down(tree, 1);
}

/* Puts the symbols that occur into the heap, in their order, two at least. */
static void fill_heap(struct tree *tree, struct rill_huffman *huffman, unsigned symbols)
{
	int last = -1;

	for (unsigned s = 0; s < symbols; s++) {
		tree->frequency[s] = huffman->frequency[s];
		if (tree->frequency[s]) {
			tree->heap[++tree->heap_count] = (uint16_t)s;
			last = (int)s;
		}
	}
	while (tree->heap_count < 2) {
		unsigned s = last < 2 ? (unsigned)++last : 0;

		tree->frequency[s] = 1;
		tree->heap[++tree->heap_count] = (uint16_t)s;
	}
	huffman->last = (unsigned)last;
}

/* Pairs the two least nodes until one is left. */
static void pair_nodes(struct tree *tree, unsigned symbols)
{
	unsigned node = symbols;

	for (unsigned k = tree->heap_count / 2; k >= 1; k--)
		sift_down(tree, k);
	while (tree->heap_count >= 2) {
		unsigned a = tree->heap[1], b;

		give_up_first(tree);
		b = tree->heap[1];
		tree->order[tree->order_count++] = (uint16_t)b;
		tree->frequency[node] = (uint16_t)(tree->frequency[a] + tree->frequency[b]);
		tree->height[node] = (uint8_t)(1 + (tree->height[a] > tree->height[b]
							    ? tree->height[a]
							    : tree->height[b]));
		tree->parent[a] = tree->parent[b] = (uint16_t)node;
		tree->heap[1] = (uint16_t)node++;
		sift_down(tree, 1);
	}
}

/* Shortens the codes that are too long: makes room among the shorter ones, then gives the
 * lengths out again, the longest to the least frequent. */
static void shorten(struct tree *tree, unsigned symbols, unsigned longest, int excess,
		    unsigned count[RILL_HUFFMAN_LENGTH + 1])
{
	unsigned at = 0;

	for (; excess > 0; excess -= 2) {
		unsigned bits = longest - 1;

		while (count[bits] == 0)
			bits--;
		count[bits]--;
		count[bits + 1] += 2;
		count[longest]--;
	}
	for (unsigned bits = longest; bits > 0; bits--)
		for (unsigned left = count[bits]; left > 0; at++)
			if (tree->order[at] < symbols) {
				tree->length[tree->order[at]] = (uint8_t)bits;
				left--;
			}
}

void rill_huffman_build(struct rill_huffman *huffman, unsigned symbols, unsigned longest)
{
	unsigned count[RILL_HUFFMAN_LENGTH + 1] = {0};
	struct tree tree;
	int excess = 0;

	memset(&tree, 0, sizeof tree);
	fill_heap(&tree, huffman, symbols);
	pair_nodes(&tree, symbols);
	/* From the root down; its length is 0. */
	for (unsigned i = tree.order_count; i-- > 0;) {
		unsigned node = tree.order[i], bits = tree.length[tree.parent[node]] + 1u;

		if (bits > longest) {
			bits = longest;
			excess++;
		}
		tree.length[node] = (uint8_t)bits;
		if (node < symbols)
			count[bits]++;
	}
	if (excess)
		shorten(&tree, symbols, longest, excess, count);
	memcpy(huffman->length, tree.length, symbols);
	rill_huffman_codes(huffman, symbols);
}

static uint16_t reversed(unsigned code, unsigned bits)
{
	unsigned result = 0;

	for (; bits > 0; bits--, code >>= 1)
		result = result << 1 | (code & 1);
	return (uint16_t)result;
}

void rill_huffman_codes(struct rill_huffman *huffman, unsigned symbols)
{
	unsigned next[RILL_HUFFMAN_LENGTH + 2] = {0};

	/* next[n + 1] counts the codes of n bits, then is where those of n + 1 bits begin. */
	for (unsigned s = 0; s < symbols; s++)
		next[huffman->length[s] + 1]++;
	next[1] = 0;
	for (unsigned bits = 2; bits <= RILL_HUFFMAN_LENGTH + 1; bits++)
		next[bits] = (next[bits] + next[bits - 1]) << 1;
	for (unsigned s = 0; s < symbols; s++) {
		unsigned bits = huffman->length[s];

		huffman->code[s] = bits ? reversed(next[bits]++, bits) : 0;
	}
}
