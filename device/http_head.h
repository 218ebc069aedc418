/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an HTTP/1.1 response: status line and header fields (RFC 9112, sections 4
 * to 6). Works on bytes alone.
 */
#ifndef RILL_DEVICE_HTTP_HEAD_H
#define RILL_DEVICE_HTTP_HEAD_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_head {
	int status;
	bool has_length, close;
	bool coded; /* the body has a transfer or content coding */
	uint64_t length;
};

/* Length of the head, up to and with its empty line; 0 when `n` bytes do not hold it all. */
size_t http_head_length(const uint8_t *bytes, size_t n);

/* Parses a whole head. RILL_NETWORK says what is malformed. */
enum rill_code http_head_parse(struct http_head *head, const uint8_t *bytes, size_t n,
			       struct rill_error *error);

#endif
