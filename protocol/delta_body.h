/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a delta, for both directions: what codes the three sections
 *
 *	layout	segments and regions of executables (layout.h)
 *	copies	the copy map (copy_map.h)
 *	data	entry by entry the literal bytes, then what became of the units that are
 *		copied (unit_model.h)
 *
 * step by step, with one set of models, by whichever coder is put into `coder`. An encoder
 * gives the whole output and gets code; a decoder gives code and gets the output. Both make
 * the same steps, so what one predicts the other does too.
 *
 * A step takes at most RILL_BODY_STEP bytes of code. Time is linear in the output and the
 * number of copies. Memory is what rill_body_memory() says, allocated in rill_body_new().
 */
#ifndef RILL_DELTA_BODY_H
#define RILL_DELTA_BODY_H

#include "protocol/literal_model.h"
#include "protocol/unit_model.h"

#define RILL_BODY_STEP 1024u

struct rill_body_size {
	uint64_t layout_entries, copies;
	uint64_t base_length, output_length;
};

struct rill_body_io {
	struct rill_source source; /* base, then what was written */
	void *context;
	enum rill_code (*write)(void *context, const uint8_t *bytes, size_t n,
				struct rill_error *error);
};

struct rill_body;

uint64_t rill_body_memory(const struct rill_body_size *size);
enum rill_code rill_body_new(struct rill_body **body, const struct rill_body_size *size,
			     const struct rill_body_io *io, struct rill_error *error);
void rill_body_free(struct rill_body *body);

/* The coder of the current section. */
struct rill_coder *rill_body_coder(struct rill_body *body);

/* One step of the current section; RILL_CORRUPT: the code means something impossible. */
enum rill_code rill_body_step(struct rill_body *body, struct rill_error *error);
/* Whether the current section is complete; and on to the next one. */
bool rill_body_section_done(const struct rill_body *body);
enum rill_code rill_body_next_section(struct rill_body *body, struct rill_error *error);

/* For an encoder: what is to be coded, before the first step. The body takes over `layout`;
 * the copies are taken by value; `output` must outlive the body. */
void rill_body_encode(struct rill_body *body, struct rill_layout *layout,
		      const struct rill_copy *copies, const uint8_t *output);

#endif
