/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its answer: connect or reuse, ask, read the head, follow redirects, read
 * the content. What follows from the answer is http.c's.
 */
#ifndef RILL_DEVICE_HTTP_EXCHANGE_H
#define RILL_DEVICE_HTTP_EXCHANGE_H

#include "device/http.h"

/* What is asked for: all of it when `end` is 0. */
struct http_wanted {
	uint64_t start, end;
	bool to_the_end; /* `end` is that of the file: leave it out */
	bool head; /* the answer's head alone */
};

/* Asks for `url`; afterwards http->head is the answer's, of any status but a redirect. On
 * failure http->again tells whether it may go better another time. */
enum rill_code http_request(struct http *http, const struct url *url, struct http_wanted wanted,
			    struct rill_error *error);

/* The next piece of the answer's content; 0 bytes at its end. RILL_NETWORK when it is cut off. */
enum rill_code http_read(struct http *http, const uint8_t **content, size_t *n,
			 struct rill_error *error);

/* Ends an exchange: keeps the connection if little is left to read, and drops it otherwise. */
void http_end(struct http *http);

void http_disconnect(struct http *http);

#endif
