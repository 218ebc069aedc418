/* SPDX-License-Identifier: Apache-2.0 */
#include "host/suffix_array.h"

#include <divsufsort.h>
#include <divsufsort64.h>
#include <stdlib.h>

enum rill_code suffix_array_make(struct suffix_array *array, const uint8_t *text, size_t n,
				 struct rill_error *error)
{
	int failed;

	*array = (struct suffix_array){.text = text, .length = n};
	if (n == 0)
		return RILL_OK;
	if (n <= INT32_MAX) {
		array->narrow = malloc(n * sizeof *array->narrow);
		failed = !array->narrow || divsufsort(text, array->narrow, (saidx_t)n) != 0;
	} else {
		array->wide = malloc(n * sizeof *array->wide);
		failed = !array->wide || divsufsort64(text, array->wide, (saidx64_t)n) != 0;
	}
	if (!failed)
		return RILL_OK;
	suffix_array_free(array);
	return rill_fail(error, RILL_MEMORY, "no memory to sort the suffixes of %zu bytes", n);
}

void suffix_array_free(struct suffix_array *array)
{
	free(array->narrow);
	free(array->wide);
	array->narrow = NULL;
	array->wide = NULL;
}

static size_t position(const struct suffix_array *array, size_t rank)
{
	return array->narrow ? (size_t)array->narrow[rank] : (size_t)array->wide[rank];
}

/* Length of the common prefix of `bytes` and a suffix, of which `known` bytes agree. */
static size_t common(const struct suffix_array *array, size_t at, const uint8_t *bytes, size_t n,
		     size_t known)
{
	size_t limit = array->length - at < n ? array->length - at : n;

	while (known < limit && array->text[at + known] == bytes[known])
		known++;
	return known;
}

size_t suffix_array_longest(const struct suffix_array *array, const uint8_t *bytes, size_t n,
			    size_t *at)
{
	size_t low = 0, high = array->length; /* ranks; the place of `bytes` lies between */
	size_t low_common = 0, high_common = 0, best = 0;

	*at = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2, start = position(array, middle);
		/* All suffixes between the two ends share what both ends have. */
		size_t known = low_common < high_common ? low_common : high_common;
		size_t length = common(array, start, bytes, n, known);

		if (length > best) {
			best = length;
			*at = start;
		}
		if (length == n)
			break;
		if (start + length == array->length ||
		    array->text[start + length] < bytes[length]) {
			low = middle + 1;
			low_common = length;
		} else {
			high = middle;
			high_common = length;
		}
	}
	return best;
}
