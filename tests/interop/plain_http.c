/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/interop/plain_http.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX 16384

struct reply {
	int fd, status;
	int64_t length; /* of the body; -1: up to the end of the connection */
	char bytes[HEAD_MAX]; /* the head and what came with it */
	size_t n, head;
};

static enum rill_code broken(const char *url, const char *what, struct rill_error *error)
{
	return rill_fail(error, RILL_NETWORK, "%s: %s", url, what);
}

/* Splits "http://HOST[:PORT]/PATH"; `*path` points into `url`. */
static bool split(const char *url, char host[static 256], char port[static 8], const char **path)
{
	char colon;

	snprintf(port, 8, "80");
	if (strncmp(url, "http://", 7) != 0)
		return false;
	*path = strchr(url + 7, '/');
	return *path && (sscanf(url + 7, "%255[^:/]%c%7[0-9]", host, &colon, port) == 3 ||
			 sscanf(url + 7, "%255[^:/]", host) == 1);
}

static int dial(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *a;
	int fd = -1;

	if (getaddrinfo(host, port, &hints, &list) != 0)
		return -1;
	for (a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

static enum rill_code ask(struct reply *reply, const char *url, struct rill_error *error)
{
	char host[256], port[8], request[4096];
	const char *path;
	int n;

	if (!split(url, host, port, &path))
		return broken(url, "not http://HOST[:PORT]/PATH", error);
	n = snprintf(request, sizeof request,
		     "GET %s HTTP/1.0\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", path, host,
		     port);
	if (n >= (int)sizeof request)
		return broken(url, "too long", error);
	reply->fd = dial(host, port);
	if (reply->fd < 0)
		return broken(url, "cannot connect", error);
	if (send(reply->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		return broken(url, "cannot send", error);
	return RILL_OK;
}

static enum rill_code read_head(struct reply *reply, const char *url, struct rill_error *error)
{
	char *end = NULL;

	while (!end) {
		ssize_t got = recv(reply->fd, reply->bytes + reply->n,
				   sizeof reply->bytes - 1 - reply->n, 0);

		if (got <= 0)
			return broken(url, "no answer, or one cut off", error);
		reply->n += (size_t)got;
		reply->bytes[reply->n] = 0;
		end = strstr(reply->bytes, "\r\n\r\n");
	}
	reply->head = (size_t)(end + 4 - reply->bytes);
	if (strncmp(reply->bytes, "HTTP/1.", 7) != 0 || reply->n < 12)
		return broken(url, "not HTTP", error);
	reply->status = (int)strtol(reply->bytes + 9, NULL, 10);
	reply->length = -1;
	for (char *line = reply->bytes; line && line < end; line = strstr(line, "\r\n")) {
		line += line > reply->bytes ? 2 : 0;
		if (strncasecmp(line, "content-length:", 15) == 0)
			reply->length = strtoll(line + 15, NULL, 10);
		line++;
	}
	return RILL_OK;
}

static enum rill_code read_body(struct reply *reply, const char *url, uint64_t limit,
				trust_sink sink, void *context, struct rill_error *error)
{
	uint8_t bytes[16384];
	size_t n = reply->n - reply->head;
	uint64_t sum = 0;

	memcpy(bytes, reply->bytes + reply->head, n);
	for (;;) {
		enum rill_code code;
		ssize_t got;

		sum += n;
		if (sum > limit || (reply->length >= 0 && (uint64_t)reply->length > limit))
			return rill_fail(error, RILL_SECURITY, "%s: over %llu bytes", url,
					 (unsigned long long)limit);
		code = n ? sink(context, bytes, n, error) : RILL_OK;
		if (code != RILL_OK)
			return code;
		if (reply->length >= 0 && sum == (uint64_t)reply->length)
			return RILL_OK;
		got = recv(reply->fd, bytes, sizeof bytes, 0);
		if (got < 0 || (got == 0 && reply->length >= 0))
			return broken(url, "the body is cut off", error);
		if (got == 0)
			return RILL_OK;
		n = (size_t)got;
	}
}

enum rill_code plain_get(const char *url, uint64_t limit, trust_sink sink, void *context,
			 bool *found, struct rill_error *error)
{
	struct reply reply = {.fd = -1};
	enum rill_code code = ask(&reply, url, error);

	if (code == RILL_OK)
		code = read_head(&reply, url, error);
	*found = code == RILL_OK && reply.status == 200;
	if (code == RILL_OK && !*found && reply.status != 404 && reply.status != 403)
		code = rill_fail(error, RILL_NETWORK, "%s: status %d", url, reply.status);
	if (code == RILL_OK && *found)
		code = read_body(&reply, url, limit, sink, context, error);
	if (reply.fd >= 0)
		close(reply.fd);
	return code;
}
