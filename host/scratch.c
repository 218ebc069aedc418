/* SPDX-License-Identifier: Apache-2.0 */
#include "host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rill_code failed(const char *what, struct rill_error *error)
{
	enum rill_code code = errno == ENOSPC || errno == EDQUOT ? RILL_NO_SPACE : RILL_IO;

	return rill_fail(error, code, "scratch file: %s: %s%s", what, strerror(errno),
			 code == RILL_NO_SPACE ? ": set TMPDIR to a folder with more room" : "");
}

/* For file systems that have no files without a name. */
static int open_and_unlink(const char *folder)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/rill.XXXXXX", folder) < 0) {
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

enum rill_code scratch_open(int *fd, const char *folder, struct rill_error *error)
{
	if (!folder)
		folder = getenv("TMPDIR");
	if (!folder || !*folder)
		folder = "/var/tmp";
	*fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0)
		*fd = open_and_unlink(folder);
	return *fd < 0 ? failed(folder, error) : RILL_OK;
}

enum rill_code scratch_write(int fd, const uint8_t *bytes, size_t n, struct rill_error *error)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			return failed("write", error);
		if (written > 0) {
			bytes += written;
			n -= (size_t)written;
		}
	}
	return RILL_OK;
}

enum rill_code scratch_map(int fd, struct image_bytes *bytes, struct rill_error *error)
{
	struct stat st;
	void *mapping = MAP_FAILED;
	enum rill_code code = RILL_OK;

	*bytes = (struct image_bytes){0};
	if (fstat(fd, &st) != 0)
		code = failed("stat", error);
	else if (st.st_size > 0)
		mapping = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (code == RILL_OK && st.st_size > 0 && mapping == MAP_FAILED)
		code = failed("map", error);
	close(fd);
	if (mapping != MAP_FAILED)
		*bytes = (struct image_bytes){.bytes = mapping,
					      .length = (size_t)st.st_size,
					      .mapping = mapping,
					      .mapped = (size_t)st.st_size};
	return code;
}
