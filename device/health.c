/* SPDX-License-Identifier: Apache-2.0 */
#include "device/health.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the child: nothing to read, and what it prints goes to the log. */
static void run(const char *const *command)
{
	int nothing = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(nothing, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execv(command[0], (char *const *)(uintptr_t)command);
	_exit(127);
}

static enum rill_code judge(int status, const char *program, struct rill_error *error)
{
	if (WIFSIGNALED(status))
		return rill_fail(error, RILL_UNHEALTHY, "%s: signal %d", program, WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return rill_fail(error, RILL_UNHEALTHY, "%s: cannot be run", program);
	if (WEXITSTATUS(status) != 0)
		return rill_fail(error, RILL_UNHEALTHY, "%s: exit status %d", program,
				 WEXITSTATUS(status));
	return RILL_OK;
}

enum rill_code health_check(const char *const *command, int64_t timeout, struct rill_error *error)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int64_t end = milliseconds() + timeout * 1000;
	pid_t child = fork();
	int status;

	if (child < 0)
		return rill_fail(error, RILL_UNHEALTHY, "%s: %s", command[0], strerror(errno));
	if (child == 0)
		run(command);
	setpgid(child, child); /* whichever of the two is first */
	for (;;) {
		pid_t done = waitpid(child, &status, WNOHANG);

		if (done == child)
			return judge(status, command[0], error);
		if (milliseconds() >= end)
			break;
		nanosleep(&pause, NULL);
	}
	kill(-child, SIGKILL);
	waitpid(child, &status, 0);
	return rill_fail(error, RILL_UNHEALTHY, "%s: not done after %lld s", command[0],
			 (long long)timeout);
}
