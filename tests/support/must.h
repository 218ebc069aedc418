/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RILL_TESTS_MUST_H
#define RILL_TESTS_MUST_H

#include <stdbool.h>
#include <stdlib.h>

/* What does not hold ends the program: a fuzzer then keeps its input. */
static inline void must(bool holds)
{
	if (!holds)
		abort();
}

#endif
