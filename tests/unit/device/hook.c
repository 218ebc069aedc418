/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/folder.h"

#include "device/hook.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMAND(...) ((const char *const[]){__VA_ARGS__, NULL})

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void exit_status_0_is_healthy(void **state)
{
	struct rill_error error;

	(void)state;
	assert_ok(hook_run(COMMAND("/bin/true"), 10, NULL, &error), &error);
	assert_ok(hook_run(COMMAND("/bin/sh", "-c", "test \"$1\" = 'a  b'", "sh", "a  b"), 10, NULL,
			   &error),
		  &error);
}

static void any_other_exit_status_is_not(void **state)
{
	struct rill_error error;

	(void)state;
	assert_fails(hook_run(COMMAND("/bin/sh", "-c", "exit 3"), 10, NULL, &error), RILL_UNHEALTHY,
		     &error, "/bin/sh: exit status 3");
	assert_fails(hook_run(COMMAND("/bin/false"), 10, NULL, &error), RILL_UNHEALTHY, &error,
		     "exit status 1");
}

static void a_program_that_cannot_be_run_is_unhealthy(void **state)
{
	const char *path = folder_path(*state, "plain");
	struct rill_error error;

	assert_fails(hook_run(COMMAND("/no/such/program"), 10, NULL, &error), RILL_UNHEALTHY,
		     &error, "/no/such/program: cannot be run");
	put_file(path, "not a program", 13);
	assert_fails(hook_run(COMMAND(path), 10, NULL, &error), RILL_UNHEALTHY, &error,
		     "cannot be run");
	assert_fails(hook_run(COMMAND("true"), 10, NULL, &error), RILL_UNHEALTHY, &error,
		     "cannot be run"); /* no search along PATH */
}

static void a_program_that_dies_of_a_signal_is_unhealthy(void **state)
{
	struct rill_error error;

	(void)state;
	assert_fails(hook_run(COMMAND("/bin/sh", "-c", "kill -SEGV $$"), 10, NULL, &error),
		     RILL_UNHEALTHY, &error, "signal 11");
}

static void it_has_nothing_to_read_and_prints_to_standard_error(void **state)
{
	const char *path = folder_path(*state, "stderr");
	struct rill_error error;
	enum rill_code code;
	int kept = dup(STDERR_FILENO);

	assert_true(kept >= 0);
	fflush(NULL);
	assert_non_null(freopen(path, "w", stderr));
	code = hook_run(
		COMMAND("/bin/sh", "-c", "read x && exit 9; echo out; echo err >&2; exit 0"), 10,
		NULL, &error);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_ok(code, &error);
	assert_file(path, "out\nerr\n", 8);
}

/* Gone, or dead and not yet collected by its new parent. */
static bool is_dead(long pid)
{
	char path[64], state = 'X';
	FILE *file;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return true;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(file);
	return state == 'Z' || state == 'X';
}

static void after_its_time_it_is_killed_with_its_children(void **state)
{
	const char *path = folder_path(*state, "pid");
	char script[640];
	const struct timespec pause = {.tv_nsec = 50000000};
	struct rill_error error;
	int64_t start = milliseconds();
	char *text;
	size_t n;
	long pid;

	snprintf(script, sizeof script, "trap '' TERM; sleep 60 & echo $! >%s; wait", path);
	assert_fails(hook_run(COMMAND("/bin/sh", "-c", script), 1, NULL, &error), RILL_UNHEALTHY,
		     &error, "not done after 1 s");
	assert_in_range(milliseconds() - start, 990, 3000);
	text = get_file(path, &n);
	pid = strtol(text, NULL, 10);
	free(text);
	assert_true(pid > 1);
	for (int i = 0; i < 40 && !is_dead(pid); i++)
		nanosleep(&pause, NULL);
	assert_true(is_dead(pid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_status_0_is_healthy),
		cmocka_unit_test(any_other_exit_status_is_not),
		in_folder(a_program_that_cannot_be_run_is_unhealthy),
		cmocka_unit_test(a_program_that_dies_of_a_signal_is_unhealthy),
		in_folder(it_has_nothing_to_read_and_prints_to_standard_error),
		in_folder(after_its_time_it_is_killed_with_its_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
