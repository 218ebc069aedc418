/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/deflate_recipe.h"

/* One number: the kind, then the level, both in the first byte; a second number holds the
 * settings of ZLIB and PIGZ, and the length of a block is the last. */
#define KIND_BITS 3
#define LEVEL_BITS 4
#define WINDOW_BITS 3
#define MEMORY_BITS 4

#define PIGZ_BLOCK_MIN (32u << 10)
#define PIGZ_BLOCK_MAX (1u << 30)

void rill_deflate_recipe_put(const struct rill_deflate_recipe *recipe, struct rill_writer *writer)
{
	unsigned level = recipe->kind == RILL_DEFLATE_STORED ? recipe->separate : recipe->level;

	rill_put_u8(writer, (uint8_t)((unsigned)recipe->kind | level << KIND_BITS));
	if (recipe->kind == RILL_DEFLATE_ZLIB)
		rill_put_varint(writer,
				(unsigned)(recipe->window - 8) |
					(unsigned)recipe->memory << WINDOW_BITS |
					(unsigned)recipe->strategy << (WINDOW_BITS + MEMORY_BITS));
	if (recipe->kind == RILL_DEFLATE_PIGZ)
		rill_put_varint(writer, (unsigned)recipe->separate | (unsigned)recipe->joined << 1 |
						(unsigned)recipe->strategy << 2);
	if (recipe->kind == RILL_DEFLATE_PIGZ || recipe->kind == RILL_DEFLATE_STORED)
		rill_put_varint(writer, recipe->block);
}

/* Takes the low bits off a number. */
static uint8_t take(uint64_t *value, unsigned bits)
{
	uint8_t taken = (uint8_t)(*value & ((1u << bits) - 1));

	*value >>= bits;
	return taken;
}

static bool read_settings(struct rill_deflate_recipe *recipe, struct rill_reader *reader)
{
	uint64_t settings;

	if (recipe->kind != RILL_DEFLATE_ZLIB && recipe->kind != RILL_DEFLATE_PIGZ)
		return true;
	if (!rill_get_varint(reader, &settings))
		return false;
	if (recipe->kind == RILL_DEFLATE_ZLIB) {
		recipe->window = (uint8_t)(take(&settings, WINDOW_BITS) + 8);
		recipe->memory = take(&settings, MEMORY_BITS);
		if (recipe->window < 9 || recipe->memory < 1 || recipe->memory > 9)
			return false;
	} else {
		recipe->separate = take(&settings, 1);
		recipe->joined = take(&settings, 1);
		if (recipe->separate && recipe->joined)
			return false;
	}
	recipe->strategy = (uint8_t)(settings <= 4 ? settings : 0);
	return settings <= 4;
}

static bool read_block(struct rill_deflate_recipe *recipe, struct rill_reader *reader)
{
	bool stored = recipe->kind == RILL_DEFLATE_STORED;
	uint64_t block;

	if (!stored && recipe->kind != RILL_DEFLATE_PIGZ)
		return true;
	if (!rill_get_varint(reader, &block) || block < (stored ? 1 : PIGZ_BLOCK_MIN) ||
	    block > (stored ? UINT16_MAX : PIGZ_BLOCK_MAX))
		return false;
	recipe->block = (uint32_t)block;
	return true;
}

enum rill_code rill_deflate_recipe_parse(struct rill_deflate_recipe *recipe,
					 struct rill_reader *reader, struct rill_error *error)
{
	size_t offset = rill_reader_offset(reader);
	uint8_t first, level;

	*recipe = (struct rill_deflate_recipe){0};
	if (!rill_get_u8(reader, &first))
		return rill_fail(error, RILL_CORRUPT, "deflate recipe, offset %zu: cut short",
				 offset);
	recipe->kind = (enum rill_deflate_kind)(first & ((1u << KIND_BITS) - 1));
	level = first >> KIND_BITS;
	if (recipe->kind >= RILL_DEFLATE_KINDS)
		return rill_fail(
			error, RILL_UNSUPPORTED,
			"deflate recipe, offset %zu: kind %u needs a newer version of Rill", offset,
			(unsigned)recipe->kind);
	if (recipe->kind == RILL_DEFLATE_STORED)
		recipe->separate = level & 1;
	else
		recipe->level = level;
	if (recipe->kind == RILL_DEFLATE_STORED ? level > 1 : level < 1 || level > 9)
		return rill_fail(error, RILL_CORRUPT, "deflate recipe, offset %zu: level %u",
				 offset, (unsigned)level);
	if (!read_settings(recipe, reader) || !read_block(recipe, reader))
		return rill_fail(error, RILL_CORRUPT,
				 "deflate recipe, offset %zu: settings out of range", offset);
	return RILL_OK;
}
