/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the body of an HTTP/1.1 response ends, and what in it is content (RFC 9112, sections
 * 6 and 7): by Content-Length, chunked with extensions and trailers, or to the end of the
 * connection. Works on bytes alone.
 */
#ifndef RILL_DEVICE_HTTP_BODY_H
#define RILL_DEVICE_HTTP_BODY_H

#include "device/http_head.h"

/* Longest line between chunks, and all trailers together. */
#define HTTP_CHUNK_LINE_MAX 256
#define HTTP_TRAILERS_MAX 16384

struct http_body {
	enum {
		HTTP_BODY_LENGTH, /* `left` bytes of content */
		HTTP_BODY_TO_THE_END, /* content, as long as there is any */
		HTTP_BODY_CHUNK_SIZE, /* the first digit of a chunk's size */
		HTTP_BODY_CHUNK_DIGITS, /* more of them */
		HTTP_BODY_CHUNK_EXTENSION, /* ignored up to the end of the line */
		HTTP_BODY_CHUNK_LF,
		HTTP_BODY_CHUNK_DATA, /* `left` bytes of content */
		HTTP_BODY_DATA_CR,
		HTTP_BODY_DATA_LF,
		HTTP_BODY_TRAILER_START, /* the start of a line of trailers */
		HTTP_BODY_TRAILER,
		HTTP_BODY_TRAILER_LF,
		HTTP_BODY_END_LF, /* of the empty line behind them */
		HTTP_BODY_DONE,
	} state;
	uint64_t left;
	size_t line; /* bytes of the line, or of the trailers, so far */
};

void http_body_start(struct http_body *body, const struct http_head *head);

/* Looks at `n` received bytes, at least one, and finds the next piece of content in them:
 * `*content_n` bytes at `*content`, perhaps none. Returns how many were used up, at least one
 * until `state` is HTTP_BODY_DONE; the rest is for the next call. RILL_NETWORK: malformed. */
enum rill_code http_body_next(struct http_body *body, const uint8_t *bytes, size_t n, size_t *used,
			      const uint8_t **content, size_t *content_n, struct rill_error *error);

#endif
