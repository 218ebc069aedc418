/* SPDX-License-Identifier: Apache-2.0 */
#include "device/durable.h"

#include "device/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BLOCK 65536

enum rill_code system_failed(const char *path, const char *doing, struct rill_error *error)
{
	return rill_fail(error, errno == ENOSPC || errno == EDQUOT ? RILL_NO_SPACE : RILL_IO,
			 "%s: cannot %s: %s", path, doing, strerror(errno));
}

enum rill_code write_fully(int fd, const char *path, const void *bytes, size_t n,
			   struct rill_error *error)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t written = write(fd, at, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return system_failed(path, "write", error);
		at += written;
		n -= (size_t)written;
	}
	return RILL_OK;
}

enum rill_code write_fully_at(int fd, const char *path, uint64_t offset, const void *bytes,
			      size_t n, struct rill_error *error)
{
	if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return system_failed(path, "write", error);
	return write_fully(fd, path, bytes, n, error);
}

enum rill_code read_fully(int fd, const char *path, uint64_t offset, void *bytes, size_t n,
			  struct rill_error *error)
{
	uint8_t *at = bytes;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return system_failed(path, "read", error);
		if (got == 0)
			return rill_fail(error, RILL_IO, "%s: shorter than it was a moment ago",
					 path);
		at += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return RILL_OK;
}

enum rill_code hash_fully(int fd, const char *path, uint64_t length, uint8_t *digest,
			  struct rill_error *error)
{
	uint8_t block[BLOCK];
	struct rill_sha256 hash;
	enum rill_code code = RILL_OK;

	rill_sha256_start(&hash);
	for (uint64_t at = 0; code == RILL_OK && at < length; at += sizeof block) {
		size_t n = length - at < sizeof block ? (size_t)(length - at) : sizeof block;

		code = read_fully(fd, path, at, block, n, error);
		if (code == RILL_OK)
			code = signals_check(error);
		if (code == RILL_OK)
			rill_sha256_update(&hash, block, n);
	}
	rill_sha256_finish(&hash, digest);
	return code;
}

enum rill_code read_back(int fd, const char *path, uint64_t length, const uint8_t *sha256,
			 struct rill_error *error)
{
	uint8_t digest[RILL_SHA256_SIZE];
	enum rill_code code;

	/* What comes back is then what storage holds, not what memory still remembers. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	code = hash_fully(fd, path, length, digest, error);
	if (code == RILL_OK && memcmp(digest, sha256, sizeof digest) != 0)
		code = rill_fail(error, RILL_CORRUPT,
				 "%s: storage gives back other bytes than were written", path);
	return code;
}

enum rill_code need_room(int fd, const char *path, uint64_t bytes, struct rill_error *error)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) == 0 && bytes / fs.f_frsize >= fs.f_bavail)
		return rill_fail(error, RILL_NO_SPACE,
				 "%s: %" PRIu64 " bytes are needed there, %" PRIu64 " are free",
				 path, bytes, (uint64_t)fs.f_bavail * fs.f_frsize);
	return RILL_OK;
}

enum rill_code reserve_room(int fd, const char *path, uint64_t length, struct rill_error *error)
{
	/* Not every file system can, and not being able to is no failure. */
	if (length > 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)length) != 0 &&
	    (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return system_failed(path, "make room", error);
	return RILL_OK;
}

void durable_name(char name[static DURABLE_NAME], const char *text)
{
	uint8_t digest[RILL_SHA256_SIZE];
	char hex[RILL_SHA256_HEX];

	rill_sha256(text, strlen(text), digest);
	rill_hex(digest, sizeof digest, hex);
	snprintf(name, DURABLE_NAME, "%.*s", DURABLE_NAME - 1, hex);
}

static enum rill_code write_and_rename(int folder, const char *path, const char *name, mode_t mode,
				       const void *bytes, size_t n, struct rill_error *error)
{
	char temporary[NAME_MAX + 1];
	enum rill_code code;
	int fd;

	snprintf(temporary, sizeof temporary, ".%s.new", name);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return system_failed(path, "create", error);
	code = write_fully(fd, path, bytes, n, error);
	if (code == RILL_OK && fsync(fd) != 0)
		code = system_failed(path, "sync", error);
	close(fd);
	if (code == RILL_OK && renameat(folder, temporary, folder, name) != 0)
		code = system_failed(path, "rename", error);
	if (code == RILL_OK && fsync(folder) != 0)
		code = system_failed(path, "sync the folder", error);
	if (code != RILL_OK)
		unlinkat(folder, temporary, 0);
	return code;
}

static enum rill_code write_with_mode(const char *folder, const char *name, mode_t mode,
				      const void *bytes, size_t n, struct rill_error *error)
{
	char path[PATH_MAX];
	enum rill_code code;
	int fd;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return system_failed(folder, "open", error);
	code = write_and_rename(fd, path, name, mode, bytes, n, error);
	close(fd);
	return code;
}

enum rill_code durable_write(const char *folder, const char *name, const void *bytes, size_t n,
			     struct rill_error *error)
{
	return write_with_mode(folder, name, 0644, bytes, n, error);
}

enum rill_code durable_write_secret(const char *folder, const char *name, const void *bytes,
				    size_t n, struct rill_error *error)
{
	return write_with_mode(folder, name, 0600, bytes, n, error);
}

static enum rill_code read_open_file(int fd, const char *path, size_t limit, char **bytes,
				     size_t *n, struct rill_error *error)
{
	struct stat st;
	enum rill_code code;

	if (fstat(fd, &st) != 0)
		return system_failed(path, "read", error);
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size > limit)
		return rill_fail(error, RILL_IO, "%s: not a file of at most %zu bytes", path,
				 limit);
	*n = (size_t)st.st_size;
	*bytes = malloc(*n + 1);
	if (!*bytes)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	code = read_fully(fd, path, 0, *bytes, *n, error);
	(*bytes)[*n] = 0;
	if (code != RILL_OK) {
		free(*bytes);
		*bytes = NULL;
	}
	return code;
}

enum rill_code durable_read(const char *path, size_t limit, char **bytes, size_t *n,
			    struct rill_error *error)
{
	enum rill_code code;
	int fd;

	*bytes = NULL;
	*n = 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not hold us */
	if (fd < 0)
		return errno == ENOENT ? RILL_OK : system_failed(path, "open", error);
	code = read_open_file(fd, path, limit, bytes, n, error);
	close(fd);
	return code;
}
