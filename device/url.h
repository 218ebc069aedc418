/* SPDX-License-Identifier: Apache-2.0
 *
 * https URLs (RFC 3986, as far as a server of static files and its redirects need it).
 */
#ifndef RILL_DEVICE_URL_H
#define RILL_DEVICE_URL_H

#include "protocol/error.h"
#include <stdbool.h>
#include <stddef.h>

struct url {
	char host[256]; /* a DNS name, or an address without its brackets */
	char port[6];
	char path[2048]; /* begins with '/'; with the query */
};

/* Parses "https://HOST[:PORT]/FOLDER/", where HOST is a name, an IPv4 address or an IPv6
 * address in brackets. The path ends with '/'. RILL_CONFIG. */
enum rill_code url_parse(struct url *url, const char *text, struct rill_error *error);

/* Where a Location field leads from `base`: a whole URL, or one relative to it. RILL_SECURITY:
 * away from https; RILL_NETWORK: it cannot be read. */
enum rill_code url_resolve(struct url *url, const struct url *base, const char *location,
			   struct rill_error *error);

/* Appends `name` to the path, percent-encoding all but unreserved characters and '/'.
 * RILL_UNSUPPORTED when it does not fit. */
enum rill_code url_append(struct url *url, const char *name, struct rill_error *error);

/* True when scheme, host and port are the same: credentials for one are for the other. */
bool url_same_origin(const struct url *a, const struct url *b);

/* The host is an address: 4 or 16 bytes in network order, the number of which is returned; 0
 * for a name. */
size_t url_address(const char *host, unsigned char address[static 16]);

/* "HOST", "HOST:PORT" or "[ADDRESS]:PORT", with the port unless it is 443 and not `always`.
 * `text` has room for URL_AUTHORITY_SIZE bytes. */
#define URL_AUTHORITY_SIZE 272
void url_authority(const struct url *url, bool always, char *text);

#endif
