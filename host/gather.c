/* SPDX-License-Identifier: Apache-2.0 */
#include "host/gather.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t *bytes_at(const struct sources *sources, bool of_output, uint64_t offset)
{
	return of_output ? sources->new + offset : source_at(sources, offset);
}

enum rill_code gather(struct gathered *g, const struct sources *sources, bool of_output,
		      const struct range *range, size_t ranges, struct rill_error *error)
{
	*g = (struct gathered){.range = range, .ranges = ranges};
	g->local = calloc(ranges + 1, sizeof *g->local);
	if (!g->local)
		return rill_fail(error, RILL_MEMORY, "no memory to gather files");
	for (size_t i = 0; i < ranges; i++)
		g->local[i + 1] = g->local[i] + range[i].length;
	g->n = (size_t)g->local[ranges];
	if (ranges == 1) {
		g->bytes = bytes_at(sources, of_output, range[0].start);
		return RILL_OK;
	}
	g->bytes = g->own = malloc(g->n + 1);
	if (!g->own)
		return rill_fail(error, RILL_MEMORY, "no memory to gather %zu bytes", g->n);
	for (size_t i = 0; i < ranges; i++)
		memcpy(g->own + g->local[i], bytes_at(sources, of_output, range[i].start),
		       (size_t)range[i].length);
	return RILL_OK;
}

void gathered_free(struct gathered *g)
{
	free(g->local);
	free(g->own);
	*g = (struct gathered){0};
}

uint64_t gathered_origin(const struct gathered *g, uint64_t local, uint64_t *together)
{
	size_t low = 0, high = g->ranges - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (g->local[middle] <= local)
			low = middle;
		else
			high = middle - 1;
	}
	*together = g->local[low + 1] - local;
	return g->range[low].start + (local - g->local[low]);
}

uint64_t gathered_local(const struct gathered *g, uint64_t origin)
{
	size_t i = 0;

	while (i + 1 < g->ranges && origin - g->range[i].start >= g->range[i].length)
		i++;
	return g->local[i] + (origin - g->range[i].start);
}
