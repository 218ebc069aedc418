/* SPDX-License-Identifier: Apache-2.0
 *
 * The workflow around the files: what is asked for, what is kept, and that every refusal
 * leaves what was trusted before it.
 */
#include "tests/unit/tuf/metadata.h"

#include "device/trust.h"
#include "tests/unit/folder.h"
#include <stdlib.h>
#include <string.h>

/* A server: names and what they have. */
struct server {
	struct {
		char name[64];
		const struct text *text;
	} files[16];
	size_t count;
	struct text log; /* names that were asked for */
	bool is_down;
};

static struct server server;

static void serve(const char *name, const struct text *text)
{
	size_t i = 0;

	while (i < server.count && strcmp(server.files[i].name, name) != 0)
		i++;
	assert_true(i < 16);
	snprintf(server.files[i].name, sizeof server.files[i].name, "%s", name);
	server.files[i].text = text;
	server.count += i == server.count;
}

static enum rill_code get(void *context, int64_t version, const char *role, uint64_t limit,
			  trust_sink sink, void *sink_context, bool *found,
			  struct rill_error *error)
{
	char name[300];

	(void)context;
	if (version)
		snprintf(name, sizeof name, "%lld.%s.json", (long long)version, role);
	else
		snprintf(name, sizeof name, "%s.json", role);
	add(&server.log, "%s%s", server.log.n ? " " : "", name);
	if (server.is_down)
		return rill_fail(error, RILL_NETWORK, "down");
	*found = false;
	for (size_t i = 0; i < server.count; i++) {
		const struct text *text = server.files[i].text;

		if (strcmp(server.files[i].name, name) != 0 || !text)
			continue;
		*found = true;
		if (text->n > limit)
			return rill_fail(error, RILL_SECURITY, "%s: too long", name);
		return sink(sink_context, (const uint8_t *)text->bytes, text->n, error);
	}
	return RILL_OK;
}

static const struct trust_source source = {get, NULL};

/* A device whose folder is the test's, and a server with a chain of version 1. */
static void start_device(struct folder *folder, struct trust *trust)
{
	memset(&server, 0, sizeof server);
	make_root(&root, &usual, SET(ROOT_1));
	make_targets(&targets, 1, FUTURE, FILES);
	make_snapshot(&snapshot, 1, 1, &targets);
	make_timestamp(&timestamp, 1, 1, &snapshot);
	serve("timestamp.json", &timestamp);
	serve("1.snapshot.json", &snapshot);
	serve("1.targets.json", &targets);
	put_file(folder_path(folder, "first.json"), root.bytes, root.n);
	memset(trust, 0, sizeof *trust);
	trust->source = &source;
	trust->folder = folder->path;
	trust->first_root = folder_path(folder, "first.json");
}

/* One run of the agent, which starts from what is on disk. */
static enum rill_code refresh(struct trust *trust, struct rill_error *error)
{
	int64_t now;

	assert_true(rill_tuf_parse_time(NOW, &now));
	rill_tuf_free(&trust->tuf);
	rill_tuf_init(&trust->tuf, now);
	server.log.n = 0;
	server.log.bytes[0] = 0;
	return trust_refresh(trust, error);
}

static void refreshed(struct trust *trust, const char *log)
{
	struct rill_error error;

	assert_ok(refresh(trust, &error), &error);
	assert_string_equal(server.log.bytes, log);
}

static void not_refreshed(struct trust *trust, enum rill_code expected, const char *fragment,
			  const char *log)
{
	struct rill_error error;

	assert_fails(refresh(trust, &error), expected, &error, fragment);
	assert_string_equal(server.log.bytes, log);
}

static void kept(struct folder *folder, const char *name, const struct text *text)
{
	if (text)
		assert_file(folder_path(folder, name), text->bytes, text->n);
	else
		assert_false(is_there(folder_path(folder, name)));
}

#define ALL "2.root.json timestamp.json 1.snapshot.json 1.targets.json"

static void a_new_device_asks_for_each_role_once(void **state)
{
	struct trust trust;
	struct rill_tuf_target target;
	struct rill_error error;

	start_device(*state, &trust);
	refreshed(&trust, ALL);
	kept(*state, "root.json", &root);
	kept(*state, "timestamp.json", &timestamp);
	kept(*state, "snapshot.json", &snapshot);
	kept(*state, "targets.json", &targets);
	assert_int_equal(count_files(trust.folder), 5);
	assert_ok(trust_target(&trust, "app", &target, &error), &error);
	assert_fails(trust_target(&trust, "none", &target, &error), RILL_SECURITY, &error,
		     "no target none");
	/* With nothing new, two requests. */
	refreshed(&trust, "2.root.json timestamp.json");
	assert_ok(trust_target(&trust, "app", &target, &error), &error);
	rill_tuf_free(&trust.tuf);
}

static void without_consistent_snapshots_names_have_no_versions(void **state)
{
	static struct text body;
	struct trust trust;
	char *end, *flag;

	start_device(*state, &trust);
	/* The usual root but for the flag: signed anew. */
	end = strstr(root.bytes, ",\"signatures\"");
	body.n = 0;
	add(&body, "%.*s", (int)(end - root.bytes - 10), root.bytes + 10);
	flag = strstr(body.bytes, "\"consistent_snapshot\":true,");
	assert_non_null(flag);
	memmove(flag, flag + 27, strlen(flag + 27) + 1);
	body.n -= 27;
	sign(&root, &body, SET(ROOT_1));
	put_file(trust.first_root, root.bytes, root.n);
	serve("snapshot.json", &snapshot);
	serve("targets.json", &targets);
	refreshed(&trust, "2.root.json timestamp.json snapshot.json targets.json");
	rill_tuf_free(&trust.tuf);
}

static void a_first_root_that_is_bad_asks_for_nothing(void **state)
{
	struct trust trust;

	start_device(*state, &trust);
	make_root(&root, &usual, SET(OTHER));
	put_file(trust.first_root, root.bytes, root.n);
	not_refreshed(&trust, RILL_SECURITY, "0 good signatures", "");
	put_file(trust.first_root, "{", 1);
	not_refreshed(&trust, RILL_SECURITY, "first.json", "");
	trust.first_root = "/nowhere/root.json";
	not_refreshed(&trust, RILL_CONFIG, "no trusted root", "");
	kept(*state, "root.json", NULL);
	rill_tuf_free(&trust.tuf);
}

static void roots_are_followed_one_by_one(void **state)
{
	static struct text second, third, fourth;
	struct plan plan = usual;
	struct trust trust;

	start_device(*state, &trust);
	plan.version = 2;
	plan.expires = PAST; /* it only leads on */
	make_root(&second, &plan, SET(ROOT_1));
	plan.version = 3;
	plan.keys[RILL_TUF_ROOT] = SET(ROOT_3);
	plan.expires = FUTURE;
	make_root(&third, &plan, SET(ROOT_1) | SET(ROOT_3));
	serve("2.root.json", &second);
	serve("3.root.json", &third);
	refreshed(&trust, "2.root.json 3.root.json 4.root.json timestamp.json 1.snapshot.json "
			  "1.targets.json");
	kept(*state, "root.json", &third);
	/* One that is not rightly signed ends the update; what was trusted stays. */
	plan.version = 4;
	make_root(&fourth, &plan, SET(ROOT_1));
	serve("4.root.json", &fourth);
	not_refreshed(&trust, RILL_SECURITY, "4.root.json", "4.root.json");
	kept(*state, "root.json", &third);
	/* Nor does an expired one go on; but it is kept, as it may lead to the next. */
	plan.expires = PAST;
	make_root(&fourth, &plan, SET(ROOT_3));
	not_refreshed(&trust, RILL_EXPIRED, "root metadata expired", "4.root.json 5.root.json");
	kept(*state, "root.json", &fourth);
	rill_tuf_free(&trust.tuf);
}

/* For each role: a file that is missing, not signed, expired, or of another version. */
static void a_bad_file_leaves_what_was_trusted(void **state)
{
	static struct text was_timestamp, was_snapshot, was_targets, bad;
	struct trust trust;

	start_device(*state, &trust);
	refreshed(&trust, ALL);
	was_timestamp = timestamp;
	was_snapshot = snapshot;
	was_targets = targets;

	serve("timestamp.json", NULL);
	not_refreshed(&trust, RILL_NETWORK, "no metadata/timestamp.json",
		      "2.root.json timestamp.json");
	make_meta(&bad, "timestamp", 2, FUTURE, "snapshot", 2, NULL, SET(OTHER));
	serve("timestamp.json", &bad);
	not_refreshed(&trust, RILL_SECURITY, "good signatures", "2.root.json timestamp.json");
	make_meta(&bad, "timestamp", 2, PAST, "snapshot", 2, NULL, SET(TIMESTAMP));
	not_refreshed(&trust, RILL_EXPIRED, "timestamp.json: timestamp metadata expired",
		      "2.root.json timestamp.json");
	kept(*state, "timestamp.json", &was_timestamp);

	make_timestamp(&timestamp, 2, 2, NULL);
	serve("timestamp.json", &timestamp);
	not_refreshed(&trust, RILL_NETWORK, "no metadata/2.snapshot.json",
		      "2.root.json timestamp.json 2.snapshot.json");
	kept(*state, "timestamp.json", &timestamp);
	kept(*state, "snapshot.json", &was_snapshot);
	serve("2.snapshot.json", &bad);
	make_meta(&bad, "snapshot", 2, PAST, "targets", 2, NULL, SET(SNAPSHOT));
	not_refreshed(&trust, RILL_EXPIRED, "snapshot metadata expired",
		      "2.root.json timestamp.json 2.snapshot.json");
	make_meta(&bad, "snapshot", 3, FUTURE, "targets", 2, NULL, SET(SNAPSHOT));
	not_refreshed(&trust, RILL_SECURITY, "version 3, but 2 was signed",
		      "2.root.json timestamp.json 2.snapshot.json");
	kept(*state, "snapshot.json", &was_snapshot);

	make_snapshot(&snapshot, 2, 2, NULL);
	serve("2.snapshot.json", &snapshot);
	not_refreshed(&trust, RILL_NETWORK, "no metadata/2.targets.json",
		      "2.root.json timestamp.json 2.snapshot.json 2.targets.json");
	kept(*state, "snapshot.json", &snapshot);
	kept(*state, "targets.json", &was_targets);
	make_targets(&bad, 2, PAST, FILES);
	serve("2.targets.json", &bad);
	not_refreshed(&trust, RILL_EXPIRED, "targets metadata expired",
		      "2.root.json timestamp.json 2.targets.json");
	kept(*state, "targets.json", &was_targets);

	make_targets(&targets, 2, FUTURE, FILES);
	serve("2.targets.json", &targets);
	refreshed(&trust, "2.root.json timestamp.json 2.targets.json");
	kept(*state, "targets.json", &targets);
	rill_tuf_free(&trust.tuf);
}

static void what_is_kept_guards_against_a_rollback(void **state)
{
	static struct text old_timestamp;
	struct trust trust;

	start_device(*state, &trust);
	old_timestamp = timestamp;
	make_targets(&targets, 3, FUTURE, FILES);
	make_snapshot(&snapshot, 3, 3, &targets);
	make_timestamp(&timestamp, 3, 3, &snapshot);
	serve("3.snapshot.json", &snapshot);
	serve("3.targets.json", &targets);
	refreshed(&trust, "2.root.json timestamp.json 3.snapshot.json 3.targets.json");
	serve("timestamp.json", &old_timestamp);
	not_refreshed(&trust, RILL_SECURITY, "rollback", "2.root.json timestamp.json");
	make_timestamp(&timestamp, 4, 2, NULL);
	serve("timestamp.json", &timestamp);
	not_refreshed(&trust, RILL_SECURITY, "rollback", "2.root.json timestamp.json");
	make_timestamp(&timestamp, 4, 4, NULL);
	make_snapshot(&snapshot, 4, 2, NULL);
	serve("4.snapshot.json", &snapshot);
	not_refreshed(&trust, RILL_SECURITY, "targets.json is older than version 3",
		      "2.root.json timestamp.json 4.snapshot.json");
	rill_tuf_free(&trust.tuf);
}

/* An attacker with the keys of timestamp and snapshot pushed the versions up; a root that
 * withdraws a key lets them start anew, also when power went before it was kept. */
static void withdrawing_keys_ends_a_fast_forward(void **state)
{
	static struct text second;
	struct plan plan = usual;
	struct trust trust;

	start_device(*state, &trust);
	make_snapshot(&snapshot, 999, 1, &targets);
	make_timestamp(&timestamp, 999, 999, &snapshot);
	serve("999.snapshot.json", &snapshot);
	refreshed(&trust, "2.root.json timestamp.json 999.snapshot.json 1.targets.json");
	plan.version = 2;
	plan.keys[RILL_TUF_TIMESTAMP] |= SET(OTHER); /* one more is no reason */
	make_root(&second, &plan, SET(ROOT_1));
	serve("2.root.json", &second);
	make_timestamp(&timestamp, 2, 2, NULL);
	not_refreshed(&trust, RILL_SECURITY, "rollback", "2.root.json 3.root.json timestamp.json");
	plan.version = 3;
	plan.keys[RILL_TUF_TIMESTAMP] = SET(OTHER);
	make_root(&root, &plan, SET(ROOT_1));
	serve("3.root.json", &root);
	make_snapshot(&snapshot, 2, 1, &targets);
	make_meta(&timestamp, "timestamp", 2, FUTURE, "snapshot", 2, NULL, SET(OTHER));
	serve("2.snapshot.json", &snapshot);
	/* What the thief said of the time goes, too. */
	put_file(folder_path(*state, "time"), "2026-05-31T23:59:59Z", 20);
	trust.bare_time = 1;
	refreshed(&trust, "3.root.json 4.root.json timestamp.json 2.snapshot.json");
	assert_int_equal(trust.tuf.now, 1);
	assert_false(is_there(folder_path(*state, "time")));
	kept(*state, "snapshot.json", &snapshot);
	rill_tuf_free(&trust.tuf);
}

static void damage_of_what_is_kept_is_mended(void **state)
{
	static const char *const names[] = {"timestamp.json", "snapshot.json", "targets.json"};
	struct trust trust;

	start_device(*state, &trust);
	refreshed(&trust, ALL);
	for (size_t i = 0; i < 3; i++) {
		put_file(folder_path(*state, names[i]), "damaged", 7);
		refreshed(&trust, i == 0   ? "2.root.json timestamp.json"
				  : i == 1 ? "2.root.json timestamp.json 1.snapshot.json"
					   : "2.root.json timestamp.json 1.targets.json");
		assert_true(is_there(folder_path(*state, names[i])));
	}
	kept(*state, "timestamp.json", &timestamp);
	kept(*state, "snapshot.json", &snapshot);
	kept(*state, "targets.json", &targets);
	put_file(folder_path(*state, "root.json"), "damaged", 7);
	not_refreshed(&trust, RILL_SECURITY, "root.json", "");
	rill_tuf_free(&trust.tuf);
}

static void a_failing_server_is_told_from_a_missing_root(void **state)
{
	struct trust trust;

	start_device(*state, &trust);
	server.is_down = true;
	not_refreshed(&trust, RILL_NETWORK, "down", "2.root.json");
	rill_tuf_free(&trust.tuf);
}

/* Targets that delegate all to a role, and a snapshot with it; versions as given. */
static void delegate(const char *role, int version, int role_version)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"targets\",\"delegations\":{\"keys\":{\"%s\":%s},\"roles\":[{\"keyids\":"
	    "[\"%s\"],\"name\":\"%s\",\"paths\":[\"*\"],\"threshold\":1}]},\"expires\":\"" FUTURE
	    "\",\"spec_version\":\"1.0.31\",\"targets\":{},\"version\":%d}",
	    keys[OTHER].keyid, keys[OTHER].wire, keys[OTHER].keyid, role, version);
	sign(&targets, &body, SET(TARGETS));
	body.n = 0;
	add(&body,
	    "{\"_type\":\"snapshot\",\"expires\":\"" FUTURE "\",\"meta\":{\"%s.json\":"
	    "{\"version\":%d},\"targets.json\":{\"version\":%d}},\"spec_version\":\"1.0.31\","
	    "\"version\":%d}",
	    role, role_version, version, version);
	sign(&snapshot, &body, SET(SNAPSHOT));
	make_timestamp(&timestamp, version, version, &snapshot);
}

static void make_role(struct text *text, int version, unsigned signers)
{
	static struct text body;

	body.n = 0;
	add(&body,
	    "{\"_type\":\"targets\",\"expires\":\"" FUTURE "\",\"spec_version\":\"1.0.31\","
	    "\"targets\":" FILES ",\"version\":%d}",
	    version);
	sign(text, &body, signers);
}

static void a_delegated_role_is_fetched_once_and_kept(void **state)
{
	static struct text role;
	struct trust trust;
	struct rill_tuf_target target;
	struct rill_error error;

	start_device(*state, &trust);
	delegate("../a b", 1, 7);
	make_role(&role, 7, SET(OTHER));
	serve("7.../a b.json", &role);
	refreshed(&trust, ALL);
	assert_ok(trust_target(&trust, "app", &target, &error), &error);
	assert_string_equal(server.log.bytes, ALL " 7.../a b.json");
	kept(*state, "%2E.%2Fa%20b.json", &role);
	refreshed(&trust, "2.root.json timestamp.json");
	assert_ok(trust_target(&trust, "app", &target, &error), &error);
	assert_string_equal(server.log.bytes, "2.root.json timestamp.json");
	assert_int_equal(target.length, 10);

	/* Kept ones that will not do: another version, then one of other keys. */
	delegate("../a b", 2, 8);
	serve("2.snapshot.json", &snapshot);
	serve("2.targets.json", &targets);
	refreshed(&trust, "2.root.json timestamp.json 2.snapshot.json 2.targets.json");
	assert_fails(trust_target(&trust, "app", &target, &error), RILL_NETWORK, &error,
		     "no metadata/8.../a b.json");
	serve("8.../a b.json", &role);
	assert_fails(trust_target(&trust, "app", &target, &error), RILL_SECURITY, &error,
		     "version 7, but 8 was signed");
	make_role(&role, 8, SET(TARGETS));
	assert_fails(trust_target(&trust, "app", &target, &error), RILL_SECURITY, &error,
		     "0 good signatures");
	make_role(&role, 8, SET(OTHER));
	assert_ok(trust_target(&trust, "app", &target, &error), &error);
	kept(*state, "%2E.%2Fa%20b.json", &role);
	rill_tuf_free(&trust.tuf);
}

static void names_of_roles_become_names_of_files(void **state)
{
	static const struct {
		const char *role, *name;
	} cases[] = {
		{"", ""},	  {"a-Z_0.x", "a-Z_0.x"},
		{".x", "%2Ex"},	  {"..", "%2E."},
		{"a/b", "a%2Fb"}, {"%2F", "%252F"},
		{"?#", "%3F%23"}, {"\xc3\xa9\n", "%C3%A9%0A"},
	};
	char name[TRUST_NAME_SIZE], longest[TRUST_NAME_SIZE];
	struct rill_error error;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_ok(trust_encode_name(cases[i].role, name, &error), &error);
		assert_string_equal(name, cases[i].name);
	}
	memset(longest, '/', sizeof longest);
	longest[79] = 0;
	assert_ok(trust_encode_name(longest, name, &error), &error);
	assert_int_equal(strlen(name), 237);
	longest[79] = '/';
	longest[80] = 0;
	assert_fails(trust_encode_name(longest, name, &error), RILL_UNSUPPORTED, &error,
		     "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_new_device_asks_for_each_role_once),
		in_folder(without_consistent_snapshots_names_have_no_versions),
		in_folder(a_first_root_that_is_bad_asks_for_nothing),
		in_folder(roots_are_followed_one_by_one),
		in_folder(a_bad_file_leaves_what_was_trusted),
		in_folder(what_is_kept_guards_against_a_rollback),
		in_folder(withdrawing_keys_ends_a_fast_forward),
		in_folder(damage_of_what_is_kept_is_mended),
		in_folder(a_failing_server_is_told_from_a_missing_root),
		in_folder(a_delegated_role_is_fetched_once_and_kept),
		cmocka_unit_test(names_of_roles_become_names_of_files),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
