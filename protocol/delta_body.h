/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a delta, for both directions. It is one code (range_coder.h): the table of
 * streams (packing.h), which says what base and output look like to all that follows; then
 * groups, each of which makes the next part of the output, whatever the borders of the objects:
 *
 *	sizes	bytes of output, layout entries, copies (number_model.h)
 *	layout	segments and regions of executables (layout.h)
 *	copies	the copy map (copy_map.h)
 *	data	entry by entry the literal bytes, then what became of the units that are
 *		copied (unit_model.h)
 *
 * so that memory is that of the largest group, however large the whole; a group that is not
 * the last has RILL_GROUP_LEAST bytes or more. Models learn from group to group; the address
 * map and the corrections are of one group. Executables in output before the group may be
 * among its sources, like those in the base.
 *
 * An encoder gives the whole output and gets code; a decoder gives code and gets the output.
 * Both make the same steps, so what one predicts the other does too.
 *
 * A step takes at most RILL_BODY_STEP bytes of code. Time is linear in the output and the
 * number of copies. Memory is what rill_body_memory() says, allocated in rill_body_new().
 */
#ifndef RILL_DELTA_BODY_H
#define RILL_DELTA_BODY_H

#include "protocol/literal_model.h"
#include "protocol/packing.h"
#include "protocol/unit_model.h"

#define RILL_BODY_STEP 1024u
#define RILL_GROUP_LEAST 65536u

struct rill_body_size {
	uint64_t most_entries, most_copies; /* of a group */
	uint64_t most_streams, largest_stream;
	uint64_t base_length, output_length; /* of the objects */
};

struct rill_body_io {
	struct rill_source source; /* base, then what was written; both unpacked */
	struct rill_packing *packing; /* an encoder has filled it, a decoder gets it */
	void *context;
	enum rill_code (*write)(void *context, const uint8_t *bytes, size_t n,
				struct rill_error *error);
};

struct rill_body;

uint64_t rill_body_memory(const struct rill_body_size *size);
enum rill_code rill_body_new(struct rill_body **body, const struct rill_body_size *size,
			     const struct rill_body_io *io, struct rill_error *error);
void rill_body_free(struct rill_body *body);

/* The caller starts and ends it. */
struct rill_coder *rill_body_coder(struct rill_body *body);

/* One step; RILL_CORRUPT: the code means something impossible. */
enum rill_code rill_body_step(struct rill_body *body, struct rill_error *error);
/* Whether the group, or the table before the first one, is complete; and the whole output. */
bool rill_body_group_done(const struct rill_body *body);
bool rill_body_done(const struct rill_body *body);

/* What the next step is about, for those who watch (delta_tally.h on the host). */
enum rill_body_part {
	RILL_PART_STREAMS,
	RILL_PART_SIZES,
	RILL_PART_LAYOUT,
	RILL_PART_COPIES,
	RILL_PART_LITERALS,
	RILL_PART_SPANS, /* whether a piece of a copy is the same */
	RILL_PART_UNITS,
	RILL_BODY_PARTS
};
struct rill_body_place {
	enum rill_body_part part;
	enum rill_region_class class; /* of units and spans; of the copy before a literal */
	enum rill_kind kind; /* of a unit */
	uint64_t done; /* bytes of output before the step */
	const struct rill_layout *layout; /* of the group */
};
struct rill_body_place rill_body_place(const struct rill_body *body);

/* For an encoder: the whole output, which must outlive the body; then, when the table is
 * complete, before each group what is in it. `layout` must outlive the group. */
struct rill_group {
	uint64_t length; /* bytes of output */
	struct rill_layout *layout;
	const struct rill_copy *copy;
	size_t copies;
};
void rill_body_encode(struct rill_body *body, const uint8_t *output);
void rill_body_encode_group(struct rill_body *body, const struct rill_group *group);

#endif
