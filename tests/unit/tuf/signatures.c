/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

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
		refused(&tuf, RILL_TUF_ROOT, &root, RILL_SECURITY, "nothing valid says");
		plan = usual;
		plan.threshold[RILL_TUF_TIMESTAMP] = threshold;
		make_root(&root, &plan, SET(ROOT_1));
		taken(&tuf, RILL_TUF_ROOT, &root);
		refused(&tuf, RILL_TUF_TIMESTAMP, &timestamp, RILL_SECURITY, "nothing valid says");
		rill_tuf_free(&tuf);
	}
}

/* What would be verified in vain costs nothing; but that no key signs twice is seen. */
static void no_more_is_verified_than_is_needed(void **state)
{
	static struct text file;
	struct rill_tuf tuf;
	uint8_t digest[RILL_SHA256_SIZE] = {0};

	(void)state;
	start(&tuf);
	make_root(&file, &usual, SET(ROOT_1));
	file.n -= 2;
	for (int i = 0; i < 63; i++)
		add(&file, ",{\"keyid\":\"k%d\",\"sig\":\"00\"}", i);
	add(&file, "]}");
	taken(&tuf, RILL_TUF_ROOT, &file);
	rill_tuf_free(&tuf);

	start(&tuf);
	file.n -= 2;
	add_signature(&file, &keys[OTHER], keys[OTHER].keyid, digest);
	add(&file, "]}");
	refused(&tuf, RILL_TUF_ROOT, &file, RILL_SECURITY, "over 64 signatures");
	make_root(&file, &usual, SET(ROOT_1));
	file.n -= 2;
	add_signature(&file, &keys[ROOT_1], keys[ROOT_1].keyid, digest);
	add(&file, "]}");
	refused(&tuf, RILL_TUF_ROOT, &file, RILL_SECURITY, "two signatures of one key");
	make_root(&file, &usual, SET(ROOT_1));
	file.n -= 2;
	add(&file, ",{\"keyid\":\"k\"}]}");
	refused(&tuf, RILL_TUF_ROOT, &file, RILL_SECURITY, "a malformed signature");
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_was_changed_is_refused),
		cmocka_unit_test(a_threshold_needs_that_many_keys),
		cmocka_unit_test(one_key_under_two_keyids_counts_once),
		cmocka_unit_test(one_key_in_two_pem_texts_counts_once),
		cmocka_unit_test(a_keyid_is_the_hash_of_its_key),
		cmocka_unit_test(a_threshold_of_zero_is_refused),
		cmocka_unit_test(no_more_is_verified_than_is_needed),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
