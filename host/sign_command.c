/* SPDX-License-Identifier: Apache-2.0 */
#include "host/sign_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static enum rill_code failed(const char *what, struct rill_error *error)
{
	return rill_fail(error, RILL_IO, "--sign-command: %s: %s", what, strerror(errno));
}

/* The message as a file without a name, so that no pipe can fill up. */
static int as_file(const void *message, size_t length)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	const char *at = message;

	while (fd >= 0 && length > 0) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			return -1;
		}
		at += n;
		length -= (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static _Noreturn void run(const char *command, int in, int out, const char *file, const char *keyid,
			  const char *scheme)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    setenv("MKDELTA_KEY", file, 1) == 0 && setenv("MKDELTA_KEYID", keyid, 1) == 0 &&
	    setenv("MKDELTA_SCHEME", scheme, 1) == 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* Reads up to `room` bytes and then looks whether there are more. */
static enum rill_code read_all(int fd, uint8_t *bytes, size_t room, size_t *n,
			       struct rill_error *error)
{
	uint8_t more;

	*n = 0;
	for (;;) {
		ssize_t got = *n < room ? read(fd, bytes + *n, room - *n) : read(fd, &more, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed("its output", error);
		if (got == 0)
			break;
		if (*n == room)
			return rill_fail(error, RILL_IO,
					 "--sign-command: printed over %zu bytes: no signature",
					 room);
		*n += (size_t)got;
	}
	return *n ? RILL_OK : rill_fail(error, RILL_IO, "--sign-command: printed no signature");
}

static enum rill_code finish(pid_t child, struct rill_error *error)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return failed("its end", error);
	if (WIFSIGNALED(status))
		return rill_fail(error, RILL_IO, "--sign-command: killed by signal %d",
				 WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return rill_fail(error, RILL_IO, "--sign-command: exit status %d",
				 WEXITSTATUS(status));
	return RILL_OK;
}

enum rill_code sign_by_command(const char *command, const char *file, const char *keyid,
			       const char *scheme, const void *message, size_t length,
			       uint8_t *signature, size_t room, size_t *n, struct rill_error *error)
{
	struct rill_error why;
	enum rill_code code, ended;
	int in, out[2];
	pid_t child;

	in = as_file(message, length);
	if (in < 0)
		return failed("the message", error);
	if (pipe2(out, O_CLOEXEC) != 0) {
		close(in);
		return failed("a pipe", error);
	}
	child = fork();
	if (child == 0)
		run(command, in, out[1], file, keyid, scheme);
	close(in);
	close(out[1]);
	code = child < 0 ? failed("fork", error) : read_all(out[0], signature, room, n, error);
	close(out[0]);
	if (child < 0)
		return code;
	ended = finish(child, &why);
	if (ended != RILL_OK)
		*error = why; /* says more than what was or was not printed */
	return ended != RILL_OK ? ended : code;
}
