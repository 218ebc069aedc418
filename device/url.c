/* SPDX-License-Identifier: Apache-2.0 */
#include "device/url.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char scheme[] = "https://";

/* Unlike a base, a redirect is the server's: its failures are not the configuration's. */
static enum rill_code bad(enum rill_code code, const char *text, const char *what,
			  struct rill_error *error)
{
	return rill_fail(error, code, "\"%.200s\": %s", text, what);
}

/* HOST or [ADDRESS] at the front of `text`; returns its length there, or 0. */
static size_t parse_host(struct url *url, const char *text)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	unsigned char address[16];
	bool bracket = text[0] == '[';
	size_t n = bracket ? strcspn(text + 1, "]/") : strcspn(text, ":/?#");

	if (n == 0 || n >= sizeof url->host)
		return 0;
	memcpy(url->host, text + bracket, n);
	url->host[n] = 0;
	if (!bracket)
		return strspn(url->host, name) == n ? n : 0;
	return text[n + 1] == ']' && url_address(url->host, address) == 16 ? n + 2 : 0;
}

static bool parse_port(struct url *url, const char *port, size_t n)
{
	if (n == 0 || n >= sizeof url->port || strspn(port, "0123456789") < n ||
	    strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535)
		return false;
	memcpy(url->port, port, n);
	url->port[n] = 0;
	return true;
}

/* "HOST[:PORT]" of `rest`, up to its path, which is returned; NULL says why not in `error`. */
static const char *parse_authority(struct url *url, enum rill_code code, const char *text,
				   const char *rest, struct rill_error *error)
{
	size_t n = strcspn(rest, "/?#"), host = parse_host(url, rest);

	snprintf(url->port, sizeof url->port, "443");
	if (host == 0 || host > n || memchr(rest, '@', n) || (host < n && rest[host] != ':'))
		bad(code, text, "no host name that can be used", error);
	else if (host < n && !parse_port(url, rest + host + 1, n - host - 1))
		bad(code, text, "the port should be a number from 1 to 65535", error);
	else
		return rest + n;
	return NULL;
}

enum rill_code url_parse(struct url *url, const char *text, struct rill_error *error)
{
	const char *path;

	*url = (struct url){.port = "443"};
	if (strncmp(text, scheme, sizeof scheme - 1) != 0)
		return bad(RILL_CONFIG, text, "should begin with https://", error);
	path = parse_authority(url, RILL_CONFIG, text, text + sizeof scheme - 1, error);
	if (!path)
		return RILL_CONFIG;
	if (strpbrk(path, "?# \r\n\t"))
		return bad(RILL_CONFIG, text, "should be a plain folder", error);
	/* Half of it is for the names of files. */
	if (snprintf(url->path, sizeof url->path / 2, "%s%s", path,
		     *path && path[strlen(path) - 1] == '/' ? "" : "/") >=
	    (int)sizeof url->path / 2)
		return bad(RILL_CONFIG, text, "is too long", error);
	return RILL_OK;
}

/* RFC 3986, section 5.2.2, but for dot segments: servers send none, and to leave them to the
 * server harms nobody. */
enum rill_code url_resolve(struct url *url, const struct url *base, const char *location,
			   struct rill_error *error)
{
	size_t keep = 0; /* of the base's path */
	const char *path = location;

	if (!*location || strspn(location, " ") > 0)
		return bad(RILL_NETWORK, location, "no URL to redirect to", error);
	for (const unsigned char *s = (const unsigned char *)location; *s; s++)
		if (*s <= ' ' || *s >= 127)
			return bad(RILL_NETWORK, location, "no URL to redirect to", error);
	if (strncasecmp(location, scheme, sizeof scheme - 1) == 0)
		path = parse_authority(url, RILL_NETWORK, location, location + sizeof scheme - 1,
				       error);
	else if (strncmp(location, "//", 2) == 0)
		path = parse_authority(url, RILL_NETWORK, location, location + 2, error);
	else if (location[strcspn(location, ":/?#")] == ':')
		return bad(RILL_SECURITY, location, "a redirect away from https", error);
	else {
		*url = *base;
		if (*location == '?')
			keep = strcspn(base->path, "?");
		else if (*location != '/') {
			keep = strcspn(base->path, "?");
			while (base->path[keep - 1] != '/')
				keep--;
		}
	}
	if (!path)
		return RILL_NETWORK;
	if (snprintf(url->path + keep, sizeof url->path - keep, "%s%.*s",
		     keep == 0 && *path != '/' ? "/" : "", (int)strcspn(path, "#"),
		     path) >= (int)(sizeof url->path - keep))
		return bad(RILL_NETWORK, location, "is too long", error);
	return RILL_OK;
}

enum rill_code url_append(struct url *url, const char *name, struct rill_error *error)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	size_t n = strlen(url->path);

	for (; *name; name++) {
		if (n + 4 > sizeof url->path)
			return rill_fail(error, RILL_UNSUPPORTED, "a URL of over %zu bytes",
					 sizeof url->path);
		if (strchr(plain, *name))
			url->path[n++] = *name;
		else
			n += (size_t)snprintf(url->path + n, 4, "%%%02X", (unsigned char)*name);
		url->path[n] = 0;
	}
	return RILL_OK;
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return strcasecmp(a->host, b->host) == 0 &&
	       strtol(a->port, NULL, 10) == strtol(b->port, NULL, 10);
}

size_t url_address(const char *host, unsigned char address[static 16])
{
	if (inet_pton(AF_INET, host, address) == 1)
		return 4;
	return inet_pton(AF_INET6, host, address) == 1 ? 16 : 0;
}

void url_authority(const struct url *url, bool always, char *text)
{
	bool bracket = strchr(url->host, ':') != NULL;
	bool port = always || strcmp(url->port, "443") != 0;

	snprintf(text, URL_AUTHORITY_SIZE, "%s%s%s%s%s", bracket ? "[" : "", url->host,
		 bracket ? "]" : "", port ? ":" : "", port ? url->port : "");
}
