/* SPDX-License-Identifier: Apache-2.0
 *
 * https URLs (RFC 3986, as far as a server of static files needs it).
 */
#ifndef RILL_DEVICE_URL_H
#define RILL_DEVICE_URL_H

#include "protocol/error.h"
#include <stddef.h>

struct url {
	char host[256], port[6];
	char path[1024]; /* begins and ends with '/' */
};

/* Parses "https://HOST[:PORT]/FOLDER/". RILL_CONFIG. */
enum rill_code url_parse(struct url *url, const char *text, struct rill_error *error);

/* Appends `name` to `path`, percent-encoding all but unreserved characters and '/'.
 * RILL_UNSUPPORTED when it does not fit. */
enum rill_code url_append(char *path, size_t size, const char *name, struct rill_error *error);

#endif
