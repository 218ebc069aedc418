/* SPDX-License-Identifier: Apache-2.0
 *
 * What an update decides before it needs a server, and how it ends what a power cut left.
 * The whole way with a server is in tests/e2e.
 */
#include "tests/unit/folder.h"

#include "device/boot.h"
#include "device/group.h"
#include "device/kind.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char old_text[] = "the old file", new_text[] = "the new file";

/* A device with one target, FOLDER/app. */
struct device {
	struct folder *folder;
	char path[64];
	struct config config;
	struct target_config target;
	struct journal journal;
	struct trust trust;
	struct update update;
	struct group group; /* of that one */
};

static int make_device(void **state)
{
	struct device *device = calloc(1, sizeof *device);
	struct rill_error error;
	void *folder;

	*state = device;
	if (!device || make_folder(&folder) != 0)
		return -1;
	device->folder = folder;
	snprintf(device->path, sizeof device->path, "%s/app", device->folder->path);
	device->config = (struct config){.state = device->folder->path,
					 .board = "board-a",
					 .hardware = "hw-1",
					 .memory = 1 << 20};
	device->target = (struct target_config){.name = "app",
						.kind = RILL_KIND_FILE,
						.kind_name = "file",
						.path = device->path,
						.health_timeout = 5};
	rill_tuf_init(&device->trust.tuf, 1000);
	if (journal_open(&device->journal, device->folder->path, &error) != RILL_OK)
		return -1;
	device->update = (struct update){
		.config = &device->config, .target = &device->target, .journal = &device->journal};
	device->group = (struct group){&device->update, 1};
	return 0;
}

static int remove_device(void **state)
{
	struct device *device = *state;
	void *folder = device->folder;

	journal_close(&device->journal);
	rill_tuf_free(&device->trust.tuf);
	free(device);
	return remove_folder(&folder);
}

static void hex_of(const char *text, char *hex)
{
	uint8_t digest[RILL_SHA256_SIZE];

	rill_sha256(text, strlen(text), digest);
	rill_hex(digest, sizeof digest, hex);
}

/* Puts the new file beside the old one, and in its place if `and_switch`, as an update does
 * before it records that. */
static void prepare_file(struct device *device, bool and_switch)
{
	struct install *install;
	uint8_t digest[RILL_SHA256_SIZE];
	struct rill_error error;

	rill_sha256(new_text, strlen(new_text), digest);
	assert_ok(kind_file.open(&install, &device->target, &error), &error);
	assert_ok(kind_file.begin(install, strlen(new_text), &error), &error);
	assert_ok(kind_file.write(install, 0, new_text, strlen(new_text), &error), &error);
	assert_ok(kind_file.seal(install, digest, &error), &error);
	if (and_switch)
		assert_ok(kind_file.switch_to_new(install, &error), &error);
	install->keep = true;
	kind_file.close(install);
}

static void switch_file(struct device *device)
{
	prepare_file(device, true);
}

static enum rill_code recover(struct device *device, struct rill_error *error)
{
	enum rill_code code = group_recover(&device->group);

	*error = device->update.error;
	assert_int_equal(code, error->code);
	return code;
}

static void record(struct device *device, enum update_state state, bool had_base)
{
	struct entry entry = {.state = state, .release = 8, .committed = 7};
	struct rill_error error;

	if (had_base)
		hex_of(old_text, entry.from);
	hex_of(new_text, entry.to);
	assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
}

static void assert_recorded(struct device *device, enum update_state state, int64_t committed)
{
	struct journal journal;
	struct entry entry;
	struct rill_error error;

	assert_ok(journal_open(&journal, device->folder->path, &error), &error);
	journal_get(&journal, "app", &entry);
	journal_close(&journal);
	assert_string_equal(update_state_name(entry.state), update_state_name(state));
	assert_int_equal(entry.committed, committed);
}

static void assert_app(struct device *device, const char *text)
{
	assert_file(device->path, text, strlen(text));
}

static enum rill_code run(struct device *device, struct rill_error *error);

static void without_a_switch_there_is_nothing_to_recover(void **state)
{
	static const enum update_state states[] = {STATE_IDLE, STATE_FETCHING, STATE_COMMITTED,
						   STATE_ROLLED_BACK, STATE_FAILED};
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		record(device, states[i], true);
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, states[i], 7);
	}
	assert_app(device, old_text);
}

static void a_cut_before_the_rename_leaves_the_old_file(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	record(device, STATE_SWITCHING, true);
	device->target.health = (const char *[]){"/bin/false", NULL};
	assert_ok(recover(device, &error), &error);
	assert_recorded(device, STATE_FETCHING, 7); /* the next update goes on */
	assert_app(device, old_text);
}

/* What is whole beside the old file needs no network any more. */
static void a_cut_while_all_is_prepared_goes_on(void **state)
{
	static const enum update_state states[] = {STATE_FETCHED, STATE_PREPARING, STATE_PREPARED,
						   STATE_SWITCHING};
	struct device *device = *state;
	struct rill_error error;

	for (size_t i = 0; i < 4; i++) {
		put_file(device->path, old_text, strlen(old_text));
		prepare_file(device, false);
		record(device, states[i], true);
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, STATE_COMMITTED, 8);
		assert_app(device, new_text);
		assert_true(device->update.changed);
	}
}

static void what_was_written_in_part_is_not_switched_to(void **state)
{
	static const enum update_state states[] = {STATE_FETCHED, STATE_PREPARING, STATE_PREPARED,
						   STATE_SWITCHING};
	struct device *device = *state;
	struct rill_error error;

	for (size_t i = 0; i < 4; i++) {
		put_file(device->path, old_text, strlen(old_text));
		prepare_file(device, false);
		put_file(folder_path(device->folder, ".app.rill-new"), new_text, 5);
		record(device, states[i], true);
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, STATE_FETCHING, 7);
		assert_app(device, old_text);
	}
}

static void a_base_that_changed_is_not_switched_from(void **state)
{
	static const enum update_state states[] = {STATE_FETCHED, STATE_PREPARING, STATE_PREPARED};
	struct device *device = *state;
	struct rill_error error;

	for (size_t i = 0; i < 3; i++) {
		put_file(device->path, old_text, strlen(old_text));
		prepare_file(device, false);
		put_file(device->path, "mine", 4);
		record(device, states[i], true);
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, STATE_FETCHING, 7);
		assert_app(device, "mine");
	}
	record(device, STATE_SWITCHING, true);
	assert_fails(recover(device, &error), RILL_WRONG_BASE, &error, "somebody changed it");
	assert_recorded(device, STATE_FAILED, 7);
	record(device, STATE_TESTING, true);
	assert_fails(recover(device, &error), RILL_WRONG_BASE, &error, "left as it is");
	assert_recorded(device, STATE_FAILED, 7);
	assert_app(device, "mine");
}

/* A rollback that was decided is not put to the test again. */
static void a_cut_in_a_rollback_ends_it(void **state)
{
	struct device *device = *state;
	struct entry entry;
	struct rill_error error;

	for (int done = 0; done < 2; done++) {
		put_file(device->path, old_text, strlen(old_text));
		if (!done)
			switch_file(device);
		record(device, STATE_ROLLING_BACK, true);
		journal_get(&device->journal, "app", &entry);
		entry.code = RILL_UNHEALTHY;
		strcpy(entry.message, "it was sick");
		assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
		device->target.health = (const char *[]){"/bin/true", NULL};
		assert_fails(recover(device, &error), RILL_UNHEALTHY, &error, "it was sick");
		assert_recorded(device, STATE_ROLLED_BACK, 7);
		assert_app(device, old_text);
	}
}

/* The power went after the boot loader was told to start the old slot, on trial. */
static void a_cut_in_a_rollback_of_slots_leaves_no_trial(void **state)
{
	static const char script[] = "#!/bin/sh\n"
				     "case $1 in\n"
				     "get-primary | get-current) echo a ;;\n"
				     "get-state) echo good ;;\n"
				     "*) echo \"$*\" >>\"${0%/*}/calls\" ;;\n"
				     "esac\n";
	static const char calls[] = "set-primary a\nset-state a good\nset-state b bad\n";
	struct device *device = *state;
	struct target_config *target = &device->target;
	char boot[FOLDER_PATH], other[FOLDER_PATH];
	struct rill_error error;

	snprintf(boot, sizeof boot, "%s", folder_path(device->folder, "boot"));
	snprintf(other, sizeof other, "%s", folder_path(device->folder, "slot-b"));
	put_file(boot, script, strlen(script));
	assert_int_equal(chmod(boot, 0755), 0);
	put_file(device->path, old_text, strlen(old_text));
	put_file(other, new_text, strlen(new_text));
	target->kind = RILL_KIND_SLOT;
	target->slots[0] = (struct slot_config){"a", device->path};
	target->slots[1] = (struct slot_config){"b", other};
	target->boot = (const char *[]){boot, NULL};
	target->state = device->folder->path;
	target->hook_timeout = 20;
	record(device, STATE_ROLLING_BACK, true);
	assert_ok(recover(device, &error), &error);
	assert_recorded(device, STATE_ROLLED_BACK, 7);
	assert_file(folder_path(device->folder, "calls"), calls, strlen(calls));
}

static void a_rollback_asks_for_its_reboot_until_it_came(void **state)
{
	struct device *device = *state;
	struct entry entry = {.state = STATE_ROLLED_BACK, .release = 8, .committed = 7};
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	boot_id(entry.boot, sizeof entry.boot);
	assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
	for (int i = 0; i < 2; i++) {
		device->update.reboot = false;
		assert_fails(recover(device, &error), RILL_REBOOT, &error, "version before");
		assert_true(device->update.reboot);
	}
	snprintf(entry.boot, sizeof entry.boot, "another boot");
	assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
	device->update.reboot = false;
	assert_ok(recover(device, &error), &error);
	assert_false(device->update.reboot);
	assert_recorded(device, STATE_ROLLED_BACK, 7);
}

/* The restore happened, its record did not. */
static void a_test_that_finds_the_old_file_was_rolled_back(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	record(device, STATE_TESTING, true);
	assert_fails(recover(device, &error), RILL_UNHEALTHY, &error, "went back");
	assert_recorded(device, STATE_ROLLED_BACK, 7);
	assert_app(device, old_text);
}

static void hooks_may_ask_for_later(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	prepare_file(device, false);
	record(device, STATE_PREPARED, true);
	device->target.hook_timeout = 5;
	device->target.may_switch = (const char *[]){"/bin/sh", "-c", "exit 21", NULL};
	for (int i = 0; i < 3; i++) {
		assert_fails(recover(device, &error), RILL_POLICY, &error, "\"may_switch\"");
		assert_recorded(device, STATE_PREPARED, 7);
		assert_app(device, old_text);
	}
	device->target.may_switch = NULL;
	device->target.activate = (const char *[]){"/bin/sh", "-c", "exit 21", NULL};
	for (int i = 0; i < 3; i++) {
		assert_fails(recover(device, &error), RILL_POLICY, &error, "\"activate\"");
		assert_recorded(device, STATE_TESTING, 7);
		assert_app(device, new_text);
	}
	device->target.activate = (const char *[]){
		"/bin/sh", "-c",
		"test $RILL_EVENT$RILL_TARGET$RILL_KIND$RILL_RELEASE = activateappfile8 && "
		"test -e $RILL_PATH",
		NULL};
	assert_ok(recover(device, &error), &error);
	assert_recorded(device, STATE_COMMITTED, 8);
}

static void a_commit_by_hand_is_waited_for(void **state)
{
	struct device *device = *state;
	struct entry entry;
	struct rill_error error;

	device->target.manual = true;
	device->target.commit_timeout = 1000;
	assert_int_equal(group_commit(&device->group), RILL_POLICY); /* of what? */
	for (int i = 0; i < 3; i++) {
		put_file(device->path, old_text, strlen(old_text));
		switch_file(device);
		record(device, STATE_TESTING, true);
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, STATE_TESTING, 7);
		/* It is not tested again, and nothing newer is taken. */
		device->target.health = (const char *[]){"/bin/false", NULL};
		assert_ok(recover(device, &error), &error);
		assert_ok(run(device, &error), &error);
		assert_recorded(device, STATE_TESTING, 7);
		assert_app(device, new_text);
		journal_get(&device->journal, "app", &entry);
		device->target.health = NULL;
		if (i == 0) {
			assert_int_equal(group_commit(&device->group), RILL_OK);
			assert_recorded(device, STATE_COMMITTED, 8);
			continue;
		}
		if (i == 1) /* time is up */
			entry.since -= 1000;
		else /* another boot: the time starts anew */
			strcpy(entry.boot, "other");
		assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
		if (i == 1) {
			assert_fails(recover(device, &error), RILL_UNHEALTHY, &error,
				     "not committed within 1000 s");
			assert_recorded(device, STATE_ROLLED_BACK, 7);
			assert_app(device, old_text);
		} else {
			assert_ok(recover(device, &error), &error);
			journal_get(&device->journal, "app", &entry);
			assert_in_range(entry.since, boot_seconds() - 5, boot_seconds());
		}
	}
}

static void a_rollback_by_hand_needs_a_version_to_go_back_to(void **state)
{
	struct device *device = *state;
	struct entry entry;

	assert_int_equal(group_rollback(&device->group), RILL_POLICY);
	put_file(device->path, old_text, strlen(old_text));
	switch_file(device);
	record(device, STATE_COMMITTED, true);
	assert_int_equal(group_rollback(&device->group), RILL_OK);
	assert_app(device, old_text);
	assert_recorded(device, STATE_ROLLED_BACK, 7);
	journal_get(&device->journal, "app", &entry);
	assert_int_equal(entry.failures, FAILURES_MAX);
	assert_int_equal(group_rollback(&device->group), RILL_POLICY);
	/* The one before is damaged: what is there stays. */
	switch_file(device);
	record(device, STATE_COMMITTED, true);
	put_file(folder_path(device->folder, ".app.rill-previous"), "damaged", 7);
	assert_int_not_equal(group_rollback(&device->group), RILL_OK);
	assert_non_null(strstr(device->update.error.text, "is not the previous file"));
	assert_app(device, new_text);
	assert_recorded(device, STATE_FAILED, 7);
}

static void a_cut_after_the_rename_is_tested_and_kept(void **state)
{
	static const enum update_state states[] = {STATE_SWITCHING, STATE_TESTING};
	struct device *device = *state;
	struct rill_error error;

	for (size_t i = 0; i < 2; i++) {
		put_file(device->path, old_text, strlen(old_text));
		switch_file(device);
		record(device, states[i], true);
		device->target.health = (const char *[]){"/bin/true", NULL};
		assert_ok(recover(device, &error), &error);
		assert_recorded(device, STATE_COMMITTED, 8);
		assert_app(device, new_text);
	}
}

static void a_cut_after_the_rename_is_tested_and_rolled_back(void **state)
{
	static const enum update_state states[] = {STATE_SWITCHING, STATE_TESTING};
	struct device *device = *state;
	struct rill_error error;

	for (size_t i = 0; i < 2; i++) {
		put_file(device->path, old_text, strlen(old_text));
		switch_file(device);
		record(device, states[i], true);
		device->target.health = (const char *[]){"/bin/sh", "-c", "exit 4", NULL};
		assert_fails(recover(device, &error), RILL_UNHEALTHY, &error, "exit status 4");
		assert_recorded(device, STATE_ROLLED_BACK, 7);
		assert_app(device, old_text);
	}
}

static void a_file_that_was_not_there_is_rolled_back_to_none(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	switch_file(device);
	record(device, STATE_TESTING, false);
	device->target.health = (const char *[]){"/bin/false", NULL};
	assert_fails(recover(device, &error), RILL_UNHEALTHY, &error, "");
	assert_recorded(device, STATE_ROLLED_BACK, 7);
	assert_false(is_there(device->path));
}

static void a_rollback_that_fails_says_so(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, new_text, strlen(new_text)); /* and no previous one */
	record(device, STATE_TESTING, true);
	device->target.health = (const char *[]){"/bin/false", NULL};
	assert_fails(recover(device, &error), RILL_UNHEALTHY, &error, "could not be undone");
	assert_recorded(device, STATE_FAILED, 7);
	assert_app(device, new_text);
}

/* Metadata as if it had been verified: what update_run() takes. */
static void publish(struct device *device, const char *content, int64_t release, const char *more)
{
	struct rill_tuf_document *document = &device->trust.tuf.document[RILL_TUF_TARGETS];
	char text[2048], hex[RILL_SHA256_HEX];
	struct rill_error error;

	hex_of(content, hex);
	snprintf(text, sizeof text,
		 "{\"signed\":{\"targets\":{\"app\":{\"length\":%zu,\"hashes\":{\"sha256\":\"%s\"},"
		 "\"custom\":{\"rill\":{\"kind\":\"file\",\"release\":%lld%s}}},"
		 "\"deltas/d\":{\"length\":500,\"hashes\":{\"sha256\":\"%s\"}}}}}",
		 strlen(content), hex, (long long)release, more, hex);
	rill_json_free(&document->json);
	assert_ok(rill_json_parse(&document->json, text, strlen(text), 256, &error), &error);
	document->body = rill_json_get(&document->json, RILL_JSON_ROOT, "signed");
	document->version = 1;
	document->expires = 2000;
}

static enum rill_code run(struct device *device, struct rill_error *error)
{
	struct http http = {.received = 0}; /* never used */
	enum rill_code code = group_update(&device->group, &device->trust, &http);

	*error = device->update.error;
	assert_int_equal(code, error->code);
	return code;
}

static void a_file_that_is_current_is_noted(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, new_text, strlen(new_text));
	publish(device, new_text, 9, "");
	assert_ok(run(device, &error), &error);
	assert_false(device->update.changed);
	assert_recorded(device, STATE_COMMITTED, 9);
	assert_ok(run(device, &error), &error);
	assert_recorded(device, STATE_COMMITTED, 9);
}

static void a_lower_release_is_refused_even_when_it_is_there(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	record(device, STATE_COMMITTED, true); /* 7 was installed once */
	publish(device, old_text, 6, "");
	assert_fails(run(device, &error), RILL_SECURITY, &error, "release 6 is older than 7");
	publish(device, new_text, 6, "");
	assert_fails(run(device, &error), RILL_SECURITY, &error, "older");
	assert_recorded(device, STATE_COMMITTED, 7);
	assert_app(device, old_text);
}

static void a_release_for_other_boards_is_refused(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	publish(device, old_text, 9, ",\"boards\":[\"board-b\"]");
	assert_fails(run(device, &error), RILL_POLICY, &error, "not for board \"board-a\"");
	publish(device, old_text, 9, ",\"boards\":[\"board-b\",\"board-a\"]");
	assert_ok(run(device, &error), &error);
}

static void without_a_delta_the_policy_decides(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	publish(device, new_text, 9, "");
	assert_fails(run(device, &error), RILL_POLICY, &error, "no delta from what is installed");
	assert_app(device, old_text);
	assert_int_equal(count_files(device->folder->path), 1); /* no journal: nothing began */
}

static void add_delta(char *more, size_t size, int64_t length, int64_t memory)
{
	char from[RILL_SHA256_HEX];

	hex_of(old_text, from);
	snprintf(more, size,
		 ",\"deltas\":[{\"from\":[\"sha256:%s\"],\"path\":\"deltas/d\",\"length\":%lld,"
		 "\"header\":{\"length\":200,\"sha256\":\"%s\"},\"memory\":%lld,\"scratch\":9}]",
		 from, (long long)length, from, (long long)memory);
}

static void a_delta_over_the_memory_budget_is_not_fetched(void **state)
{
	struct device *device = *state;
	char more[512];
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	add_delta(more, sizeof more, 500, (1 << 20) + 1);
	publish(device, new_text, 9, more);
	assert_fails(run(device, &error), RILL_MEMORY, &error, "1048577");
	assert_int_equal(count_files(device->folder->path), 1);
}

static void a_delta_of_two_lengths_is_refused(void **state)
{
	struct device *device = *state;
	char more[512];
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	add_delta(more, sizeof more, 501, 1000);
	publish(device, new_text, 9, more);
	assert_fails(run(device, &error), RILL_SECURITY, &error, "two lengths");
	assert_int_equal(count_files(device->folder->path), 1);
}

static void a_release_that_failed_twice_is_not_tried_again(void **state)
{
	struct device *device = *state;
	struct entry entry;
	char more[512];
	struct rill_error error;

	put_file(device->path, old_text, strlen(old_text));
	record(device, STATE_ROLLED_BACK, true);
	journal_get(&device->journal, "app", &entry);
	entry.failures = FAILURES_MAX;
	entry.code = RILL_UNHEALTHY;
	strcpy(entry.message, "health check /bin/x: exit status 1");
	assert_ok(journal_put(&device->journal, "app", &entry, &error), &error);
	add_delta(more, sizeof more, 500, 1000);
	publish(device, new_text, 8, more);
	assert_fails(run(device, &error), RILL_POLICY, &error, "not tried again");
	assert_fails(run(device, &error), RILL_POLICY, &error, "exit status 1");
	assert_recorded(device, STATE_ROLLED_BACK, 7);
	/* A newer one is; here it would cost more than the budget. */
	device->config.budget = 10;
	publish(device, new_text, 9, more);
	assert_fails(run(device, &error), RILL_POLICY, &error, "budget");
	journal_get(&device->journal, "app", &entry);
	assert_int_equal(entry.failures, 0);
	assert_int_equal(entry.release, 9);
}

#define on_device(test) cmocka_unit_test_setup_teardown(test, make_device, remove_device)

static void a_release_is_for_some_hardware(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, new_text, strlen(new_text));
	publish(device, new_text, 9, ",\"hardware\":[\"hw-2\",\"hw-3\"]");
	assert_fails(run(device, &error), RILL_POLICY, &error, "not for hardware \"hw-1\"");
	publish(device, new_text, 9, ",\"hardware\":[\"hw-2\",\"hw-1\"]");
	assert_ok(run(device, &error), &error);
	publish(device, new_text, 10, ",\"hardware\":[\"hw-1\"],\"boards\":[\"board-b\"]");
	assert_fails(run(device, &error), RILL_POLICY, &error, "board");
}

/* The counter lets a device go down only by a permission that covers what it has. */
static void a_downgrade_needs_a_signed_permission(void **state)
{
	struct device *device = *state;
	struct rill_error error;

	put_file(device->path, new_text, strlen(new_text));
	record(device, STATE_COMMITTED, true); /* release 8, committed 7 */
	publish(device, new_text, 9, "");
	assert_ok(run(device, &error), &error);
	assert_recorded(device, STATE_COMMITTED, 9);
	publish(device, new_text, 5, "");
	assert_fails(run(device, &error), RILL_SECURITY, &error, "older than 9");
	publish(device, new_text, 5, ",\"downgrade_from\":8");
	assert_fails(run(device, &error), RILL_SECURITY, &error, "older than 9");
	publish(device, new_text, 5, ",\"downgrade_from\":9");
	assert_ok(run(device, &error), &error);
	assert_recorded(device, STATE_COMMITTED, 5);
	publish(device, new_text, 4, "");
	assert_fails(run(device, &error), RILL_SECURITY, &error, "older than 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_device(without_a_switch_there_is_nothing_to_recover),
		on_device(a_cut_before_the_rename_leaves_the_old_file),
		on_device(a_cut_while_all_is_prepared_goes_on),
		on_device(what_was_written_in_part_is_not_switched_to),
		on_device(a_base_that_changed_is_not_switched_from),
		on_device(a_cut_in_a_rollback_ends_it),
		on_device(a_cut_in_a_rollback_of_slots_leaves_no_trial),
		on_device(a_rollback_asks_for_its_reboot_until_it_came),
		on_device(a_test_that_finds_the_old_file_was_rolled_back),
		on_device(hooks_may_ask_for_later),
		on_device(a_commit_by_hand_is_waited_for),
		on_device(a_rollback_by_hand_needs_a_version_to_go_back_to),
		on_device(a_release_that_failed_twice_is_not_tried_again),
		on_device(a_cut_after_the_rename_is_tested_and_kept),
		on_device(a_cut_after_the_rename_is_tested_and_rolled_back),
		on_device(a_file_that_was_not_there_is_rolled_back_to_none),
		on_device(a_rollback_that_fails_says_so),
		on_device(a_file_that_is_current_is_noted),
		on_device(a_lower_release_is_refused_even_when_it_is_there),
		on_device(a_release_for_other_boards_is_refused),
		on_device(without_a_delta_the_policy_decides),
		on_device(a_delta_over_the_memory_budget_is_not_fetched),
		on_device(a_delta_of_two_lengths_is_refused),
		on_device(a_release_is_for_some_hardware),
		on_device(a_downgrade_needs_a_signed_permission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
