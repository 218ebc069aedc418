/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes that grow. Start from all zero; release with buffer_free().
 */
#ifndef RILL_HOST_BUFFER_H
#define RILL_HOST_BUFFER_H

#include "protocol/error.h"
#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *bytes;
	size_t length, capacity;
};

/* Makes room for `n` more bytes behind `length`. RILL_MEMORY. */
enum rill_code buffer_reserve(struct buffer *buffer, size_t n, struct rill_error *error);
enum rill_code buffer_append(struct buffer *buffer, const void *bytes, size_t n,
			     struct rill_error *error);
void buffer_free(struct buffer *buffer);

#endif
