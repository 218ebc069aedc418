/* SPDX-License-Identifier: Apache-2.0 */
#include "host/growing.h"

#include <stdlib.h>
#include <string.h>

void growing_put(struct growing *growing, const void *bytes, size_t n)
{
	if (growing->failed || n == 0)
		return;
	if (n > growing->capacity - growing->n) {
		size_t capacity = growing->capacity + growing->capacity / 2 + n + 64;
		uint8_t *larger = realloc(growing->bytes, capacity);

		if (!larger) {
			growing->failed = true;
			return;
		}
		growing->bytes = larger;
		growing->capacity = capacity;
	}
	memcpy(growing->bytes + growing->n, bytes, n);
	growing->n += n;
}

void growing_put_byte(void *growing, uint8_t byte)
{
	growing_put(growing, &byte, 1);
}

void growing_free(struct growing *growing)
{
	free(growing->bytes);
	*growing = (struct growing){0};
}
