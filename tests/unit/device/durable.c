/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/durable.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_file_is_replaced_whole(void **state)
{
	struct folder *folder = *state;
	struct rill_error error;

	assert_ok(durable_write(folder->path, "file", "a longer text", 13, &error), &error);
	assert_file(folder_path(folder, "file"), "a longer text", 13);
	assert_ok(durable_write(folder->path, "file", "short", 5, &error), &error);
	assert_file(folder_path(folder, "file"), "short", 5);
	assert_ok(durable_write(folder->path, "file", "", 0, &error), &error);
	assert_file(folder_path(folder, "file"), "", 0);
	assert_int_equal(count_files(folder->path), 1);
}

/* Whoever has the old file open keeps the old bytes: it is replaced, not rewritten. */
static void the_old_file_itself_is_not_touched(void **state)
{
	struct folder *folder = *state;
	struct rill_error error;
	char bytes[4] = "";
	int fd;

	put_file(folder_path(folder, "file"), "old", 3);
	fd = open(folder_path(folder, "file"), O_RDONLY);
	assert_true(fd >= 0);
	assert_ok(durable_write(folder->path, "file", "new", 3, &error), &error);
	assert_ok(read_fully(fd, "file", 0, bytes, 3, &error), &error);
	assert_string_equal(bytes, "old");
	close(fd);
}

static void what_a_power_cut_left_is_replaced(void **state)
{
	struct folder *folder = *state;
	struct rill_error error;

	put_file(folder_path(folder, ".file.new"), "half a file that is longer", 26);
	assert_ok(durable_write(folder->path, "file", "new", 3, &error), &error);
	assert_file(folder_path(folder, "file"), "new", 3);
	assert_int_equal(count_files(folder->path), 1);
}

static void a_failed_write_keeps_the_old_and_leaves_nothing(void **state)
{
	struct folder *folder = *state;
	struct rill_error error;

	/* A folder cannot be replaced by a file. */
	assert_int_equal(mkdir(folder_path(folder, "file"), 0755), 0);
	assert_fails(durable_write(folder->path, "file", "new", 3, &error), RILL_IO, &error,
		     folder_path(folder, "file"));
	assert_int_equal(count_files(folder->path), 1);
	assert_fails(durable_write(folder_path(folder, "none"), "file", "new", 3, &error), RILL_IO,
		     &error, folder_path(folder, "none"));
	/* A link in the place of the temporary file is not followed. */
	assert_int_equal(symlink(folder_path(folder, "victim"), folder_path(folder, ".x.new")), 0);
	put_file(folder_path(folder, "victim"), "precious", 8);
	durable_write(folder->path, "x", "new", 3, &error);
	assert_file(folder_path(folder, "victim"), "precious", 8);
}

static void a_file_is_read_with_a_nul_behind_it(void **state)
{
	const char *path = folder_path(*state, "file");
	struct rill_error error;
	char *bytes;
	size_t n;

	put_file(path, "12345", 5);
	assert_ok(durable_read(path, 5, &bytes, &n, &error), &error);
	assert_int_equal(n, 5);
	assert_memory_equal(bytes, "12345", 6);
	free(bytes);
	put_file(path, "", 0);
	assert_ok(durable_read(path, 5, &bytes, &n, &error), &error);
	assert_int_equal(n, 0);
	assert_non_null(bytes);
	assert_int_equal(bytes[0], 0);
	free(bytes);
}

static void a_file_over_the_limit_is_refused(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "file");
	struct rill_error error;
	char *bytes;
	size_t n;

	put_file(path, "123456", 6);
	assert_fails(durable_read(path, 5, &bytes, &n, &error), RILL_IO, &error, "at most 5 bytes");
	assert_null(bytes);
	assert_fails(durable_read(folder->path, 1 << 20, &bytes, &n, &error), RILL_IO, &error,
		     folder->path);
	assert_null(bytes);
}

static void a_file_that_is_not_there_is_no_failure(void **state)
{
	struct rill_error error;
	char *bytes = (char *)1;
	size_t n = 1;

	assert_ok(durable_read(folder_path(*state, "none"), 5, &bytes, &n, &error), &error);
	assert_null(bytes);
	assert_int_equal(n, 0);
	put_file(folder_path(*state, "file"), "x", 1);
	assert_fails(durable_read(folder_path(*state, "file/none"), 5, &bytes, &n, &error), RILL_IO,
		     &error, "file/none");
}

static void reads_beyond_the_end_are_failures(void **state)
{
	const char *path = folder_path(*state, "file");
	struct rill_error error;
	char bytes[8];
	int fd;

	put_file(path, "123456", 6);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_ok(read_fully(fd, path, 2, bytes, 4, &error), &error);
	assert_memory_equal(bytes, "3456", 4);
	assert_fails(read_fully(fd, path, 2, bytes, 5, &error), RILL_IO, &error, path);
	assert_fails(read_fully(fd, path, INT64_MAX, bytes, 1, &error), RILL_IO, &error, path);
	close(fd);
}

static void a_full_device_is_no_space(void **state)
{
	struct rill_error error;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip();
	assert_fails(write_fully(fd, "/dev/full", "x", 1, &error), RILL_NO_SPACE, &error,
		     "/dev/full: cannot write");
	close(fd);
	errno = EDQUOT;
	assert_fails(system_failed("/a", "write", &error), RILL_NO_SPACE, &error, "/a");
	errno = EROFS;
	assert_fails(system_failed("/a", "write", &error), RILL_IO, &error, "cannot write");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(a_file_is_replaced_whole),
		in_folder(the_old_file_itself_is_not_touched),
		in_folder(what_a_power_cut_left_is_replaced),
		in_folder(a_failed_write_keeps_the_old_and_leaves_nothing),
		in_folder(a_file_is_read_with_a_nul_behind_it),
		in_folder(a_file_over_the_limit_is_refused),
		in_folder(a_file_that_is_not_there_is_no_failure),
		in_folder(reads_beyond_the_end_are_failures),
		cmocka_unit_test(a_full_device_is_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
