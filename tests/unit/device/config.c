/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/config.h"
#include <string.h>

#define TARGET "{\"name\":\"app\",\"kind\":\"file\",\"path\":\"/opt/app\"}"
#define TARGETS "\"targets\":[" TARGET "]"
#define URL "\"url\":\"https://example.com/\""

static enum rill_code read_bytes(struct folder *folder, struct config *config, const char *text,
				 size_t n, struct rill_error *error)
{
	const char *path = folder_path(folder, "agent.json");

	put_file(path, text, n);
	return config_read(config, path, error);
}

static enum rill_code read_text(struct folder *folder, struct config *config, const char *text,
				struct rill_error *error)
{
	return read_bytes(folder, config, text, strlen(text), error);
}

static void every_key_is_read(void **state)
{
	static const char text[] =
		"{" URL ",\"ca\":\"/ca.pem\",\"root\":\"/root.json\",\"state\":\"/state\","
		"\"board\":\"b\",\"full\":\"always\",\"memory\":1048576,\"stall_timeout\":7,"
		"\"targets\":[" TARGET ",{\"name\":\"two\",\"kind\":\"file\",\"path\":\"/opt/two\","
		"\"health\":[\"/bin/check\",\"-q\"],\"health_timeout\":9}]}\n";
	struct config config;
	struct rill_error error;
	const struct target_config *target;

	assert_ok(read_text(*state, &config, text, &error), &error);
	assert_string_equal(config.http.url, "https://example.com/");
	assert_string_equal(config.http.tls.ca, "/ca.pem");
	assert_string_equal(config.root, "/root.json");
	assert_string_equal(config.state, "/state");
	assert_string_equal(config.board, "b");
	assert_int_equal(config.full, FULL_ALWAYS);
	assert_int_equal(config.memory, 1048576);
	assert_int_equal(config.http.limits.stall_timeout, 7);
	assert_int_equal(config.target_count, 2);
	target = &config.targets[1];
	assert_string_equal(target->name, "two");
	assert_int_equal(target->kind, RILL_KIND_FILE);
	assert_string_equal(target->path, "/opt/two");
	assert_string_equal(target->health[0], "/bin/check");
	assert_string_equal(target->health[1], "-q");
	assert_null(target->health[2]);
	assert_int_equal(target->health_timeout, 9);
	config_free(&config);
	config_free(&config);
}

static enum rill_code read_slot(void *state, const char *keys, struct rill_error *error)
{
	struct config config;
	char text[512];
	enum rill_code code;

	snprintf(text, sizeof text,
		 "{" URL ",\"state\":\"/s\",\"targets\":[{\"name\":\"system\",%s}]}", keys);
	code = read_text(state, &config, text, error);
	if (code == RILL_OK) {
		const struct target_config *target = config.targets;

		assert_int_equal(target->kind, RILL_KIND_SLOT);
		assert_string_equal(target->slots[0].name, "a");
		assert_string_equal(target->slots[1].device, "PARTLABEL=b");
		assert_string_equal(target->boot[0], "/b");
		assert_string_equal(target->state, "/s");
		assert_string_equal(target->path, "system");
	}
	config_free(&config);
	return code;
}

static void slots_have_their_own_keys(void **state)
{
	static const char *const wrong[][2] = {
		{"\"kind\":\"slot\",\"boot\":[\"/b\"]", "\"slots\": is missing"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"b\":\"/2\"}", "\"boot\": is missing"},
		{"\"kind\":\"slot\",\"path\":\"/p\",\"boot\":[\"/b\"],"
		 "\"slots\":{\"a\":\"/1\",\"b\":\"/2\"}",
		 "\"path\": is not for"},
		{"\"kind\":\"file\",\"path\":\"/p\",\"boot\":[\"/b\"]", "\"boot\": is for kind"},
		{"\"kind\":\"file\"", "\"path\": is missing"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\"}", "of two"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"a\":\"/2\"}", "of two"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"b\":2}", "of two"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"$(b)\":\"/2\"}", "of two"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"b\":\"/2\",\"c\":\"/3\"}", "of two"},
		{"\"kind\":\"slot\",\"slots\":[\"/1\",\"/2\"]", "of two"},
		{"\"kind\":\"slot\",\"slots\":7", "of two"},
		{"\"kind\":\"slot\",\"slots\":{\"a\":\"/1\",\"b\":\"/2\"},\"boot\":["
		 "\"/"
		 "b\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\","
		 "\"14\",\"15\",\"16\",\"17\"]",
		 "\"boot\": should be at most 16 words"},
	};
	struct rill_error error;

	assert_ok(read_slot(*state,
			    "\"kind\":\"slot\",\"boot\":[\"/b\"],"
			    "\"slots\":{\"a\":\"/dev/a\",\"b\":\"PARTLABEL=b\"}",
			    &error),
		  &error);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_fails(read_slot(*state, wrong[i][0], &error), RILL_CONFIG, &error,
			     wrong[i][1]);
}

static void what_is_not_said_has_its_default(void **state)
{
	struct config config;
	struct rill_error error;

	assert_ok(read_text(*state, &config, "{" URL "," TARGETS "}", &error), &error);
	assert_string_equal(config.http.tls.ca, "/etc/ssl/certs/ca-certificates.crt");
	assert_string_equal(config.root, "/etc/rill/root.json");
	assert_string_equal(config.state, "/var/lib/rill");
	assert_string_equal(config.board, "");
	assert_int_equal(config.full, FULL_NEVER);
	assert_int_equal(config.memory, 16 << 20);
	assert_int_equal(config.http.limits.stall_timeout, 60);
	assert_null(config.targets[0].health);
	assert_int_equal(config.targets[0].health_timeout, 30);
	config_free(&config);
}

struct bad {
	const char *text, *fragment;
};

static void check_refused(struct folder *folder, const struct bad *bad, size_t count)
{
	struct config config;
	struct rill_error error;

	for (size_t i = 0; i < count; i++) {
		enum rill_code code = read_text(folder, &config, bad[i].text, &error);

		config_free(&config);
		if (code == RILL_OK)
			fail_msg("taken: %s", bad[i].text);
		assert_fails(code, RILL_CONFIG, &error, bad[i].fragment);
		assert_fails(code, RILL_CONFIG, &error, "agent.json");
	}
}

static void unknown_keys_are_named_with_the_known_ones(void **state)
{
	static const struct bad bad[] = {
		{"{" URL "," TARGETS ",\"uri\":1}",
		 "unknown key \"uri\"; known are url, ca, pins, "},
		{"{" URL "," TARGETS ",\"URL\":\"https://b/\"}", "unknown key \"URL\""},
		{"{" URL ",\"targets\":[{\"name\":\"app\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"mode\":1}]}",
		 "targets[0]: unknown key \"mode\"; known are name, kind, path, slots, boot, "
		 "group, "
		 "exact, within, may_switch, activate, hook_timeout, commit, commit_timeout, "
		 "health, "
		 "health_timeout"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void keys_that_stand_twice_are_refused(void **state)
{
	static const struct bad bad[] = {
		{"{" URL "," URL "," TARGETS "}", "key \"url\": stands twice"},
		{"{" URL "," TARGETS "," TARGETS "}", "key \"targets\": stands twice"},
		{"{" URL ",\"targets\":[{\"name\":\"app\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"health\":[\"/a\"],\"health\":[\"/b\"]}]}",
		 "targets[0]: key \"health\": stands twice"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void values_of_a_wrong_type_are_refused(void **state)
{
	static const struct bad bad[] = {
		{"{\"url\":5," TARGETS "}", "key \"url\": should be a text"},
		{"{\"url\":null," TARGETS "}", "key \"url\": should be a text"},
		{"{\"url\":\"\"," TARGETS "}", "key \"url\": should be a text"},
		{"{" URL ",\"memory\":\"1\"," TARGETS "}", "key \"memory\": should be a whole"},
		{"{" URL ",\"memory\":true," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"targets\":{}}", "key \"targets\": should be a list"},
		{"{" URL ",\"targets\":[1]}", "targets[0]: an object"},
		{"{" URL ",\"targets\":[" TARGET ",[]]}", "targets[1]: an object"},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"health\":\"/bin/true\"}]}",
		 "key \"health\": should be a list of texts"},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"health\":[\"/bin/true\",1]}]}",
		 "key \"health\": should be a list of texts"},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"health\":[]}]}",
		 "key \"health\""},
		{"[]", "an object"},
		{"5", "an object"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void numbers_have_their_ranges(void **state)
{
	static const struct bad bad[] = {
		{"{" URL ",\"memory\":0," TARGETS "}", "from 1 to 1099511627776"},
		{"{" URL ",\"memory\":-1," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"memory\":1.5," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"memory\":1099511627777," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"memory\":1e300," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"memory\":1e999," TARGETS "}", "key \"memory\""},
		{"{" URL ",\"stall_timeout\":0," TARGETS "}", "from 1 to 86400"},
		{"{" URL ",\"stall_timeout\":86401," TARGETS "}", "key \"stall_timeout\""},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\",\"path\":\"/a\","
		 "\"health_timeout\":0}]}",
		 "key \"health_timeout\""},
	};
	struct config config;
	struct rill_error error;

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
	assert_ok(read_text(*state, &config, "{" URL ",\"memory\":1099511627776," TARGETS "}",
			    &error),
		  &error);
	assert_true(config.memory == INT64_C(1) << 40);
	config_free(&config);
}

static void what_must_be_said_is_missed(void **state)
{
	static const struct bad bad[] = {
		{"{}", "key \"url\": is missing"},
		{"{" TARGETS "}", "key \"url\": is missing"},
		{"{" URL "}", "key \"targets\": is missing"},
		{"{" URL ",\"targets\":[]}", "at least one"},
		{"{" URL ",\"targets\":[{\"kind\":\"file\",\"path\":\"/a\"}]}",
		 "key \"name\": is missing"},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"path\":\"/a\"}]}",
		 "key \"kind\": is missing"},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\"}]}",
		 "key \"path\": is missing"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void values_that_mean_nothing_are_refused(void **state)
{
	static const struct bad bad[] = {
		{"{" URL ",\"full\":\"sometimes\"," TARGETS "}",
		 "key \"full\": should be \"never\", \"within-budget\" or \"always\""},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"disk\",\"path\":\"/a\"}]}",
		 "key \"kind\": should be \"file\""},
		{"{" URL ",\"targets\":[{\"name\":\"a\",\"kind\":\"file\",\"path\":\"a/b\"}]}",
		 "key \"path\": should begin with /"},
		{"{" URL ",\"client_key\":\"/key\"," TARGETS "}", "key \"client_key\": is of use"},
		{"{" URL ",\"client_certificate\":\"/crt\"," TARGETS "}",
		 "key \"client_certificate\": is of use"},
		{"{" URL ",\"full\":\"within-budget\"," TARGETS "}", "needs a \"budget\""},
		{"{" URL ",\"hours\":[\"1-2\"]," TARGETS "}", "key \"hours\": should be a list"},
		{"{" URL ",\"targets\":[" TARGET "," TARGET "]}",
		 "key \"targets\": two have the same name"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void text_that_is_not_json_is_placed(void **state)
{
	static const struct bad bad[] = {
		{"", "not JSON"},
		{"{" URL "," TARGETS "", "not JSON at offset"},
		{"{" URL "," TARGETS "} x", "not JSON at offset 90"},
		{"{" URL "," TARGETS "}{}", "not JSON at offset"},
		{"{" URL ";}", "not JSON at offset 29"},
		{"{'url':1}", "not JSON at offset"},
	};

	check_refused(*state, bad, sizeof bad / sizeof bad[0]);
}

static void what_stands_behind_a_nul_is_not_passed_over(void **state)
{
	static const char text[] = "{" URL "," TARGETS "}\0{\"full\":\"always\"}";
	struct config config;
	struct rill_error error;
	enum rill_code code = read_bytes(*state, &config, text, sizeof text - 1, &error);

	config_free(&config);
	assert_fails(code, RILL_CONFIG, &error, "not JSON");
}

static void files_that_cannot_be_read_are_named(void **state)
{
	struct folder *folder = *state;
	struct config config;
	struct rill_error error;

	assert_fails(config_read(&config, folder_path(folder, "none.json"), &error), RILL_CONFIG,
		     &error, "none.json: there is no such file");
	config_free(&config);
	assert_fails(config_read(&config, folder->path, &error), RILL_IO, &error, folder->path);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(every_key_is_read),
		in_folder(slots_have_their_own_keys),
		in_folder(what_is_not_said_has_its_default),
		in_folder(unknown_keys_are_named_with_the_known_ones),
		in_folder(keys_that_stand_twice_are_refused),
		in_folder(values_of_a_wrong_type_are_refused),
		in_folder(numbers_have_their_ranges),
		in_folder(what_must_be_said_is_missed),
		in_folder(values_that_mean_nothing_are_refused),
		in_folder(text_that_is_not_json_is_placed),
		in_folder(what_stands_behind_a_nul_is_not_passed_over),
		in_folder(files_that_cannot_be_read_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
