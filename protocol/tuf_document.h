/* SPDX-License-Identifier: Apache-2.0
 *
 * One TUF metadata file by itself: its form (specification 1.0, section 4) and the
 * signatures that a root asks of it. Used by tuf.c only.
 */
#ifndef RILL_TUF_DOCUMENT_H
#define RILL_TUF_DOCUMENT_H

#include "protocol/tuf.h"

/* Parses the file of a role; nothing in it is trusted after that. */
enum rill_code rill_tuf_document_parse(struct rill_tuf_document *document, enum rill_tuf_role role,
				       const void *bytes, size_t n, struct rill_error *error);

/* RILL_OK when at least the threshold of keys that `root` names for the role signed it. */
enum rill_code rill_tuf_document_verify(const struct rill_tuf_document *document,
					enum rill_tuf_role role,
					const struct rill_tuf_document *root,
					struct rill_error *error);

/* The sha256 of a "hashes" object. */
bool rill_tuf_get_sha256(const struct rill_json *json, uint32_t hashes, uint8_t *digest);

#endif
