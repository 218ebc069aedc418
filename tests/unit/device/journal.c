/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/journal.h"
#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static struct entry sample(enum update_state state)
{
	struct entry entry = {.state = state,
			      .release = 12,
			      .committed = 11,
			      .fetched = 4711,
			      .code = RILL_UNHEALTHY};

	memset(entry.from, 'a', 64);
	memset(entry.to, 'b', 64);
	strcpy(entry.message, "health check /bin/x: exit status 3, \"quoted\" \\ caf\xc3\xa9\n");
	return entry;
}

static void assert_same(const struct entry *is, const struct entry *was)
{
	assert_int_equal(is->state, was->state);
	assert_true(is->release == was->release);
	assert_true(is->committed == was->committed);
	assert_true(is->time == was->time);
	assert_true(is->fetched == was->fetched);
	assert_string_equal(is->from, was->from);
	assert_string_equal(is->to, was->to);
	assert_int_equal(is->code, was->code);
	assert_string_equal(is->message, was->message);
}

static void put_one(struct folder *folder, struct entry *entry)
{
	struct journal journal;
	struct rill_error error;

	assert_ok(journal_open(&journal, folder->path, &error), &error);
	assert_ok(journal_put(&journal, "app", entry, &error), &error);
	journal_close(&journal);
}

static void get_one(struct folder *folder, struct entry *entry)
{
	struct journal journal;
	struct rill_error error;

	assert_ok(journal_open(&journal, folder->path, &error), &error);
	journal_get(&journal, "app", entry);
	journal_close(&journal);
}

static void entries_come_back_in_every_state(void **state)
{
	for (int i = STATE_IDLE; i <= STATE_FAILED; i++) {
		struct entry was = sample((enum update_state)i), is;

		put_one(*state, &was);
		assert_in_range(was.time, time(NULL) - 5, time(NULL));
		get_one(*state, &is);
		assert_same(&is, &was);
	}
}

static void an_entry_without_a_failure_has_no_message(void **state)
{
	struct entry was = sample(STATE_COMMITTED), is;

	was.code = 0;
	put_one(*state, &was);
	get_one(*state, &is);
	assert_int_equal(is.code, 0);
	assert_string_equal(is.message, "");
}

/* Whether a signed release may have this number. */
static bool can_be_released(int64_t number)
{
	char text[128];
	struct rill_json json;
	struct rill_release release;
	struct rill_error error;
	bool can;

	snprintf(text, sizeof text, "{\"rill\":{\"kind\":\"file\",\"release\":%lld}}",
		 (long long)number);
	assert_ok(rill_json_parse(&json, text, strlen(text), 32, &error), &error);
	can = rill_release_parse(&json, RILL_JSON_ROOT, &release, &error) == RILL_OK;
	rill_json_free(&json);
	return can;
}

/* `committed` guards against a downgrade: it must not be rounded. */
static void the_largest_release_numbers_keep_every_digit(void **state)
{
	static const int64_t numbers[] = {INT64_C(999999999999999),
					  INT64_C(1764045123456789),
					  INT64_C(1) << 53,
					  (INT64_C(1) << 53) + 1,
					  INT64_MAX - 1,
					  INT64_MAX};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct entry was = sample(STATE_COMMITTED), is;

		if (!can_be_released(numbers[i]))
			continue;
		was.release = was.committed = numbers[i];
		put_one(*state, &was);
		get_one(*state, &is);
		if (is.release != numbers[i] || is.committed != numbers[i])
			fail_msg("%lld became %lld", (long long)numbers[i], (long long)is.release);
	}
}

static void without_a_file_nothing_was_ever_done(void **state)
{
	struct folder *folder = *state;
	struct entry entry;

	memset(&entry, 0xff, sizeof entry);
	get_one(folder, &entry);
	assert_int_equal(entry.state, STATE_IDLE);
	assert_int_equal(entry.release, 0);
	assert_int_equal(entry.committed, 0);
	assert_string_equal(entry.from, "");
	assert_int_equal(count_files(folder->path), 0);
}

static void targets_have_entries_of_their_own(void **state)
{
	struct folder *folder = *state;
	struct entry one = sample(STATE_COMMITTED), two = sample(STATE_FAILED), is;
	struct journal journal;
	struct rill_error error;

	two.release = 99;
	assert_ok(journal_open(&journal, folder->path, &error), &error);
	assert_ok(journal_put(&journal, "apps/one", &one, &error), &error);
	assert_ok(journal_put(&journal, "APPS/one", &two, &error), &error);
	one.release = 13;
	assert_ok(journal_put(&journal, "apps/one", &one, &error), &error);
	journal_close(&journal);
	assert_ok(journal_open(&journal, folder->path, &error), &error);
	journal_get(&journal, "apps/one", &is);
	assert_same(&is, &one);
	journal_get(&journal, "APPS/one", &is);
	assert_same(&is, &two);
	journal_get(&journal, "apps", &is);
	assert_int_equal(is.state, STATE_IDLE);
	assert_int_equal(is.release, 0);
	journal_close(&journal);
	assert_int_equal(count_files(folder->path), 1);
}

static void assert_refused(struct folder *folder, enum rill_code wanted, const char *fragment)
{
	struct journal journal;
	struct entry entry;
	struct rill_error error;
	enum rill_code code = journal_open(&journal, folder->path, &error);

	journal_get(&journal, "app", &entry); /* nothing is taken from it */
	assert_int_equal(entry.state, STATE_IDLE);
	assert_int_equal(entry.release, 0);
	journal_close(&journal);
	assert_fails(code, wanted, &error, fragment);
	assert_fails(code, wanted, &error, "/journal");
}

static void a_damaged_byte_is_noticed_wherever_it_is(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "journal");
	struct entry entry = sample(STATE_TESTING);
	char *bytes;
	size_t n;

	put_one(folder, &entry);
	bytes = get_file(path, &n);
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= 1;
		put_file(path, bytes, n);
		assert_refused(folder, RILL_CORRUPT, i == 64 ? "cut off" : "damaged");
		bytes[i] ^= 1;
	}
	free(bytes);
}

static void a_journal_that_is_cut_off_is_refused(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "journal");
	struct entry entry = sample(STATE_TESTING);
	char *bytes;
	size_t n;

	put_one(folder, &entry);
	bytes = get_file(path, &n);
	for (size_t i = 0; i < n; i++) {
		put_file(path, bytes, i);
		assert_refused(folder, RILL_CORRUPT, i <= 64 ? "cut off" : "damaged");
	}
	free(bytes);
}

static void a_damaged_journal_is_set_aside(void **state)
{
	struct folder *folder = *state;
	struct entry entry = sample(STATE_TESTING), is;
	struct journal journal;
	struct rill_error error;

	put_file(folder_path(folder, "journal"), "damaged", 7);
	assert_int_equal(journal_open(&journal, folder->path, &error), RILL_CORRUPT);
	assert_ok(journal_set_aside(&journal, &error), &error);
	assert_ok(journal_put(&journal, "app", &entry, &error), &error);
	journal_close(&journal);
	get_one(folder, &is);
	assert_same(&is, &entry);
	assert_file(folder_path(folder, "journal.damaged"), "damaged", 7);
}

/* What group.h needs: all members in one step. */
static void entries_are_stored_together(void **state)
{
	struct folder *folder = *state;
	struct entry one = sample(STATE_SWITCHING), two = sample(STATE_TESTING), is;
	struct journal journal;
	struct rill_error error;

	one.since = 1234;
	one.tested = true;
	one.failures = 1;
	strcpy(one.boot, "b00t");
	assert_ok(journal_open(&journal, folder->path, &error), &error);
	journal_set(&journal, "app", &one);
	journal_set(&journal, "other", &two);
	assert_int_equal(count_files(folder->path), 0);
	assert_ok(journal_store(&journal, &error), &error);
	journal_close(&journal);
	get_one(folder, &is);
	assert_same(&is, &one);
	assert_true(is.since == 1234 && is.tested && is.failures == 1);
	assert_string_equal(is.boot, "b00t");
	assert_ok(journal_open(&journal, folder->path, &error), &error);
	journal_get(&journal, "other", &is);
	journal_close(&journal);
	assert_same(&is, &two);
}

static void put_signed(struct folder *folder, const char *body)
{
	char text[512];
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];
	int n;

	rill_sha256(body, strlen(body), digest);
	rill_hex(digest, sizeof digest, hex);
	n = snprintf(text, sizeof text, "%s\n%s", hex, body);
	put_file(folder_path(folder, "journal"), text, (size_t)n);
}

static void other_versions_are_not_guessed_at(void **state)
{
	static const char *const bad[] = {"{\"version\":2,\"targets\":{}}",
					  "{\"version\":0,\"targets\":{}}",
					  "{\"version\":\"1\",\"targets\":{}}",
					  "{\"targets\":{}}",
					  "{\"version\":1}",
					  "{\"version\":1,\"targets\":[]}",
					  "not JSON",
					  "[]"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put_signed(*state, bad[i]);
		assert_refused(*state, RILL_UNSUPPORTED, "another version");
	}
	put_signed(*state, "{\"version\":1,\"targets\":{\"app\":{\"state\":\"failed\"}}}");
	{
		struct entry entry;

		get_one(*state, &entry);
		assert_int_equal(entry.state, STATE_FAILED);
	}
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	const char *path = folder_path(*state, "none");
	struct journal journal;
	struct entry entry = sample(STATE_IDLE);
	struct rill_error error;

	assert_ok(journal_open(&journal, path, &error), &error);
	assert_fails(journal_put(&journal, "app", &entry, &error), RILL_IO, &error, path);
	journal_close(&journal);
}

static void states_have_names_of_their_own(void **state)
{
	(void)state;
	assert_string_equal(update_state_name(STATE_IDLE), "idle");
	assert_string_equal(update_state_name(STATE_ROLLED_BACK), "rolled-back");
	assert_string_equal(update_state_name(STATE_FAILED), "failed");
	for (int a = STATE_IDLE; a <= STATE_FAILED; a++)
		for (int b = STATE_IDLE; b < a; b++)
			assert_string_not_equal(update_state_name((enum update_state)a),
						update_state_name((enum update_state)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(entries_come_back_in_every_state),
		in_folder(an_entry_without_a_failure_has_no_message),
		in_folder(the_largest_release_numbers_keep_every_digit),
		in_folder(without_a_file_nothing_was_ever_done),
		in_folder(targets_have_entries_of_their_own),
		in_folder(a_damaged_byte_is_noticed_wherever_it_is),
		in_folder(a_journal_that_is_cut_off_is_refused),
		in_folder(a_damaged_journal_is_set_aside),
		in_folder(entries_are_stored_together),
		in_folder(other_versions_are_not_guessed_at),
		in_folder(a_folder_that_is_not_there_is_named),
		cmocka_unit_test(states_have_names_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
