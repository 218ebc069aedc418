/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/support.h"

#include "protocol/release.h"
#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* The example of release.h with a second delta. Single quotes stand for double ones. */
#define FIRST                                                                                      \
	"{'from': ['sha256:" A "'], 'path': 'deltas/a', 'length': 4711, "                          \
	"'header': {'length': 211, 'sha256': '" C "'}, 'memory': 262144, 'scratch': 1016744}"
#define SECOND                                                                                     \
	"{'from': ['sha256:" B "'], 'path': 'deltas/b', 'length': 0, "                             \
	"'header': {'length': 10, 'sha256': '" A "'}, 'memory': 0, 'scratch': 0}"
#define EXAMPLE                                                                                    \
	"{'rill': {'kind': 'file', 'release': 7, 'boards': ['generic-arm64', 'x'], "               \
	"'deltas': [" FIRST ", " SECOND "]}}"

/* A document whose member "custom" is `text` with `what` replaced by `by`. Its other members
 * are what nobody signed: nothing of them may show. */
static void read_custom(struct rill_json *json, uint32_t *custom, const char *text,
			const char *what, const char *by)
{
	char document[4096];
	const char *at = strstr(text, what);
	struct rill_error error;
	int n;

	assert_non_null(at);
	n = snprintf(document, sizeof document,
		     "{'kind':'file','release':1,'path':'evil','length':1,'sha256':'" B "',"
		     "'memory':1,'scratch':1,'from':['sha256:" B "'],'custom':%.*s%s%s}",
		     (int)(at - text), text, by, at + strlen(what));
	assert_true(n > 0 && (size_t)n < sizeof document);
	for (char *c = document; *c; c++)
		if (*c == '\'')
			*c = '"';
	assert_ok(rill_json_parse(json, document, strlen(document), 1000, &error), &error);
	*custom = rill_json_get(json, RILL_JSON_ROOT, "custom");
}

static void the_example_is_read(void **state)
{
	struct rill_json json;
	struct rill_release release;
	struct rill_error error;
	uint32_t custom;

	(void)state;
	read_custom(&json, &custom, EXAMPLE, "", "");
	assert_ok(rill_release_parse(&json, custom, &release, &error), &error);
	assert_int_equal(release.kind, RILL_KIND_FILE);
	assert_int_equal(release.number, 7);
	assert_true(rill_json_is(&json, release.boards, RILL_JSON_ARRAY));
	assert_true(rill_json_is(&json, release.deltas, RILL_JSON_ARRAY));
	rill_json_free(&json);
}

static void a_field_that_is_missing_or_malformed_is_named(void **state)
{
	static const struct {
		const char *what, *by, *field;
	} bad[] = {
		{"'rill'", "'other'", "\"rill\""},
		{"'kind'", "'other'", "\"kind\""},
		{"'file'", "1", "\"kind\""},
		{"'file'", "['file']", "\"kind\""},
		{"'release'", "'other'", "\"release\""},
		{"'release': 7", "'release': '7'", "\"release\""},
		{"'release': 7", "'release': 0", "\"release\""},
		{"'release': 7", "'release': -1", "\"release\""},
		{"'release': 7", "'release': null", "\"release\""},
		{"['generic-arm64', 'x']", "'generic-arm64'", "\"boards\""},
		{"['generic-arm64', 'x']", "null", "\"boards\""},
		{"['generic-arm64', 'x']", "{'generic-arm64': 1}", "\"boards\""},
		{"[" FIRST ", " SECOND "]", "{}", "\"deltas\""},
		{"[" FIRST ", " SECOND "]", "false", "\"deltas\""},
		{"[" FIRST ", " SECOND "]", "0", "\"deltas\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct rill_json json;
		struct rill_release release;
		struct rill_error error;
		uint32_t custom;

		read_custom(&json, &custom, EXAMPLE, bad[i].what, bad[i].by);
		assert_fails(rill_release_parse(&json, custom, &release, &error), RILL_SECURITY,
			     &error, bad[i].field);
		rill_json_free(&json);
	}
}

static void no_custom_data_or_an_unknown_kind_is_refused(void **state)
{
	static const char *const others[] = {"'oci'", "'File'", "''", "'file '"};
	struct rill_json json;
	struct rill_release release;
	struct rill_error error;
	uint32_t custom;

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		read_custom(&json, &custom, EXAMPLE, "'file'", others[i]);
		assert_fails(rill_release_parse(&json, custom, &release, &error), RILL_UNSUPPORTED,
			     &error, "kind");
		rill_json_free(&json);
	}
	read_custom(&json, &custom, EXAMPLE, "", "");
	assert_fails(rill_release_parse(&json, 0, &release, &error), RILL_SECURITY, &error,
		     "\"rill\"");
	rill_json_free(&json);
	read_custom(&json, &custom, "[1]", "", "");
	assert_fails(rill_release_parse(&json, custom, &release, &error), RILL_SECURITY, &error,
		     "\"rill\"");
	rill_json_free(&json);
}

static void a_release_is_for_its_boards(void **state)
{
	struct rill_json json;
	struct rill_release release;
	struct rill_error error;
	uint32_t custom;

	(void)state;
	read_custom(&json, &custom, EXAMPLE, "", "");
	assert_ok(rill_release_parse(&json, custom, &release, &error), &error);
	assert_true(rill_release_is_for(&json, &release, "generic-arm64"));
	assert_true(rill_release_is_for(&json, &release, "x"));
	assert_false(rill_release_is_for(&json, &release, "generic-arm"));
	assert_false(rill_release_is_for(&json, &release, "generic-arm64 "));
	assert_false(rill_release_is_for(&json, &release, ""));
	rill_json_free(&json);
	/* Without boards for all, with an empty list for none. */
	read_custom(&json, &custom, EXAMPLE, "'boards'", "'notes'");
	assert_ok(rill_release_parse(&json, custom, &release, &error), &error);
	assert_true(rill_release_is_for(&json, &release, "anything"));
	rill_json_free(&json);
	read_custom(&json, &custom, EXAMPLE, "['generic-arm64', 'x']", "[]");
	assert_ok(rill_release_parse(&json, custom, &release, &error), &error);
	assert_false(rill_release_is_for(&json, &release, "anything"));
	rill_json_free(&json);
	/* Elements that are no names do not match. */
	read_custom(&json, &custom, EXAMPLE, "'x'", "1, ['y'], {'z': 'z'}");
	assert_ok(rill_release_parse(&json, custom, &release, &error), &error);
	assert_false(rill_release_is_for(&json, &release, "1"));
	assert_false(rill_release_is_for(&json, &release, "y"));
	assert_false(rill_release_is_for(&json, &release, "z"));
	rill_json_free(&json);
}

/* The delta from the base whose SHA-256 is `hex`. */
static enum rill_code find(const char *what, const char *by, const char *hex, bool *found,
			   struct rill_error *error)
{
	struct rill_json json;
	struct rill_release release;
	struct rill_release_delta delta;
	uint8_t base[RILL_SHA256_SIZE], header[RILL_SHA256_SIZE];
	enum rill_code code;
	uint32_t custom;

	assert_true(rill_unhex(hex, base, sizeof base));
	read_custom(&json, &custom, EXAMPLE, what, by);
	assert_ok(rill_release_parse(&json, custom, &release, error), error);
	*found = true;
	code = rill_release_find_delta(&json, &release, base, &delta, found, error);
	if (code == RILL_OK && *found) {
		bool first = strcmp(hex, A) == 0;

		assert_true(rill_unhex(first ? C : A, header, sizeof header));
		assert_memory_equal(delta.from, base, sizeof base);
		assert_string_equal(delta.path, first ? "deltas/a" : "deltas/b");
		assert_int_equal(delta.length, first ? 4711 : 0);
		assert_int_equal(delta.header_length, first ? 211 : 10);
		assert_memory_equal(delta.header_sha256, header, sizeof header);
		assert_int_equal(delta.memory, first ? 262144 : 0);
		assert_int_equal(delta.scratch, first ? 1016744 : 0);
	}
	rill_json_free(&json);
	return code;
}

static void the_delta_from_a_base_is_found(void **state)
{
	struct rill_error error;
	bool found;

	(void)state;
	assert_ok(find("", "", A, &found, &error), &error);
	assert_true(found);
	assert_ok(find("", "", B, &found, &error), &error);
	assert_true(found);
	assert_ok(find("", "", C, &found, &error), &error);
	assert_false(found);
	assert_ok(find("'deltas'", "'none'", A, &found, &error), &error);
	assert_false(found);
	assert_ok(find("[" FIRST ", " SECOND "]", "[]", A, &found, &error), &error);
	assert_false(found);
}

static void a_malformed_delta_is_named(void **state)
{
	static const struct {
		const char *what, *by, *field;
	} bad[] = {
		{"'from'", "'other'", "\"from\""},
		{"['sha256:" A "']", "'sha256:" A "'", "\"from\""},
		{"['sha256:" A "']", "[]", "\"from\""},
		{"['sha256:" A "']", "[1]", "\"from\""},
		{"sha256:" A, A, "\"from\""},
		{"sha256:" A, "sha512:" A, "\"from\""},
		{"sha256:" A, "SHA256:" A, "\"from\""},
		{"sha256:" A, "sha256:" A "aa", "\"from\""},
		{"sha256:aa", "sha256:Aa", "\"from\""},
		{"'path'", "'other'", "\"path\""},
		{"'deltas/a'", "1", "\"path\""},
		{"'length': 4711, ", "", "\"length\""},
		{"4711", "'4711'", "\"length\""},
		{"4711", "-1", "\"length\""},
		{"4711", "281474976710657", "\"length\""}, /* 2^48 + 1 */
		{"4711", "9223372036854775807", "\"length\""},
		{"{'length': 211, 'sha256': '" C "'}", "211", "\"header\""},
		{"'length': 211, ", "", "\"header\""},
		{"211", "-1", "\"header\""},
		{"211", "4194305", "\"header\""},
		{", 'sha256': '" C "'", "", "\"header\""},
		{"'" C "'", "'" C "c'", "\"header\""},
		{"'" C "'", "1", "\"header\""},
		{"'memory'", "'other'", "\"memory\""},
		{"262144", "-1", "\"memory\""},
		{"262144", "true", "\"memory\""},
		{"'scratch'", "'other'", "\"scratch\""},
		{"1016744", "-1", "\"scratch\""},
		{"1016744", "281474976710657", "\"scratch\""},
		{FIRST, "1", "\"from\""},
		{FIRST, "[]", "\"from\""},
	};
	struct rill_error error;
	bool found;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		/* Also on the way to another. */
		assert_fails(find(bad[i].what, bad[i].by, A, &found, &error), RILL_SECURITY, &error,
			     bad[i].field);
		assert_false(found);
		assert_fails(find(bad[i].what, bad[i].by, B, &found, &error), RILL_SECURITY, &error,
			     bad[i].field);
		assert_false(found);
	}
}

/* Without a "header" nothing outside the entry may stand in for it. */
static void a_delta_without_header_takes_none_from_elsewhere(void **state)
{
	struct rill_error error;
	bool found;

	(void)state;
	assert_fails(find("'header'", "'other'", A, &found, &error), RILL_SECURITY, &error,
		     "\"header\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_read),
		cmocka_unit_test(a_field_that_is_missing_or_malformed_is_named),
		cmocka_unit_test(no_custom_data_or_an_unknown_kind_is_refused),
		cmocka_unit_test(a_release_is_for_its_boards),
		cmocka_unit_test(the_delta_from_a_base_is_found),
		cmocka_unit_test(a_malformed_delta_is_named),
		cmocka_unit_test(a_delta_without_header_takes_none_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
