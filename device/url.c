/* SPDX-License-Identifier: Apache-2.0 */
#include "device/url.h"

#include <stdlib.h>
#include <string.h>

static enum rill_code bad(const char *text, const char *what, struct rill_error *error)
{
	return rill_fail(error, RILL_CONFIG, "\"%.200s\": %s", text, what);
}

static enum rill_code parse_port(struct url *url, const char *text, const char *port, size_t n,
				 struct rill_error *error)
{
	if (n == 0 || n >= sizeof url->port || strspn(port, "0123456789") < n ||
	    strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535)
		return bad(text, "the port should be a number from 1 to 65535", error);
	memcpy(url->port, port, n);
	url->port[n] = 0;
	return RILL_OK;
}

enum rill_code url_parse(struct url *url, const char *text, struct rill_error *error)
{
	static const char scheme[] = "https://";
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	const char *host = text + sizeof scheme - 1;
	size_t host_length, n;
	enum rill_code code = RILL_OK;

	*url = (struct url){.port = "443"};
	if (strncmp(text, scheme, sizeof scheme - 1) != 0)
		return bad(text, "should begin with https://", error);
	n = strcspn(host, "/");
	host_length = strcspn(host, ":/");
	if (host_length == 0 || host_length >= sizeof url->host ||
	    strspn(host, name) < host_length || memchr(host, '@', n))
		return bad(text, "no host name that can be used", error);
	memcpy(url->host, host, host_length);
	if (host_length < n)
		code = parse_port(url, text, host + host_length + 1, n - host_length - 1, error);
	if (code != RILL_OK)
		return code;
	if (strpbrk(host + n, "?# \r\n\t"))
		return bad(text, "should be a plain folder", error);
	if (snprintf(url->path, sizeof url->path, "%s%s", host + n,
		     host[strlen(host) - 1] == '/' ? "" : "/") >= (int)sizeof url->path)
		return bad(text, "is too long", error);
	return RILL_OK;
}

enum rill_code url_append(char *path, size_t size, const char *name, struct rill_error *error)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	size_t n = strlen(path);

	for (; *name; name++) {
		if (n + 4 > size)
			return rill_fail(error, RILL_UNSUPPORTED, "a URL of over %zu bytes", size);
		if (strchr(plain, *name))
			path[n++] = *name;
		else
			n += (size_t)snprintf(path + n, 4, "%%%02X", (unsigned char)*name);
		path[n] = 0;
	}
	return RILL_OK;
}
