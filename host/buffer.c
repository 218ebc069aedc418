/* SPDX-License-Identifier: Apache-2.0 */
#include "host/buffer.h"

#include <stdlib.h>
#include <string.h>

enum rill_code buffer_reserve(struct buffer *buffer, size_t n, struct rill_error *error)
{
	size_t need, capacity = buffer->capacity ? buffer->capacity : 4096;
	uint8_t *bytes;

	if (__builtin_add_overflow(buffer->length, n, &need) || need > SIZE_MAX / 2)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu more bytes", n);
	if (need <= buffer->capacity)
		return RILL_OK;
	while (capacity < need)
		capacity *= 2;
	bytes = realloc(buffer->bytes, capacity);
	if (!bytes)
		return rill_fail(error, RILL_MEMORY, "no memory for %zu bytes", capacity);
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return RILL_OK;
}

enum rill_code buffer_append(struct buffer *buffer, const void *bytes, size_t n,
			     struct rill_error *error)
{
	enum rill_code code = buffer_reserve(buffer, n, error);

	if (code == RILL_OK && n > 0) {
		memcpy(buffer->bytes + buffer->length, bytes, n);
		buffer->length += n;
	}
	return code;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){0};
}
