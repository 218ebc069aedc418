/* SPDX-License-Identifier: Apache-2.0 */
#include "host/key_index.h"

#include <stdlib.h>

#define LEAST 1024u

static size_t place(const struct key_index *index, uint64_t key)
{
	return (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (index->capacity - 1);
}

static void link_entry(struct key_index *index, size_t i)
{
	uint32_t *head = &index->head[place(index, index->entry[i].key)];

	index->entry[i].next = *head;
	*head = (uint32_t)i + 1;
}

static enum rill_code grow(struct key_index *index, struct rill_error *error)
{
	size_t capacity = index->capacity ? index->capacity * 2 : LEAST;
	uint32_t *head = calloc(capacity, sizeof *head);
	struct key_entry *entry = realloc(index->entry, capacity * sizeof *entry);

	if (entry)
		index->entry = entry;
	if (!head || !entry || capacity > UINT32_MAX / 2) {
		free(head);
		return rill_fail(error, RILL_MEMORY, "no memory for an index");
	}
	free(index->head);
	index->head = head;
	index->capacity = capacity;
	for (size_t i = 0; i < index->n; i++)
		link_entry(index, i);
	return RILL_OK;
}

enum rill_code key_index_add(struct key_index *index, uint64_t key, uint32_t value,
			     struct rill_error *error)
{
	if (index->n == index->capacity && grow(index, error) != RILL_OK)
		return error->code;
	index->entry[index->n] = (struct key_entry){.key = key, .value = value};
	link_entry(index, index->n++);
	return RILL_OK;
}

void key_index_free(struct key_index *index)
{
	free(index->head);
	free(index->entry);
	*index = (struct key_index){0};
}

static const struct key_entry *first_of(const struct key_index *index, uint32_t at, uint64_t key)
{
	while (at != 0 && index->entry[at - 1].key != key)
		at = index->entry[at - 1].next;
	return at ? &index->entry[at - 1] : NULL;
}

const struct key_entry *key_index_find(const struct key_index *index, uint64_t key)
{
	return index->n ? first_of(index, index->head[place(index, key)], key) : NULL;
}

const struct key_entry *key_index_next(const struct key_index *index, const struct key_entry *entry)
{
	return first_of(index, entry->next, entry->key);
}
