/* SPDX-License-Identifier: Apache-2.0
 *
 * A file as it looks when its references are written out: each field that holds a distance
 * or an address holds the absolute new address (cut to the field's width), which for
 * the old file is predicted through a copy map. What is the same in two such views is
 * predicted exactly, so matching again on them finds better copies.
 */
#ifndef RILL_REFERENCE_VIEW_H
#define RILL_REFERENCE_VIEW_H

#include "host/symbol_slots.h"
#include "protocol/predict.h"

/* Rewrites `view`, a copy of `bytes`, region by region of `layout` (whose old segments and
 * regions are this file's). `map` tells where addresses went; NULL leaves them as they are.
 * Slots, by image, and references to them become the symbols' names. */
void reference_view(const struct rill_layout *layout, const struct rill_address_map *map,
		    const struct symbol_slots *slots, const uint8_t *bytes, size_t n,
		    uint8_t *view);

#endif
