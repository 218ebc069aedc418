/* SPDX-License-Identifier: Apache-2.0
 *
 * GET over plain HTTP/1.0, one connection a request: enough for a test server on loopback.
 */
#ifndef RILL_TESTS_PLAIN_HTTP_H
#define RILL_TESTS_PLAIN_HTTP_H

#include "device/trust.h"

/* `url` is encoded already; nothing in it is decoded or changed. `*found` is false for 404 and
 * 403. RILL_SECURITY: over `limit` bytes; RILL_NETWORK: anything else that is not right. */
enum rill_code plain_get(const char *url, uint64_t limit, trust_sink sink, void *context,
			 bool *found, struct rill_error *error);

#endif
