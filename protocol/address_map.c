/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/address_map.h"

/* The order of the sources; of two at one place the longer first, then the earlier one. */
static bool before(const struct rill_stretch *a, const struct rill_stretch *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	if (a->length != b->length)
		return a->length > b->length;
	return a->copy < b->copy;
}

static void sift_down(struct rill_stretch *heap, size_t root, size_t count)
{
	struct rill_stretch moving = heap[root];
	size_t child;

	while ((child = 2 * root + 1) < count) {
		if (child + 1 < count && before(&heap[child], &heap[child + 1]))
			child++;
		if (!before(&moving, &heap[child]))
			break;
		heap[root] = heap[child];
		root = child;
	}
	heap[root] = moving;
}

/* Heap sort: in place, without recursion, never quadratic. */
static void sort(struct rill_stretch *stretch, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(stretch, i, count);
	for (size_t end = count; end > 1; end--) {
		struct rill_stretch last = stretch[end - 1];

		stretch[end - 1] = stretch[0];
		stretch[0] = last;
		sift_down(stretch, 0, end - 1);
	}
}

static void trim_front(struct rill_stretch *stretch, uint64_t start)
{
	uint64_t cut = start - stretch->start;

	stretch->length = cut < stretch->length ? stretch->length - (uint32_t)cut : 0;
	stretch->start = start;
}

/* Cuts overlaps in favour of the longer one, looking at neighbours only. */
static size_t flatten(struct rill_stretch *stretch, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct rill_stretch next = stretch[i];
		struct rill_stretch *last = kept ? &stretch[kept - 1] : NULL;

		if (last && next.start < last->start)
			trim_front(&next, last->start); /* it was cut itself */
		if (last && next.start < last->start + last->length) {
			if (next.length > last->length)
				last->length = (uint32_t)(next.start - last->start);
			else
				trim_front(&next, last->start + last->length);
			if (last->length == 0)
				kept--;
		}
		if (next.length > 0)
			stretch[kept++] = next;
	}
	return kept;
}

static void build_index(struct rill_address_map *map)
{
	const struct rill_stretch *last = map->count ? &map->stretch[map->count - 1] : NULL;
	uint64_t length;
	size_t at = 0;

	map->low = last ? map->stretch[0].start : 0;
	length = last ? last->start + last->length - map->low : 0;
	map->index_shift = 0;
	while (length >> map->index_shift >= RILL_MAP_INDEX)
		map->index_shift++;
	for (size_t i = 0; i <= RILL_MAP_INDEX; i++) {
		uint64_t offset = map->low + ((uint64_t)i << map->index_shift);

		while (at < map->count &&
		       map->stretch[at].start + map->stretch[at].length <= offset)
			at++;
		map->index[i] = (uint32_t)at;
	}
}

void rill_address_map_build(struct rill_address_map *map, const struct rill_copy *copy,
			    size_t count, struct rill_stretch *stretch)
{

	map->copy = copy;
	map->stretch = stretch;
	for (size_t i = 0; i < count; i++)
		stretch[i] = (struct rill_stretch){
			.start = copy[i].source,
			.length = (uint32_t)copy[i].length,
			.copy = (uint32_t)i,
		};
	sort(stretch, count);
	map->count = flatten(stretch, count);
	stretch[map->count] = (struct rill_stretch){.start = UINT64_MAX};
	build_index(map);
}

/* Whether the stretch behind an offset is nearer than the one before it, and leads to
 * somewhere in the output from there. */
static bool next_is_nearer(const struct rill_address_map *map, size_t next, uint64_t offset)
{
	const struct rill_stretch *stretch = &map->stretch[next];
	const struct rill_copy *copy = &map->copy[stretch->copy];

	if (copy->source - offset > copy->output && copy->source > offset)
		return false;
	return next == 0 ||
	       stretch->start - offset < offset - (stretch[-1].start + stretch[-1].length);
}

bool rill_address_map_find(const struct rill_address_map *map, uint64_t offset, uint64_t *output,
			   bool *exact)
{
	uint64_t slot = offset < map->low ? 0 : (offset - map->low) >> map->index_shift;
	size_t low, high;
	const struct rill_stretch *stretch;

	if (slot >= RILL_MAP_INDEX)
		slot = RILL_MAP_INDEX - 1;
	/* The first stretch that ends behind the offset is between two index entries. */
	low = map->index[slot];
	high = map->index[slot + 1];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->stretch[middle].start + map->stretch[middle].length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	stretch = &map->stretch[low];
	*exact = low < map->count && stretch->start <= offset;
	if (!*exact && (low == map->count || !next_is_nearer(map, low, offset))) {
		if (low == 0)
			return false;
		stretch--;
	}
	*output = map->copy[stretch->copy].output + (offset - map->copy[stretch->copy].source);
	return true;
}
