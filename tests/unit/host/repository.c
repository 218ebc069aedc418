/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A path in the repository. */
static const char *in_site(struct site *site, const char *name)
{
	char path[256] = "repo/";
	size_t n = strlen(path), length = strlen(name);

	assert_true(n + length < sizeof path);
	memcpy(path + n, name, length + 1);
	return folder_path(site->folder, path);
}

static enum rill_code refresh(struct site *site, struct key *key, int64_t days,
			      struct rill_error *error)
{
	const struct keyring keyring = {key, 1};
	struct repository repository;
	enum rill_code code = repository_open(&repository, site->path, error);

	if (code == RILL_OK)
		code = repository_refresh(&repository, &keyring, days, error);
	repository_close(&repository);
	return code;
}

static void a_client_trusts_a_new_repository(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_error error;

	assert_ok(client_refresh(site, &tuf, &error), &error);
	for (int role = 0; role < RILL_TUF_ROLES; role++)
		assert_int_equal(tuf.document[role].version, 1);
	assert_fails(rill_tuf_target(&tuf, "any", &target, &error), RILL_SECURITY, &error, "any");
	rill_tuf_free(&tuf);
	assert_true(is_there(in_site(site, "targets")));
	assert_int_equal(count_files(in_site(site, "metadata")), 4);
}

static void a_repository_is_never_made_over_another(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;
	struct key other;

	assert_ok(key_new(&other, folder_path(site->folder, "other.pem"), KEY_P256, NULL, &error),
		  &error);
	assert_fails(init_with(site->path, &other, 30, &error), RILL_USAGE, &error, "already");
	key_close(&other);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	rill_tuf_free(&tuf);
}

static void what_is_no_repository_is_called_so(void **state)
{
	struct site *site = *state;
	struct repository repository;
	struct rill_error error;

	assert_fails(repository_open(&repository, site->folder->path, &error), RILL_IO, &error,
		     "mkdelta repo init");
	repository_close(&repository);
}

static void one_publisher_works_at_a_time(void **state)
{
	struct site *site = *state;
	struct repository first, second;
	struct rill_error error;

	assert_ok(repository_open(&first, site->path, &error), &error);
	assert_fails(repository_open(&second, site->path, &error), RILL_BUSY, &error, site->path);
	repository_close(&second);
	repository_close(&first);
	assert_ok(repository_open(&second, site->path, &error), &error);
	repository_close(&second);
}

static void a_refresh_bumps_all_versions_but_the_roots(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;
	char *bytes;
	size_t n;

	assert_ok(publish_bytes(site, "app", "content", 7, 5, &error), &error);
	assert_ok(refresh(site, &site->key, 60, &error), &error);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	assert_int_equal(tuf.document[RILL_TUF_ROOT].version, 1);
	assert_int_equal(tuf.document[RILL_TUF_TIMESTAMP].version, 3);
	assert_int_equal(tuf.document[RILL_TUF_SNAPSHOT].version, 3);
	assert_int_equal(tuf.document[RILL_TUF_TARGETS].version, 3);
	assert_in_range(tuf.document[RILL_TUF_TIMESTAMP].expires - tuf.now, 60 * 86400 - 60,
			60 * 86400 + 60);
	bytes = client_get(site, &tuf, "app", &n);
	assert_int_equal(n, 7);
	assert_memory_equal(bytes, "content", 7);
	free(bytes);
	rill_tuf_free(&tuf);
}

/* Expiry is for clients: a publisher must be able to end it. */
static void expired_metadata_can_be_refreshed(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;

	assert_ok(refresh(site, &site->key, -3, &error), &error);
	assert_fails(client_refresh(site, &tuf, &error), RILL_EXPIRED, &error, "expired");
	rill_tuf_free(&tuf);
	assert_ok(refresh(site, &site->key, 3, &error), &error);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	rill_tuf_free(&tuf);
}

static void metadata_that_was_tampered_with_is_refused(void **state)
{
	static const char *const names[] = {"metadata/1.root.json", "metadata/timestamp.json",
					    "metadata/2.snapshot.json", "metadata/2.targets.json"};
	struct site *site = *state;
	struct repository repository;
	struct rill_error error;

	assert_ok(publish_bytes(site, "app", "content", 7, 5, &error), &error);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n;
		char *bytes = get_file(in_site(site, names[i]), &n);
		char *year = strstr(bytes, "\"expires\":\"");

		assert_non_null(year);
		year[12]++; /* still valid JSON, still in the future */
		put_file(in_site(site, names[i]), bytes, n);
		assert_fails(repository_open(&repository, site->path, &error), RILL_SECURITY,
			     &error, names[i]);
		repository_close(&repository);
		year[12]--;
		put_file(in_site(site, names[i]), bytes, n);
		free(bytes);
	}
	assert_ok(repository_open(&repository, site->path, &error), &error);
	repository_close(&repository);
}

static void an_older_snapshot_under_the_new_name_is_refused(void **state)
{
	struct site *site = *state;
	struct repository repository;
	struct rill_error error;
	size_t n;
	char *bytes = get_file(in_site(site, "metadata/1.snapshot.json"), &n);

	assert_ok(publish_bytes(site, "app", "content", 7, 5, &error), &error);
	put_file(in_site(site, "metadata/2.snapshot.json"), bytes, n);
	assert_fails(repository_open(&repository, site->path, &error), RILL_SECURITY, &error,
		     "snapshot");
	repository_close(&repository);
	free(bytes);
}

static void a_missing_file_of_metadata_is_named(void **state)
{
	struct site *site = *state;
	struct repository repository;
	struct rill_error error;

	assert_int_equal(unlink(in_site(site, "metadata/1.targets.json")), 0);
	assert_fails(repository_open(&repository, site->path, &error), RILL_IO, &error,
		     "metadata/1.targets.json");
	repository_close(&repository);
}

/* All devices would refuse what it signs, and the next publisher, too. */
static void a_key_that_the_root_does_not_name_signs_nothing(void **state)
{
	struct site *site = *state;
	struct repository repository;
	struct rill_tuf tuf;
	struct rill_error error;
	enum rill_code code;
	struct key other;

	assert_ok(key_new(&other, folder_path(site->folder, "other.pem"), KEY_P256, NULL, &error),
		  &error);
	code = refresh(site, &other, 30, &error);
	key_close(&other);
	if (code == RILL_OK)
		print_error("a key that no device trusts was taken\n");
	assert_ok(client_refresh(site, &tuf, &error), &error);
	rill_tuf_free(&tuf);
	assert_ok(repository_open(&repository, site->path, &error), &error);
	repository_close(&repository);
	assert_int_not_equal(code, RILL_OK);
}

static void a_publisher_that_stops_before_the_timestamp_changes_nothing(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;
	char *old, *bytes;
	size_t old_length, n;

	assert_ok(publish_bytes(site, "app", "first", 5, 1, &error), &error);
	old = get_file(in_site(site, "metadata/timestamp.json"), &old_length);
	assert_ok(publish_bytes(site, "app", "second", 6, 2, &error), &error);
	put_file(in_site(site, "metadata/timestamp.json"), old, old_length);
	free(old);
	/* The release before is served, whole, though files of the next are there. */
	assert_true(is_there(in_site(site, "metadata/3.targets.json")));
	assert_ok(client_refresh(site, &tuf, &error), &error);
	bytes = client_get(site, &tuf, "app", &n);
	assert_memory_equal(bytes, "first", 5);
	free(bytes);
	rill_tuf_free(&tuf);
	/* And the next attempt succeeds, without a change of what is there. */
	assert_ok(publish_bytes(site, "app", "third one", 9, 2, &error), &error);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	assert_int_equal(tuf.document[RILL_TUF_TARGETS].version, 4);
	bytes = client_get(site, &tuf, "app", &n);
	assert_memory_equal(bytes, "third one", 9);
	free(bytes);
	rill_tuf_free(&tuf);
}

static void garbage_where_the_next_version_goes_does_no_harm(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;

	put_file(in_site(site, "metadata/2.targets.json"), "half a fi", 9);
	put_file(in_site(site, "metadata/2.snapshot.json"), "", 0);
	put_file(in_site(site, "metadata/timestamp.json.a1b2c3"), "x", 1);
	assert_ok(publish_bytes(site, "app", "content", 7, 5, &error), &error);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	rill_tuf_free(&tuf);
}

static void content_is_stored_under_its_hash(void **state)
{
	struct site *site = *state;
	const struct repository repository = {.path = site->path};
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX], name[256];
	struct rill_error error;
	char *path;

	rill_sha256("content", 7, digest);
	rill_hex(digest, sizeof digest, hex);
	assert_ok(repository_store(&repository, "a/b/c.bin", "content", 7, digest, &error), &error);
	snprintf(name, sizeof name, "targets/a/b/%s.c.bin", hex);
	assert_file(in_site(site, name), "content", 7);
	path = repository_target_path(&repository, "plain", "00");
	assert_non_null(path);
	assert_string_equal(path + strlen(site->path), "/targets/00.plain");
	free(path);
}

/* `mkdelta repo refresh --days` takes any number from 1. In a child: UBSan would end us. */
static void days_beyond_the_calendar_are_no_crash(void **state)
{
	struct site *site = *state;
	struct rill_tuf tuf;
	struct rill_error error;
	int status;
	pid_t child = fork();

	if (child == 0) {
		enum rill_code code = refresh(site, &site->key, INT64_MAX, &error);

		_exit(code == RILL_OK || code == RILL_USAGE ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_ok(client_refresh(site, &tuf, &error), &error);
	rill_tuf_free(&tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_site(a_client_trusts_a_new_repository),
		with_site(a_repository_is_never_made_over_another),
		with_site(what_is_no_repository_is_called_so),
		with_site(one_publisher_works_at_a_time),
		with_site(a_refresh_bumps_all_versions_but_the_roots),
		with_site(expired_metadata_can_be_refreshed),
		with_site(metadata_that_was_tampered_with_is_refused),
		with_site(an_older_snapshot_under_the_new_name_is_refused),
		with_site(a_missing_file_of_metadata_is_named),
		with_site(a_key_that_the_root_does_not_name_signs_nothing),
		with_site(a_publisher_that_stops_before_the_timestamp_changes_nothing),
		with_site(garbage_where_the_next_version_goes_does_no_harm),
		with_site(content_is_stored_under_its_hash),
		with_site(days_beyond_the_calendar_are_no_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
