/* SPDX-License-Identifier: Apache-2.0
 *
 * GET over HTTP/1.1 (RFC 9110, RFC 9112) on one TLS connection that is kept open between
 * requests. Bodies have a Content-Length and no coding; redirects are not followed.
 */
#ifndef RILL_DEVICE_HTTP_H
#define RILL_DEVICE_HTTP_H

#include "device/tls.h"
#include "device/url.h"

/* Longest status line and header fields together. */
#define HTTP_HEAD_MAX 16384

struct http {
	struct tls tls;
	struct url url;
	uint64_t received; /* bytes of bodies, for the report */
	/* What was read from the connection and not used yet. */
	size_t at, end;
	uint8_t buffer[HTTP_HEAD_MAX];
};

/* Gets the body piece by piece; a failure ends the request and is passed on. */
typedef enum rill_code (*http_sink)(void *context, const uint8_t *bytes, size_t n,
				    struct rill_error *error);

/* `url` is the base of all names. Release with http_close(), also after a failure. */
enum rill_code http_open(struct http *http, const char *url, const char *ca_file,
			 int64_t stall_timeout, struct rill_error *error);
void http_close(struct http *http);

/* Gets BASE/NAME. `*found` is false when the server has none (404, or 403 as buckets say).
 * RILL_NETWORK: any other status than 200, a malformed answer, or a body that is cut off;
 * RILL_SECURITY: a body of more than `limit` bytes, none of which is passed on. The URL is
 * in the message. */
enum rill_code http_get(struct http *http, const char *name, uint64_t limit, http_sink sink,
			void *context, bool *found, struct rill_error *error);

#endif
