/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_exchange.h"

#include "device/dial.h"
#include "device/proxy.h"
#include <inttypes.h>
#include <string.h>

#define REDIRECTS_MAX 8
#define INTERIM_MAX 8
/* A page of apology up to this is read, to keep the connection. */
#define DRAIN_MAX 16384

void http_disconnect(struct http *http)
{
	tls_disconnect(&http->tls);
	http->at = http->end = 0;
}

static enum rill_code connect_to(struct http *http, const struct url *url, struct rill_error *error)
{
	const struct http_settings *settings = http->settings;
	struct proxy proxy;
	int fd;
	enum rill_code code = proxy_choose(&proxy, settings->proxy, settings->no_proxy, url, error);

	if (code != RILL_OK)
		return code;
	http_disconnect(http);
	code = dial(proxy.host[0] ? proxy.host : url->host, proxy.host[0] ? proxy.port : url->port,
		    settings->limits.stall_timeout, &fd, error);
	if (code != RILL_OK)
		return code;
	wire_open(&http->wire, fd);
	if (proxy.host[0])
		code = proxy_tunnel(&proxy, &http->wire, url, &http->again, error);
	if (code == RILL_OK)
		code = tls_start(&http->tls, url->host, url->port, error);
	else
		wire_close(&http->wire);
	http->peer = *url;
	return code;
}

static void print_range(char *text, size_t size, struct http_wanted wanted)
{
	text[0] = 0;
	if (wanted.end == 0)
		return;
	if (wanted.to_the_end)
		snprintf(text, size, "Range: bytes=%" PRIu64 "-\r\n", wanted.start);
	else
		snprintf(text, size, "Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n", wanted.start,
			 wanted.end - 1);
}

/* No more than it takes: five requests are half a kilobyte of an update. Servers that are not told
 * of codings use none; one that does is refused by http.c. */
static enum rill_code send_request(struct http *http, const struct url *url,
				   struct http_wanted wanted, struct rill_error *error)
{
	const char *secret = http->settings->authorization;
	char request[sizeof url->path + 2048], host[URL_AUTHORITY_SIZE], range_field[80];
	int n;

	if (!url_same_origin(url, &http->base))
		secret = NULL;
	url_authority(url, false, host);
	print_range(range_field, sizeof range_field, wanted);
	n = snprintf(request, sizeof request,
		     "%s %s HTTP/1.1\r\n"
		     "Host: %s\r\n"
		     "User-Agent: rill/" RILL_VERSION "\r\n%s%s%s%s\r\n",
		     wanted.head ? "HEAD" : "GET", url->path, host, range_field,
		     secret ? "Authorization: " : "", secret ? secret : "", secret ? "\r\n" : "");
	if (n < 0 || (size_t)n >= sizeof request)
		return rill_fail(error, RILL_UNSUPPORTED, "a request of over %zu bytes",
				 sizeof request);
	http->requests++;
	wire_expect(&http->wire);
	return tls_write(&http->tls, request, (size_t)n, error);
}

/* Reads on until a whole head is in the buffer, from its start. */
static enum rill_code fill_head(struct http *http, size_t *length, struct rill_error *error)
{
	static const char start[] = "HTTP/1.";
	size_t n;

	while ((*length = http_head_length(http->buffer, http->end)) == 0) {
		enum rill_code code;

		if (http->end == sizeof http->buffer)
			return rill_fail(error, RILL_NETWORK, "the header fields are over %d bytes",
					 HTTP_HEAD_MAX);
		code = tls_read(&http->tls, http->buffer + http->end,
				sizeof http->buffer - http->end, &n, error);
		if (code == RILL_OK && n == 0)
			code = rill_fail(error, RILL_NETWORK, "the server closed the connection");
		if (code != RILL_OK)
			return code;
		http->end += n;
		n = http->end < sizeof start - 1 ? http->end : sizeof start - 1;
		if (memcmp(http->buffer, start, n) != 0)
			return rill_fail(error, RILL_NETWORK, "not an answer of HTTP/1.1");
	}
	return RILL_OK;
}

static enum rill_code read_head(struct http *http, bool head_alone, struct rill_error *error)
{
	http->at = http->end = 0; /* nothing is left over: each body was read to its end */
	for (int i = 0; i < INTERIM_MAX; i++) {
		size_t length;
		enum rill_code code = fill_head(http, &length, error);

		if (code == RILL_OK)
			code = http_head_parse(&http->head, http->buffer, length, error);
		if (code != RILL_OK)
			return code;
		if (http->head.status / 100 != 1) {
			http->at = length;
			http_body_start(&http->body, &http->head);
			if (head_alone)
				http->body.state = HTTP_BODY_DONE;
			wire_expect(&http->wire);
			return RILL_OK;
		}
		http->end -= length; /* RFC 9110, section 15.2: the answer is still to come */
		memmove(http->buffer, http->buffer + length, http->end);
	}
	return rill_fail(error, RILL_NETWORK, "the server only says that it is at work");
}

/* Nothing came back, and not because it took too long or would cost too much. */
static bool went_unheard(const struct http *http)
{
	return http->end == 0 && http->head.status == 0 && http->wire.state != WIRE_STALLED &&
	       http->wire.state != WIRE_SPENT;
}

/* A connection that the server has closed meanwhile fails once and is made anew. */
static enum rill_code exchange(struct http *http, const struct url *url, struct http_wanted wanted,
			       struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	for (int i = 0; i < 2; i++) {
		bool kept = http->tls.connected && url_same_origin(&http->peer, url);

		if (!kept)
			code = connect_to(http, url, error);
		http->end = 0;
		http->head.status = 0;
		if (code == RILL_OK)
			code = send_request(http, url, wanted, error);
		if (code == RILL_OK)
			code = read_head(http, wanted.head, error);
		if (code == RILL_OK || !kept || !went_unheard(http))
			break;
		http_disconnect(http);
		code = RILL_OK;
	}
	return code;
}

static bool is_redirect(const struct http_head *head)
{
	return head->location[0] &&
	       (head->status == 301 || head->status == 302 || head->status == 303 ||
		head->status == 307 || head->status == 308);
}

enum rill_code http_request(struct http *http, const struct url *url, struct http_wanted wanted,
			    struct rill_error *error)
{
	http->at_url = *url;
	http->redirected = false;
	http->again = true;
	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		struct url here = http->at_url;
		enum rill_code code = exchange(http, &here, wanted, error);

		if (code != RILL_OK || !is_redirect(&http->head))
			return code;
		http_end(http);
		code = url_resolve(&http->at_url, &here, http->head.location, error);
		if (code != RILL_OK)
			return code;
		http->redirected = true;
	}
	http->again = false;
	return rill_fail(error, RILL_NETWORK, "over %d redirects", REDIRECTS_MAX);
}

enum rill_code http_read(struct http *http, const uint8_t **content, size_t *n,
			 struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	size_t used;

	*n = 0;
	while (code == RILL_OK && *n == 0 && http->body.state != HTTP_BODY_DONE) {
		if (http->at < http->end) {
			code = http_body_next(&http->body, http->buffer + http->at,
					      http->end - http->at, &used, content, n, error);
			http->at += used;
			continue;
		}
		http->at = http->end = 0;
		code = tls_read(&http->tls, http->buffer, sizeof http->buffer, &http->end, error);
		if (code != RILL_OK || http->end > 0)
			continue;
		if (http->body.state == HTTP_BODY_TO_THE_END)
			http->body.state = HTTP_BODY_DONE;
		else
			code = rill_fail(error, RILL_NETWORK,
					 "the server closed the connection in mid-answer");
		http->head.close = true;
	}
	return code;
}

void http_end(struct http *http)
{
	const uint8_t *content;
	size_t n = 1, left = DRAIN_MAX;
	struct rill_error ignored;

	while (n > 0 && !http->head.close && http->body.state != HTTP_BODY_TO_THE_END) {
		if (http_read(http, &content, &n, &ignored) != RILL_OK || n > left) {
			http->head.close = true;
			break;
		}
		left -= n;
	}
	/* What follows an answer that is complete was never asked for. */
	if (http->head.close || http->body.state != HTTP_BODY_DONE || http->at < http->end)
		http_disconnect(http);
}
