/* SPDX-License-Identifier: Apache-2.0
 *
 * Remembers where references really led: the next reference to the same old target is
 * predicted to lead there too, so that a target that moved alone is paid for once. A table
 * with one place for each hash; what comes later replaces what was there.
 */
#ifndef RILL_CORRECTION_CACHE_H
#define RILL_CORRECTION_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define RILL_CORRECTIONS (1u << 15)

struct rill_correction {
	uint64_t key; /* 0: free */
	uint64_t value;
};

/* An encoder may try something and take it back: while `trying`, what is replaced is kept. */
#define RILL_CORRECTION_TRIES 512

struct rill_correction_cache {
	struct rill_correction entry[RILL_CORRECTIONS];
	bool trying;
	uint32_t tries;
	struct {
		uint32_t place;
		struct rill_correction entry;
	} kept[RILL_CORRECTION_TRIES];
};

void rill_correction_clear(struct rill_correction_cache *cache);

/* `kind` (below 8) keeps targets apart that are not the same thing: pages, low parts. Keys
 * and values use the low 58 bits of an address; what is beyond is only predicted badly.
 * `*trust` is how often the value was right in a row, at most 3, and 0 at first. */
bool rill_correction_find(const struct rill_correction_cache *cache, uint64_t target, unsigned kind,
			  uint64_t *value, unsigned *trust);
void rill_correction_put(struct rill_correction_cache *cache, uint64_t target, unsigned kind,
			 uint64_t value);

/* At most RILL_CORRECTION_TRIES calls of rill_correction_put() may lie between the two. */
void rill_correction_try(struct rill_correction_cache *cache);
void rill_correction_undo(struct rill_correction_cache *cache);

#endif
