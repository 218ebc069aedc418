/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http.h"

#include "device/http_head.h"
#include <inttypes.h>
#include <string.h>

enum rill_code http_open(struct http *http, const char *url, const char *ca_file,
			 int64_t stall_timeout, struct rill_error *error)
{
	enum rill_code code;

	memset(http, 0, sizeof *http);
	code = tls_init(&http->tls, ca_file, stall_timeout, error);
	return code == RILL_OK ? url_parse(&http->url, url, error) : code;
}

void http_close(struct http *http)
{
	tls_free(&http->tls);
}

static void disconnect(struct http *http)
{
	tls_disconnect(&http->tls);
	http->at = http->end = 0;
}

static enum rill_code send_request(struct http *http, const char *path, struct rill_error *error)
{
	char request[3072];
	bool default_port = strcmp(http->url.port, "443") == 0;
	int n = snprintf(request, sizeof request,
			 "GET %s HTTP/1.1\r\n"
			 "Host: %s%s%s\r\n"
			 "User-Agent: rill-agent/" RILL_VERSION "\r\n"
			 "Accept-Encoding: identity\r\n\r\n",
			 path, http->url.host, default_port ? "" : ":",
			 default_port ? "" : http->url.port);

	if (n < 0 || (size_t)n >= sizeof request)
		return rill_fail(error, RILL_UNSUPPORTED, "a request of over %zu bytes",
				 sizeof request);
	return tls_write(&http->tls, request, (size_t)n, error);
}

static enum rill_code read_head(struct http *http, struct http_head *head, struct rill_error *error)
{
	size_t length, n;
	enum rill_code code;

	http->at = http->end = 0; /* nothing is left over: each body was read to its end */
	while ((length = http_head_length(http->buffer, http->end)) == 0) {
		if (http->end == sizeof http->buffer)
			return rill_fail(error, RILL_NETWORK, "the header fields are too long");
		code = tls_read(&http->tls, http->buffer + http->end,
				sizeof http->buffer - http->end, &n, error);
		if (code != RILL_OK)
			return code;
		http->end += n;
	}
	http->at = length;
	return http_head_parse(head, http->buffer, length, error);
}

/* A connection that the server has closed meanwhile fails once and is made anew. */
static enum rill_code exchange(struct http *http, const char *path, struct http_head *head,
			       struct rill_error *error)
{
	bool kept = http->tls.connected;
	enum rill_code code = RILL_OK;

	if (!kept)
		code = tls_connect(&http->tls, http->url.host, http->url.port, error);
	if (code == RILL_OK)
		code = send_request(http, path, error);
	if (code == RILL_OK)
		code = read_head(http, head, error);
	if (code == RILL_NETWORK && kept && http->end == 0) {
		disconnect(http);
		return exchange(http, path, head, error); /* not kept this time */
	}
	return code;
}

static enum rill_code read_body(struct http *http, uint64_t left, http_sink sink, void *context,
				struct rill_error *error)
{
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && left > 0) {
		size_t n = http->end - http->at;

		if (n == 0) {
			http->at = 0;
			code = tls_read(&http->tls, http->buffer, sizeof http->buffer, &http->end,
					error);
			if (code != RILL_OK) {
				http->end = 0;
				break;
			}
			continue;
		}
		if (n > left)
			n = (size_t)left;
		http->received += n;
		if (sink)
			code = sink(context, http->buffer + http->at, n, error);
		http->at += n;
		left -= n;
	}
	if (code == RILL_OK && http->at < http->end)
		code = rill_fail(error, RILL_NETWORK, "more bytes than its Content-Length");
	return code;
}

static enum rill_code get(struct http *http, const char *path, uint64_t limit, http_sink sink,
			  void *context, bool *found, struct rill_error *error)
{
	struct http_head head = {0};
	enum rill_code code = exchange(http, path, &head, error);

	if (code != RILL_OK)
		return code;
	*found = head.status != 404 && head.status != 403;
	if (*found && head.status != 200)
		return rill_fail(error, RILL_NETWORK, "the server answers %d", head.status);
	if (!*found && (!head.has_length || head.coded || head.length > HTTP_HEAD_MAX)) {
		disconnect(http); /* cheaper than reading a page of apology */
		return RILL_OK;
	}
	if (!head.has_length || head.coded)
		return rill_fail(error, RILL_NETWORK,
				 "the server sends a coded body or does not say its length");
	if (*found && head.length > limit)
		return rill_fail(error, RILL_SECURITY,
				 "%" PRIu64 " bytes, but at most %" PRIu64 " are expected",
				 head.length, limit);
	code = read_body(http, head.length, *found ? sink : NULL, context, error);
	if (head.close)
		disconnect(http);
	return code;
}

enum rill_code http_get(struct http *http, const char *name, uint64_t limit, http_sink sink,
			void *context, bool *found, struct rill_error *error)
{
	char path[2048];
	enum rill_code code;

	*found = false;
	snprintf(path, sizeof path, "%s", http->url.path);
	code = url_append(path, sizeof path, name, error);
	if (code == RILL_OK)
		code = get(http, path, limit, sink, context, found, error);
	if (code != RILL_OK) {
		disconnect(http);
		rill_error_in(error, "https://%s:%s%s", http->url.host, http->url.port, path);
	}
	return code;
}
