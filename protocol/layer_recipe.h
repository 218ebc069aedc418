/* SPDX-License-Identifier: Apache-2.0
 *
 * How a gzip file (RFC 1952, any number of members) is made again, bit for bit, from its plain
 * bytes: for image layers that are stored compressed, where the manifest is to be the published
 * one. A recipe is
 *
 *	number of members, from 1; for each
 *		its header: length, then the bytes
 *		the recipe of its deflate stream (deflate_recipe.h)
 *		its plain bytes: how many
 *	what follows the last member: length, then the bytes
 *
 * with numbers as varints (bytes.h). CRC-32 and length at a member's end are computed.
 */
#ifndef RILL_LAYER_RECIPE_H
#define RILL_LAYER_RECIPE_H

#include "protocol/deflate_recipe.h"

struct rill_gzip_member {
	const uint8_t *header;
	size_t header_length;
	struct rill_deflate_recipe deflate;
	uint64_t plain_length;
};

/* Writes one member; the number of members comes before the first, the rest behind the last. */
void rill_gzip_member_put(const struct rill_gzip_member *member, struct rill_writer *writer);

/* Reads over one whole recipe, whose plain bytes it adds up. RILL_CORRUPT: cut short, or a field
 * out of range. RILL_UNSUPPORTED as of rill_deflate_recipe_parse(). */
enum rill_code rill_layer_recipe_skip(struct rill_reader *reader, uint64_t *plain_length,
				      struct rill_error *error);

struct rill_gzip_again;

/* Begins a file by a recipe that rill_layer_recipe_skip() took; its `n` bytes must live as long.
 * Memory: RILL_DEFLATE_MEMORY. */
enum rill_code rill_gzip_again_new(struct rill_gzip_again **again, const uint8_t *recipe, size_t n,
				   struct rill_deflate_sink sink, struct rill_error *error);

/* Takes the next plain bytes. RILL_CORRUPT: more than the recipe says; the sink's codes. After a
 * failure only rill_gzip_again_free() is allowed. */
enum rill_code rill_gzip_again_feed(struct rill_gzip_again *again, const uint8_t *bytes, size_t n,
				    struct rill_error *error);

/* Ends the file. RILL_CORRUPT: fewer plain bytes than the recipe says. */
enum rill_code rill_gzip_again_finish(struct rill_gzip_again *again, struct rill_error *error);

/* Takes NULL too. */
void rill_gzip_again_free(struct rill_gzip_again *again);

#endif
