/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/kind.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char old_text[] = "the old file", new_text[] = "the new file, which is longer";

static const struct target_config *target_of(const char *path)
{
	static struct target_config target;

	target = (struct target_config){.name = "app", .path = path};
	return &target;
}

/* To the file with this text, or to none. */
static enum rill_code restore(const char *path, const char *text, struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];

	if (text)
		rill_sha256(text, strlen(text), digest);
	return kind_file.restore(target_of(path), text ? digest : NULL, error);
}

static void open_ok(struct install **install, const char *path)
{
	struct rill_error error;

	assert_ok(kind_file.open(install, target_of(path), &error), &error);
}

/* Up to where only the switch is left. */
static void prepare(struct install **install, const char *path, const char *text)
{
	uint8_t digest[RILL_SHA256_SIZE];
	struct rill_error error;
	size_t n = strlen(text);

	open_ok(install, path);
	rill_sha256(text, n, digest);
	assert_ok(kind_file.begin(*install, n, &error), &error);
	assert_ok(kind_file.write(*install, 0, text, n / 2, &error), &error);
	assert_ok(kind_file.write(*install, 0, text + n / 2, n - n / 2, &error), &error);
	assert_ok(kind_file.seal(*install, digest, &error), &error);
}

static void replace(const char *path, const char *text)
{
	struct install *install;
	struct rill_error error;

	prepare(&install, path, text);
	assert_ok(kind_file.switch_to_new(install, &error), &error);
	kind_file.close(install);
}

static void assert_text(const char *path, const char *text)
{
	assert_file(path, text, strlen(text));
}

static void the_base_is_opened_and_hashed(void **state)
{
	const char *path = folder_path(*state, "app");
	uint8_t digest[RILL_SHA256_SIZE], bytes[4];
	struct install *install;
	struct rill_error error;

	put_file(path, old_text, strlen(old_text));
	open_ok(&install, path);
	assert_true(install->has_base);
	assert_ptr_equal(install->kind, &kind_file);
	assert_int_equal(install->base_length, strlen(old_text));
	rill_sha256(old_text, strlen(old_text), digest);
	assert_memory_equal(install->base_sha256, digest, sizeof digest);
	assert_ok(kind_file.read_base(install, 0, 4, bytes, 3, &error), &error);
	assert_memory_equal(bytes, "old", 3);
	assert_fails(kind_file.read_base(install, 0, strlen(old_text) - 1, bytes, 2, &error),
		     RILL_IO, &error, path);
	kind_file.close(install);
	kind_file.close(NULL);
}

static void the_new_file_takes_the_name_and_the_old_one_is_kept(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct install *install;
	struct rill_error error;
	struct stat was, kept;
	char bytes[4];

	put_file(path, old_text, strlen(old_text));
	assert_int_equal(stat(path, &was), 0);
	prepare(&install, path, new_text);
	assert_ok(kind_file.read_new(install, 0, 4, bytes, 3, &error), &error);
	assert_memory_equal(bytes, "new", 3);
	/* Nothing in use has changed so far. */
	assert_text(path, old_text);
	assert_int_equal(stat(path, &kept), 0);
	assert_int_equal(kept.st_ino, was.st_ino);
	assert_ok(kind_file.switch_to_new(install, &error), &error);
	kind_file.close(install);
	assert_text(path, new_text);
	assert_text(folder_path(folder, ".app.rill-previous"), old_text);
	assert_int_equal(stat(folder_path(folder, ".app.rill-previous"), &kept), 0);
	assert_int_equal(kept.st_ino, was.st_ino);
	assert_int_equal(count_files(folder->path), 2);
}

static void the_previous_file_can_be_brought_back(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct rill_error error;

	put_file(path, "the first", 9);
	replace(path, old_text);
	replace(path, new_text);
	assert_ok(restore(path, old_text, &error), &error);
	assert_text(path, old_text);
	assert_int_equal(count_files(folder->path), 1);
	/* Once only. What is there stays. */
	assert_fails(restore(path, old_text, &error), RILL_WRONG_BASE, &error, path);
	assert_text(path, old_text);
}

static void a_file_may_appear_and_go_again(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct install *install;
	struct rill_error error;

	open_ok(&install, path);
	assert_false(install->has_base);
	kind_file.close(install);
	replace(path, new_text);
	assert_text(path, new_text);
	assert_int_equal(mode_of(path), 0755);
	assert_int_equal(count_files(folder->path), 1);
	assert_ok(restore(path, NULL, &error), &error);
	assert_int_equal(count_files(folder->path), 0);
	assert_fails(restore(path, NULL, &error), RILL_WRONG_BASE, &error, path);
	assert_fails(restore(path, old_text, &error), RILL_WRONG_BASE, &error, path);
}

static void empty_files_are_files(void **state)
{
	const char *path = folder_path(*state, "app");
	struct rill_error error;

	put_file(path, "", 0);
	replace(path, new_text);
	replace(path, "");
	assert_text(path, "");
	assert_ok(restore(path, new_text, &error), &error);
	assert_text(path, new_text);
}

static void mode_and_owner_are_kept(void **state)
{
	static const mode_t modes[] = {0644, 0400, 0755, 0700, 04755, 02711, 01666};
	const char *path = folder_path(*state, "app");
	mode_t mask = umask(077);
	bool root = geteuid() == 0;
	struct stat st;

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		unlink(path);
		put_file(path, old_text, strlen(old_text));
		if (root)
			assert_int_equal(chown(path, 12, 34), 0);
		assert_int_equal(chmod(path, modes[i]), 0);
		replace(path, new_text);
		assert_int_equal(mode_of(path), modes[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_uid, root ? 12 : geteuid());
		assert_int_equal(st.st_gid, root ? 34 : getegid());
	}
	umask(mask);
}

static void extended_attributes_are_kept(void **state)
{
	const char *path = folder_path(*state, "app");
	char value[16] = "";

	put_file(path, old_text, strlen(old_text));
	if (setxattr(path, "user.rill.test", "value", 5, 0) != 0) {
		print_message("skipped: no user.* attributes on the file system of /tmp: %s\n",
			      strerror(errno));
		skip();
	}
	assert_int_equal(setxattr(path, "user.rill.empty", "", 0, 0), 0);
	replace(path, new_text);
	assert_int_equal(getxattr(path, "user.rill.test", value, sizeof value), 5);
	assert_string_equal(value, "value");
	assert_int_equal(getxattr(path, "user.rill.empty", value, sizeof value), 0);
	assert_int_equal(listxattr(path, NULL, 0),
			 sizeof "user.rill.test" + sizeof "user.rill.empty");
}

static void what_is_no_plain_file_is_refused(void **state)
{
	struct folder *folder = *state;
	struct install *install;
	struct rill_error error;

	put_file(folder_path(folder, "real"), old_text, strlen(old_text));
	assert_int_equal(symlink("real", folder_path(folder, "link")), 0);
	assert_int_equal(symlink("nowhere", folder_path(folder, "dangling")), 0);
	assert_int_equal(mkdir(folder_path(folder, "folder"), 0755), 0);
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, "link")), &error),
		     RILL_CONFIG, &error, "link: a symbolic link");
	assert_null(install);
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, "dangling")), &error),
		     RILL_CONFIG, &error, "dangling: a symbolic link");
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, "folder")), &error),
		     RILL_CONFIG, &error, "folder: not a regular file");
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, "none/app")), &error),
		     RILL_IO, &error, folder_path(folder, "none"));
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, "")), &error),
		     RILL_CONFIG, &error, "not the full path");
	assert_fails(kind_file.open(&install, target_of("app"), &error), RILL_CONFIG, &error,
		     "not the full path");
	assert_int_equal(count_files(folder->path), 4);
}

/* In a child with a time limit: to open a fifo without a writer may block for ever. */
static void a_fifo_is_refused_and_not_waited_for(void **state)
{
	const char *path = folder_path(*state, "fifo");
	struct install *install;
	struct rill_error error;
	int status;
	pid_t child;

	assert_int_equal(mkfifo(path, 0644), 0);
	child = fork();
	if (child == 0) {
		alarm(2);
		_exit(kind_file.open(&install, target_of(path), &error) == RILL_CONFIG ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		fail_msg("it waits for a writer of the fifo");
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void check_changed(struct folder *folder, const char *path, struct install *install,
			  const char *now)
{
	struct rill_error error;

	assert_fails(kind_file.switch_to_new(install, &error), RILL_WRONG_BASE, &error, path);
	kind_file.close(install);
	if (now)
		assert_text(path, now);
	assert_int_equal(count_files(folder->path), now != NULL);
}

static void a_base_that_changed_meanwhile_is_left_as_it_is(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app"), *other = folder_path(folder, "other");
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
	struct install *install;

	/* Written to */
	put_file(path, old_text, strlen(old_text));
	prepare(&install, path, new_text);
	put_file(path, "another text", 12);
	check_changed(folder, path, install, "another text");
	/* Replaced, with the same length */
	put_file(path, old_text, strlen(old_text));
	prepare(&install, path, new_text);
	put_file(other, "THE OLD FILE", 12);
	assert_int_equal(rename(other, path), 0);
	check_changed(folder, path, install, "THE OLD FILE");
	/* Touched */
	prepare(&install, path, new_text);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	check_changed(folder, path, install, "THE OLD FILE");
	/* Removed */
	prepare(&install, path, new_text);
	assert_int_equal(unlink(path), 0);
	check_changed(folder, path, install, NULL);
	/* Appeared */
	prepare(&install, path, new_text);
	put_file(path, "from elsewhere", 14);
	check_changed(folder, path, install, "from elsewhere");
}

/* As a restored backup, or one who wants to hide: other bytes, the same length and time. */
static void a_change_that_keeps_length_and_time_is_noticed(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	const struct timespec pause = {.tv_nsec = 30000000}; /* some ticks of the kernel's clock */
	struct install *install;
	struct stat st;

	put_file(path, old_text, strlen(old_text));
	nanosleep(&pause, NULL);
	prepare(&install, path, new_text);
	assert_int_equal(stat(path, &st), 0);
	put_file(path, "THE OLD FILE", 12);
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){st.st_atim, st.st_mtim}, 0),
			 0);
	check_changed(folder, path, install, "THE OLD FILE");
}

/* A refused switch must not cost the file that a restore would bring back. */
static void a_refused_switch_keeps_the_previous_file(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct install *install;
	struct rill_error error;

	put_file(path, old_text, strlen(old_text));
	replace(path, new_text);
	prepare(&install, path, "a third text");
	put_file(path, "changed by somebody", 19);
	assert_fails(kind_file.switch_to_new(install, &error), RILL_WRONG_BASE, &error, path);
	kind_file.close(install);
	assert_text(folder_path(folder, ".app.rill-previous"), old_text);
}

static void bytes_that_are_not_the_signed_ones_are_not_sealed(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	uint8_t digest[RILL_SHA256_SIZE];
	struct install *install;
	struct rill_error error;

	put_file(path, old_text, strlen(old_text));
	rill_sha256(new_text, strlen(new_text), digest);
	open_ok(&install, path);
	assert_ok(kind_file.begin(install, strlen(new_text), &error), &error);
	assert_ok(kind_file.write(install, 0, "The new file, which is longer", strlen(new_text),
				  &error),
		  &error);
	assert_fails(kind_file.seal(install, digest, &error), RILL_CORRUPT, &error, path);
	kind_file.close(install);
	/* Too few */
	open_ok(&install, path);
	assert_ok(kind_file.begin(install, strlen(new_text) + 1, &error), &error);
	assert_ok(kind_file.write(install, 0, new_text, strlen(new_text) - 1, &error), &error);
	assert_fails(kind_file.seal(install, digest, &error), RILL_CORRUPT, &error, path);
	kind_file.close(install);
	assert_text(path, old_text);
	assert_int_equal(count_files(folder->path), 1);
}

static void closing_before_the_switch_leaves_nothing(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct install *install;

	put_file(path, old_text, strlen(old_text));
	prepare(&install, path, new_text);
	assert_int_equal(count_files(folder->path), 2);
	kind_file.close(install);
	assert_int_equal(count_files(folder->path), 1);
	assert_text(path, old_text);
}

static void what_a_power_cut_left_is_replaced(void **state)
{
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");

	put_file(path, old_text, strlen(old_text));
	put_file(folder_path(folder, ".app.rill-new"),
		 "half of something that was longer than both", 43);
	replace(path, new_text);
	assert_text(path, new_text);
	assert_false(is_there(folder_path(folder, ".app.rill-new")));
	/* And a link there is not followed. */
	put_file(folder_path(folder, "victim"), "precious", 8);
	assert_int_equal(symlink("victim", folder_path(folder, ".app.rill-new")), 0);
	replace(path, old_text);
	assert_text(folder_path(folder, "victim"), "precious");
	assert_text(path, old_text);
}

static void more_than_there_is_room_for_is_no_space(void **state)
{
	static const uint64_t lengths[] = {UINT64_C(1) << 48, UINT64_C(1) << 62, INT64_MAX,
					   UINT64_MAX};
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	struct install *install;
	struct rill_error error;

	put_file(path, old_text, strlen(old_text));
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		open_ok(&install, path);
		assert_fails(kind_file.begin(install, lengths[i], &error), RILL_NO_SPACE, &error,
			     path);
		kind_file.close(install);
		assert_int_equal(count_files(folder->path), 1);
	}
	assert_text(path, old_text);
}

/* Leaves the first `n` bytes of a new version behind, as a run that failed does. */
static void leave(const char *path, const char *bytes, size_t n, size_t length)
{
	struct install *install;
	struct rill_error error;

	open_ok(&install, path);
	assert_ok(kind_file.begin(install, length, &error), &error);
	assert_ok(kind_file.write(install, 0, bytes, n, &error), &error);
	install->keep = true;
	kind_file.close(install);
}

static void what_was_flushed_is_gone_on_with(void **state)
{
	static char bytes[200000];
	static const struct {
		size_t left, kept;
	} cases[] = {{0, 0},	     {1, 0},	     {32768, 0},      {32769, 32768},
		     {65536, 32768}, {65537, 65536}, {200000, 196608}};
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	uint8_t digest[RILL_SHA256_SIZE];
	uint64_t random = 1, kept;
	struct install *install;
	struct rill_error error;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(next_random(&random) >> 32);
	rill_sha256(bytes, sizeof bytes, digest);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_file(path, old_text, strlen(old_text));
		leave(path, bytes, cases[i].left, sizeof bytes);
		open_ok(&install, path);
		assert_ok(kind_file.resume(install, sizeof bytes, &kept, &error), &error);
		assert_int_equal(kept, cases[i].kept);
		assert_ok(kind_file.write(install, 0, bytes + kept, sizeof bytes - (size_t)kept,
					  &error),
			  &error);
		assert_ok(kind_file.flush(install, &error), &error);
		assert_ok(kind_file.seal(install, digest, &error), &error);
		assert_ok(kind_file.switch_to_new(install, &error), &error);
		kind_file.close(install);
		assert_file(path, bytes, sizeof bytes);
	}
}

static void what_cannot_be_gone_on_with_is_replaced(void **state)
{
	static char bytes[100000];
	struct folder *folder = *state;
	const char *path = folder_path(folder, "app");
	const char *fresh = folder_path(folder, ".app.rill-new");
	uint64_t kept;
	struct install *install;
	struct rill_error error;

	put_file(path, old_text, strlen(old_text));
	put_file(folder_path(folder, "victim"), bytes, sizeof bytes);
	for (int i = 0; i < 4; i++) {
		if (i == 0) /* longer than the target is */
			leave(path, bytes, sizeof bytes, sizeof bytes);
		if (i == 1)
			assert_int_equal(symlink("victim", fresh), 0);
		if (i == 2)
			assert_int_equal(link(folder_path(folder, "victim"), fresh), 0);
		open_ok(&install, path);
		assert_ok(kind_file.resume(install, 90000, &kept, &error), &error);
		assert_int_equal(kept, 0);
		assert_ok(kind_file.write(install, 0, "x", 1, &error), &error);
		kind_file.close(install);
		assert_false(is_there(fresh));
	}
	assert_file(folder_path(folder, "victim"), bytes, sizeof bytes);
	assert_text(path, old_text);
}

/* Names as long as a file system takes, less what is put around them. */
static void long_names_do_not_share_their_files(void **state)
{
	struct folder *folder = *state;
	char name[FOLDER_PATH] = "";
	const char *a, *b;
	struct install *install;
	struct rill_error error;

	memset(name, 'n', 230);
	name[229] = 'a';
	a = folder_path(folder, name);
	name[229] = 'b';
	b = folder_path(folder, name);
	put_file(a, "old a", 5);
	put_file(b, "old b", 5);
	replace(a, "new a");
	replace(b, "new b");
	assert_ok(restore(a, "old a", &error), &error);
	assert_text(a, "old a");
	assert_ok(restore(b, "old b", &error), &error);
	assert_text(b, "old b");
	memset(name, 'n', 250);
	assert_fails(kind_file.open(&install, target_of(folder_path(folder, name)), &error),
		     RILL_CONFIG, &error, "not the full path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(the_base_is_opened_and_hashed),
		in_folder(the_new_file_takes_the_name_and_the_old_one_is_kept),
		in_folder(the_previous_file_can_be_brought_back),
		in_folder(a_file_may_appear_and_go_again),
		in_folder(empty_files_are_files),
		in_folder(mode_and_owner_are_kept),
		in_folder(extended_attributes_are_kept),
		in_folder(what_is_no_plain_file_is_refused),
		in_folder(a_fifo_is_refused_and_not_waited_for),
		in_folder(a_base_that_changed_meanwhile_is_left_as_it_is),
		in_folder(a_change_that_keeps_length_and_time_is_noticed),
		in_folder(a_refused_switch_keeps_the_previous_file),
		in_folder(bytes_that_are_not_the_signed_ones_are_not_sealed),
		in_folder(closing_before_the_switch_leaves_nothing),
		in_folder(what_a_power_cut_left_is_replaced),
		in_folder(more_than_there_is_room_for_is_no_space),
		in_folder(what_was_flushed_is_gone_on_with),
		in_folder(what_cannot_be_gone_on_with_is_replaced),
		in_folder(long_names_do_not_share_their_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
