/* SPDX-License-Identifier: Apache-2.0 */
#include "device/partial.h"

#include "device/durable.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A target's name may have slashes, or be too long for a file. */
static enum rill_code make_path(char path[PATH_MAX], const char *state, const char *target,
				struct rill_error *error)
{
	char name[DURABLE_NAME];

	durable_name(name, target);
	if (snprintf(path, PATH_MAX, "%s/download/%s", state, name) >= PATH_MAX)
		return rill_fail(error, RILL_CONFIG, "key \"state\": too long");
	return RILL_OK;
}

static enum rill_code sync_folder(const char *path, struct rill_error *error)
{
	char folder[PATH_MAX];
	enum rill_code code = RILL_OK;
	int fd;

	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		code = system_failed(folder, "sync", error);
	if (fd >= 0)
		close(fd);
	return code;
}

static enum rill_code open_file(struct partial *partial, uint64_t length, struct rill_error *error)
{
	struct stat st;
	enum rill_code code = RILL_OK;

	partial->fd = open(partial->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			   0600);
	if (partial->fd < 0 || fstat(partial->fd, &st) != 0)
		return system_failed(partial->path, "open", error);
	if (!S_ISREG(st.st_mode))
		return rill_fail(error, RILL_IO, "%s: not a file; remove it", partial->path);
	partial->size = (uint64_t)st.st_size;
	if (partial->size > length)
		code = partial_empty(partial, error);
	if (code == RILL_OK && partial->size == 0)
		code = sync_folder(partial->path, error); /* its name, too, is to survive */
	if (code == RILL_OK)
		code = need_room(partial->fd, partial->path, length - partial->size, error);
	return code == RILL_OK ? reserve_room(partial->fd, partial->path, length, error) : code;
}

enum rill_code partial_open(struct partial *partial, const char *state, const char *target,
			    uint64_t length, struct rill_error *error)
{
	enum rill_code code;
	char *slash;

	*partial = (struct partial){.fd = -1};
	code = make_path(partial->path, state, target, error);
	if (code != RILL_OK)
		return code;
	slash = strrchr(partial->path, '/');
	*slash = 0;
	if (mkdir(partial->path, 0700) != 0 && errno != EEXIST)
		return system_failed(partial->path, "make the folder", error);
	*slash = '/';
	return open_file(partial, length, error);
}

void partial_close(struct partial *partial)
{
	if (partial->fd >= 0)
		close(partial->fd);
	partial->fd = -1;
}

enum rill_code partial_read(const struct partial *partial, uint64_t offset, void *bytes, size_t n,
			    struct rill_error *error)
{
	return read_fully(partial->fd, partial->path, offset, bytes, n, error);
}

enum rill_code partial_write(struct partial *partial, uint64_t offset, const void *bytes, size_t n,
			     struct rill_error *error)
{
	enum rill_code code = write_fully_at(partial->fd, partial->path, offset, bytes, n, error);

	if (code == RILL_OK && fdatasync(partial->fd) != 0)
		code = system_failed(partial->path, "sync", error);
	if (code == RILL_OK && offset + n > partial->size)
		partial->size = offset + n;
	return code;
}

enum rill_code partial_empty(struct partial *partial, struct rill_error *error)
{
	if (ftruncate(partial->fd, 0) != 0)
		return system_failed(partial->path, "empty", error);
	partial->size = 0;
	return RILL_OK;
}

uint64_t partial_size(const char *state, const char *target)
{
	char path[PATH_MAX];
	struct rill_error ignored;
	struct stat st;

	if (make_path(path, state, target, &ignored) != RILL_OK || lstat(path, &st) != 0)
		return 0;
	return (uint64_t)st.st_size;
}

void partial_remove(const char *state, const char *target)
{
	char path[PATH_MAX];
	struct rill_error ignored;

	if (make_path(path, state, target, &ignored) == RILL_OK)
		unlink(path);
}
