/* SPDX-License-Identifier: Apache-2.0
 *
 * The head of an HTTP/1.1 response: status line and header fields (RFC 9112, sections 4
 * to 6; RFC 9110, sections 10.2.3, 14.4 and 15). Works on bytes alone.
 */
#ifndef RILL_DEVICE_HTTP_HEAD_H
#define RILL_DEVICE_HTTP_HEAD_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest status line and header fields together. */
#define HTTP_HEAD_MAX 16384
#define HTTP_LOCATION_MAX 2048

struct http_head {
	int status;
	bool close;
	bool chunked; /* Transfer-Encoding is that, and nothing else */
	bool coded; /* some other transfer or content coding */
	bool has_length, has_range;
	uint64_t length;
	/* Content-Range: bytes FIRST-LAST/TOTAL */
	uint64_t first, last, total;
	/* Retry-After in seconds, or as a date; Date. Seconds since 1970; -1 without them. */
	int64_t retry_after, retry_date, date;
	char location[HTTP_LOCATION_MAX]; /* "" without one */
};

/* Length of the head, up to and with its empty line; 0 when `n` bytes do not hold it all. */
size_t http_head_length(const uint8_t *bytes, size_t n);

/* Parses a whole head. RILL_NETWORK says what is malformed. */
enum rill_code http_head_parse(struct http_head *head, const uint8_t *bytes, size_t n,
			       struct rill_error *error);

/* Seconds that Retry-After asks to wait, 0 without it. A date counts from the answer's own
 * Date where it has one, so that a device's wrong clock does no harm, else from `now`. */
int64_t http_head_retry_after(const struct http_head *head, int64_t now);

#endif
