/* SPDX-License-Identifier: Apache-2.0
 *
 * One section of a delta, from its coded bytes to its raw ones, as they come.
 */
#ifndef RILL_UNPACK_H
#define RILL_UNPACK_H

#include "protocol/bytes.h"
#include "protocol/delta_header.h"
#include <zlib.h>

/* What zlib allocates at most for inflate: its window of 32 KiB and its state. */
#define RILL_UNPACK_MEMORY (44u << 10)

struct rill_unpack {
	struct rill_section section;
	uint64_t raw, coded; /* bytes produced and consumed so far */
	z_stream zlib;
	bool ended; /* zlib saw the end of its stream */
};

/* Begins a section. Release it with rill_unpack_end(), also after a failure. */
enum rill_code rill_unpack_start(struct rill_unpack *unpack, const struct rill_section *section,
				 struct rill_error *error);

/* Takes bytes from `*in` and moves it on; puts at most `capacity` raw bytes to `out` and
 * their number to `*produced`. When it produced fewer than `capacity`, all input that
 * belongs to the section is taken. RILL_CORRUPT: the code is invalid, or longer or
 * shorter than the section table says. */
enum rill_code rill_unpack(struct rill_unpack *unpack, struct rill_reader *in, uint8_t *out,
			   size_t capacity, size_t *produced, struct rill_error *error);

/* RILL_OK when the section ended exactly where the table says. */
enum rill_code rill_unpack_finish(const struct rill_unpack *unpack, struct rill_error *error);

void rill_unpack_end(struct rill_unpack *unpack);

#endif
