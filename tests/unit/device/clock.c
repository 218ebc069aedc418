/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/clock.h"
#include <string.h>
#include <time.h>

/* Verified metadata with just what counts here. */
static void set(struct rill_tuf_document *document, const char *signed_object, const char *expires)
{
	char text[256];
	struct rill_error error;

	snprintf(text, sizeof text, "{\"signed\":%s}", signed_object);
	rill_json_free(&document->json);
	assert_ok(rill_json_parse(&document->json, text, strlen(text), 32, &error), &error);
	document->body = rill_json_get(&document->json, RILL_JSON_ROOT, "signed");
	document->version = 1;
	assert_true(rill_tuf_parse_time(expires, &document->expires));
}

static int64_t floor_of(const char *signed_object, const char *timestamp, const char *root)
{
	struct rill_tuf tuf;
	int64_t floor;

	rill_tuf_init(&tuf, 0);
	set(&tuf.document[RILL_TUF_TIMESTAMP], signed_object, timestamp);
	set(&tuf.document[RILL_TUF_ROOT], "{}", root);
	floor = clock_floor(&tuf);
	rill_tuf_free(&tuf);
	return floor;
}

static int64_t seconds(const char *text)
{
	int64_t value;

	assert_true(rill_tuf_parse_time(text, &value));
	return value;
}

#define ISSUED(time) "{\"issued\":\"" time "\"}"
#define A "2030-01-01T00:00:00Z"
#define B "2030-02-01T00:00:00Z"
#define C "2031-01-01T00:00:00Z"

static void a_timestamp_lifts_the_floor_to_no_more_than_its_expiry(void **state)
{
	(void)state;
	assert_int_equal(floor_of(ISSUED(A), B, C), seconds(A));
	assert_int_equal(floor_of(ISSUED(C), B, C), seconds(B) - 1);
	assert_int_equal(floor_of(ISSUED(C), C, B), seconds(B) - 1);
	assert_int_equal(floor_of(ISSUED("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z", B),
			 seconds(B) - 1);
	assert_int_equal(floor_of("{}", B, C), 0);
	assert_int_equal(floor_of("{\"issued\":5}", B, C), 0);
	assert_int_equal(floor_of("{\"issued\":\"yesterday\"}", B, C), 0);
}

static void keep(struct folder *folder, const char *issued, bool trusted, const char *bare)
{
	const struct device_clock clock = {.bare = seconds(bare), .trusted = trusted};
	struct rill_tuf tuf;
	struct rill_error error;

	rill_tuf_init(&tuf, 0);
	set(&tuf.document[RILL_TUF_TIMESTAMP], issued, C);
	set(&tuf.document[RILL_TUF_ROOT], "{}", C);
	assert_ok(clock_keep(folder->path, &clock, &tuf, &error), &error);
	rill_tuf_free(&tuf);
}

static void what_is_kept_only_grows(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, CLOCK_FILE);

	keep(folder, "{}", false, B); /* a clock that is not synchronized says nothing */
	assert_false(is_there(path));
	keep(folder, ISSUED(A), false, B);
	assert_file(path, A "\n", 21);
	assert_int_equal(clock_read(folder->path).now, seconds(A));
	keep(folder, ISSUED("2029-01-01T00:00:00Z"), false, A);
	assert_file(path, A "\n", 21);
	keep(folder, ISSUED("2030-01-01T12:00:00Z"), false, A); /* less than a day */
	assert_file(path, A "\n", 21);
	keep(folder, ISSUED(A), true, B);
	assert_file(path, B "\n", 21);
	put_file(path, "damaged", 7);
	assert_true(clock_read(folder->path).now < seconds(A));
	keep(folder, ISSUED(A), false, B);
	assert_file(path, A "\n", 21);
}

static void without_a_kept_time_the_clock_or_the_build_counts(void **state)
{
	struct folder *folder = *state;
	struct device_clock clock = clock_read(folder->path);

	assert_true(clock.now >= (int64_t)time(NULL) - 5 && clock.now == clock.bare);
	put_file(folder_path(folder, CLOCK_FILE), "2000-01-01T00:00:00Z\n", 21);
	clock = clock_read(folder->path);
	assert_int_equal(clock.now, clock.bare);
	put_file(folder_path(folder, CLOCK_FILE), C "\n", 21);
	clock = clock_read(folder->path);
	assert_int_equal(clock.now, seconds(C));
	assert_true(clock.bare < clock.now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timestamp_lifts_the_floor_to_no_more_than_its_expiry),
		in_folder(what_is_kept_only_grows),
		in_folder(without_a_kept_time_the_clock_or_the_build_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
