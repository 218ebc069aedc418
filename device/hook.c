/* SPDX-License-Identifier: Apache-2.0 */
#include "device/hook.h"

#include "device/dial.h"
#include "device/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In the child: nothing to read, and what it prints goes to the log. */
static void run(const char *const *command, char *const *environment, int output)
{
	int nothing = open("/dev/null", O_RDONLY);

	signals_release();
	setpgid(0, 0);
	dup2(nothing, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	while (environment && *environment)
		putenv(*environment++);
	execv(command[0], (char *const *)(uintptr_t)command);
	_exit(127);
}

static enum rill_code judge(int status, const char *program, struct rill_error *error)
{
	if (WIFSIGNALED(status))
		return rill_fail(error, RILL_UNHEALTHY, "%s: signal %d", program, WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return rill_fail(error, RILL_UNHEALTHY, "%s: cannot be run", program);
	if (WEXITSTATUS(status) == HOOK_LATER)
		return rill_fail(error, RILL_POLICY, "%s: asks to come back later", program);
	if (WEXITSTATUS(status) != 0)
		return rill_fail(error, RILL_UNHEALTHY, "%s: exit status %d", program,
				 WEXITSTATUS(status));
	return RILL_OK;
}

/* Waits for it until `end`, in steps that grow: most are done soon. True when `*status` is its
 * own. */
static bool wait_for(pid_t child, int64_t end, int *status)
{
	struct timespec pause = {.tv_nsec = 1000000};

	while (waitpid(child, status, WNOHANG) != child) {
		if (monotonic_ms() >= end || signals_stop())
			return false;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return true;
}

static enum rill_code run_to(const char *const *command, int64_t timeout, char *const *environment,
			     int output, struct rill_error *error)
{
	int64_t end = monotonic_ms() + timeout * 1000;
	pid_t child = fork();
	int status;

	if (child < 0)
		return rill_fail(error, RILL_UNHEALTHY, "%s: %s", command[0], strerror(errno));
	if (child == 0)
		run(command, environment, output);
	setpgid(child, child); /* whichever of the two is first */
	if (wait_for(child, end, &status))
		return judge(status, command[0], error);
	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
	if (signals_check(error) != RILL_OK)
		return error->code;
	return rill_fail(error, RILL_UNHEALTHY, "%s: not done after %lld s", command[0],
			 (long long)timeout);
}

enum rill_code hook_run(const char *const *command, int64_t timeout, char *const *environment,
			struct rill_error *error)
{
	return run_to(command, timeout, environment, STDERR_FILENO, error);
}

enum rill_code hook_ask(const char *const *command, int64_t timeout, char *answer, size_t size,
			struct rill_error *error)
{
	enum rill_code code;
	ssize_t n = 0;
	int ends[2];

	/* A pipe holds more than an answer; what does not fit is lost. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return rill_fail(error, RILL_IO, "%s: %s", command[0], strerror(errno));
	code = run_to(command, timeout, NULL, ends[1], error);
	close(ends[1]);
	if (code == RILL_OK)
		n = read(ends[0], answer, size - 1);
	close(ends[0]);
	answer[n > 0 ? n : 0] = 0;
	answer[strcspn(answer, "\n")] = 0;
	return code;
}
