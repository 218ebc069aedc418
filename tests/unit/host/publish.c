/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/host/client.h"

#include "host/delta_apply.h"
#include "host/publish.h"
#include "protocol/release.h"
#include <stdlib.h>
#include <string.h>

enum { N = 6000 };

static void fill(uint8_t *bytes, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(next_random(&seed) >> 32);
}

/* What a client finds under a name. */
struct found {
	struct rill_tuf tuf;
	struct rill_tuf_target target;
	struct rill_release release;
};

static const struct rill_json *look(struct site *site, const char *name, struct found *found)
{
	const struct rill_json *json = &found->tuf.document[RILL_TUF_TARGETS].json;
	struct rill_error error;

	assert_ok(client_refresh(site, &found->tuf, &error), &error);
	assert_ok(rill_tuf_target(&found->tuf, name, &found->target, &error), &error);
	assert_ok(rill_release_parse(json, found->target.custom, &found->release, &error), &error);
	return json;
}

static bool find_delta(struct site *site, const char *name, const uint8_t *base, size_t n,
		       struct found *found, struct rill_release_delta *delta)
{
	const struct rill_json *json = look(site, name, found);
	uint8_t digest[RILL_SHA256_SIZE];
	struct rill_error error;
	bool there;

	rill_sha256(base, n, digest);
	assert_ok(rill_release_find_delta(json, &found->release, digest, delta, &there, &error),
		  &error);
	return there;
}

static unsigned count_deltas(struct site *site, const char *name)
{
	struct found found;
	const struct rill_json *json = look(site, name, &found);
	unsigned count = 0;

	for (uint32_t i = rill_json_first(json, found.release.deltas); i;
	     i = rill_json_next(json, found.release.deltas, i))
		count++;
	rill_tuf_free(&found.tuf);
	return count;
}

/* Publishes with everything that can be said. */
static enum rill_code publish_with(struct site *site, struct publication *publication,
				   struct rill_error *error)
{
	struct repository repository;
	cJSON *report = cJSON_CreateObject();
	enum rill_code code = repository_open(&repository, site->path, error);

	publication->quiet = true;
	publication->days = 30;
	if (publication->base_releases == 0)
		publication->base_releases = 1;
	if (code == RILL_OK)
		code = publish(&repository, publication, report, error);
	if (code == RILL_OK)
		code = repository_commit(&repository, &site->keyring, 30, false, error);
	repository_close(&repository);
	cJSON_Delete(report);
	return code;
}

static void a_release_is_there_for_clients(void **state)
{
	struct site *site = *state;
	struct found found;
	struct rill_error error;
	char *bytes;
	size_t n;

	assert_ok(publish_bytes(site, "apps/app-1.0_a+b", "content", 7, 0, &error), &error);
	look(site, "apps/app-1.0_a+b", &found);
	assert_int_equal(found.release.number, 1);
	assert_int_equal(found.release.kind, RILL_KIND_FILE);
	assert_int_equal(found.release.boards, 0);
	bytes = client_get(site, &found.tuf, "apps/app-1.0_a+b", &n);
	assert_int_equal(n, 7);
	assert_memory_equal(bytes, "content", 7);
	free(bytes);
	rill_tuf_free(&found.tuf);
	assert_int_equal(count_deltas(site, "apps/app-1.0_a+b"), 0);
}

static void apply_published(struct site *site, const struct found *found,
			    const struct rill_release_delta *delta, const uint8_t *base,
			    const uint8_t *target)
{
	struct progress progress = progress_start("applying", true);
	uint8_t digest[RILL_SHA256_SIZE], result[N];
	struct output output;
	struct rill_error error;
	size_t n;
	char *bytes = client_get(site, &found->tuf, delta->path, &n);
	const struct input b = {.bytes = base, .length = N};
	const struct input d = {.bytes = (const uint8_t *)bytes, .length = n};

	assert_int_equal(n, delta->length);
	assert_true(delta->header_length <= (int64_t)n);
	rill_sha256(bytes, (size_t)delta->header_length, digest);
	assert_memory_equal(digest, delta->header_sha256, sizeof digest);
	assert_int_equal(delta->scratch, N);
	assert_ok(output_open(&output, folder_path(site->folder, "result"), &error), &error);
	assert_ok(delta_apply(&b, &d, (uint64_t)delta->memory, &output, &progress, &error), &error);
	assert_ok(output_read(&output, 0, result, N, &error), &error);
	assert_memory_equal(result, target, N);
	output_abandon(&output);
	free(bytes);
}

static void the_release_before_is_a_base(void **state)
{
	struct site *site = *state;
	uint8_t first[N], second[N];
	struct rill_release_delta delta;
	struct found found;
	struct rill_error error;

	fill(first, N, 1);
	memcpy(second, first, N);
	second[3000] ^= 1;
	assert_ok(publish_bytes(site, "app", first, N, 0, &error), &error);
	assert_ok(publish_bytes(site, "app", second, N, 0, &error), &error);
	assert_true(find_delta(site, "app", first, N, &found, &delta));
	assert_int_equal(found.release.number, 2);
	apply_published(site, &found, &delta, first, second);
	rill_tuf_free(&found.tuf);
	assert_false(find_delta(site, "app", second, N, &found, &delta));
	rill_tuf_free(&found.tuf);
}

static void bases_can_be_given(void **state)
{
	struct site *site = *state;
	uint8_t old[N], target[N];
	struct rill_release_delta delta;
	struct publication publication = {.name = "app"};
	const char *base = folder_path(site->folder, "old");
	struct found found;
	struct rill_error error;

	fill(old, N, 1);
	memcpy(target, old, N);
	target[10] ^= 4;
	put_file(base, old, N);
	publication.file = folder_path(site->folder, "new");
	put_file(publication.file, target, N);
	publication.bases = (struct text_list){&base, 1};
	assert_ok(publish_with(site, &publication, &error), &error);
	assert_true(find_delta(site, "app", old, N, &found, &delta));
	apply_published(site, &found, &delta, old, target);
	rill_tuf_free(&found.tuf);
	base = "/nowhere/at/all";
	publication.release = 0;
	assert_fails(publish_with(site, &publication, &error), RILL_IO, &error, "/nowhere/at/all");
}

static void a_base_that_is_given_twice_makes_one_delta(void **state)
{
	struct site *site = *state;
	uint8_t bytes[N];
	struct publication publication = {.name = "app"};
	const char *bases[2];
	struct rill_error error;

	fill(bytes, N, 1);
	assert_ok(publish_bytes(site, "app", bytes, N, 1, &error), &error);
	bases[0] = folder_path(site->folder, "old");
	bases[1] = folder_path(site->folder, "old-too");
	put_file(bases[0], bytes, N);
	put_file(bases[1], bytes, N);
	bytes[10] ^= 4;
	publication.file = folder_path(site->folder, "new");
	put_file(publication.file, bytes, N);
	publication.bases = (struct text_list){bases, 2};
	assert_ok(publish_with(site, &publication, &error), &error);
	assert_int_equal(count_deltas(site, "app"), 1);
}

static void release_numbers_rise(void **state)
{
	struct site *site = *state;
	struct found found;
	struct rill_error error;

	assert_ok(publish_bytes(site, "app", "5", 1, 5, &error), &error);
	assert_fails(publish_bytes(site, "app", "6", 1, 5, &error), RILL_USAGE, &error,
		     "release 5 of app is published");
	assert_fails(publish_bytes(site, "app", "6", 1, 4, &error), RILL_USAGE, &error, "higher");
	look(site, "app", &found);
	assert_int_equal(found.release.number, 5);
	rill_tuf_free(&found.tuf);
	assert_ok(publish_bytes(site, "app", "6", 1, 9, &error), &error);
	assert_ok(publish_bytes(site, "app", "7", 1, 0, &error), &error);
	look(site, "app", &found);
	assert_int_equal(found.release.number, 10);
	rill_tuf_free(&found.tuf);
	/* Another target has numbers of its own. */
	assert_ok(publish_bytes(site, "other", "1", 1, 1, &error), &error);
}

/* Doubles hold whole numbers up to 2^53, and cJSON prints them plainly up to 15 digits: a
 * larger one is refused, or keeps every digit when another target is published. */
static void large_release_numbers_are_refused_or_kept(void **state)
{
	static const int64_t numbers[] = {INT64_C(999999999999999), INT64_C(1764045123456789),
					  INT64_C(9007199254740993), INT64_MAX};
	struct site *site = *state;
	struct rill_error error;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct found found;
		enum rill_code code = publish_bytes(site, "app", "a", 1, numbers[i], &error);

		if (code != RILL_OK) {
			assert_fails(code, RILL_USAGE, &error, "");
			continue;
		}
		assert_ok(publish_bytes(site, "other", "b", 1, 0, &error), &error);
		look(site, "app", &found);
		assert_true(found.release.number == numbers[i]);
		rill_tuf_free(&found.tuf);
	}
}

static void names_that_would_lead_elsewhere_are_refused(void **state)
{
	static const char *const bad[] = {
		"",	".",	"..",	  "/etc/passwd", "a//b",       "a/",  "./a",
		"../a", "a/..", "a/../b", "a/./b",	 "deltas/app", "a b", "a\\b",
		"a\nb", "a%2e", "a?b",	  "\xc3\xa4",	 "a:b",
	};
	struct site *site = *state;
	struct rill_error error;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		enum rill_code code = publish_bytes(site, bad[i], "x", 1, 0, &error);

		if (code != RILL_USAGE)
			fail_msg("'%s': %s", bad[i], rill_code_name(code));
	}
	assert_ok(publish_bytes(site, "..a/b../...", "x", 1, 0, &error), &error);
	assert_ok(publish_bytes(site, ".a", "x", 1, 0, &error), &error);
}

static void the_same_content_again_makes_no_delta(void **state)
{
	struct site *site = *state;
	uint8_t bytes[N];
	struct found found;
	struct rill_error error;

	fill(bytes, N, 1);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	look(site, "app", &found);
	assert_int_equal(found.release.number, 2);
	rill_tuf_free(&found.tuf);
	assert_int_equal(count_deltas(site, "app"), 0);
}

static void a_delta_that_saves_nothing_is_dropped(void **state)
{
	struct site *site = *state;
	uint8_t bytes[N];
	struct rill_error error;

	fill(bytes, N, 1);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	fill(bytes, N, 2);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	assert_int_equal(count_deltas(site, "app"), 0);
	assert_false(is_there(folder_path(site->folder, "repo/targets/deltas")));
}

static void empty_files_can_be_published(void **state)
{
	struct site *site = *state;
	uint8_t bytes[N];
	struct found found;
	struct rill_error error;
	size_t n;

	fill(bytes, N, 1);
	assert_ok(publish_bytes(site, "app", "", 0, 0, &error), &error);
	assert_ok(publish_bytes(site, "app", "", 0, 0, &error), &error);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	assert_ok(publish_bytes(site, "app", "", 0, 0, &error), &error);
	look(site, "app", &found);
	free(client_get(site, &found.tuf, "app", &n));
	assert_int_equal(n, 0);
	rill_tuf_free(&found.tuf);
	assert_int_equal(count_deltas(site, "app"), 0);
}

static void deltas_to_what_is_no_longer_the_target_are_dropped(void **state)
{
	struct site *site = *state;
	uint8_t bytes[N];
	struct rill_release_delta delta, nested;
	struct rill_tuf_target target;
	struct found found;
	struct rill_error error;
	char *old_path, *nested_path;

	fill(bytes, N, 1);
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	assert_ok(publish_bytes(site, "app/part", bytes, N, 0, &error), &error);
	bytes[0] ^= 1;
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	assert_ok(publish_bytes(site, "app/part", bytes, N, 0, &error), &error);
	bytes[0] ^= 1;
	assert_true(find_delta(site, "app", bytes, N, &found, &delta));
	old_path = strdup(delta.path);
	rill_tuf_free(&found.tuf);
	assert_true(find_delta(site, "app/part", bytes, N, &found, &nested));
	nested_path = strdup(nested.path);
	rill_tuf_free(&found.tuf);
	bytes[1] ^= 1;
	assert_ok(publish_bytes(site, "app", bytes, N, 0, &error), &error);
	look(site, "app", &found);
	assert_fails(rill_tuf_target(&found.tuf, old_path, &target, &error), RILL_SECURITY, &error,
		     old_path);
	/* The one of another target with a similar name stays. */
	assert_ok(rill_tuf_target(&found.tuf, nested_path, &target, &error), &error);
	rill_tuf_free(&found.tuf);
	free(old_path);
	free(nested_path);
}

static void boards_are_named(void **state)
{
	struct site *site = *state;
	const char *boards[] = {"board-a", "board-b"};
	struct publication publication = {.name = "app", .boards = {boards, 2}};
	struct found found;
	const struct rill_json *json;
	struct rill_error error;

	publication.file = folder_path(site->folder, "new");
	put_file(publication.file, "x", 1);
	assert_ok(publish_with(site, &publication, &error), &error);
	json = look(site, "app", &found);
	assert_true(rill_release_is_for(json, &found.release, "board-a"));
	assert_true(rill_release_is_for(json, &found.release, "board-b"));
	assert_false(rill_release_is_for(json, &found.release, "board-c"));
	assert_false(rill_release_is_for(json, &found.release, ""));
	rill_tuf_free(&found.tuf);
}

static void a_failure_changes_nothing(void **state)
{
	struct site *site = *state;
	struct publication publication = {.name = "app", .file = "/nowhere/at/all"};
	struct found found;
	struct rill_error error;

	assert_ok(publish_bytes(site, "app", "one", 3, 0, &error), &error);
	assert_fails(publish_with(site, &publication, &error), RILL_IO, &error, "/nowhere/at/all");
	look(site, "app", &found);
	assert_int_equal(found.release.number, 1);
	assert_int_equal(found.tuf.document[RILL_TUF_TARGETS].version, 2);
	rill_tuf_free(&found.tuf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_site(a_release_is_there_for_clients),
		with_site(the_release_before_is_a_base),
		with_site(bases_can_be_given),
		with_site(a_base_that_is_given_twice_makes_one_delta),
		with_site(release_numbers_rise),
		with_site(large_release_numbers_are_refused_or_kept),
		with_site(names_that_would_lead_elsewhere_are_refused),
		with_site(the_same_content_again_makes_no_delta),
		with_site(a_delta_that_saves_nothing_is_dropped),
		with_site(empty_files_can_be_published),
		with_site(deltas_to_what_is_no_longer_the_target_are_dropped),
		with_site(boards_are_named),
		with_site(a_failure_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
