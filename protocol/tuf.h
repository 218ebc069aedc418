/* SPDX-License-Identifier: Apache-2.0
 *
 * What a client of The Update Framework trusts, and how that grows: specification 1.0,
 * section 5 (detailed client workflow). Pure: the caller fetches and keeps the files and
 * passes their bytes in the order
 *
 *	rill_tuf_root()        the root that the device has, then each newer one
 *	rill_tuf_timestamp()   what is kept, then what the server has
 *	rill_tuf_snapshot()    likewise
 *	rill_tuf_targets()     likewise
 *	rill_tuf_target()      look-ups
 *
 * Every function leaves the trusted state as it was when it fails. Codes: RILL_SECURITY
 * for what is not signed by enough keys, malformed, older than what is trusted, or not
 * what the role above names; RILL_EXPIRED, of a role when the role below it (or a target) is
 * looked at; RILL_MEMORY. Delegations are not followed.
 */
#ifndef RILL_TUF_H
#define RILL_TUF_H

#include "protocol/error.h"
#include "protocol/hash.h"
#include "protocol/json.h"

enum rill_tuf_role {
	RILL_TUF_ROOT,
	RILL_TUF_TIMESTAMP,
	RILL_TUF_SNAPSHOT,
	RILL_TUF_TARGETS,
	RILL_TUF_ROLES
};

/* Bytes that a file of a role may have, when nothing signed says it more closely. */
uint32_t rill_tuf_length_max(enum rill_tuf_role role);
/* "root", "timestamp", ... */
const char *rill_tuf_role_name(enum rill_tuf_role role);

struct rill_tuf_document {
	struct rill_json json;
	uint32_t body; /* the token of "signed" */
	int64_t version; /* 0: there is no such document yet */
	int64_t expires; /* seconds since 1970 */
};

struct rill_tuf {
	int64_t now; /* one time for the whole update, seconds since 1970 */
	struct rill_tuf_document document[RILL_TUF_ROLES];
};

/* What the role above says of a file: every limit that a fetch needs. */
struct rill_tuf_meta {
	int64_t version;
	uint32_t length; /* at most, or exactly when `exact` */
	bool exact, has_sha256;
	uint8_t sha256[RILL_SHA256_SIZE];
};

struct rill_tuf_target {
	int64_t length;
	uint8_t sha256[RILL_SHA256_SIZE];
	uint32_t custom; /* token in document[RILL_TUF_TARGETS].json, or 0 */
};

void rill_tuf_init(struct rill_tuf *tuf, int64_t now);
void rill_tuf_free(struct rill_tuf *tuf);

/* The first root is trusted as it is, but must be signed by itself; each further one must
 * have the next version and be signed by the one before and by itself. Expiry counts only
 * when the timestamp is loaded, so that an old root can lead to a new one. */
enum rill_code rill_tuf_root(struct rill_tuf *tuf, const void *bytes, size_t n,
			     struct rill_error *error);

/* A timestamp of the version that is trusted already changes nothing. */
enum rill_code rill_tuf_timestamp(struct rill_tuf *tuf, const void *bytes, size_t n,
				  struct rill_error *error);

/* `kept`: the file is what the device kept from an earlier update, and may be older than
 * the timestamp says; it then only guards against a rollback. */
enum rill_code rill_tuf_snapshot(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				 struct rill_error *error);
enum rill_code rill_tuf_targets(struct rill_tuf *tuf, const void *bytes, size_t n,
				struct rill_error *error);

/* What timestamp (for snapshot) or snapshot (for targets) says of that role's file. */
enum rill_code rill_tuf_meta(const struct rill_tuf *tuf, enum rill_tuf_role role,
			     struct rill_tuf_meta *meta, struct rill_error *error);

/* True when the trusted document of a role is the one that the role above names. */
bool rill_tuf_is_current(const struct rill_tuf *tuf, enum rill_tuf_role role);

/* RILL_SECURITY when there is no such target or its entry is malformed. */
enum rill_code rill_tuf_target(const struct rill_tuf *tuf, const char *path,
			       struct rill_tuf_target *target, struct rill_error *error);

/* "2026-11-25T00:00:00Z", that form only, to seconds since 1970 and back. `text` has room
 * for RILL_TUF_TIME_SIZE bytes. */
#define RILL_TUF_TIME_SIZE 21
bool rill_tuf_parse_time(const char *text, int64_t *seconds);
void rill_tuf_print_time(int64_t seconds, char *text);

#endif
