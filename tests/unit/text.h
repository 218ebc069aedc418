/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that a test puts together piece by piece.
 */
#ifndef RILL_TESTS_TEXT_H
#define RILL_TESTS_TEXT_H

#include "tests/unit/support.h"

/* Starts from all zero; ends with NUL. */
struct text {
	char bytes[16384];
	size_t n;
};

__attribute__((format(printf, 2, 3))) void add(struct text *text, const char *format, ...);

#endif
