/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into a program: at its KILL_AT-th call that changes the file system the program is
 * killed, as power that goes would. Of a write half is done; other calls are not.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_time(void)
{
	static atomic_long count;
	const char *at = getenv("KILL_AT");

	return at && atomic_fetch_add(&count, 1) + 1 == strtol(at, NULL, 10);
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t n)
{
	if (fd > 2 && is_time()) {
		REAL(write)(fd, bytes, n / 2);
		die();
	}
	return REAL(write)(fd, bytes, n);
}

int rename(const char *from, const char *to)
{
	if (is_time())
		die();
	return REAL(rename)(from, to);
}

int unlink(const char *path)
{
	if (is_time())
		die();
	return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode)
{
	if (is_time())
		die();
	return REAL(mkdir)(path, mode);
}

int rmdir(const char *path)
{
	if (is_time())
		die();
	return REAL(rmdir)(path);
}

/* Both sides are compiled for large files, so this is mkostemp64 to the linker. */
int mkostemp(char *path, int flags)
{
	if (is_time())
		die();
	return ((__typeof__(&mkostemp))dlsym(RTLD_NEXT, "mkostemp64"))(path, flags);
}

int fchmod(int fd, mode_t mode)
{
	if (is_time())
		die();
	return REAL(fchmod)(fd, mode);
}

int fsync(int fd)
{
	if (is_time())
		die();
	return REAL(fsync)(fd);
}
