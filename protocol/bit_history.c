/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bit_history.h"

#include <stdbool.h>
#include <string.h>

struct history {
	uint8_t count[2], last;
};

/* By the smaller count, how large the other may be. */
static const uint8_t most[] = {30, 24, 12, 8, 6};

/* By a large count, what is left of it when the other bit comes. */
static uint8_t left_of(uint8_t count)
{
	static const struct {
		uint8_t least, left;
	} rule[] = {{26, 6}, {13, 5}, {7, 4}, {4, 3}, {3, 2}};

	for (unsigned i = 0; i < sizeof rule / sizeof *rule; i++)
		if (count >= rule[i].least)
			return rule[i].left;
	return count;
}

static bool is_one(const struct history *h)
{
	unsigned low = h->count[h->count[0] > h->count[1]],
		 high = h->count[h->count[0] <= h->count[1]];

	return low < sizeof most && high <= most[low];
}

static struct history after(struct history h, unsigned bit)
{
	h.count[!bit] = left_of(h.count[!bit]);
	h.count[bit]++;
	while (!is_one(&h)) {
		/* The other one counts less, as long as it is nearly as large. */
		unsigned which = h.count[!bit] > 1 && h.count[!bit] + 1 >= h.count[bit] ? !bit
											: bit;

		h.count[which]--;
	}
	h.last = h.count[0] && h.count[1] ? (uint8_t)bit : 0;
	return h;
}

/* The number of a history, which is a new one if it was not met before. */
static uint8_t number(struct history *histories, unsigned *n, const struct history *h)
{
	unsigned i = 0;

	while (i < *n && memcmp(&histories[i], h, sizeof *h) != 0)
		i++;
	if (i == *n)
		histories[(*n)++] = *h;
	return (uint8_t)i;
}

void rill_bit_history_setup(struct rill_bit_history *tables)
{
	struct history histories[RILL_BIT_HISTORIES] = {{{0, 0}, 0}};
	unsigned n = 1;

	memset(tables, 0, sizeof *tables);
	for (unsigned i = 0; i < n; i++) {
		unsigned zeros = histories[i].count[0], ones = histories[i].count[1];

		tables->seen[i] = (uint8_t)(zeros + ones);
		tables->likely[i] = (uint16_t)((ones * 5 + 2) * 65536 / ((zeros + ones) * 5 + 4));
		for (unsigned bit = 0; bit < 2; bit++) {
			struct history next = after(histories[i], bit);

			tables->next[i][bit] = number(histories, &n, &next);
		}
	}
}
