/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes a delta between objects: plans, matches, chooses copies, predicts references,
 * codes. The same input and options give the same delta on every machine, whatever `jobs`.
 */
#ifndef RILL_ENGINE_H
#define RILL_ENGINE_H

#include "host/growing.h"
#include "host/progress.h"
#include "host/sources.h"
#include "protocol/error.h"

struct engine_options {
	unsigned passes; /* of matching on written-out references; 0: bytes alone */
	unsigned change; /* price of a copy in bits; 0: the default */
	unsigned jobs; /* threads; 0: 1 */
	uint64_t memory; /* that encoding may take beside the mapped files; 0: ENGINE_MEMORY */
	uint64_t decoder_memory; /* bytes that the decoder may take; 0: ENGINE_DECODER_MEMORY */
	uint8_t flags; /* of the delta: delta_header.h */
	struct progress *progress; /* or NULL */
};

#define ENGINE_MEMORY (UINT64_C(2) << 30)
#define ENGINE_DECODER_MEMORY (16u << 20)

/* What an encoder may tell about its work. */
struct engine_report {
	uint64_t groups, copies, literal_bytes;
	uint64_t memory; /* of the decoder */
};

#define ENGINE_DEFAULTS ((struct engine_options){.passes = 3})

/* Appends a whole delta to `out`. `report` may be NULL. RILL_MEMORY: not enough memory. */
enum rill_code encode_delta(const struct sources *sources, const struct engine_options *options,
			    struct growing *out, struct engine_report *report,
			    struct rill_error *error);

#endif
