/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void add(struct text *text, const char *format, ...)
{
	char *more;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&more, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof text->bytes - text->n);
	memcpy(text->bytes + text->n, more, (size_t)n + 1);
	text->n += (size_t)n;
	free(more);
}
