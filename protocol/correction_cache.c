/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/correction_cache.h"

#include <string.h>

#define TRUST_SHIFT 62
#define VALUE_MASK ((UINT64_C(1) << TRUST_SHIFT) - 1)

static uint64_t key_of(uint64_t target, unsigned kind)
{
	return (target << 3 | kind) + 1;
}

static uint32_t place_of(uint64_t key)
{
	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 49) % RILL_CORRECTIONS;
}

void rill_correction_clear(struct rill_correction_cache *cache)
{
	memset(cache->entry, 0, sizeof cache->entry);
}

bool rill_correction_find(const struct rill_correction_cache *cache, uint64_t target, unsigned kind,
			  uint64_t *value, unsigned *trust)
{
	uint64_t key = key_of(target, kind);
	const struct rill_correction *entry = &cache->entry[place_of(key)];

	if (entry->key != key)
		return false;
	*value = entry->value & VALUE_MASK;
	*trust = (unsigned)(entry->value >> TRUST_SHIFT);
	return true;
}

void rill_correction_put(struct rill_correction_cache *cache, uint64_t target, unsigned kind,
			 uint64_t value)
{
	uint64_t key = key_of(target, kind), trust = 0;
	struct rill_correction *entry = &cache->entry[place_of(key)];

	if (cache->trying && cache->tries < RILL_CORRECTION_TRIES) {
		cache->kept[cache->tries].place = place_of(key);
		cache->kept[cache->tries++].entry = *entry;
	}
	value &= VALUE_MASK;
	if (entry->key == key && (entry->value & VALUE_MASK) == value) {
		trust = entry->value >> TRUST_SHIFT;
		trust += trust < 3;
	}
	entry->key = key;
	entry->value = trust << TRUST_SHIFT | value;
}

void rill_correction_try(struct rill_correction_cache *cache)
{
	cache->trying = true;
	cache->tries = 0;
}

void rill_correction_undo(struct rill_correction_cache *cache)
{
	while (cache->tries > 0) {
		cache->tries--;
		cache->entry[cache->kept[cache->tries].place] = cache->kept[cache->tries].entry;
	}
	cache->trying = false;
}
