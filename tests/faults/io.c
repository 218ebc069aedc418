/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into the agent: of its calls that touch files below $FAULT_UNDER, the $FAULT_AT-th
 * goes wrong in the way of $FAULT:
 *
 *	kill     the process is killed; of a write half is done, other calls are not
 *	cut      the same, and the caller then makes of the disk what $FAULT_SHADOW has
 *	short    a write or read moves only half of its bytes; a hook does its work and then fails
 *	ENOSPC, EDQUOT, EIO, EROFS, EINTR     the call, or hook, fails; with $FAULT_STICKY so do all
 *	         later ones to which that can happen
 *
 * $FAULT_CONTROL makes the agent a bad one, which must be caught: "in-place" writes the new version
 * over the old one instead of renaming it, or into slot-a instead of slot-b; "no-sync" syncs
 * nothing.
 *
 * The kernel's id of this boot is what the file $FAULT_BOOT_ID has.
 *
 * What happened is written to the file $FAULT_LOG; with $FAULT_COUNT, how many such calls there
 * were. $FAULT_SHADOW is a folder in which is kept what storage is bound to hold: the content of
 * each inode at its last fsync(2), and the names in each folder, with their inodes, at its last.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/* What may happen to a call. */
enum ability {
	GROWS = 1, /* needs room on the file system */
	CHANGES = 2, /* a read-only file system refuses it */
	WAITS = 4, /* a signal may interrupt it */
	MOVES = 8, /* does something that may be done in part */
};

enum fate { NORMAL, FAILS, SHORTENED, KILLED };

static bool is_below(const char *path)
{
	const char *under = getenv("FAULT_UNDER");

	return under && strncmp(path, under, strlen(under)) == 0;
}

static bool path_of(int fd, char *path)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[n > 0 ? n : 0] = 0;
	return n > 0;
}

static bool is_ours(int fd)
{
	char path[PATH_MAX];

	return fd > 2 && path_of(fd, path) && is_below(path);
}

static bool is_ours_at(int folder, const char *name)
{
	return name[0] == '/' ? is_below(name) : is_ours(folder);
}

static void note(long number, const char *call)
{
	char text[128];
	const char *path = getenv("FAULT_LOG");
	int n = snprintf(text, sizeof text, "%ld %s\n", number, call);
	int (*really_open)(const char *, int, ...) = NULL;
	ssize_t (*really_write)(int, const void *, size_t) = NULL;
	int fd;

	*(void **)&really_open = dlsym(RTLD_NEXT, "open");
	*(void **)&really_write = dlsym(RTLD_NEXT, "write");
	fd = path ? really_open(path, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;
	if (fd < 0)
		return;
	if (really_write(fd, text, (size_t)n) != n)
		abort();
	close(fd);
}

/* The error that is asked for, 0 when the call cannot have it; -1: it is none. */
static int error_for(const char *fault, int abilities)
{
	if (strcmp(fault, "EIO") == 0)
		return EIO;
	if (strcmp(fault, "ENOSPC") == 0)
		return abilities & GROWS ? ENOSPC : 0;
	if (strcmp(fault, "EDQUOT") == 0)
		return abilities & GROWS ? EDQUOT : 0;
	if (strcmp(fault, "EROFS") == 0)
		return abilities & CHANGES ? EROFS : 0;
	if (strcmp(fault, "EINTR") == 0)
		return abilities & WAITS ? EINTR : 0;
	return -1;
}

/* Calls to which the fault can happen. */
static long count;

__attribute__((destructor)) static void note_total(void)
{
	if (getenv("FAULT_COUNT"))
		note(count, "in all");
}

static enum fate fate_of(const char *call, int abilities)
{
	const char *fault = getenv("FAULT"), *at = getenv("FAULT_AT");
	int code = fault ? error_for(fault, abilities) : 0;
	bool shortens = fault && strcmp(fault, "short") == 0;

	if (!fault || !at || code == 0 || (shortens && !(abilities & MOVES)))
		return NORMAL;
	/* To die while reading is to die before whatever comes next. */
	if (code < 0 && !shortens && (abilities & MOVES) && !(abilities & GROWS))
		return NORMAL;
	count++;
	if (count != strtol(at, NULL, 10) &&
	    !(count > strtol(at, NULL, 10) && getenv("FAULT_STICKY") && code > 0))
		return NORMAL;
	if (count == strtol(at, NULL, 10))
		note(count, call);
	if (code > 0) {
		errno = code;
		return FAILS;
	}
	return shortens ? SHORTENED : KILLED;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
}

/* What a name stands for stays allocated, so that no other gets its number. */
static void hold(int folder, const char *name)
{
	int (*really_openat)(int, const char *, int, ...) = NULL;

	*(void **)&really_openat = dlsym(RTLD_NEXT, "openat");
	if (getenv("FAULT_SHADOW"))
		really_openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static void copy_content(int fd, FILE *to)
{
	char link[64], block[65536];
	FILE *from;
	size_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	from = fopen(link, "rb");
	while (from && (n = fread(block, 1, sizeof block, from)) > 0)
		fwrite(block, 1, n, to);
	if (from)
		fclose(from);
}

static void list_names(int fd, FILE *to)
{
	char path[PATH_MAX];
	DIR *folder;
	const struct dirent *entry;

	path_of(fd, path);
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
			fprintf(to, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
	if (folder)
		closedir(folder);
}

static void keep(int fd)
{
	const char *shadow = getenv("FAULT_SHADOW");
	char path[PATH_MAX], unfinished[PATH_MAX];
	struct stat st;
	FILE *file;

	if (!shadow || !is_ours(fd) || fstat(fd, &st) != 0)
		return;
	snprintf(path, sizeof path, "%s/%llu", shadow, (unsigned long long)st.st_ino);
	snprintf(unfinished, sizeof unfinished, "%s/unfinished", shadow);
	file = fopen(unfinished, "wb");
	if (!file)
		abort();
	if (S_ISDIR(st.st_mode))
		list_names(fd, file);
	else
		copy_content(fd, file);
	fchmod(fileno(file), S_ISDIR(st.st_mode) ? 0600 : st.st_mode);
	fclose(file);
	if (((int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename"))(unfinished, path) !=
	    0)
		abort();
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* A call that does nothing when it fails or dies. */
#define FAULT_IN(call, ours, abilities)                                                            \
	if (ours)                                                                                  \
		switch (fate_of(call, abilities)) {                                                \
		case NORMAL:                                                                       \
		case SHORTENED: break;                                                             \
		case FAILS: return -1;                                                             \
		case KILLED: die();                                                                \
		}

static int open_abilities(int flags)
{
	return WAITS | (flags & O_CREAT ? GROWS : 0) |
	       ((flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT ? CHANGES : 0);
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT ? (mode_t)va_arg(args, int) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	FAULT_IN("open", is_below(path), open_abilities(flags))
	return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	FAULT_IN("openat", is_ours_at(folder, path), open_abilities(flags))
	return ((int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat"))(folder, path,
										  flags, mode);
}

static bool is_control(const char *name)
{
	const char *control = getenv("FAULT_CONTROL");

	return control && strcmp(control, name) == 0;
}

/* Of a slot that is to be written, the one that runs; -1: it is something else. */
static int open_running(int fd)
{
	char path[PATH_MAX];
	char *name = path_of(fd, path) ? strstr(path, "/slot-b") : NULL;

	if (!name)
		return -1;
	memcpy(name, "/slot-a", 7);
	return open(path, O_WRONLY | O_CLOEXEC);
}

static ssize_t do_write(int fd, const void *bytes, size_t n)
{
	int running = is_control("in-place") ? open_running(fd) : -1;
	ssize_t done;

	if (running < 0)
		return REAL(write)(fd, bytes, n);
	done = pwrite(running, bytes, n, lseek(fd, (off_t)n, SEEK_CUR) - (off_t)n);
	close(running);
	return done;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	if (is_ours(fd))
		switch (fate_of("write", GROWS | CHANGES | WAITS | MOVES)) {
		case NORMAL: break;
		case FAILS: return -1;
		case SHORTENED: n = n > 1 ? n / 2 : n; break;
		case KILLED: do_write(fd, bytes, n / 2); die();
		}
	return do_write(fd, bytes, n);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t offset)
{
	if (is_ours(fd))
		switch (fate_of("pread", WAITS | MOVES)) {
		case NORMAL: break;
		case FAILS: return -1;
		case SHORTENED: n = n > 1 ? n / 2 : n; break;
		case KILLED: die();
		}
	return ((ssize_t(*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread64"))(fd, bytes, n,
										     offset);
}

int fsync(int fd)
{
	int result;

	if (is_control("no-sync"))
		return 0;
	FAULT_IN("fsync", is_ours(fd), GROWS | WAITS)
	result = REAL(fsync)(fd);
	keep(fd);
	return result;
}

int fdatasync(int fd)
{
	int result;

	if (is_control("no-sync"))
		return 0;
	FAULT_IN("fdatasync", is_ours(fd), GROWS | WAITS)
	result = REAL(fdatasync)(fd);
	keep(fd);
	return result;
}

int ftruncate(int fd, off_t length)
{
	FAULT_IN("ftruncate", is_ours(fd), CHANGES | WAITS)
	return ((int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate64"))(fd, length);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	FAULT_IN("fallocate", is_ours(fd), GROWS | CHANGES | WAITS)
	return ((int (*)(int, int, off_t, off_t))dlsym(RTLD_NEXT, "fallocate64"))(fd, mode, offset,
										  length);
}

int rename(const char *from, const char *to)
{
	FAULT_IN("rename", is_below(from), GROWS | CHANGES)
	hold(AT_FDCWD, to);
	return REAL(rename)(from, to);
}

/* What nobody should do, on a slow disk. */
static int overwrite(int from_folder, const char *from, int to_folder, const char *to)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	char block[16384];
	ssize_t n;
	int source = openat(from_folder, from, O_RDONLY | O_CLOEXEC);
	int target = openat(to_folder, to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	off_t length = 0;

	while (source >= 0 && target >= 0 && (n = read(source, block, sizeof block)) > 0) {
		if (write(target, block, (size_t)n) != n)
			return -1;
		length += n;
		nanosleep(&pause, NULL);
	}
	if (target < 0 || ftruncate(target, length) != 0 || fsync(target) != 0)
		return -1;
	close(source);
	close(target);
	return unlinkat(from_folder, from, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	if (is_control("in-place") && strstr(from, ".rill-new"))
		return overwrite(from_folder, from, to_folder, to);
	FAULT_IN("renameat", is_ours_at(from_folder, from), GROWS | CHANGES)
	hold(to_folder, to);
	return REAL(renameat)(from_folder, from, to_folder, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	FAULT_IN("linkat", is_ours_at(from_folder, from), GROWS | CHANGES)
	return REAL(linkat)(from_folder, from, to_folder, to, flags);
}

int unlink(const char *path)
{
	FAULT_IN("unlink", is_below(path), CHANGES)
	hold(AT_FDCWD, path);
	return REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags)
{
	FAULT_IN("unlinkat", is_ours_at(folder, path), CHANGES)
	hold(folder, path);
	return REAL(unlinkat)(folder, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	FAULT_IN("mkdir", is_below(path), GROWS | CHANGES)
	return REAL(mkdir)(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	FAULT_IN("fchmod", is_ours(fd), CHANGES)
	return REAL(fchmod)(fd, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	FAULT_IN("fchown", is_ours(fd), CHANGES)
	return REAL(fchown)(fd, owner, group);
}

int fsetxattr(int fd, const char *name, const void *value, size_t n, int flags)
{
	FAULT_IN("fsetxattr", is_ours(fd), GROWS | CHANGES)
	return REAL(fsetxattr)(fd, name, value, n, flags);
}

/* A hook. Of what it does itself nothing goes wrong. */
pid_t fork(void)
{
	enum fate fate = fate_of("hook", GROWS | CHANGES | MOVES);
	int status;
	pid_t child;

	if (fate == KILLED)
		die();
	child = REAL(fork)();
	if (child != 0)
		return child;
	unsetenv("LD_PRELOAD");
	if (fate == NORMAL)
		return 0;
	child = fate == SHORTENED ? REAL(fork)() : -1;
	if (child != 0) {
		waitpid(child, &status, 0);
		_exit(1);
	}
	return 0;
}

FILE *fopen(const char *path, const char *mode)
{
	const char *id = getenv("FAULT_BOOT_ID");

	if (id && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
		path = id;
	return ((FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen64"))(path, mode);
}
