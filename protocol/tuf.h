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
 *	rill_tuf_target()      look-ups in the top-level targets alone, or
 *	tuf_search.h           look-ups that follow delegations
 *
 * Every function leaves the trusted state as it was when it fails. Codes: RILL_SECURITY
 * for what is not signed by enough keys, malformed, older than what is trusted, or not
 * what the role above names; RILL_EXPIRED; RILL_MEMORY.
 *
 * A file that the device kept may have expired, or be older than the role above says: it
 * then only guards against a rollback, and looking further is RILL_EXPIRED or RILL_SECURITY.
 *
 * Memory: of a file with n bytes n + 1, and 20 for each JSON value in it, while it is
 * trusted. rill_tuf_length_max() bounds n, RILL_TUF_TOKENS_MAX the values; and there are no
 * more of them than one for each four bytes (and 64), so a file takes 6 n + 1281 bytes at
 * most, whoever signed it. One of mkdelta has a value in about 15 bytes.
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
	RILL_TUF_TARGETS, /* and every delegated role */
	RILL_TUF_ROLES
};

/* JSON values in one file. */
#define RILL_TUF_TOKENS_MAX (1u << 17)
/* Delegated roles that may be loaded, and their bytes together. */
#define RILL_TUF_DELEGATED_MAX 32
#define RILL_TUF_DELEGATED_BYTES_MAX 2000000u
/* Bytes of a delegated role's name. */
#define RILL_TUF_NAME_MAX 255

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

struct rill_tuf_delegated {
	const char *name; /* in the delegating document */
	struct rill_tuf_document document;
};

struct rill_tuf {
	int64_t now; /* one time for the whole update, seconds since 1970 */
	bool consistent; /* file names begin with versions and hashes */
	/* A root that was loaded since the start withdrew a key of timestamp or snapshot: what
	 * was kept of these two must go, section 5.3.11. The caller clears this. */
	bool withdrew_keys;
	struct rill_tuf_document document[RILL_TUF_ROLES];
	struct rill_tuf_delegated delegated[RILL_TUF_DELEGATED_MAX];
	size_t delegated_count, delegated_bytes;
};

/* "hashes" of a file. Unknown algorithms are passed over; one that is known there must be. */
struct rill_tuf_hashes {
	bool has_sha256, has_sha512;
	uint8_t sha256[RILL_SHA256_SIZE];
	uint8_t sha512[RILL_SHA512_SIZE];
};

/* What the role above says of a file: every limit that a fetch needs. */
struct rill_tuf_meta {
	int64_t version;
	uint32_t length; /* at most, or exactly when `exact` */
	bool exact, has_hashes;
	struct rill_tuf_hashes hashes;
};

struct rill_tuf_target {
	int64_t length;
	uint8_t sha256[RILL_SHA256_SIZE]; /* of `hashes`, when it has one */
	struct rill_tuf_hashes hashes;
	const struct rill_json *json; /* of the role that has the target */
	uint32_t custom; /* token in it, or 0 */
};

void rill_tuf_init(struct rill_tuf *tuf, int64_t now);
void rill_tuf_free(struct rill_tuf *tuf);

/* The first root is trusted as it is, but must be signed by itself; each further one must
 * have the next version and be signed by the one before and by itself. Expiry counts only
 * when the timestamp is loaded, so that an old root can lead to a new one. */
enum rill_code rill_tuf_root(struct rill_tuf *tuf, const void *bytes, size_t n,
			     struct rill_error *error);

/* RILL_EXPIRED when the last root has expired. */
enum rill_code rill_tuf_check_root(const struct rill_tuf *tuf, struct rill_error *error);

/* `kept`: the file is what the device kept from an earlier update. A timestamp of the
 * version that is trusted already changes nothing. */
enum rill_code rill_tuf_timestamp(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				  struct rill_error *error);
enum rill_code rill_tuf_snapshot(struct rill_tuf *tuf, const void *bytes, size_t n, bool kept,
				 struct rill_error *error);
/* Drops all delegated roles. */
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
