/* SPDX-License-Identifier: Apache-2.0
 *
 * Base and output as a delta's body sees them, unpacked (packing.h), on top of what they
 * really are. Without streams it passes everything on.
 */
#ifndef RILL_UNPACKED_H
#define RILL_UNPACKED_H

#include "protocol/packing.h"

/* Base and output themselves, all objects of a side one after another. */
struct rill_packed_io {
	void *context;
	enum rill_code (*read)(void *context, bool of_output, uint64_t offset, uint8_t *bytes,
			       size_t n, struct rill_error *error);
	enum rill_code (*write)(void *context, const uint8_t *bytes, size_t n,
				struct rill_error *error);
};

struct rill_unpacked;

/* `largest` is the most plain bytes that a stream has, 0: there are none. Allocates with the
 * streams of the output rill_packing_memory() bytes at most, but for the tables. `packing`
 * must outlive it. RILL_MEMORY. */
enum rill_code rill_unpacked_new(struct rill_unpacked **unpacked, struct rill_packing *packing,
				 uint64_t largest, struct rill_packed_io io,
				 struct rill_error *error);
void rill_unpacked_free(struct rill_unpacked *unpacked);

/* Reads of the unpacked base, then of the unpacked output. RILL_CORRUPT: a stream that is not
 * the one that the table says, or one of the output that is not complete yet. */
enum rill_code rill_unpacked_read(struct rill_unpacked *unpacked, uint64_t offset, uint8_t *bytes,
				  size_t n, struct rill_error *error);
/* Takes the next bytes of the unpacked output. */
enum rill_code rill_unpacked_write(struct rill_unpacked *unpacked, const uint8_t *bytes, size_t n,
				   struct rill_error *error);

#endif
