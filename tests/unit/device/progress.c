/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of rate and time left: nothing rather than nonsense.
 */
#include "tests/unit/folder.h"

#include "device/boot.h"
#include "device/progress.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t received;

/* As if `seconds` had gone by since the start, with nothing received in the beginning. */
static struct progress after(uint64_t total, uint64_t at, uint64_t got)
{
	struct progress progress = {.received = &received, .total = total, .at = at};

	received = got;
	progress.samples[0] = (struct progress_sample){.ms = 1000, .received = 0};
	progress.sample_count = 1;
	return progress;
}

static void there_is_no_rate_before_some_seconds(void **state)
{
	struct progress progress = after(1000000, 50000, 50000);

	(void)state;
	assert_int_equal(progress_rate(&progress, 1000), -1);
	assert_int_equal(progress_rate(&progress, 3999), -1);
	assert_int_equal(progress_left(&progress, 3999), -1);
	assert_int_equal(progress_rate(&progress, 6000), 10000);
	assert_int_equal(progress_left(&progress, 6000), 95);
}

static void what_was_kept_is_no_rate(void **state)
{
	struct progress progress = after(1000000, 900000, 0);

	(void)state;
	assert_int_equal(progress_rate(&progress, 11000), 0);
	assert_int_equal(progress_left(&progress, 11000), -1);
}

static void a_stall_has_no_end(void **state)
{
	struct progress progress = after(UINT64_C(1) << 40, 10, 10);

	(void)state;
	assert_int_equal(progress_rate(&progress, 11000), 1);
	assert_int_equal(progress_left(&progress, 11000), -1);
	assert_int_equal(progress_rate(&progress, INT64_C(1) << 50), 0);
}

static void all_that_is_here_leaves_nothing(void **state)
{
	struct progress progress = after(1000, 1000, 1000);

	(void)state;
	assert_int_equal(progress_left(&progress, 5000), 0);
}

static void more_than_all_is_all(void **state)
{
	struct progress progress;

	(void)state;
	progress_start(&progress, PROGRESS_NONE, NULL, "app", &received, 100);
	progress_at(&progress, 101);
	assert_int_equal(progress.at, 100);
	progress_at(NULL, 1);
	progress_end(&progress);
}

static void samples_cover_half_a_minute(void **state)
{
	struct progress progress = after(1000000, 0, 0);

	(void)state;
	for (int i = 0; i < 3 * PROGRESS_SAMPLES; i++) {
		progress.samples[progress.sample_count - 1].ms -= 2000;
		for (unsigned j = 0; j + 1 < progress.sample_count; j++)
			progress.samples[j].ms -= 2000;
		progress_tick(&progress);
		assert_in_range(progress.sample_count, 1, PROGRESS_SAMPLES);
	}
	assert_in_range(progress.samples[PROGRESS_SAMPLES - 1].ms - progress.samples[0].ms, 29000,
			31000);
}

/* What a function prints to standard error. */
static void capture(struct progress *progress, char text[256])
{
	FILE *file = tmpfile();
	int was = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(file);
	fflush(stderr);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	progress_tick(progress);
	fflush(stderr);
	assert_true(dup2(was, STDERR_FILENO) >= 0);
	close(was);
	rewind(file);
	n = fread(text, 1, 255, file);
	text[n] = 0;
	fclose(file);
}

static void a_log_gets_a_line_a_minute(void **state)
{
	struct progress progress;
	char text[256];

	(void)state;
	received = 0;
	progress_start(&progress, PROGRESS_LOG, NULL, "app", &received, 1000000);
	progress.at = 250000;
	progress.shown -= 59000;
	capture(&progress, text);
	assert_string_equal(text, "");
	progress.shown -= 1000;
	capture(&progress, text);
	assert_string_equal(text, "rill-agent: app: 250.0 kB of 1.0 MB (25 %), --/s, -- left\n");
	capture(&progress, text);
	assert_string_equal(text, "");
}

static void others_can_read_how_far_it_is(void **state)
{
	const char *folder = ((struct folder *)*state)->path;
	struct progress progress;
	struct progress_figures figures;
	int64_t now = boot_seconds();

	received = 0;
	progress_start(&progress, PROGRESS_NONE, folder, "tools/an app", &received, 1000000);
	progress_at(&progress, 1);
	assert_false(progress_read(folder, "tools/an app", now, &figures));
	progress.samples[0].ms -= 10000;
	progress.noted -= 5000;
	received = 250000;
	progress_at(&progress, 250000);
	assert_true(progress_read(folder, "tools/an app", now + 1, &figures));
	assert_int_equal(figures.at, 250000);
	assert_int_equal(figures.total, 1000000);
	assert_in_range(figures.rate, 20000, 25000);
	assert_in_range(figures.left, 30, 38);
	/* Not for another target, nor for long. */
	assert_false(progress_read(folder, "tools/an", now + 1, &figures));
	assert_false(progress_read(folder, "tools/an app 2", now + 1, &figures));
	assert_false(progress_read(folder, "tools/an app", now + 30, &figures));
	assert_false(progress_read(folder, "tools/an app", now - 100, &figures));
	/* A stall has a rate, and no end. */
	received = 0;
	progress.noted -= 5000;
	progress_tick(&progress);
	assert_true(progress_read(folder, "tools/an app", now + 1, &figures));
	assert_int_equal(figures.rate, 0);
	assert_int_equal(figures.left, -1);
	put_file(folder_path(*state, "progress"), "12 34", 5);
	assert_false(progress_read(folder, "tools/an app", now + 1, &figures));
	progress_end(&progress);
	assert_false(is_there(folder_path(*state, "progress")));
}

static void bytes_and_times_are_printed(void **state)
{
	static const struct {
		uint64_t value;
		const char *bytes, *time;
	} cases[] = {
		{0, "0 B", "0 s"},
		{59, "59 B", "59 s"},
		{61, "61 B", "1 min 1 s"},
		{999, "999 B", "16 min 39 s"},
		{1000, "1.0 kB", "16 min 40 s"},
		{999999, "999.9 kB", "96 h 0 min"},
		{1000000, "1.0 MB", "96 h 0 min"},
		{UINT64_C(123456789012345), "123.4 TB", "96 h 0 min"},
	};
	char text[PROGRESS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		progress_print_bytes(text, cases[i].value);
		assert_string_equal(text, cases[i].bytes);
		progress_print_time(text, (int64_t)cases[i].value);
		assert_string_equal(text, cases[i].time);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_no_rate_before_some_seconds),
		cmocka_unit_test(what_was_kept_is_no_rate),
		cmocka_unit_test(a_stall_has_no_end),
		cmocka_unit_test(all_that_is_here_leaves_nothing),
		cmocka_unit_test(more_than_all_is_all),
		cmocka_unit_test(samples_cover_half_a_minute),
		cmocka_unit_test(a_log_gets_a_line_a_minute),
		in_folder(others_can_read_how_far_it_is),
		cmocka_unit_test(bytes_and_times_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
