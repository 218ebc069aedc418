/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tuf/metadata.h"

#include <stdlib.h>
#include <string.h>

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
		{"{\"_type\":\"timestamp\",\"expires\":\"" FUTURE "\"," META
		 ",\"spec_version\":\"1.0\",\"version\":9223372036854775807}",
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
		 "\",\"meta\":{\"snapshot.json\":{\"length\":512001,\"version\":1}},"
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
	assert_fails(rill_tuf_timestamp(&tuf, file, n + 1, false, &error), RILL_SECURITY, &error,
		     "at most");
	assert_ok(rill_tuf_timestamp(&tuf, file, n, false, &error), &error);
	free(file);
	rill_tuf_free(&tuf);
}

/* Many values in few bytes would take many times the file's memory. */
static void a_file_of_too_many_values_is_refused(void **state)
{
	static struct text file;
	struct rill_tuf tuf;

	(void)state;
	start_before(&tuf, RILL_TUF_TIMESTAMP);
	add(&file, "{\"signed\":[");
	for (int i = 0; i < 2000; i++)
		add(&file, "1,");
	add(&file, "1]}");
	refused(&tuf, RILL_TUF_TIMESTAMP, &file, RILL_SECURITY, "too many values");
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
		cmocka_unit_test(fields_that_are_missing_or_malformed_are_named),
		cmocka_unit_test(an_indented_file_with_unknown_fields_is_verified),
		cmocka_unit_test(a_file_longer_than_its_role_may_be_is_refused),
		cmocka_unit_test(a_file_of_too_many_values_is_refused),
		cmocka_unit_test(without_what_is_above_nothing_is_trusted),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
