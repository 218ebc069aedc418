/* SPDX-License-Identifier: Apache-2.0
 *
 * Patches in the format of Colin Percival's bsdiff 4.x ("BSDIFF40"), which the stock
 * bspatch applies and the stock bsdiff writes:
 *
 *	0   8   "BSDIFF40"
 *	8   8   length of the control block, coded
 *	16  8   length of the difference block, coded
 *	24  8   length of the new file
 *	32      control, difference and extra block, each a bzip2 stream
 *
 * Numbers have 8 bytes, little-endian, with the sign in the top bit. The control block
 * is triples (x, y, z): add x bytes of the difference block to the old file's, take y
 * bytes of the extra block, move z bytes in the old file.
 */
#ifndef RILL_HOST_BSDIFF4_H
#define RILL_HOST_BSDIFF4_H

#include "host/file.h"
#include "host/suffix_match.h"

bool bsdiff4_is(const struct input *patch);

enum rill_code bsdiff4_encode(const uint8_t *base, const uint8_t *target, size_t target_length,
			      const struct copy_list *list, struct buffer *patch,
			      struct rill_error *error);

/* RILL_CORRUPT names what is wrong; a base that is too short for the patch is
 * RILL_WRONG_BASE. The format has no hash: any other base gives a wrong result. */
enum rill_code bsdiff4_apply(const struct input *base, const struct input *patch,
			     struct output *output, struct rill_error *error);

#endif
