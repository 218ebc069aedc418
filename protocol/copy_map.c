/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/copy_map.h"

struct rill_copy_map rill_copy_map(const uint8_t *bytes, size_t n, uint64_t base_length,
				   uint64_t output_length)
{
	return (struct rill_copy_map){
		.reader = rill_reader(bytes, n),
		.base_length = base_length,
		.output_length = output_length,
	};
}

bool rill_copy_map_done(const struct rill_copy_map *map)
{
	return map->output == map->output_length;
}

static enum rill_code corrupt(const struct rill_copy_map *map, const char *what,
			      struct rill_error *error)
{
	return rill_fail(error, RILL_CORRUPT, "copy map, offset %zu: %s",
			 rill_reader_offset(&map->reader), what);
}

/* Reads where the copy comes from, and checks that all of it exists by then. */
static enum rill_code next_source(struct rill_copy_map *map, struct rill_copy *copy,
				  struct rill_error *error)
{
	uint64_t step, end, limit = map->base_length;

	if (!rill_get_varint(&map->reader, &step))
		return corrupt(map, "no source", error);
	/* Modulo 2^64: whatever comes out is checked against the limit. */
	copy->source = map->source + (uint64_t)rill_unzigzag(step);
	if (copy->source >= map->base_length)
		limit += copy->output + copy->literal;
	if (!rill_add(copy->source, copy->length, &end) || end > limit)
		return corrupt(map, "a copy from where nothing is", error);
	map->source = end;
	return RILL_OK;
}

enum rill_code rill_copy_map_next(struct rill_copy_map *map, struct rill_copy *copy,
				  struct rill_error *error)
{
	uint64_t left = map->output_length - map->output;

	copy->output = map->output;
	copy->source = 0;
	if (!rill_get_varint(&map->reader, &copy->literal) ||
	    !rill_get_varint(&map->reader, &copy->length))
		return corrupt(map, "the map is cut off or a number is not in its shortest form",
			       error);
	if (copy->literal > left || copy->length > left - copy->literal)
		return corrupt(map, "more than the output's length", error);
	map->output += copy->literal + copy->length;
	if (copy->length > 0)
		return next_source(map, copy, error);
	if (copy->literal == 0 || !rill_copy_map_done(map))
		return corrupt(map, "an entry without a copy before the end", error);
	return RILL_OK;
}

enum rill_code rill_copy_map_check(struct rill_copy_map map, struct rill_error *error)
{
	struct rill_copy copy;

	while (!rill_copy_map_done(&map)) {
		enum rill_code code = rill_copy_map_next(&map, &copy, error);

		if (code != RILL_OK)
			return code;
	}
	return rill_reader_left(&map.reader) ? corrupt(&map, "bytes after the end", error)
					     : RILL_OK;
}

void rill_copy_map_put(struct rill_writer *writer, const struct rill_copy *copy,
		       uint64_t source_end)
{
	rill_put_varint(writer, copy->literal);
	rill_put_varint(writer, copy->length);
	if (copy->length > 0)
		rill_put_varint(writer, rill_zigzag((int64_t)(copy->source - source_end)));
}
