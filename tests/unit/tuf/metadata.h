/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds signed TUF metadata for tests, right or wrong as they want it.
 */
#ifndef RILL_TESTS_TUF_METADATA_H
#define RILL_TESTS_TUF_METADATA_H

#include "tests/unit/text.h"

#include "protocol/tuf.h"
#include <mbedtls/pk.h>

#define NOW "2026-06-01T00:00:00Z"
#define FUTURE "2026-06-01T00:00:01Z"
#define PAST NOW /* what expires now has expired */

/* Keys by what they are for; sets of them are bit masks. OTHER is nobody's at first. */
enum { ROOT_1, ROOT_2, ROOT_3, TIMESTAMP, SNAPSHOT, TARGETS, OTHER, KEYS };
#define SET(key) (1u << (key))

struct key {
	mbedtls_pk_context pk;
	char wire[512]; /* the key's object, with the PEM's newlines escaped */
	char keyid[RILL_SHA256_HEX];
};
extern struct key keys[KEYS];

/* A group's setup and teardown. */
int make_keys(void **state);
int free_keys(void **state);

/* Hash of the canonical form of a JSON text. */
void hash_canonical(const char *text, size_t n, uint8_t *digest);

/* The object and keyid of a key with this PEM; `more` are further members, with a ',' before. */
void describe_key(const char *pem, const char *more, char *wire, size_t room, char *keyid);
void get_pem(const struct key *key, char *pem, size_t room);

/* An entry of "signatures" by `key` under any keyid. */
void add_signature(struct text *text, struct key *key, const char *keyid, const uint8_t *digest);

/* `text` becomes the file with this body and the signatures of a set of keys. */
void sign(struct text *text, const struct text *body, unsigned signers);

/* What a root says. */
struct plan {
	int version;
	const char *expires;
	unsigned keys[RILL_TUF_ROLES];
	int threshold[RILL_TUF_ROLES];
	const char *more_keys, *more_keyids; /* of all roles; JSON that ends in ',' */
};
extern const struct plan usual;

void make_root(struct text *text, const struct plan *plan, unsigned signers);

/* A timestamp or snapshot; it names the file `of` with its length and hash when there is one. */
void make_meta(struct text *text, const char *type, int version, const char *expires,
	       const char *name, int of_version, const struct text *of, unsigned signers);
/* The same, of FUTURE and with the right signature. */
void make_timestamp(struct text *text, int version, int snapshot_version, const struct text *of);
void make_snapshot(struct text *text, int version, int targets_version, const struct text *of);

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FILES                                                                                      \
	"{\"app\":{\"custom\":{\"x\":5},\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":10},"       \
	"\"dir/empty\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":0}}"
void make_targets(struct text *text, int version, const char *expires, const char *files);

/* The files that start_before() makes. */
extern struct text root, timestamp, snapshot, targets;

enum rill_code load(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
		    struct rill_error *error);
void taken(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text);
/* The same for a file that was kept. */
void taken_as_kept(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text);
/* A file that fails, and changes nothing that is trusted. */
void refused(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
	     enum rill_code expected, const char *fragment);
void start(struct rill_tuf *tuf);
/* Loads the usual root, and a chain of version 5 down to (not with) a role. */
void start_before(struct rill_tuf *tuf, enum rill_tuf_role role);

#endif
