/* SPDX-License-Identifier: Apache-2.0
 *
 * A file of TUF metadata in the making: its body, and the signatures it has so far.
 */
#ifndef RILL_HOST_DRAFT_H
#define RILL_HOST_DRAFT_H

#include "host/buffer.h"
#include "host/keyring.h"
#include "protocol/tuf.h"

struct draft {
	cJSON *body; /* the "signed" object; NULL: there is no draft */
	cJSON *signatures; /* array of {"keyid", "sig"} */
};

/* What "meta" says of a file. */
struct metadata_file {
	int64_t version;
	size_t length;
	uint8_t sha256[RILL_SHA256_SIZE];
};

/* A new body with the fields that every role has, which expires in `days`; a timestamp says when
 * it was issued, too. */
cJSON *draft_body(enum rill_tuf_role role, int64_t version, int64_t days);
/* Sets version and expiry anew. */
void draft_renew(cJSON *body, int64_t version, int64_t days);
int64_t draft_version(const struct draft *draft);

/* Sets "meta": {"ROLE.json": ...} of a snapshot or timestamp, beside what else is in it. */
void draft_set_meta(cJSON *body, enum rill_tuf_role role, const struct metadata_file *file);

/* Takes the body over; it has no signatures. */
void draft_start(struct draft *draft, cJSON *body);
void draft_drop(struct draft *draft);

/* Reads a file of metadata, or one of these. RILL_SECURITY when it is not of the role. */
enum rill_code draft_parse(struct draft *draft, enum rill_tuf_role role, const void *bytes,
			   size_t n, struct rill_error *error);

/* Signs with each key of the ring that one of two roots (bodies; the second may be NULL)
 * names for the role, and that has not signed yet. */
enum rill_code draft_sign(struct draft *draft, enum rill_tuf_role role,
			  const struct keyring *keyring, const cJSON *root, const cJSON *next_root,
			  struct rill_error *error);

/* The file, as it is now. RILL_UNSUPPORTED: longer than clients take. */
enum rill_code draft_print(const struct draft *draft, enum rill_tuf_role role, struct buffer *file,
			   struct rill_error *error);

/* What a root says of a role. */
const cJSON *root_keyids(const cJSON *root, enum rill_tuf_role role);
int root_threshold(const cJSON *root, enum rill_tuf_role role);
bool root_names(const cJSON *root, enum rill_tuf_role role, const char *keyid);
/* Keys of the ring that the root names for the role. */
int root_count(const cJSON *root, enum rill_tuf_role role, const struct keyring *keyring);

#endif
