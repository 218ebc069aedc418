/* SPDX-License-Identifier: Apache-2.0
 *
 * A suffix array by libdivsufsort, with 32 or 64 bits a position as the text needs.
 */
#ifndef RILL_HOST_SUFFIX_ARRAY_H
#define RILL_HOST_SUFFIX_ARRAY_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

struct suffix_array {
	const uint8_t *text;
	size_t length;
	int32_t *narrow; /* one of these two */
	int64_t *wide;
};

enum rill_code suffix_array_make(struct suffix_array *array, const uint8_t *text, size_t n,
				 struct rill_error *error);
void suffix_array_free(struct suffix_array *array);

/* The longest prefix of `bytes` that stands in the text: its length, and in `*at` where. */
size_t suffix_array_longest(const struct suffix_array *array, const uint8_t *bytes, size_t n,
			    size_t *at);

#endif
