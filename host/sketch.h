/* SPDX-License-Identifier: Apache-2.0
 *
 * How much two files have in common, without comparing them: of the hashes of all short
 * windows the smallest few are kept (A. Broder, "On the resemblance and containment of
 * documents", 1997). Windows of arm64 code leave out what branches and addresses hold, so
 * that a function counts as the same wherever it is linked.
 */
#ifndef RILL_SKETCH_H
#define RILL_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SKETCH_MOST 128
#define SKETCH_LEAST_BYTES 1024u /* smaller files are not worth one */

struct sketch {
	uint64_t hash[SKETCH_MOST]; /* ascending, all different */
	size_t n;
};

void sketch_make(struct sketch *sketch, const uint8_t *bytes, size_t n);

#endif
