/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompresses a gzip file (RFC 1952, any number of members) into another.
 */
#ifndef RILL_DEVICE_GUNZIP_H
#define RILL_DEVICE_GUNZIP_H

#include "protocol/error.h"
#include "protocol/hash.h"

/* From the start of `from` to the end of `to`; `sha256` gets the hash of the plain bytes. What
 * follows the last member is passed over, as GNU gzip does. `path` is for errors. RILL_CORRUPT,
 * RILL_IO, RILL_NO_SPACE. Memory: 110 KiB. */
enum rill_code gunzip(int from, int to, const char *path, uint8_t *sha256,
		      struct rill_error *error);

#endif
