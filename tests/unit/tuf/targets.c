/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

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
	assert_true(meta.exact && meta.has_hashes && meta.hashes.has_sha256);
	assert_int_equal(meta.version, 5);
	assert_int_equal(meta.length, targets.n);
	assert_memory_equal(meta.hashes.sha256, digest, sizeof digest);

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
		"{\"app\":{\"hashes\":{\"sha3-256\":\"" HEX "\"},\"length\":1}}",
		"{\"app\":{\"hashes\":{\"sha256\":\"" HEX "\",\"sha512\":\"" HEX
		"\"},\"length\":1}}",
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
	refused(&tuf, RILL_TUF_TARGETS, &other, RILL_SECURITY, "another hash");
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

static void expired_targets_are_not_trusted(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_targets(&targets, 6, PAST, FILES);
	make_snapshot(&snapshot, 6, 6, &targets);
	make_timestamp(&timestamp, 6, 6, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	refused(&tuf, RILL_TUF_TARGETS, &targets, RILL_EXPIRED, "targets metadata expired");
	assert_fails(rill_tuf_target(&tuf, "app", &target, &error), RILL_SECURITY, &error,
		     "no trusted targets");
	rill_tuf_free(&tuf);
}

static void sha512_counts_too(void **state)
{
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	make_targets(&targets, 5, FUTURE,
		     "{\"app\":{\"hashes\":{\"sha512\":\"" HEX HEX
		     "\",\"md5\":\"\"},\"length\":1}}");
	make_snapshot(&snapshot, 5, 5, &targets);
	make_timestamp(&timestamp, 5, 5, &snapshot);
	taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
	taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
	taken(&tuf, RILL_TUF_TARGETS, &targets);
	assert_ok(rill_tuf_target(&tuf, "app", &target, &error), &error);
	assert_true(target.hashes.has_sha512 && !target.hashes.has_sha256);
	rill_tuf_free(&tuf);
}

/* A hash of metadata by SHA-512 alone, right and wrong. */
static void metadata_may_be_hashed_by_sha512(void **state)
{
	static struct text body;
	struct rill_tuf tuf;
	uint8_t digest[RILL_SHA512_SIZE];
	char hex[2 * RILL_SHA512_SIZE + 1];

	(void)state;
	for (int right = 0; right < 2; right++) {
		start_before(&tuf, RILL_TUF_SNAPSHOT);
		rill_sha512(snapshot.bytes, snapshot.n, digest);
		digest[63] ^= (uint8_t)!right;
		rill_hex(digest, sizeof digest, hex);
		body.n = 0;
		add(&body,
		    "{\"_type\":\"timestamp\",\"expires\":\"" FUTURE
		    "\",\"meta\":{\"snapshot.json\":"
		    "{\"hashes\":{\"sha512\":\"%s\"},\"version\":5}},\"spec_version\":\"1.0.31\","
		    "\"version\":6}",
		    hex);
		sign(&timestamp, &body, SET(TIMESTAMP));
		taken(&tuf, RILL_TUF_TIMESTAMP, &timestamp);
		if (right)
			taken(&tuf, RILL_TUF_SNAPSHOT, &snapshot);
		else
			refused(&tuf, RILL_TUF_SNAPSHOT, &snapshot, RILL_SECURITY, "another hash");
		rill_tuf_free(&tuf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_chain_leads_to_its_targets),
		cmocka_unit_test(malformed_targets_are_refused_when_looked_up),
		cmocka_unit_test(the_targets_are_those_that_were_signed),
		cmocka_unit_test(no_hash_outside_of_signed_is_used),
		cmocka_unit_test(expired_targets_are_not_trusted),
		cmocka_unit_test(sha512_counts_too),
		cmocka_unit_test(metadata_may_be_hashed_by_sha512),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
