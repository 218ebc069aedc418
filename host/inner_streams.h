/* SPDX-License-Identifier: Apache-2.0
 *
 * Deflate streams within a file: the members of a gzip file (RFC 1952), the entries of a zip
 * file (PKWARE's APPNOTE.TXT, local file headers one after another: also jar, whl, apk).
 */
#ifndef RILL_INNER_STREAMS_H
#define RILL_INNER_STREAMS_H

#include "protocol/packing.h"

struct inner_streams {
	struct rill_packed *stream; /* `start` counts from the file's begin */
	size_t n, capacity;
};

/* Whether it is worth looking: the first bytes are those of a gzip or zip file. */
bool inner_streams_likely(const uint8_t *bytes, size_t n);

/* Appends the streams of up to RILL_PACKED_MOST plain bytes. `again`: only those that can be
 * made again, with their recipes. Of a damaged file it finds what comes before the damage.
 * RILL_MEMORY. */
enum rill_code inner_streams_find(struct inner_streams *streams, const uint8_t *bytes, size_t n,
				  bool again, struct rill_error *error);
void inner_streams_free(struct inner_streams *streams);

/* Inflates a stream that inner_streams_find() found; false when it is not that one. */
bool inner_stream_inflate(const struct rill_packed *stream, const uint8_t *file, uint8_t *plain);

#endif
