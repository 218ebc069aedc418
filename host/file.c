/* SPDX-License-Identifier: Apache-2.0 */
#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rill_code failed(const char *path, const char *what, struct rill_error *error)
{
	return rill_fail(error, errno == ENOSPC || errno == EDQUOT ? RILL_NO_SPACE : RILL_IO,
			 "%s: %s: %s", path, what, strerror(errno));
}

static enum rill_code read_stdin(struct input *input, struct rill_error *error)
{
	enum rill_code code = RILL_OK;
	ssize_t n = 1;

	while (code == RILL_OK && n > 0) {
		code = buffer_reserve(&input->own, 1 << 16, error);
		if (code != RILL_OK)
			break;
		n = read(STDIN_FILENO, input->own.bytes + input->own.length, 1 << 16);
		if (n < 0 && errno != EINTR)
			code = failed("standard input", "read", error);
		else if (n < 0)
			n = 1;
		else
			input->own.length += (size_t)n;
	}
	input->bytes = input->own.bytes;
	input->length = input->own.length;
	return code;
}

static enum rill_code map_file(struct input *input, const char *path, int fd,
			       struct rill_error *error)
{
	struct stat st;
	void *bytes;

	if (fstat(fd, &st) != 0)
		return failed(path, "stat", error);
	if (!S_ISREG(st.st_mode))
		return rill_fail(error, RILL_IO, "%s: not a regular file", path);
	if ((uint64_t)st.st_size > SIZE_MAX / 2)
		return rill_fail(error, RILL_MEMORY, "%s: too large for this machine", path);
	if (st.st_size == 0)
		return RILL_OK;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return failed(path, "map", error);
	input->bytes = bytes;
	input->length = (size_t)st.st_size;
	return RILL_OK;
}

enum rill_code input_open(struct input *input, const char *path, struct rill_error *error)
{
	enum rill_code code;
	int fd;

	memset(input, 0, sizeof *input);
	if (strcmp(path, "-") == 0)
		return read_stdin(input, error);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failed(path, "open", error);
	code = map_file(input, path, fd, error);
	close(fd);
	return code;
}

void input_close(struct input *input)
{
	if (input->bytes && !input->own.bytes)
		munmap((void *)(uintptr_t)input->bytes, input->length);
	buffer_free(&input->own);
	memset(input, 0, sizeof *input);
}

static bool is_stdout(const struct output *output)
{
	return strcmp(output->path, "-") == 0;
}

enum rill_code output_open(struct output *output, const char *path, struct rill_error *error)
{
	const char *folder = getenv("TMPDIR");

	*output = (struct output){.path = path, .fd = -1};
	if (!is_stdout(output))
		folder = NULL;
	else if (!folder || !*folder)
		folder = "/tmp";
	if (asprintf(&output->temporary, "%s%s.XXXXXX", folder ? folder : path,
		     folder ? "/rill" : "") < 0) {
		output->temporary = NULL;
		return rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	}
	output->fd = mkostemp(output->temporary, O_CLOEXEC);
	if (output->fd < 0) {
		free(output->temporary);
		output->temporary = NULL;
		return failed(path, "create", error);
	}
	return RILL_OK;
}

static enum rill_code write_all(int fd, const char *path, const void *bytes, size_t n,
				struct rill_error *error)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		ssize_t written = write(fd, at, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return failed(path, "write", error);
		at += written;
		n -= (size_t)written;
	}
	return RILL_OK;
}

enum rill_code output_write(struct output *output, const void *bytes, size_t n,
			    struct rill_error *error)
{
	return write_all(output->fd, output->path, bytes, n, error);
}

enum rill_code output_read(const struct output *output, uint64_t offset, void *bytes, size_t n,
			   struct rill_error *error)
{
	uint8_t *at = bytes;

	while (n > 0) {
		ssize_t got = pread(output->fd, at, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(output->path, "read back", error);
		if (got == 0)
			return rill_fail(error, RILL_IO, "%s: cut short while it was written",
					 output->path);
		at += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return RILL_OK;
}

static enum rill_code copy_to_stdout(struct output *output, struct rill_error *error)
{
	uint8_t bytes[65536];
	ssize_t n;

	if (lseek(output->fd, 0, SEEK_SET) != 0)
		return failed("standard output", "seek", error);
	while ((n = read(output->fd, bytes, sizeof bytes)) > 0) {
		enum rill_code code = write_all(STDOUT_FILENO, "standard output", bytes, (size_t)n,
						error);

		if (code != RILL_OK)
			return code;
	}
	return n < 0 ? failed("standard output", "read back", error) : RILL_OK;
}

/* The directory entry is durable only when its folder is. */
static enum rill_code sync_folder_of(const char *path, struct rill_error *error)
{
	char *folder = strdup(path), *slash;
	enum rill_code code = RILL_OK;
	int fd;

	if (!folder)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = 0;
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		code = failed(path, "sync the folder", error);
	if (fd >= 0)
		close(fd);
	free(folder);
	return code;
}

enum rill_code output_commit(struct output *output, unsigned mode, struct rill_error *error)
{
	mode_t mask = umask(0);
	enum rill_code code;

	umask(mask);
	if (is_stdout(output))
		return copy_to_stdout(output, error);
	if (fchmod(output->fd, (mode_t)mode & ~mask) != 0)
		return failed(output->path, "set the mode", error);
	if (fsync(output->fd) != 0)
		return failed(output->path, "sync", error);
	if (rename(output->temporary, output->path) != 0)
		return failed(output->path, "rename", error);
	free(output->temporary);
	output->temporary = NULL;
	code = sync_folder_of(output->path, error);
	output_abandon(output);
	return code;
}

void output_abandon(struct output *output)
{
	if (output->temporary) {
		unlink(output->temporary);
		free(output->temporary);
		output->temporary = NULL;
	}
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
}

enum rill_code write_file(const char *path, const void *bytes, size_t n, unsigned mode,
			  struct rill_error *error)
{
	struct output output;
	enum rill_code code = output_open(&output, path, error);

	if (code == RILL_OK)
		code = output_write(&output, bytes, n, error);
	if (code == RILL_OK)
		code = output_commit(&output, mode, error);
	output_abandon(&output);
	return code;
}

enum rill_code write_new_file(const char *path, const void *bytes, size_t n, unsigned mode,
			      struct rill_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
	enum rill_code code;

	if (fd < 0 && errno == EEXIST)
		return rill_fail(error, RILL_USAGE, "%s exists: choose another name", path);
	if (fd < 0)
		return failed(path, "create", error);
	code = write_all(fd, path, bytes, n, error);
	if (code == RILL_OK && fsync(fd) != 0)
		code = failed(path, "sync", error);
	close(fd);
	if (code == RILL_OK)
		code = sync_folder_of(path, error);
	else
		unlink(path);
	return code;
}

/* Leaves errno alone. */
static bool is_folder(const char *path)
{
	int kept = errno;
	struct stat st;
	bool is = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	errno = kept;
	return is;
}

enum rill_code make_folders(const char *path, struct rill_error *error)
{
	char *copy = strdup(path);
	enum rill_code code = RILL_OK;

	if (!copy)
		return rill_fail(error, RILL_MEMORY, "%s: no memory", path);
	for (char *at = copy + 1; code == RILL_OK; at++) {
		char was = *at;

		if (was != '/' && was != 0)
			continue;
		*at = 0;
		if (mkdir(copy, 0755) != 0 && (errno != EEXIST || !is_folder(copy)))
			code = failed(copy, "make the folder", error);
		*at = was;
		if (was == 0)
			break;
	}
	free(copy);
	return code;
}
