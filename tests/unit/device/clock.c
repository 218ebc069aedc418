/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/clock.h"
#include <string.h>
#include <time.h>

static void put_time(struct folder *folder, const char *text)
{
	put_file(folder_path(folder, "time"), text, strlen(text));
}

static void the_systems_clock_counts_when_it_is_ahead(void **state)
{
	struct folder *folder = *state;
	int64_t now = (int64_t)time(NULL);
	struct device_clock clock = clock_read(folder->path);

	assert_false(clock.behind);
	assert_in_range(clock.now, now, now + 5);
	put_time(folder, "1500000000\n");
	assert_false(clock_read(folder->path).behind);
}

static void a_clock_that_is_behind_is_not_trusted(void **state)
{
	struct folder *folder = *state;
	struct device_clock clock;

	put_time(folder, "4000000000\n");
	clock = clock_read(folder->path);
	assert_true(clock.behind);
	assert_false(clock.trusted);
	assert_int_equal(clock.now, 4000000000);
}

static void damage_counts_as_nothing(void **state)
{
	static const char *const bad[] = {
		"", "x", "-5\n", "4000000000", "4000000000x\n", "4000000000\n\n"};
	struct folder *folder = *state;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put_time(folder, bad[i]);
		assert_false(clock_read(folder->path).behind);
	}
}

static void the_time_is_kept_once_a_day_and_not_when_behind(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "time");
	struct device_clock clock = {.now = 2000000000, .behind = true};
	struct rill_error error;

	assert_ok(clock_keep(folder->path, &clock, &error), &error);
	assert_false(is_there(path));
	clock.behind = false;
	assert_ok(clock_keep(folder->path, &clock, &error), &error);
	assert_file(path, "2000000000\n", 11);
	clock.now += 86399;
	assert_ok(clock_keep(folder->path, &clock, &error), &error);
	assert_file(path, "2000000000\n", 11);
	clock.now += 1;
	assert_ok(clock_keep(folder->path, &clock, &error), &error);
	assert_file(path, "2000086400\n", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(the_systems_clock_counts_when_it_is_ahead),
		in_folder(a_clock_that_is_behind_is_not_trusted),
		in_folder(damage_counts_as_nothing),
		in_folder(the_time_is_kept_once_a_day_and_not_when_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
