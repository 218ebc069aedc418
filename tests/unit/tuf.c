/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/tuf.h"
#include <mbedtls/pk.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#define NOW "2026-06-01T00:00:00Z"
#define FUTURE "2026-06-01T00:00:01Z"
#define PAST NOW /* what expires now has expired */

/* Keys by what they are for; sets of them are bit masks. OTHER is nobody's at first. */
enum { ROOT_1, ROOT_2, ROOT_3, TIMESTAMP, SNAPSHOT, TARGETS, OTHER, KEYS };
#define SET(key) (1u << (key))

static struct key {
	mbedtls_pk_context pk;
	char wire[512]; /* the key's object, with the PEM's newlines escaped */
	char keyid[RILL_SHA256_HEX];
} keys[KEYS];

struct text {
	char bytes[16384];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->bytes + text->n, sizeof text->bytes - text->n, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof text->bytes - text->n);
	text->n += (size_t)n;
}

/* No secret hangs on these keys, and the same ones each time make failures come back. */
static int not_random(void *seed, unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)next_random(seed);
	return 0;
}

/* Hash of the canonical form of a JSON text. */
static void hash_canonical(const char *text, size_t n, uint8_t *digest)
{
	struct rill_json json;
	struct rill_error error;

	assert_ok(rill_json_parse(&json, text, n, 10000, &error), &error);
	rill_json_canonical_sha256(&json, RILL_JSON_ROOT, digest);
	rill_json_free(&json);
}

static void describe_key(const char *pem, const char *more, char *wire, size_t room, char *keyid)
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

static void get_pem(const struct key *key, char *pem, size_t room)
{
	assert_int_equal(mbedtls_pk_write_pubkey_pem((mbedtls_pk_context *)(uintptr_t)&key->pk,
						     (unsigned char *)pem, room),
			 0);
}

static int make_keys(void **state)
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

static int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		mbedtls_pk_free(&keys[i].pk);
	return 0;
}

/* An entry of "signatures" by `key` under any keyid. */
static void add_signature(struct text *text, struct key *key, const char *keyid,
			  const uint8_t *digest)
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

/* `text` becomes the file with this body and the signatures of a set of keys. */
static void sign(struct text *text, const struct text *body, unsigned signers)
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

/* What a root says. */
struct plan {
	int version;
	const char *expires;
	unsigned keys[RILL_TUF_ROLES];
	int threshold[RILL_TUF_ROLES];
	const char *more_keys, *more_keyids; /* of all roles; JSON that ends in ',' */
};

static const struct plan usual = {
	.version = 1,
	.expires = FUTURE,
	.keys = {SET(ROOT_1) | SET(ROOT_2), SET(TIMESTAMP), SET(SNAPSHOT), SET(TARGETS)},
	.threshold = {1, 1, 1, 1},
	.more_keys = "",
	.more_keyids = "",
};

static void make_root(struct text *text, const struct plan *plan, unsigned signers)
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

/* A timestamp or snapshot; it names the file `of` with its length and hash when there is one. */
static void make_meta(struct text *text, const char *type, int version, const char *expires,
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

static void make_timestamp(struct text *text, int version, int snapshot_version,
			   const struct text *snapshot)
{
	make_meta(text, "timestamp", version, FUTURE, "snapshot", snapshot_version, snapshot,
		  SET(TIMESTAMP));
}

static void make_snapshot(struct text *text, int version, int targets_version,
			  const struct text *targets)
{
	make_meta(text, "snapshot", version, FUTURE, "targets", targets_version, targets,
		  SET(SNAPSHOT));
}

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define FILES                                                                                      \
	"{\"app\":{\"custom\":{\"x\":5},\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":10},"       \
	"\"dir/empty\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":0}}"

static void make_targets(struct text *text, int version, const char *expires, const char *files)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"targets\",\"expires\":\"%s\",\"spec_version\":\"1.0.31\","
	    "\"targets\":%s,\"version\":%d}",
	    expires, files, version);
	sign(text, &body, SET(TARGETS));
}

static struct text root, timestamp, snapshot, targets;

static enum rill_code load(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
			   struct rill_error *error)
{
	char *bytes = malloc(text->n ? text->n : 1); /* its own block, without a final NUL */
	enum rill_code code = RILL_INTERNAL;

	assert_non_null(bytes);
	memcpy(bytes, text->bytes, text->n);
	switch (role) {
	case RILL_TUF_ROOT: code = rill_tuf_root(tuf, bytes, text->n, error); break;
	case RILL_TUF_TIMESTAMP: code = rill_tuf_timestamp(tuf, bytes, text->n, error); break;
	case RILL_TUF_SNAPSHOT: code = rill_tuf_snapshot(tuf, bytes, text->n, false, error); break;
	case RILL_TUF_TARGETS: code = rill_tuf_targets(tuf, bytes, text->n, error); break;
	case RILL_TUF_ROLES: break;
	}
	free(bytes);
	return code;
}

static void taken(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text)
{
	struct rill_error error;

	assert_ok(load(tuf, role, text, &error), &error);
}

/* A file that fails, and changes nothing that is trusted. */
static void refused(struct rill_tuf *tuf, enum rill_tuf_role role, const struct text *text,
		    enum rill_code expected, const char *fragment)
{
	struct rill_tuf_document before[RILL_TUF_ROLES];
	struct rill_error error;

	memcpy(before, tuf->document, sizeof before);
	assert_fails(load(tuf, role, text, &error), expected, &error, fragment);
	assert_memory_equal(before, tuf->document, sizeof before);
}

static void start(struct rill_tuf *tuf)
{
	int64_t now;

	assert_true(rill_tuf_parse_time(NOW, &now));
	rill_tuf_init(tuf, now);
}

/* Loads the usual root, and a chain of version 5 down to (not with) a role. */
static void start_before(struct rill_tuf *tuf, enum rill_tuf_role role)
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

static void a_good_chain_leads_to_its_targets(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_meta meta;
	struct rill_tuf_target target;
	struct rill_error error;
	uint8_t digest[RILL_SHA256_SIZE];
	int64_t x;

	(void)state;
	start_before(&tuf, RILL_TUF_ROLES);
	assert_int_equal(tuf.document[RILL_TUF_ROOT].version, 1);
	for (int role = RILL_TUF_TIMESTAMP; role <= RILL_TUF_TARGETS; role++)
		assert_int_equal(tuf.document[role].version, 5);
	assert_true(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	assert_true(rill_tuf_is_current(&tuf, RILL_TUF_TARGETS));
	assert_ok(rill_tuf_meta(&tuf, RILL_TUF_TARGETS, &meta, &error), &error);
	rill_sha256(targets.bytes, targets.n, digest);
	assert_true(meta.exact && meta.has_sha256);
	assert_int_equal(meta.version, 5);
	assert_int_equal(meta.length, targets.n);
	assert_memory_equal(meta.sha256, digest, sizeof digest);

	assert_ok(rill_tuf_target(&tuf, "app", &target, &error), &error);
	assert_int_equal(target.length, 10);
	assert_true(rill_unhex(HEX, digest, sizeof digest));
	assert_memory_equal(target.sha256, digest, sizeof digest);
	assert_true(rill_json_integer(
		&tuf.document[RILL_TUF_TARGETS].json,
		rill_json_get(&tuf.document[RILL_TUF_TARGETS].json, target.custom, "x"), &x));
	assert_int_equal(x, 5);
	assert_ok(rill_tuf_target(&tuf, "dir/empty", &target, &error), &error);
	assert_int_equal(target.length, 0);
	assert_int_equal(target.custom, 0);
	assert_fails(rill_tuf_target(&tuf, "App", &target, &error), RILL_SECURITY, &error,
		     "no target App");
	assert_fails(rill_tuf_target(&tuf, "", &target, &error), RILL_SECURITY, &error,
		     "no target");
	rill_tuf_free(&tuf);
}

static void malformed_targets_are_refused_when_looked_up(void **state)
{
	static const char *const bad[] = {
		"{\"app\":{\"hashes\":{\"sha256\":\"" HEX "\"}}}",
		"{\"app\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":-1}}",
		"{\"app\":{\"hashes\":{\"sha256\":\"" HEX "\"},\"length\":\"1\"}}",
		"{\"app\":{\"hashes\":{\"sha512\":\"" HEX "\"},\"length\":1}}",
		"{\"app\":{\"hashes\":{\"sha256\":\"" HEX "0\"},\"length\":1}}",
		"{\"app\":{\"hashes\":\"" HEX "\",\"length\":1}}",
		"{\"app\":{\"length\":1}}",
		"{\"app\":[]}",
		"[\"app\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rill_tuf tuf;
		struct rill_tuf_target target;
		struct rill_error error;

		start_before(&tuf, RILL_TUF_TIMESTAMP);
		make_targets(&targets, 5, FUTURE, bad[i]);
		make_snapshot(&snapshot, 5, 5, &targets);
		make_timestamp(&timestamp, 5, 5, &snapshot);
		taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
		taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
		taken(&tuf, RILL_TUF_TARGETS, &targets);
		assert_fails(rill_tuf_target(&tuf, "app", &target, &error), RILL_SECURITY, &error,
			     "target");
		rill_tuf_free(&tuf);
	}
}

/* Every byte of what was signed and of the signature counts. */
static void a_file_that_was_changed_is_refused(void **state)
{
	struct rill_tuf tuf;
	static struct text bad;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	for (size_t i = 0; i < timestamp.n; i += 3) {
		bad = timestamp;
		bad.bytes[i] ^= 1;
		refused(&tuf, RILL_TUF_TIMESTAMP, &bad, RILL_SECURITY, "");
	}
	for (size_t n = 0; n < timestamp.n; n += 5) {
		bad = timestamp;
		bad.n = n;
		refused(&tuf, RILL_TUF_TIMESTAMP, &bad, RILL_SECURITY, "timestamp metadata");
	}
	rill_tuf_free(&tuf);
}

static void a_threshold_needs_that_many_keys(void **state)
{
	static struct text again;
	struct plan plan = usual;
	struct rill_tuf tuf;
	uint8_t digest[RILL_SHA256_SIZE] = {0};

	(void)state;
	plan.threshold[RILL_TUF_ROOT] = 2;
	start(&tuf);
	make_root(&root, &plan, 0);
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures of the 2");
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "1 good signatures of the 2");
	/* Keys of other roles do not count, though the root names them. */
	make_root(&root, &plan, SET(ROOT_1) | SET(TIMESTAMP) | SET(OTHER));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "1 good signatures of the 2");
	/* A key that signs twice is refused outright, also when others are enough. */
	make_root(&again, &plan, SET(ROOT_1) | SET(ROOT_2));
	again.n -= 2;
	add_signature(&again, &keys[ROOT_1], keys[ROOT_1].keyid, digest);
	add(&again, "]}");
	refused(&tuf, RILL_TUF_ROOT, &again, RILL_SECURITY, "two signatures of one key");
	/* A wrong signature beside enough good ones does no harm. */
	make_root(&again, &plan, SET(ROOT_1) | SET(ROOT_2));
	again.n -= 2;
	add_signature(&again, &keys[OTHER], keys[OTHER].keyid, digest);
	add(&again, ",{\"keyid\":\"unknown\",\"sig\":\"\"}]}");
	taken(&tuf, RILL_TUF_ROOT, &again);
	rill_tuf_free(&tuf);
}

/* GHSA-3633-5h82-39pq: the same key under two keyids, where `pem_more` or `more` make the
 * other keyid. */
static void refuse_one_key_as_two(const char *pem_more, const char *more)
{
	static struct text body, file;
	struct plan plan = usual;
	struct rill_tuf tuf;
	char pem[300], wire[600], keyid[RILL_SHA256_HEX], more_keys[1024], more_keyids[100];
	uint8_t digest[RILL_SHA256_SIZE];

	get_pem(&keys[ROOT_1], pem, sizeof pem);
	snprintf(pem + strlen(pem), sizeof pem - strlen(pem), "%s", pem_more);
	describe_key(pem, more, wire, sizeof wire, keyid);
	assert_string_not_equal(keyid, keys[ROOT_1].keyid);
	snprintf(more_keys, sizeof more_keys, "\"%s\":%s,", keyid, wire);
	snprintf(more_keyids, sizeof more_keyids, "\"%s\",", keyid);
	plan.more_keys = more_keys;
	plan.more_keyids = more_keyids;
	start(&tuf);
	for (int threshold = 2; threshold > 0; threshold--) {
		plan.threshold[RILL_TUF_ROOT] = threshold;
		make_root(&file, &plan, SET(ROOT_1));
		/* The body again, to sign it once more under the other keyid. */
		body.n = 0;
		add(&body, "%.*s", (int)(strstr(file.bytes, ",\"signatures\"") - file.bytes - 10),
		    file.bytes + 10);
		hash_canonical(body.bytes, body.n, digest);
		file.n -= 2;
		add_signature(&file, &keys[ROOT_1], keyid, digest);
		add(&file, "]}");
		if (threshold == 2)
			refused(&tuf, RILL_TUF_ROOT, &file, RILL_SECURITY,
				"1 good signatures of the 2");
		else
			taken(&tuf, RILL_TUF_ROOT, &file);
	}
	rill_tuf_free(&tuf);
}

static void one_key_under_two_keyids_counts_once(void **state)
{
	(void)state;
	refuse_one_key_as_two("", ",\"x-note\":\"the same\"");
}

static void one_key_in_two_pem_texts_counts_once(void **state)
{
	(void)state;
	refuse_one_key_as_two("\n", "");
}

static void a_keyid_is_the_hash_of_its_key(void **state)
{
	static const char wrong[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	static struct text body, file;
	struct plan plan = usual;
	struct rill_tuf tuf;
	char more_keys[1024], more_keyids[100];
	uint8_t digest[RILL_SHA256_SIZE];

	(void)state;
	snprintf(more_keys, sizeof more_keys, "\"%s\":%s,", wrong, keys[OTHER].wire);
	snprintf(more_keyids, sizeof more_keyids, "\"%s\",", wrong);
	plan.more_keys = more_keys;
	plan.more_keyids = more_keyids;
	make_root(&file, &plan, 0);
	add(&body, "%.*s", (int)(strstr(file.bytes, ",\"signatures\"") - file.bytes - 10),
	    file.bytes + 10);
	hash_canonical(body.bytes, body.n, digest);
	file.n -= 2;
	add_signature(&file, &keys[OTHER], wrong, digest);
	add(&file, "]}");
	start(&tuf);
	refused(&tuf, RILL_TUF_ROOT, &file, RILL_SECURITY, "0 good signatures of the 1");
	rill_tuf_free(&tuf);
}

static void a_threshold_of_zero_is_refused(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	for (int threshold = 0; threshold > -2; threshold--) {
		start_before(&tuf, RILL_TUF_ROOT);
		plan = usual;
		plan.threshold[RILL_TUF_ROOT] = threshold;
		make_root(&root, &plan, SET(ROOT_1));
		refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "\"roles\"");
		plan = usual;
		plan.threshold[RILL_TUF_TIMESTAMP] = threshold;
		make_root(&root, &plan, SET(ROOT_1));
		taken(&tuf, RILL_TUF_ROOT, &root);
		refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "\"roles\"");
		rill_tuf_free(&tuf);
	}
}

static void a_root_leads_to_the_next(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	plan.version = 2;
	plan.keys[RILL_TUF_ROOT] = SET(ROOT_3);
	/* Signed by only the new, only the old, or for the version after. */
	make_root(&root, &plan, SET(ROOT_3));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures of the 1");
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures of the 1");
	for (int version = 1; version <= 3; version += 2) {
		plan.version = version;
		make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_3));
		refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "follows 1");
	}
	plan.version = 2;
	plan.keys[RILL_TUF_TIMESTAMP] = SET(OTHER);
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	assert_int_equal(tuf.document[RILL_TUF_ROOT].version, 2);
	/* The new root's keys count from now on. */
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "0 good signatures");
	make_meta(&timestamp, "timestamp", 1, FUTURE, "snapshot", 5, NULL, SET(OTHER));
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	plan.version = 3;
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "0 good signatures");
	make_root(&root, &plan, SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	rill_tuf_free(&tuf);
}

/* The threshold of the old root and that of the new one both count. */
static void a_new_root_needs_both_thresholds(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	plan.threshold[RILL_TUF_ROOT] = 2;
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2));
	start(&tuf);
	taken(&tuf, RILL_TUF_ROOT, &root);
	plan.version = 2;
	plan.threshold[RILL_TUF_ROOT] = 1;
	make_root(&root, &plan, SET(ROOT_1));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "1 good signatures of the 2");
	plan.threshold[RILL_TUF_ROOT] = 3;
	plan.keys[RILL_TUF_ROOT] |= SET(ROOT_3);
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2));
	refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "2 good signatures of the 3");
	make_root(&root, &plan, SET(ROOT_1) | SET(ROOT_2) | SET(ROOT_3));
	taken(&tuf, RILL_TUF_ROOT, &root);
	rill_tuf_free(&tuf);
}

static void an_expired_root_can_only_lead_to_a_new_one(void **state)
{
	struct plan plan = usual;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_ROOT);
	plan.expires = PAST;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_EXPIRED,
		"root metadata expired at " NOW);
	plan.version = 2;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	plan.version = 3;
	plan.expires = FUTURE;
	make_root(&root, &plan, SET(ROOT_1));
	taken(&tuf, RILL_TUF_ROOT, &root);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	rill_tuf_free(&tuf);
}

/* Each expires where something is to be built on it, so that the kept one still guards against
 * a rollback. */
static void expired_metadata_ends_the_chain(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_meta(&timestamp, "timestamp", 6, PAST, "snapshot", 5, &snapshot, SET(TIMESTAMP));
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_EXPIRED, "timestamp metadata expired");
	make_meta(&snapshot, "snapshot", 6, PAST, "targets", 5, &targets, SET(SNAPSHOT));
	make_timestamp(&timestamp, 7, 6, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	refused(&tuf, RILL_TUF_TARGETS, &targets, RILL_EXPIRED, "snapshot metadata expired");
	make_targets(&targets, 6, PAST, FILES);
	make_snapshot(&snapshot, 7, 6, &targets);
	make_timestamp(&timestamp, 8, 7, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	assert_fails(rill_tuf_target(&tuf, "app", &target, &error), RILL_EXPIRED, &error,
		     "targets metadata expired");
	rill_tuf_free(&tuf);
}

static void an_older_timestamp_is_refused(void **state)
{
	struct rill_tuf tuf;
	const char *kept;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	kept = tuf.document[RILL_TUF_TIMESTAMP].json.text;
	make_timestamp(&timestamp, 4, 5, &snapshot);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "rollback");
	make_timestamp(&timestamp, 6, 4, NULL);
	refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "rollback");
	/* The same version keeps what is there, even if it says something else. */
	make_timestamp(&timestamp, 5, 6, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	assert_ptr_equal(tuf.document[RILL_TUF_TIMESTAMP].json.text, kept);
	make_timestamp(&timestamp, 6, 5, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	assert_int_equal(tuf.document[RILL_TUF_TIMESTAMP].version, 6);
	rill_tuf_free(&tuf);
}

static void the_snapshot_is_the_one_that_was_signed(void **state)
{
	static struct text other;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* Another length; the same length and another hash; rightly signed both. */
	make_snapshot(&other, 5, 123456, &targets);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "bytes, not");
	other = snapshot;
	other.bytes[0] = ' ';
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "another SHA-256");
	/* Another version, where neither length nor hash is named. */
	make_timestamp(&timestamp, 6, 6, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY, "version 5, but 6 was signed");
	make_snapshot(&other, 7, 5, &targets);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "version 7, but 6 was signed");
	make_meta(&other, "snapshot", 6, FUTURE, "targets", 5, NULL, SET(TARGETS));
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "0 good signatures");
	make_snapshot(&other, 6, 5, &targets);
	taken(&tuf, RILL_TUF_SNAPSHOT, &other);
	/* Targets never get an older version. */
	make_timestamp(&timestamp, 7, 7, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	make_snapshot(&other, 7, 4, NULL);
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "rollback");
	make_meta(&other, "snapshot", 7, FUTURE, "other", 5, NULL, SET(SNAPSHOT));
	refused(&tuf, RILL_TUF_SNAPSHOT, &other, RILL_SECURITY, "targets.json");
	rill_tuf_free(&tuf);
}

static void the_targets_are_those_that_were_signed(void **state)
{
	static struct text other;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TARGETS);
	make_targets(&other, 5, FUTURE, "{}");
	refused(&tuf, RILL_TUF_TARGETS, &other, RILL_SECURITY, "bytes, not");
	other = targets;
	other.bytes[0] = ' ';
	refused(&tuf, RILL_TUF_TARGETS, &other, RILL_SECURITY, "another SHA-256");
	make_snapshot(&snapshot, 6, 6, NULL);
	make_timestamp(&timestamp, 6, 6, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	/* The snapshot is not yet the timestamp's. */
	assert_false(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	refused(&tuf, RILL_TUF_TARGETS, &targets, RILL_SECURITY, "not the timestamp's");
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	refused(&tuf, RILL_TUF_TARGETS, &targets, RILL_SECURITY, "version 5, but 6 was signed");
	make_targets(&other, 6, FUTURE, "{}");
	taken(&tuf, RILL_TUF_TARGETS, &other);
	assert_int_equal(tuf.document[RILL_TUF_TARGETS].version, 6);
	rill_tuf_free(&tuf);
}

static void a_kept_snapshot_guards_against_a_rollback(void **state)
{
	static struct text old, other;
	struct rill_tuf tuf;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* Older than the timestamp's: taken, but nothing can be built on it. */
	make_meta(&old, "snapshot", 4, PAST, "targets", 6, NULL, SET(SNAPSHOT));
	refused(&tuf, RILL_TUF_SNAPSHOT, &old, RILL_SECURITY, "snapshot metadata");
	assert_ok(rill_tuf_snapshot(&tuf, old.bytes, old.n, true, &error), &error);
	assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version, 4);
	assert_false(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	/* It knows of targets 6; the new one has 5. */
	refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY, "rollback");
	rill_tuf_free(&tuf);

	start_before(&tuf, RILL_TUF_SNAPSHOT);
	/* With the timestamp's version it must be that very file; signed it must be always. */
	make_snapshot(&other, 5, 4, NULL);
	assert_fails(rill_tuf_snapshot(&tuf, other.bytes, other.n, true, &error), RILL_SECURITY,
		     &error, "bytes, not");
	make_meta(&other, "snapshot", 4, FUTURE, "targets", 4, NULL, SET(TARGETS));
	assert_fails(rill_tuf_snapshot(&tuf, other.bytes, other.n, true, &error), RILL_SECURITY,
		     &error, "0 good signatures");
	assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version, 0);
	assert_ok(rill_tuf_snapshot(&tuf, snapshot.bytes, snapshot.n, true, &error), &error);
	assert_true(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	rill_tuf_free(&tuf);
}

#define META "\"meta\":{\"snapshot.json\":{\"version\":1}}"

static void fields_that_are_missing_or_malformed_are_named(void **state)
{
	static const struct {
		const char *body, *fragment;
	} bad[] = {
		{"{\"_type\":\"snapshot\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"1.0\",\"version\":1}",
		 "\"_type\""},
		{"{\"expires\":\"" FUTURE "\"," META ",\"spec_version\":\"1.0\",\"version\":1}",
		 "\"_type\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"2.0\",\"version\":1}",
		 "\"spec_version\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"10.0\",\"version\":1}",
		 "\"spec_version\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META ",\"version\":1}",
		 "\"spec_version\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"1.0\",\"version\":0}",
		 "\"version\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"1.0\",\"version\":\"1\"}",
		 "\"version\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"2026-06-02\"," META
		 ",\"spec_version\":\"1.0\",\"version\":1}",
		 "\"expires\""},
		{"{\"_type\":\"timestamp\"," META ",\"spec_version\":\"1.0\",\"version\":1}",
		 "\"expires\""},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		 "\",\"meta\":{\"snapshot.json\":{\"version\":0}},\"spec_version\":\"1.0\","
		 "\"version\":1}",
		 "snapshot.json"},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		 "\",\"meta\":{\"snapshot.json\":{\"hashes\":{},\"version\":1}},"
		 "\"spec_version\":\"1.0\",\"version\":1}",
		 "hashes"},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		 "\",\"meta\":{\"snapshot.json\":{\"length\":2000001,\"version\":1}},"
		 "\"spec_version\":\"1.0\",\"version\":1}",
		 "length"},
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		 "\",\"meta\":{\"snapshot.json\":{\"length\":0,\"version\":1}},"
		 "\"spec_version\":\"1.0\",\"version\":1}",
		 "length"},
		{"[1]", "\"signed\""},
	};
	static struct text body, file;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		body.n = 0;
		add(&body, "%s", bad[i].body);
		sign(&file, &body, SET(TIMESTAMP));
		refused(&tuf, RILL_TUF_TIMESTAMP, &file, RILL_SECURITY, bad[i].fragment);
	}
	/* The body of another role is not one of this role, whoever signed it. */
	make_meta(&file, "snapshot", 9, FUTURE, "snapshot", 5, NULL,
		  SET(TIMESTAMP) | SET(SNAPSHOT));
	refused(&tuf, RILL_TUF_TIMESTAMP, &file, RILL_SECURITY, "\"_type\"");
	rill_tuf_free(&tuf);
}

/* What stands beside "signed" is the server's word, and stands in for nothing. */
static void nothing_outside_of_signed_is_used(void **state)
{
	static struct text body, file;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	add(&body, "{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		   "\",\"spec_version\":\"1.0\",\"version\":1}");
	sign(&file, &body, SET(TIMESTAMP));
	file.n--;
	add(&file, ",\"snapshot.json\":{\"version\":5}}");
	refused(&tuf, RILL_TUF_TIMESTAMP, &file, RILL_SECURITY, "snapshot.json");
	rill_tuf_free(&tuf);
}

/* A signed entry without hashes does not take its hash from outside either. */
static void no_hash_outside_of_signed_is_used(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_targets(&targets, 5, FUTURE, "{\"app\":{\"length\":1}}");
	targets.n--;
	add(&targets, ",\"sha256\":\"" HEX "\"}");
	make_snapshot(&snapshot, 5, 5, NULL);
	make_timestamp(&timestamp, 5, 5, NULL);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	assert_fails(rill_tuf_target(&tuf, "app", &target, &error), RILL_SECURITY, &error,
		     "sha256");
	rill_tuf_free(&tuf);
}

/* Only the canonical form is signed: the file may be laid out otherwise and hold more. */
static void an_indented_file_with_unknown_fields_is_verified(void **state)
{
	static const char canonical[] = "{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
					",\"spec_version\":\"1.0\",\"version\":3,"
					"\"x-note\":\"\xc3\xa9\n\"}";
	static struct text file;
	struct rill_tuf tuf;
	uint8_t digest[RILL_SHA256_SIZE];

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	rill_sha256(canonical, sizeof canonical - 1, digest);
	add(&file, "{\n \"signatures\": [");
	add_signature(&file, &keys[TIMESTAMP], keys[TIMESTAMP].keyid, digest);
	add(&file, "\n ],\n \"unknown\": {},\n"
		   " \"signed\": {\r\n  \"x-note\": \"\\u00e9\\n\",\n\t\"version\" : 3,\n"
		   "  \"spec_version\": \"1.0\",\n  \"_type\": \"timest\\u0061mp\",\n"
		   "  \"meta\": {\n   \"snapshot.json\": {\n    \"version\": 1\n   }\n  },\n"
		   "  \"expires\": \"" FUTURE "\"\n }\n}\n");
	taken(&tuf, RILL_TUF_TIMESTAMP, &file);
	assert_int_equal(tuf.document[RILL_TUF_TIMESTAMP].version, 3);
	rill_tuf_free(&tuf);
}

static void a_file_longer_than_its_role_may_be_is_refused(void **state)
{
	struct rill_tuf tuf;
	struct rill_error error;
	size_t n = rill_tuf_length_max(RILL_TUF_TIMESTAMP);
	char *file = malloc(n + 1);

	(void)state;
	assert_non_null(file);
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	memset(file, ' ', n + 1);
	memcpy(file, timestamp.bytes, timestamp.n);
	assert_fails(rill_tuf_timestamp(&tuf, file, n + 1, &error), RILL_SECURITY, &error,
		     "at most");
	assert_ok(rill_tuf_timestamp(&tuf, file, n, &error), &error);
	free(file);
	rill_tuf_free(&tuf);
}

static void without_what_is_above_nothing_is_trusted(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_tuf_meta meta;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_ROOT);
	assert_int_not_equal(load(&tuf, RILL_TUF_TIMESTAMP, &timestamp, &error), RILL_OK);
	assert_int_not_equal(load(&tuf, RILL_TUF_SNAPSHOT, &snapshot, &error), RILL_OK);
	assert_int_not_equal(load(&tuf, RILL_TUF_TARGETS, &targets, &error), RILL_OK);
	assert_int_not_equal(rill_tuf_target(&tuf, "app", &target, &error), RILL_OK);
	assert_fails(rill_tuf_meta(&tuf, RILL_TUF_SNAPSHOT, &meta, &error), RILL_SECURITY, &error,
		     "snapshot.json");
	assert_false(rill_tuf_is_current(&tuf, RILL_TUF_SNAPSHOT));
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		assert_int_equal(tuf.document[role].version, 0);
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_chain_leads_to_its_targets),
		cmocka_unit_test(malformed_targets_are_refused_when_looked_up),
		cmocka_unit_test(a_file_that_was_changed_is_refused),
		cmocka_unit_test(a_threshold_needs_that_many_keys),
		cmocka_unit_test(one_key_under_two_keyids_counts_once),
		cmocka_unit_test(one_key_in_two_pem_texts_counts_once),
		cmocka_unit_test(a_keyid_is_the_hash_of_its_key),
		cmocka_unit_test(a_threshold_of_zero_is_refused),
		cmocka_unit_test(a_root_leads_to_the_next),
		cmocka_unit_test(a_new_root_needs_both_thresholds),
		cmocka_unit_test(an_expired_root_can_only_lead_to_a_new_one),
		cmocka_unit_test(expired_metadata_ends_the_chain),
		cmocka_unit_test(an_older_timestamp_is_refused),
		cmocka_unit_test(the_snapshot_is_the_one_that_was_signed),
		cmocka_unit_test(the_targets_are_those_that_were_signed),
		cmocka_unit_test(a_kept_snapshot_guards_against_a_rollback),
		cmocka_unit_test(fields_that_are_missing_or_malformed_are_named),
		cmocka_unit_test(nothing_outside_of_signed_is_used),
		cmocka_unit_test(no_hash_outside_of_signed_is_used),
		cmocka_unit_test(an_indented_file_with_unknown_fields_is_verified),
		cmocka_unit_test(a_file_longer_than_its_role_may_be_is_refused),
		cmocka_unit_test(without_what_is_above_nothing_is_trusted),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
