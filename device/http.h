/* SPDX-License-Identifier: Apache-2.0
 *
 * GET over HTTP/1.1 and TLS (RFC 9110, RFC 9112) for links and servers that fail: what can
 * be tried again is tried again, from where it was, after a pause. One connection is kept
 * open between requests. Redirects are followed, at most 8, to https only, without the
 * credentials when they lead to another origin.
 */
#ifndef RILL_DEVICE_HTTP_H
#define RILL_DEVICE_HTTP_H

#include "device/http_body.h"
#include "device/retry.h"
#include "device/tls.h"
#include "device/url.h"

struct http_settings {
	const char *url; /* the base of all names */
	const char *authorization; /* value of that field for the base's origin; or NULL */
	const char *proxy, *no_proxy; /* proxy.h */
	struct tls_settings tls;
	struct wire_limits limits;
	struct retry_policy retry;
};

struct http {
	const struct http_settings *settings;
	struct url base;
	struct wire wire;
	struct tls tls;
	uint64_t received; /* bytes of content that was asked for, for reports */
	uint64_t requests;

	/* Nothing more is asked for after the next file: its end closes the connection, which need
	 * not stay open while the file is installed. */
	bool last;

	/* Told, if set, when it will be tried again in so many milliseconds, and why. */
	void (*pausing)(void *context, int64_t ms, const struct rill_error *why);
	void *context;

	/* The server asked to be left alone until then, seconds since 1970; 0: it did not. */
	int64_t not_before;

	/* The exchange at hand: http_exchange.h */
	struct url peer, at_url; /* of the connection; of the request */
	struct http_head head;
	struct http_body body;
	bool redirected, again;
	size_t at, end; /* what was read and not used yet */
	uint8_t buffer[HTTP_HEAD_MAX];
};

/* Gets content piece by piece; a failure ends the request and is passed on. */
typedef enum rill_code (*http_sink)(void *context, const uint8_t *bytes, size_t n,
				    struct rill_error *error);

/* `settings` must outlive it. RILL_CONFIG. Release with http_close(), also after a failure. */
enum rill_code http_open(struct http *http, const struct http_settings *settings,
			 struct rill_error *error);
void http_close(struct http *http);

/* Gets BASE/NAME, all of it, and passes it on when it is whole. `*found` is false when the
 * server has none (404, or 403 as buckets say). RILL_NETWORK: no good answer, in all tries;
 * RILL_SECURITY: more than `limit` bytes, or a certificate that is not right; RILL_POLICY: the
 * allowance of the wire is used up. The URL is in the message. */
enum rill_code http_get(struct http *http, const char *name, uint64_t limit, http_sink sink,
			void *context, bool *found, struct rill_error *error);

/* False when the server says that it has no BASE/NAME, without a page that says so; true also when
 * no good answer comes, which http_get() tells more of. */
bool http_has(struct http *http, const char *name);

/* Gets the bytes from `start` up to, not with, `end` of BASE/NAME, whose length is `total`, and
 * passes them on as they come: each once, in order, over as many requests as it takes.
 * Servers without ranges, or with wrong ones, are asked for all of it. `end` is past
 * `start`. Codes as above; also RILL_NETWORK: the server has none; RILL_SECURITY and
 * RILL_CORRUPT: it has another length. */
enum rill_code http_get_range(struct http *http, const char *name, uint64_t start, uint64_t end,
			      uint64_t total, http_sink sink, void *context,
			      struct rill_error *error);

#endif
