/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether, and when, something that failed is tried again.
 */
#ifndef RILL_DEVICE_HTTP_TRIES_H
#define RILL_DEVICE_HTTP_TRIES_H

#include "device/http.h"

/* What one more connection must at least bring to count as getting on, in bytes. */
#define HTTP_GAIN_MIN 1024

/* A run of tries for one thing; all zero in the beginning. */
struct http_tries {
	unsigned failures; /* in a row */
	unsigned count;
	uint64_t gained; /* bytes that are of use, since the start */
	uint64_t before; /* of those, before the last try */
};

/* After a try that failed with `code`: waits, and returns true when there is to be another one.
 * Otherwise the message has how many there were. A server that asks to be left alone for longer
 * than the policy waits is not asked again, and http->not_before is set. */
bool http_try_again(struct http *http, struct http_tries *tries, enum rill_code code,
		    struct rill_error *error);

#endif
