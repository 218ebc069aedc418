/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pairing.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MOST 16u /* of the items that may have the same content */
#define SHARED_LEAST 6u /* hashes of a sketch that make a file worth comparing with */
#define SHARED_BESIDE 16u /* and beside the one of the same name */
#define LIST_MOST 64u /* entries of a hash that are looked at */

static const struct tar_member *item_at(const struct pairing *p, size_t i)
{
	return &p->items->member[i];
}

static uint64_t mix(uint64_t hash, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* The same for the same content, and hardly ever for another. */
static uint64_t content_key(const struct pairing *p, const struct tar_member *item)
{
	const uint8_t *bytes = source_at(p->sources, item->data);
	size_t some = item->size < 16 ? (size_t)item->size : 16;
	uint64_t key = mix(item->size, bytes, some);

	key = mix(key, bytes + item->size / 2, some / 2);
	return mix(key, bytes + item->size - some, some);
}

size_t pairing_same(const struct pairing *p, size_t i)
{
	const struct tar_member *item = item_at(p, i);
	const uint8_t *bytes = source_at(p->sources, item->data);
	size_t found = PAIRING_NONE, tries = 0;
	uint64_t key = item->size > 0 ? content_key(p, item) : 0;

	if (item->size == 0)
		return PAIRING_NONE;
	for (const struct key_entry *e = key_index_find(&p->content, key); e && tries < TRIES_MOST;
	     e = key_index_next(&p->content, e), tries++) {
		const struct tar_member *other = item_at(p, e->value);

		if ((found != PAIRING_NONE && other->path != item->path) ||
		    other->size != item->size ||
		    memcmp(source_at(p->sources, other->data), bytes, (size_t)item->size) != 0)
			continue;
		found = e->value;
		if (other->path == item->path)
			break;
	}
	return found;
}

/* The old item of a name that is nearest in size; PAIRING_NONE. */
static size_t find_named(const struct pairing *p, const struct key_index *index, uint64_t key,
			 uint64_t size)
{
	size_t found = PAIRING_NONE, tries = 0;
	uint64_t nearest = UINT64_MAX;

	for (const struct key_entry *e = key_index_find(index, key); e && tries < LIST_MOST;
	     e = key_index_next(index, e), tries++) {
		uint64_t other = item_at(p, e->value)->size;
		uint64_t distance = other > size ? other - size : size - other;

		if (distance < nearest) {
			nearest = distance;
			found = e->value;
		}
	}
	return found;
}

/* Counts for all items the hashes that they share with a sketch. */
static void count_shared(struct pairing *p, const struct sketch *sketch, bool up)
{
	for (size_t i = 0; i < sketch->n; i++) {
		size_t tries = 0;

		for (const struct key_entry *e = key_index_find(&p->sketches, sketch->hash[i]);
		     e && tries < LIST_MOST; e = key_index_next(&p->sketches, e), tries++)
			p->shared[e->value] = up ? p->shared[e->value] + 1 : 0;
	}
}

/* Of the items from `first` up to `end` the one that shares most, and `least`; PAIRING_NONE. */
static size_t most_shared(const struct pairing *p, const struct sketch *sketch, size_t first,
			  size_t end, uint32_t least)
{
	size_t found = PAIRING_NONE;

	for (size_t i = 0; i < sketch->n; i++) {
		size_t tries = 0;

		for (const struct key_entry *e = key_index_find(&p->sketches, sketch->hash[i]);
		     e && tries < LIST_MOST; e = key_index_next(&p->sketches, e), tries++) {
			uint32_t shared = p->shared[e->value];

			if (e->value < first || e->value >= end || shared < least ||
			    (found != PAIRING_NONE &&
			     (shared < p->shared[found] ||
			      (shared == p->shared[found] && e->value <= found))))
				continue;
			found = e->value;
		}
	}
	return found;
}

static void sketch_item(struct pairing *p, size_t i)
{
	const struct tar_member *item = item_at(p, i);

	p->sketch.n = 0;
	p->sketched = i;
	if (item->size >= SKETCH_LEAST_BYTES && p->items->n > 2)
		sketch_make(&p->sketch, source_at(p->sources, item->data), (size_t)item->size);
}

size_t pairing_named(const struct pairing *p, size_t i)
{
	return find_named(p, &p->path, item_at(p, i)->path, item_at(p, i)->size);
}

size_t pairing_choose(struct pairing *p, size_t i, size_t chosen[PAIRING_MOST])
{
	const struct tar_member *item = item_at(p, i);
	const struct sketch *sketch = &p->sketch;
	size_t n = 0, found = find_named(p, &p->path, item->path, item->size), similar;
	uint32_t least = SHARED_LEAST;

	if (found == PAIRING_NONE)
		found = find_named(p, &p->name, item->name, item->size);
	if (found == PAIRING_NONE)
		found = find_named(p, &p->stem, item->stem, item->size);
	sketch_item(p, i);
	count_shared(p, sketch, true);
	if (found != PAIRING_NONE) {
		chosen[n++] = found;
		least = p->shared[found] + SHARED_BESIDE;
	}
	similar = most_shared(p, sketch, 0, p->old_items, least);
	if (similar != PAIRING_NONE && similar != found)
		chosen[n++] = similar;
	similar = most_shared(p, sketch, p->old_items, i, SHARED_BESIDE);
	if (similar != PAIRING_NONE)
		chosen[n++] = similar;
	count_shared(p, sketch, false);
	return n;
}

enum rill_code pairing_add(struct pairing *p, size_t i, struct rill_error *error)
{
	const struct tar_member *item = item_at(p, i);
	uint32_t value = (uint32_t)i;
	enum rill_code code = RILL_OK;

	if (p->sketched != i)
		sketch_item(p, i);
	if (item->size > 0)
		code = key_index_add(&p->content, content_key(p, item), value, error);
	if (i < p->old_items) {
		if (code == RILL_OK)
			code = key_index_add(&p->path, item->path, value, error);
		if (code == RILL_OK && item->size > 0)
			code = key_index_add(&p->name, item->name, value, error);
		if (code == RILL_OK && item->size > 0)
			code = key_index_add(&p->stem, item->stem, value, error);
	}
	for (size_t k = 0; k < p->sketch.n && code == RILL_OK; k++)
		code = key_index_add(&p->sketches, p->sketch.hash[k], value, error);
	return code;
}

enum rill_code pairing_start(struct pairing *p, const struct unpacked_sources *unpacked,
			     struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	*p = (struct pairing){.sources = &unpacked->sources,
			      .items = &unpacked->items,
			      .old_items = unpacked->old_items,
			      .sketched = PAIRING_NONE};
	p->shared = calloc(p->items->n + 1, sizeof *p->shared);
	if (!p->shared)
		return rill_fail(error, RILL_MEMORY, "no memory to pair files");
	for (size_t i = 0; i < p->old_items && code == RILL_OK; i++)
		code = pairing_add(p, i, error);
	return code;
}

void pairing_free(struct pairing *p)
{
	key_index_free(&p->content);
	key_index_free(&p->path);
	key_index_free(&p->name);
	key_index_free(&p->stem);
	key_index_free(&p->sketches);
	free(p->shared);
}
