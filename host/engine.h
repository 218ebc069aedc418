/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes a delta between two files: matches, chooses copies, predicts references, codes.
 * The same input and options give the same delta on every machine.
 */
#ifndef RILL_ENGINE_H
#define RILL_ENGINE_H

#include "host/growing.h"
#include "host/progress.h"
#include "protocol/error.h"

struct engine_options {
	unsigned passes; /* of matching on written-out references; 0: bytes alone */
	unsigned change; /* price of a copy in bits; 0: the default */
	uint64_t memory; /* bytes that the decoder may take; 0: ENGINE_MEMORY */
	struct progress *progress; /* moves on from pass to pass; or NULL */
};

#define ENGINE_MEMORY (16u << 20)

/* What an encoder may tell about its work. */
struct engine_report {
	uint64_t copies, literal_bytes;
	uint64_t memory; /* of the decoder */
};

#define ENGINE_DEFAULTS ((struct engine_options){.passes = 3})

/* Appends a whole delta to `out`. `report` may be NULL. RILL_MEMORY: not enough memory;
 * RILL_UNSUPPORTED: a file of over 2 GiB. */
enum rill_code encode_delta(const uint8_t *old, size_t old_n, const uint8_t *new, size_t new_n,
			    const struct engine_options *options, struct growing *out,
			    struct engine_report *report, struct rill_error *error);

#endif
