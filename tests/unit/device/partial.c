/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/partial.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void what_was_written_is_there_again(void **state)
{
	struct folder *folder = *state;
	struct partial partial;
	struct rill_error error;
	char bytes[8] = "";

	assert_int_equal(partial_size(folder->path, "tools/app"), 0);
	assert_ok(partial_open(&partial, folder->path, "tools/app", 100, &error), &error);
	assert_int_equal(partial.size, 0);
	assert_ok(partial_write(&partial, 0, "hello", 5, &error), &error);
	assert_ok(partial_write(&partial, 5, "XX", 2, &error), &error);
	assert_ok(partial_write(&partial, 1, "E", 1, &error), &error);
	partial_close(&partial);
	partial_close(&partial);
	assert_int_equal(partial_size(folder->path, "tools/app"), 7);
	assert_int_equal(partial_size(folder->path, "tools/other"), 0);

	assert_ok(partial_open(&partial, folder->path, "tools/app", 100, &error), &error);
	assert_int_equal(partial.size, 7);
	assert_ok(partial_read(&partial, 0, bytes, 7, &error), &error);
	assert_string_equal(bytes, "hElloXX");
	assert_ok(partial_empty(&partial, &error), &error);
	partial_close(&partial);
	assert_int_equal(partial_size(folder->path, "tools/app"), 0);
}

static void a_longer_one_is_of_something_else(void **state)
{
	struct folder *folder = *state;
	struct partial partial;
	struct rill_error error;

	assert_ok(partial_open(&partial, folder->path, "app", 100, &error), &error);
	assert_ok(partial_write(&partial, 0, "hello", 5, &error), &error);
	partial_close(&partial);
	assert_ok(partial_open(&partial, folder->path, "app", 4, &error), &error);
	assert_int_equal(partial.size, 0);
	partial_close(&partial);
}

static void what_is_removed_is_gone(void **state)
{
	struct folder *folder = *state;
	struct partial partial;
	struct rill_error error;

	partial_remove(folder->path, "app");
	assert_ok(partial_open(&partial, folder->path, "app", 100, &error), &error);
	partial_close(&partial);
	assert_int_equal(count_files(folder_path(folder, "download")), 1);
	assert_int_equal(mode_of(folder_path(folder, "download")), 0700);
	partial_remove(folder->path, "app");
	assert_int_equal(count_files(folder_path(folder, "download")), 0);
}

static void room_is_wanted_before(void **state)
{
	struct folder *folder = *state;
	struct partial partial;
	struct rill_error error;

	assert_fails(partial_open(&partial, folder->path, "app", UINT64_C(1) << 48, &error),
		     RILL_NO_SPACE, &error, "are free");
	partial_close(&partial);
}

static void links_and_folders_are_not_followed(void **state)
{
	struct folder *folder = *state;
	struct partial partial;
	struct rill_error error;
	char path[PATH_MAX];

	assert_ok(partial_open(&partial, folder->path, "app", 100, &error), &error);
	snprintf(path, sizeof path, "%s", partial.path);
	partial_close(&partial);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_fails(partial_open(&partial, folder->path, "app", 100, &error), RILL_IO, &error,
		     "download");
	partial_close(&partial);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_fails(partial_open(&partial, folder->path, "app", 100, &error), RILL_IO, &error,
		     "download");
	partial_close(&partial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(what_was_written_is_there_again),
		in_folder(a_longer_one_is_of_something_else),
		in_folder(what_is_removed_is_gone),
		in_folder(room_is_wanted_before),
		in_folder(links_and_folders_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
