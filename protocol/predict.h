/* SPDX-License-Identifier: Apache-2.0
 *
 * Prediction of references through the copy map. The old bytes say where a reference led; the
 * copy map says where that went; so the field's new value is known in most cases, and only
 * what differs need be in the delta (the idea of Exediff: B. Baker, U. Manber, R. Muth,
 * "Compressing differences of executable code", 1999, without its symbol tables).
 *
 * In this order: a target inside the very copy that is being made moves with it; a target
 * whose references led elsewhere before leads there again (correction_cache.h); all others
 * go through the address map.
 */
#ifndef RILL_PREDICT_H
#define RILL_PREDICT_H

#include "protocol/address_map.h"
#include "protocol/correction_cache.h"
#include "protocol/reference.h"

enum rill_status {
	RILL_STATUS_NONE, /* no reference */
	RILL_STATUS_LOCAL, /* inside the copy */
	RILL_STATUS_REMEMBERED, /* this and the next three by their trust */
	RILL_STATUS_MAPPED = RILL_STATUS_REMEMBERED + 4, /* a copy covers the target */
	RILL_STATUS_NEAR, /* the nearest copy's shift */
	RILL_STATUS_UNKNOWN, /* not an address of the image's files */
	RILL_STATUSES
};

struct rill_prediction {
	uint8_t bytes[RILL_UNIT_MAX];
	enum rill_status status;
};

struct rill_predictor {
	const struct rill_layout *layout;
	const struct rill_address_map *map;
	struct rill_correction_cache *cache;

	/* The piece at work. */
	const struct rill_region *region;
	const struct rill_image *image;
	uint64_t output; /* offset of the piece's start in the output */
	uint64_t place; /* and its address there, when `placed` */
	bool placed;
	uint64_t copy_low, copy_length; /* old addresses that the copy covers */
	uint64_t shift; /* new minus old address within the copy */

	uint64_t last; /* where the last reference that may be followed by a length led */
};

/* Tells the predictor which piece comes: `window` as the readers had it, part of `copy`. */
void rill_predict_piece(struct rill_predictor *predictor, const struct rill_window *window,
			const struct rill_copy *copy);

/* Predicts a unit whose old bytes are `old`. */
void rill_predict(struct rill_predictor *predictor, const struct rill_unit *unit,
		  const uint8_t *old, struct rill_prediction *prediction);

/* Learns what became of it. */
void rill_predict_learn(struct rill_predictor *predictor, const struct rill_unit *unit,
			const struct rill_prediction *prediction, const uint8_t *actual);

/* The new address for an old one by the map alone. */
uint64_t rill_predict_address(const struct rill_predictor *predictor, uint64_t address,
			      enum rill_status *status);

#endif
