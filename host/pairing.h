/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files are alike: by content, by path, by name, by name without digits, and by what
 * they have in common (sketch.h). Old files are known from the start, a new one from when
 * it is added.
 */
#ifndef RILL_PAIRING_H
#define RILL_PAIRING_H

#include "host/key_index.h"
#include "host/sketch.h"
#include "host/unpacked_sources.h"

#define PAIRING_MOST 3u
#define PAIRING_NONE SIZE_MAX

struct pairing {
	const struct sources *sources;
	const struct tar_list *items;
	size_t old_items;
	struct key_index content, path, name, stem, sketches;
	uint32_t *shared; /* by item: hashes in common with the one at work */
	struct sketch sketch; /* of the item `sketched` */
	size_t sketched;
};

/* `unpacked` must live as long. Release it also after a failure. RILL_MEMORY. */
enum rill_code pairing_start(struct pairing *pairing, const struct unpacked_sources *unpacked,
			     struct rill_error *error);
void pairing_free(struct pairing *pairing);

/* An earlier item with the same content, preferably of the same path; PAIRING_NONE. */
size_t pairing_same(const struct pairing *pairing, size_t item);
/* The old item of the same path; PAIRING_NONE. */
size_t pairing_named(const struct pairing *pairing, size_t item);
/* What a changed or new item is to be compared with: the old one of its name, a more similar old
 * one, a similar new one before it. Returns how many. */
size_t pairing_choose(struct pairing *pairing, size_t item, size_t chosen[PAIRING_MOST]);
/* Later items may be like this one, too. RILL_MEMORY. */
enum rill_code pairing_add(struct pairing *pairing, size_t item, struct rill_error *error);

#endif
