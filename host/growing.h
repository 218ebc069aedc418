/* SPDX-License-Identifier: Apache-2.0
 *
 * A byte buffer that grows, for encoders.
 */
#ifndef RILL_GROWING_H
#define RILL_GROWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct growing {
	uint8_t *bytes;
	size_t n, capacity;
	bool failed; /* memory ran out: what follows is lost */
};

/* Appends; sets `failed` when there is no memory. */
void growing_put(struct growing *growing, const void *bytes, size_t n);
void growing_put_byte(void *growing, uint8_t byte);
void growing_free(struct growing *growing);

#endif
