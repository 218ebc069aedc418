/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "host/file.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void an_output_has_no_name_before_it_is_committed(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "out");
	struct output output;
	struct rill_error error;

	assert_ok(output_open(&output, path, &error), &error);
	assert_ok(output_write(&output, "hello ", 6, &error), &error);
	assert_ok(output_write(&output, "world", 5, &error), &error);
	assert_false(is_there(path));
	assert_ok(output_commit(&output, 0666, &error), &error);
	assert_file(path, "hello world", 11);
	assert_int_equal(count_files(folder->path), 1);
	output_abandon(&output);
	assert_file(path, "hello world", 11);
}

static void an_abandoned_output_leaves_nothing(void **state)
{
	struct folder *folder = *state;
	struct output output;
	struct rill_error error;

	assert_ok(output_open(&output, folder_path(folder, "out"), &error), &error);
	assert_ok(output_write(&output, "hello", 5, &error), &error);
	assert_int_equal(count_files(folder->path), 1);
	output_abandon(&output);
	assert_int_equal(count_files(folder->path), 0);
	output_abandon(&output);
}

static void the_mode_is_set_less_the_umask(void **state)
{
	const char *path = folder_path(*state, "out");
	mode_t mask = umask(027);
	struct rill_error error;

	assert_ok(write_file(path, "x", 1, 0666, &error), &error);
	assert_int_equal(mode_of(path), 0640);
	assert_ok(write_file(path, "x", 1, 0777, &error), &error);
	assert_int_equal(mode_of(path), 0750);
	umask(0);
	assert_ok(write_file(path, "x", 1, 0600, &error), &error);
	assert_int_equal(mode_of(path), 0600);
	umask(mask);
}

static void a_file_is_replaced_whole(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "out");
	struct output output;
	struct rill_error error;

	put_file(path, "old and longer", 14);
	assert_ok(output_open(&output, path, &error), &error);
	assert_ok(output_write(&output, "new", 3, &error), &error);
	assert_file(path, "old and longer", 14);
	assert_ok(output_commit(&output, 0644, &error), &error);
	assert_file(path, "new", 3);
	assert_int_equal(count_files(folder->path), 1);
}

static void what_was_written_can_be_read_back(void **state)
{
	struct output output;
	struct rill_error error;
	char bytes[8] = "";

	assert_ok(output_open(&output, folder_path(*state, "out"), &error), &error);
	assert_ok(output_write(&output, "0123456789", 10, &error), &error);
	assert_ok(output_read(&output, 3, bytes, 4, &error), &error);
	assert_string_equal(bytes, "3456");
	assert_ok(output_write(&output, "ab", 2, &error), &error);
	assert_ok(output_read(&output, 9, bytes, 3, &error), &error);
	assert_memory_equal(bytes, "9ab", 3);
	assert_fails(output_read(&output, 10, bytes, 3, &error), RILL_IO, &error, "out");
	output_abandon(&output);
}

static void failures_name_the_file(void **state)
{
	struct folder *folder = *state;
	const char *lost = folder_path(folder, "no-folder/out");
	struct output output;
	struct input input;
	struct rill_error error;

	assert_fails(output_open(&output, lost, &error), RILL_IO, &error, lost);
	output_abandon(&output);
	assert_fails(write_file(lost, "x", 1, 0666, &error), RILL_IO, &error, lost);
	assert_fails(input_open(&input, lost, &error), RILL_IO, &error, lost);
	assert_fails(input_open(&input, folder->path, &error), RILL_IO, &error, "not a regular");
	/* A folder has the name already. */
	assert_int_equal(mkdir(folder_path(folder, "taken"), 0755), 0);
	assert_fails(write_file(folder_path(folder, "taken"), "x", 1, 0666, &error), RILL_IO,
		     &error, "taken");
	assert_int_equal(count_files(folder->path), 1);
}

static void inputs_have_the_bytes_of_their_file(void **state)
{
	const char *path = folder_path(*state, "in");
	struct input input;
	struct rill_error error;

	put_file(path, "some bytes", 10);
	assert_ok(input_open(&input, path, &error), &error);
	assert_int_equal(input.length, 10);
	assert_memory_equal(input.bytes, "some bytes", 10);
	input_close(&input);
	input_close(&input);
	put_file(path, "", 0);
	assert_ok(input_open(&input, path, &error), &error);
	assert_int_equal(input.length, 0);
	input_close(&input);
}

/* Runs with one of the standard descriptors from a file. */
static int redirect(int descriptor, const char *path, int flags)
{
	int kept = dup(descriptor), fd = open(path, flags, 0644);

	fflush(NULL);
	assert_true(kept >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, descriptor), descriptor);
	close(fd);
	return kept;
}

static void restore(int descriptor, int kept)
{
	dup2(kept, descriptor);
	close(kept);
}

static void a_dash_is_standard_input(void **state)
{
	const char *path = folder_path(*state, "in");
	enum { N = 200000 };
	char *bytes = malloc(N);
	struct input input;
	struct rill_error error;
	enum rill_code code;
	int kept;

	assert_non_null(bytes);
	for (size_t i = 0; i < N; i++)
		bytes[i] = (char)(i * 7 / 3);
	put_file(path, bytes, N);
	kept = redirect(STDIN_FILENO, path, O_RDONLY);
	code = input_open(&input, "-", &error);
	restore(STDIN_FILENO, kept);
	assert_ok(code, &error);
	assert_int_equal(input.length, N);
	assert_memory_equal(input.bytes, bytes, N);
	input_close(&input);
	free(bytes);
}

static void a_dash_is_standard_output_and_gets_all_or_nothing(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "stdout");
	struct output output;
	struct rill_error error;
	enum rill_code code;
	int kept = redirect(STDOUT_FILENO, path, O_WRONLY | O_CREAT);
	size_t early;

	setenv("TMPDIR", folder->path, 1);
	code = output_open(&output, "-", &error);
	if (code == RILL_OK)
		code = output_write(&output, "whole", 5, &error);
	free(get_file(path, &early));
	if (code == RILL_OK)
		code = output_commit(&output, 0666, &error);
	restore(STDOUT_FILENO, kept);
	unsetenv("TMPDIR");
	assert_ok(code, &error);
	output_abandon(&output);
	assert_int_equal(early, 0);
	assert_file(path, "whole", 5);
	assert_int_equal(count_files(folder->path), 1);
}

static void a_full_device_is_no_space(void **state)
{
	struct output output;
	struct rill_error error;
	enum rill_code code;
	int kept;

	(void)state;
	if (!is_there("/dev/full"))
		skip();
	assert_ok(output_open(&output, "-", &error), &error);
	assert_ok(output_write(&output, "whole", 5, &error), &error);
	kept = redirect(STDOUT_FILENO, "/dev/full", O_WRONLY);
	code = output_commit(&output, 0666, &error);
	restore(STDOUT_FILENO, kept);
	output_abandon(&output);
	assert_fails(code, RILL_NO_SPACE, &error, "standard output");
}

static void folders_are_made_with_those_above_them(void **state)
{
	struct folder *folder = *state;
	struct rill_error error;

	assert_ok(make_folders(folder_path(folder, "a/b/c"), &error), &error);
	assert_true(is_there(folder_path(folder, "a/b/c")));
	assert_ok(make_folders(folder_path(folder, "a/b/c"), &error), &error);
	assert_ok(make_folders(folder_path(folder, "a//b/d/"), &error), &error);
	assert_true(is_there(folder_path(folder, "a/b/d")));
	put_file(folder_path(folder, "file"), "x", 1);
	assert_fails(make_folders(folder_path(folder, "file/below"), &error), RILL_IO, &error,
		     "file");
}

static void a_file_in_the_place_of_a_folder_is_an_error(void **state)
{
	struct rill_error error;

	put_file(folder_path(*state, "file"), "x", 1);
	assert_fails(make_folders(folder_path(*state, "file"), &error), RILL_IO, &error, "file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(an_output_has_no_name_before_it_is_committed),
		in_folder(an_abandoned_output_leaves_nothing),
		in_folder(the_mode_is_set_less_the_umask),
		in_folder(a_file_is_replaced_whole),
		in_folder(what_was_written_can_be_read_back),
		in_folder(failures_name_the_file),
		in_folder(inputs_have_the_bytes_of_their_file),
		in_folder(a_dash_is_standard_input),
		in_folder(a_dash_is_standard_output_and_gets_all_or_nothing),
		cmocka_unit_test(a_full_device_is_no_space),
		in_folder(folders_are_made_with_those_above_them),
		in_folder(a_file_in_the_place_of_a_folder_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
