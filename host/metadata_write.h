/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes TUF metadata files: the common fields, the canonical form, the signature.
 */
#ifndef RILL_HOST_METADATA_WRITE_H
#define RILL_HOST_METADATA_WRITE_H

#include "host/key.h"
#include "protocol/tuf.h"

/* A new "signed" object with the fields that every role has. */
cJSON *metadata_new(enum rill_tuf_role role, int64_t version, int64_t days);

/* What "meta" says of a file. */
struct metadata_file {
	int64_t version;
	size_t length;
	uint8_t sha256[RILL_SHA256_SIZE];
};

/* Signs `body` (and deletes it) and writes it to FOLDER/VERSION.ROLE.json, the timestamp
 * to FOLDER/timestamp.json. */
enum rill_code metadata_write(const char *folder, enum rill_tuf_role role, int64_t version,
			      cJSON *body, struct key *key, struct metadata_file *file,
			      struct rill_error *error);

/* Adds "meta": {"ROLE.json": ...} to a snapshot or timestamp. */
void metadata_add_meta(cJSON *body, enum rill_tuf_role role, const struct metadata_file *file);

#endif
