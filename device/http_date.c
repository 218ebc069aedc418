/* SPDX-License-Identifier: Apache-2.0 */
#include "device/http_date.h"

#include <string.h>
#include <time.h>

bool http_date_parse(const char *text, size_t n, int64_t *seconds)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%A, %d-%b-%y %H:%M:%S GMT",
		"%a %b %e %H:%M:%S %Y",
	};
	char copy[48];

	if (n >= sizeof copy || memchr(text, 0, n))
		return false;
	memcpy(copy, text, n);
	copy[n] = 0;
	/* The agent never calls setlocale(): names of days and months are English. */
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		struct tm tm = {0};
		const char *end = strptime(copy, forms[i], &tm);

		if (!end || *end || tm.tm_year < 70 || tm.tm_year > 8099)
			continue;
		*seconds = (int64_t)timegm(&tm);
		return true;
	}
	return false;
}
