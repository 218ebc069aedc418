/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds things by keys of 64 bits that many of them may share: a hash table of lists.
 */
#ifndef RILL_KEY_INDEX_H
#define RILL_KEY_INDEX_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

struct key_entry {
	uint64_t key;
	uint32_t value, next; /* index of the next entry of the list plus 1, or 0 */
};

struct key_index {
	uint32_t *head; /* indexes plus 1 */
	struct key_entry *entry;
	size_t n, capacity; /* a power of two */
};

/* RILL_MEMORY. */
enum rill_code key_index_add(struct key_index *index, uint64_t key, uint32_t value,
			     struct rill_error *error);
void key_index_free(struct key_index *index);

/* The entries of a key, the last one that was added first: NULL ends them. */
const struct key_entry *key_index_find(const struct key_index *index, uint64_t key);
const struct key_entry *key_index_next(const struct key_index *index,
				       const struct key_entry *entry);

#endif
