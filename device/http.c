/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http.h"

#include "device/http_exchange.h"
#include "device/http_tries.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum rill_code http_open(struct http *http, const struct http_settings *settings,
			 struct rill_error *error)
{
	enum rill_code code;

	memset(http, 0, sizeof *http);
	http->settings = settings;
	wire_init(&http->wire, &settings->limits);
	code = tls_init(&http->tls, &settings->tls, &http->wire, error);
	return code == RILL_OK ? url_parse(&http->base, settings->url, error) : code;
}

void http_close(struct http *http)
{
	tls_free(&http->tls);
}

/* What an answer's status means when it is not the one that was hoped for. */
static enum rill_code judge_status(struct http *http, struct rill_error *error)
{
	int status = http->head.status;

	/* A link that a redirect gave may have expired: the next try gets another one. */
	http->again = status == 408 || status == 425 || status == 429 || status >= 500 ||
		      (http->redirected && (status == 400 || status == 403 || status == 410));
	http_end(http);
	return rill_fail(error, RILL_NETWORK, "the server answers %d", status);
}

static bool is_absent(const struct http *http)
{
	return http->head.status == 404 || (http->head.status == 403 && !http->redirected);
}

static enum rill_code refuse_coded(struct rill_error *error)
{
	return rill_fail(error, RILL_NETWORK, "the server sends a coding that was not asked for");
}

/* A file in memory, as it comes. */
struct buffer {
	uint8_t *bytes;
	size_t n, capacity;
};

static enum rill_code append(struct buffer *buffer, const uint8_t *bytes, size_t n,
			     struct rill_error *error)
{
	if (!buffer->bytes || n > buffer->capacity - buffer->n) {
		size_t capacity = 2 * (buffer->n + n);
		uint8_t *grown = realloc(buffer->bytes, capacity);

		if (!grown)
			return rill_fail(error, RILL_MEMORY, "no memory");
		buffer->bytes = grown;
		buffer->capacity = capacity;
	}
	memcpy(buffer->bytes + buffer->n, bytes, n);
	buffer->n += n;
	return RILL_OK;
}

static enum rill_code read_all(struct http *http, uint64_t limit, struct buffer *buffer,
			       struct rill_error *error)
{
	const uint8_t *content;
	size_t n = 1;
	enum rill_code code = RILL_OK;

	if (http->head.has_length && http->head.length > limit)
		return rill_fail(error, RILL_SECURITY,
				 "%" PRIu64 " bytes, but at most %" PRIu64 " are expected",
				 http->head.length, limit);
	while (code == RILL_OK && n > 0) {
		code = http_read(http, &content, &n, error);
		http->received += n;
		if (code == RILL_OK && n > limit - buffer->n)
			code = rill_fail(error, RILL_SECURITY,
					 "more than %" PRIu64 " bytes, which is what is expected",
					 limit);
		else if (code == RILL_OK && n > 0)
			code = append(buffer, content, n, error);
	}
	return code;
}

static enum rill_code try_get(struct http *http, const struct url *url, uint64_t limit,
			      struct buffer *buffer, bool *found, struct rill_error *error)
{
	enum rill_code code = http_request(http, url, (struct http_wanted){0}, error);

	if (code != RILL_OK)
		return code;
	*found = !is_absent(http);
	if (!*found) {
		http_end(http);
		return RILL_OK;
	}
	if (http->head.status != 200)
		return judge_status(http, error);
	if (http->head.coded)
		return refuse_coded(error);
	buffer->n = 0;
	code = read_all(http, limit, buffer, error);
	if (code == RILL_OK)
		http_end(http);
	return code;
}

static enum rill_code name_url(struct http *http, const char *name, struct url *url,
			       struct rill_error *error)
{
	*url = http->base;
	return url_append(url, name, error);
}

static void failed_at(struct http *http, struct rill_error *error)
{
	char host[URL_AUTHORITY_SIZE];

	http_disconnect(http);
	url_authority(&http->at_url, true, host);
	rill_error_in(error, "https://%s%.200s", host, http->at_url.path);
}

enum rill_code http_get(struct http *http, const char *name, uint64_t limit, http_sink sink,
			void *context, bool *found, struct rill_error *error)
{
	struct buffer buffer = {0};
	struct http_tries tries = {0};
	struct url url;
	enum rill_code code = name_url(http, name, &url, error);

	*found = false;
	if (code != RILL_OK)
		return code;
	do {
		http->head = (struct http_head){.retry_after = -1, .retry_date = -1, .date = -1};
		code = try_get(http, &url, limit, &buffer, found, error);
		if (code != RILL_OK)
			http_disconnect(http);
	} while (code != RILL_OK && http_try_again(http, &tries, code, error));
	if (code != RILL_OK)
		failed_at(http, error);
	else if (*found && buffer.n > 0)
		code = sink(context, buffer.bytes, buffer.n, error);
	free(buffer.bytes);
	return code;
}

bool http_has(struct http *http, const char *name)
{
	const struct http_wanted head = {.head = true};
	struct rill_error ignored;
	struct url url;
	bool absent = false;

	if (name_url(http, name, &url, &ignored) == RILL_OK &&
	    http_request(http, &url, head, &ignored) == RILL_OK) {
		absent = is_absent(http);
		http_end(http);
	} else {
		http_disconnect(http);
	}
	return !absent;
}

/* A part of a file that is fetched, over perhaps many requests. */
struct part {
	const char *name;
	uint64_t at, end, total;
	bool whole; /* ask for all of it: ranges do not work here */
	http_sink sink;
	void *context;
};

static enum rill_code lies(struct http *http, struct part *part, struct rill_error *error)
{
	part->whole = true;
	http_disconnect(http);
	return rill_fail(error, RILL_NETWORK,
			 "the server sends another range than bytes %" PRIu64 " to %" PRIu64
			 " of %" PRIu64,
			 part->at, part->end - 1, part->total);
}

/* How many bytes of the answer come before those that are wanted. */
static enum rill_code judge_range(struct http *http, struct part *part, bool ranged, uint64_t *skip,
				  struct rill_error *error)
{
	const struct http_head *head = &http->head;

	*skip = part->at;
	if (head->status == 206) {
		if (!ranged || !head->has_range || head->first != part->at ||
		    head->total != part->total ||
		    (head->has_length && head->length != head->last - head->first + 1))
			return lies(http, part, error);
		*skip = 0;
		return RILL_OK;
	}
	if (ranged && (head->status == 416 || (head->status == 200 && head->has_range)))
		return lies(http, part, error);
	if (head->status == 404 || (head->status == 403 && !http->redirected)) {
		http->again = false;
		http_end(http);
		return rill_fail(error, RILL_NETWORK, "the server has no %.200s", part->name);
	}
	if (head->status != 200)
		return judge_status(http, error);
	if (head->has_length && head->length > part->total)
		return rill_fail(error, RILL_SECURITY,
				 "%" PRIu64 " bytes, but at most %" PRIu64 " are expected",
				 head->length, part->total);
	if (head->has_length && head->length < part->total)
		return rill_fail(error, RILL_CORRUPT,
				 "the server has %" PRIu64 " bytes of %" PRIu64, head->length,
				 part->total);
	return RILL_OK;
}

static enum rill_code pass_on(struct http *http, struct part *part, uint64_t skip,
			      struct http_tries *tries, struct rill_error *error)
{
	const uint8_t *content;
	size_t n = 1;
	enum rill_code code = RILL_OK;

	while (code == RILL_OK && part->at < part->end) {
		code = http_read(http, &content, &n, error);
		http->received += n;
		if (code == RILL_OK && n == 0) /* a range may be shorter than was asked for */
			return RILL_OK;
		if (code == RILL_OK && skip > 0) {
			size_t away = n < skip ? n : (size_t)skip;

			skip -= away;
			content += away;
			n -= away;
		}
		if (n > part->end - part->at)
			n = (size_t)(part->end - part->at);
		if (code != RILL_OK || n == 0)
			continue;
		part->at += n;
		tries->gained += n;
		code = part->sink(part->context, content, n, error);
	}
	return code;
}

static enum rill_code try_part(struct http *http, const struct url *url, struct part *part,
			       struct http_tries *tries, struct rill_error *error)
{
	bool ranged = !part->whole && (part->at > 0 || part->end < part->total);
	struct http_wanted wanted = {part->at, ranged ? part->end : 0, part->end == part->total,
				     false};
	uint64_t skip, before = part->at;
	enum rill_code code = http_request(http, url, wanted, error);

	if (code == RILL_OK && http->head.coded)
		code = refuse_coded(error);
	if (code == RILL_OK)
		code = judge_range(http, part, ranged, &skip, error);
	if (code == RILL_OK)
		code = pass_on(http, part, skip, tries, error);
	if (code != RILL_OK)
		return code;
	http_end(http);
	if (part->at < part->end && (part->at - before < HTTP_GAIN_MIN || http->head.status == 200))
		return rill_fail(error, RILL_NETWORK,
				 "the server's answer ends at byte %" PRIu64 " of %" PRIu64,
				 part->at, part->total);
	return RILL_OK;
}

enum rill_code http_get_range(struct http *http, const char *name, uint64_t start, uint64_t end,
			      uint64_t total, http_sink sink, void *context,
			      struct rill_error *error)
{
	struct part part = {.name = name, .at = start, .end = end, .total = total};
	struct http_tries tries = {0};
	struct url url;
	enum rill_code code = name_url(http, name, &url, error);

	if (code != RILL_OK)
		return code;
	part.sink = sink;
	part.context = context;
	do {
		http->head = (struct http_head){.retry_after = -1, .retry_date = -1, .date = -1};
		code = try_part(http, &url, &part, &tries, error);
		if (code != RILL_OK)
			http_disconnect(http);
	} while (part.at < part.end &&
		 (code == RILL_OK || http_try_again(http, &tries, code, error)));
	if (code != RILL_OK)
		failed_at(http, error);
	else if (http->last)
		http_disconnect(http);
	return code;
}
