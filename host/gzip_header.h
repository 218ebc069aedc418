/* SPDX-License-Identifier: Apache-2.0
 *
 * The header of a gzip member (RFC 1952, 2.3).
 */
#ifndef RILL_HOST_GZIP_HEADER_H
#define RILL_HOST_GZIP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GZIP_TRAILER 8u /* CRC-32 and length, behind the deflate stream */

/* Whether a member begins here. */
bool gzip_begins(const uint8_t *bytes, size_t n);

/* The header's length, where a member begins; 0 when it is cut off. */
size_t gzip_header(const uint8_t *bytes, size_t n);

#endif
