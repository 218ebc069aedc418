/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates of HTTP (RFC 9110, section 5.6.7), all three forms:
 *
 *	Sun, 06 Nov 1994 08:49:37 GMT
 *	Sunday, 06-Nov-94 08:49:37 GMT
 *	Sun Nov  6 08:49:37 1994
 */
#ifndef RILL_DEVICE_HTTP_DATE_H
#define RILL_DEVICE_HTTP_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To seconds since 1970; false, and nothing is set, when it is no such date. Years of two digits
 * are from 1970 to 2069. */
bool http_date_parse(const char *text, size_t n, int64_t *seconds);

#endif
