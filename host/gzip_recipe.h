/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds how a whole gzip file was made: its recipe (protocol/layer_recipe.h).
 */
#ifndef RILL_HOST_GZIP_RECIPE_H
#define RILL_HOST_GZIP_RECIPE_H

#include "host/buffer.h"
#include <stdbool.h>
#include <stdint.h>

/* Appends the recipe to `recipe`, if there is one that makes these bytes again: proved by making
 * them. What follows the last member is part of it, up to GZIP_REST_MOST bytes. RILL_MEMORY;
 * a damaged file has no recipe. Time and memory as of deflate_find(). */
enum rill_code gzip_recipe_find(const uint8_t *bytes, size_t n, struct buffer *recipe, bool *found,
				struct rill_error *error);

#define GZIP_REST_MOST 65536u

#endif
