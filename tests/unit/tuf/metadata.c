/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

struct key keys[KEYS];

/* No secret hangs on these keys, and the same ones each time make failures come back. */
static int not_random(void *seed, unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)next_random(seed);
	return 0;
}

void hash_canonical(const char *text, size_t n, uint8_t *digest)
{
	struct rill_json json;
	struct rill_error error;

	assert_ok(rill_json_parse(&json, text, n, 10000, &error), &error);
	rill_json_canonical_sha256(&json, RILL_JSON_ROOT, digest);
	rill_json_free(&json);
}

void describe_key(const char *pem, const char *more, char *wire, size_t room, char *keyid)
{
	uint8_t digest[RILL_SHA256_SIZE];
	size_t n;

	n = (size_t)snprintf(wire, room, "{\"keytype\":\"ecdsa\",\"keyval\":{\"public\":\"");
	for (; *pem; pem++)
		n += (size_t)snprintf(wire + n, room - n, *pem == '\n' ? "\\n" : "%c", *pem);
	n += (size_t)snprintf(wire + n, room - n, "\"},\"scheme\":\"ecdsa-sha2-nistp256\"%s}",
			      more);
	assert_true(n < room);
	hash_canonical(wire, n, digest);
	rill_hex(digest, sizeof digest, keyid);
}

void get_pem(const struct key *key, char *pem, size_t room)
{
	assert_int_equal(mbedtls_pk_write_pubkey_pem((mbedtls_pk_context *)(uintptr_t)&key->pk,
						     (unsigned char *)pem, room),
			 0);
}

int make_keys(void **state)
{
	uint64_t seed = 2026;

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		char pem[256];

		mbedtls_pk_init(&keys[i].pk);
		if (mbedtls_pk_setup(&keys[i].pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) ||
		    mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(keys[i].pk),
					not_random, &seed))
			return -1;
		get_pem(&keys[i], pem, sizeof pem);
		describe_key(pem, "", keys[i].wire, sizeof keys[i].wire, keys[i].keyid);
	}
	return 0;
}

int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		mbedtls_pk_free(&keys[i].pk);
	return 0;
}

void add_signature(struct text *text, struct key *key, const char *keyid, const uint8_t *digest)
{
	unsigned char signature[256];
	char hex[2 * sizeof signature + 1];
	uint64_t seed = 1;
	size_t n;

#if MBEDTLS_VERSION_MAJOR < 3
	assert_int_equal(mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, digest, RILL_SHA256_SIZE,
					 signature, &n, not_random, &seed),
			 0);
#else
	assert_int_equal(mbedtls_pk_sign(&key->pk, MBEDTLS_MD_SHA256, digest, RILL_SHA256_SIZE,
					 signature, sizeof signature, &n, not_random, &seed),
			 0);
#endif
	rill_hex(signature, n, hex);
	add(text, "%s{\"keyid\":\"%s\",\"sig\":\"%s\"}", text->bytes[text->n - 1] == '[' ? "" : ",",
	    keyid, hex);
}

void sign(struct text *text, const struct text *body, unsigned signers)
{
	uint8_t digest[RILL_SHA256_SIZE];

	hash_canonical(body->bytes, body->n, digest);
	text->n = 0;
	add(text, "{\"signed\":%s,\"signatures\":[", body->bytes);
	for (size_t i = 0; i < KEYS; i++)
		if (signers & SET(i))
			add_signature(text, &keys[i], keys[i].keyid, digest);
	add(text, "]}");
}

const struct plan usual = {
	.version = 1,
	.expires = FUTURE,
	.keys = {SET(ROOT_1) | SET(ROOT_2), SET(TIMESTAMP), SET(SNAPSHOT), SET(TARGETS)},
	.threshold = {1, 1, 1, 1},
	.more_keys = "",
	.more_keyids = "",
};

void make_root(struct text *text, const struct plan *plan, unsigned signers)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"root\",\"consistent_snapshot\":true,\"expires\":\"%s\",\"keys\":{%s",
	    plan->expires, plan->more_keys);
	for (size_t i = 0; i < KEYS; i++)
		add(&body, "%s\"%s\":%s", i ? "," : "", keys[i].keyid, keys[i].wire);
	add(&body, "},\"roles\":{");
	for (int role = 0; role < RILL_TUF_ROLES; role++) {
		bool first = true;

		add(&body, "%s\"%s\":{\"keyids\":[%s", role ? "," : "",
		    rill_tuf_role_name((enum rill_tuf_role)role), plan->more_keyids);
		for (size_t i = 0; i < KEYS; i++) {
			if (!(plan->keys[role] & SET(i)))
				continue;
			add(&body, "%s\"%s\"", first ? "" : ",", keys[i].keyid);
			first = false;
		}
		add(&body, "],\"threshold\":%d}", plan->threshold[role]);
	}
	add(&body, "},\"spec_version\":\"1.0.31\",\"version\":%d}", plan->version);
	sign(text, &body, signers);
}

void make_meta(struct text *text, const char *type, int version, const char *expires,
	       const char *name, int of_version, const struct text *of, unsigned signers)
{
	static struct text body;

	body.n = 0;
	add(&body, "{\"_type\":\"%s\",\"expires\":\"%s\",\"meta\":{\"%s.json\":{", type, expires,
	    name);
	if (of) {
		uint8_t digest[RILL_SHA256_SIZE];
		char hex[RILL_SHA256_HEX];

		rill_sha256(of->bytes, of->n, digest);
		rill_hex(digest, sizeof digest, hex);
		add(&body, "\"hashes\":{\"sha256\":\"%s\"},\"length\":%zu,", hex, of->n);
	}
	add(&body, "\"version\":%d}},\"spec_version\":\"1.0.31\",\"version\":%d}", of_version,
	    version);
	sign(text, &body, signers);
}

void make_timestamp(struct text *text, int version, int snapshot_version, const struct text *of)
{
	make_meta(text, "timestamp", version, FUTURE, "snapshot", snapshot_version, of,
		  SET(TIMESTAMP));
}

void make_snapshot(struct text *text, int version, int targets_version, const struct text *of)
{
	make_meta(text, "snapshot", version, FUTURE, "targets", targets_version, of, SET(SNAPSHOT));
}

void make_targets(struct text *text, int version, const char *expires, const char *files)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"targets\",\"expires\":\"%s\",\"spec_version\":\"1.0.31\","
	    "\"targets\":%s,\"version\":%d}",
	    expires, files, version);
	sign(text, &body, SET(TARGETS));
}

struct text root, timestamp, snapshot, targets;

static enum rill_code load_file(struct rill_tuf *tuf, enum rill_tuf_role role, bool kept,
				const struct text *text, struct rill_error *error)
{
	char *bytes = malloc(text->n ? text->n : 1); /* its own block, without a final NUL */
	enum rill_code code = RILL_INTERNAL;

	assert_non_null(bytes);
	memcpy(bytes, text->bytes, text->n);
	switch (role) {
	case RILL_TUF_ROOT: code = rill_tuf_root(tuf, bytes, text->n, error); break;
	case RILL_TUF_TIMESTAMP: code = rill_tuf_timestamp(tuf, bytes, text->n, kept, error); break;
	case RILL_TUF_SNAPSHOT: code = rill_tuf_snapshot(tuf, bytes, text->n, kept, error); break;
	case RILL_TUF_TARGETS: code = rill_tuf_targets(tuf, bytes, text->n, error); break;
	case RILL_TUF_ROLES: break;
	}
	free(bytes);
	return code;
}

enum rill_code load(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
		    struct rill_error *error)
{
	return load_file(tuf, role, false, text, error);
}

void taken(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text)
{
	struct rill_error error;

	assert_ok(load_file(tuf, role, false, text, &error), &error);
}

void taken_as_kept(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text)
{
	struct rill_error error;

	assert_ok(load_file(tuf, role, true, text, &error), &error);
}

void refused(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
	     enum rill_code expected, const char *fragment)
{
	struct rill_tuf_document before[RILL_TUF_ROLES];
	struct rill_error error;

	memcpy(before, tuf->document, sizeof before);
	assert_fails(load(tuf, role, text, &error), expected, &error, fragment);
	assert_memory_equal(before, tuf->document, sizeof before);
}

void start(struct rill_tuf *tuf)
{
	int64_t now;

	assert_true(rill_tuf_parse_time(NOW, &now));
	rill_tuf_init(tuf, now);
}

void start_before(struct rill_tuf *tuf, enum rill_tuf_role role)
{
	make_root(&root, &usual, SET(ROOT_1));
	make_targets(&targets, 5, FUTURE, FILES);
	make_snapshot(&snapshot, 5, 5, &targets);
	make_timestamp(&timestamp, 5, 5, &snapshot);
	start(tuf);
	if (role > RILL_TUF_ROOT)
		taken(tuf, RILL_TUF_ROOT, &root);
	if (role > RILL_TUF_TIMESTAMP)
		taken(tuf, RILL_TUF_TIMESTAMP, &timestamp);
	if (role > RILL_TUF_SNAPSHOT)
		taken(tuf, RILL_TUF_SNAPSHOT, &snapshot);
	if (role > RILL_TUF_TARGETS)
		taken(tuf, RILL_TUF_TARGETS, &targets);
}
