/* SPDX-License-Identifier: Apache-2.0 */
#include "host/gzip_header.h"

#include <string.h>

enum { GZIP_CRC = 2, GZIP_EXTRA = 4, GZIP_NAME = 8, GZIP_COMMENT = 16 };

bool gzip_begins(const uint8_t *bytes, size_t n)
{
	return n >= 10 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

size_t gzip_header(const uint8_t *bytes, size_t n)
{
	size_t at = 10;

	if (bytes[3] & GZIP_EXTRA) {
		if (n - at < 2)
			return 0;
		at += 2 + (size_t)(bytes[at] | bytes[at + 1] << 8);
	}
	for (unsigned flag = GZIP_NAME; flag <= GZIP_COMMENT; flag *= 2) {
		const uint8_t *end;

		if (!(bytes[3] & flag))
			continue;
		if (at >= n)
			return 0;
		end = memchr(bytes + at, 0, n - at);
		if (!end)
			return 0;
		at = (size_t)(end + 1 - bytes);
	}
	at += bytes[3] & GZIP_CRC ? 2 : 0;
	return at < n ? at : 0;
}
