/* SPDX-License-Identifier: Apache-2.0
 *
 * Chooses from matches what to copy, by what it costs. Each match proposes a diagonal (old
 * minus new position) around itself. Dynamic programming over the new file, in steps of
 * four bytes, finds the cheapest way through: on a diagonal each step costs what its
 * differing bytes cost, off all diagonals what literals cost, and to change costs what a
 * copy's numbers cost. Then every border between copies is moved to the best byte.
 */
#ifndef RILL_COPY_SELECT_H
#define RILL_COPY_SELECT_H

#include "host/copy_search.h"
#include "protocol/copy_map.h"

struct copy_list {
	struct rill_copy *copy; /* by output, without empty ones */
	size_t n, capacity;
};

/* Costs in units of 1/16 bit. */
struct copy_prices {
	unsigned change; /* of the diagonal, and for each bit of the distance between the two */
	unsigned change_bit;
	unsigned literal; /* four bytes */
	unsigned differs; /* a step with a difference, and for each byte of it */
	unsigned differing_byte;
	unsigned same; /* a step without one */
};

/* Puts `matches` into an order of its own. */
enum rill_code copy_select(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			   struct match_list *matches, const struct copy_prices *prices,
			   struct copy_list *list, struct rill_error *error);
enum rill_code copy_list_add(struct copy_list *list, struct rill_copy copy,
			     struct rill_error *error);
void copy_list_free(struct copy_list *list);

#endif
